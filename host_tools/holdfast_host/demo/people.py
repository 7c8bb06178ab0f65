"""Who comes to the doors of a site: holders, guests, and those who only say so."""

import os
from collections.abc import Callable, Sequence

from cose import Key
from holdfast.access import Credential, Trust, place

from ..credentials import issuing
from ..credentials.authority import Authority
from ..phone.wallet import Identity, new_key

SITE = "acme"
HOUR_S = 3600
DAY_S = 24 * HOUR_S


class People:
    """New phones for the ``doors`` of the site SITE, whose ``authority`` signs for them; ``now``
    gives the time in seconds since 1970.
    """

    def __init__(self, authority: Authority, doors: Sequence[str], now: Callable[[], int]):
        self.now = now
        self.authority = authority
        self.stranger = Authority.generate()
        self._places = [(place.DOOR, door) for door in doors]

    def read(self, identity: Identity) -> Credential:
        """What the token of ``identity`` says."""
        return Trust(SITE, [self.authority.public_key]).authenticate(identity.token)

    def holder(self, name: str, **changes) -> Identity:
        """A new phone with a credential from the authority; ``changes`` are Grant's fields, and
        ``suite`` 2 for a P-256 key.
        """
        return self._signed(self.authority.signing_key, name, changes)

    def forger(self, name: str) -> Identity:
        """A phone whose credential claims this site but was signed by another key."""
        return self._signed(self.stranger.signing_key, name, {})

    def foreigner(self, name: str) -> Identity:
        """A phone with a sound credential of another site."""
        return self._signed(self.stranger.signing_key, name, {"site": "globex"})

    def guest_of(
        self, zone: str, zone_key: Key, name: str, hours: int, changes: dict
    ) -> Identity:
        """A phone with a guest token that lives ``hours`` from now, authenticated by the
        ``zone_key``; ``changes`` are Grant's fields.
        """
        expires = self.now() + hours * HOUR_S
        private, suite, grant = self._grant(name, {**changes, "expires": expires})
        return self._identity(private, issuing.guest_token(zone_key, zone, grant), suite)

    def thief(self, victim: Identity) -> Identity:
        """A phone that has the victim's token but not the key it was made for."""
        return self._identity(os.urandom(32), victim.token, victim.suite)

    def _signed(self, key: Key, name: str, changes: dict) -> Identity:
        private, suite, grant = self._grant(name, changes)
        return self._identity(private, issuing.holder_credential(key, grant), suite)

    def _grant(self, name: str, changes: dict) -> tuple[bytes, int, issuing.Grant]:
        suite = changes.get("suite", 0)
        secret = new_key(suite)
        fields = {
            "site": SITE,
            "holder": name,
            "holder_key": Key.from_map(secret.to_map()),
            "places": self._places,
            "issued_at": self.now(),
            "expires": self.now() + 30 * DAY_S,
            "cti": os.urandom(8),
        }
        fields.update(changes)
        fields.pop("suite", None)
        return secret.d or b"", suite, issuing.Grant(**fields)

    def _identity(self, private: bytes, token: bytes, suite: int) -> Identity:
        return Identity(private, token, SITE, self.authority.public_key, suite)
