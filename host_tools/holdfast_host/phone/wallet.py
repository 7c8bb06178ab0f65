"""What a phone keeps, as a folder: its keys, its credentials, whom it trusts.

    phone.key       the private X25519 key, a secret COSE_Key (mode 0600)
    phone.pub       the public COSE_Key: the enrolment request that the site's manager gets
    enrolment.cbor  the credential and the authority's public keys, replaced together
    devices.cbor    the site's signed list of revoked devices, the newest that came
    contexts/       what doors met before need for a fast unlock, see contexts.py

A phone whose key is P-256, EDHOC's cipher suite 2, has phone-p256.key, phone-p256.pub and
enrolment-p256.cbor instead, or as well: then it opens doors of both kinds.

A folder belongs to one phone: a copy that is used too, or a backup brought back, would protect
different messages under the same nonces.
"""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto
from cose import CRV_X25519, Key
from holdfast.access import place, revoked_devices
from holdfast.access.credential import suite_of
from untrusted import InvalidInput

from .. import files, folders, locks
from ..credentials import keys, tokens
from ..errors import UsageProblem
from .contexts import ContextStore

# The cipher suites that a phone can have a key for, the one it prefers first: keys of P-256 can
# live where nobody can copy them from.
SUITES = (2, 0)

_MARKS = {0: "", 2: "-p256"}  # in the names of a suite's files
_FILE_LIMIT = 2048
_LIST = "devices.cbor"

_VERSION_KEY, _TOKEN, _AUTHORITY = 1, 2, 3
_VERSION = 2


@dataclasses.dataclass(frozen=True)
class Identity:
    """What the phone shows at a door in a ``suite``, and how it knows that the door is the right
    one: by ``authority_key``, or one of ``other_keys`` while the site replaces its key.
    ``revoked`` are the ids of certificates that it must not have.
    """

    private_key: bytes = dataclasses.field(repr=False)
    token: bytes
    site: str
    authority_key: Key
    suite: int = 0
    other_keys: tuple[Key, ...] = ()
    revoked: frozenset[bytes] = frozenset()

    @property
    def authority_keys(self) -> tuple[Key, ...]:
        """Every key whose word on readers counts."""
        return (self.authority_key, *self.other_keys)


class Wallet:
    """The phone in ``folder`` with its ``secret_keys`` by suite, at least one."""

    def __init__(self, folder: Path, secret_keys: dict[int, Key]):
        self.folder = folder
        self.contexts = ContextStore(folder / "contexts")
        self._keys = secret_keys

    @classmethod
    def create(cls, folder: Path, suite: int = 0) -> "Wallet":
        """The phone in ``folder``, with a new key for ``suite`` unless it has one: a key is never
        replaced.
        """
        other = folders.instead(folder, folders.PHONE)
        if other:
            raise UsageProblem(f"no phone can be in {folder}{other}", "give a folder of its own")
        files.make_folder(folder)
        with locks.changing(folder):
            if not key_path(folder, suite).exists():
                secret = cbor.encode(new_key(suite).to_secret_map())
                files.write(key_path(folder, suite), secret, files.PRIVATE)
        wallet = cls.open(folder)
        public = cbor.encode(wallet.public_keys[suite].to_map())
        files.write(request_path(folder, suite), public, files.PUBLIC)
        return wallet

    @classmethod
    def open(cls, folder: Path) -> "Wallet":
        """The phone in ``folder``, which must have a key."""
        found = {
            suite: _read_key(key_path(folder, suite), suite)
            for suite in SUITES
            if key_path(folder, suite).exists()
        }
        if not found:
            found[0] = _read_key(key_path(folder, 0), 0)
        return cls(folder, found)

    @property
    def public_keys(self) -> dict[int, Key]:
        """The public halves of the phone's keys by suite, the preferred one first."""
        return {suite: Key.from_map(key.to_map()) for suite, key in self._keys.items()}

    @property
    def public_key(self) -> Key:
        """The public half of the key that the phone prefers."""
        return next(iter(self.public_keys.values()))

    def enrol(
        self, token: bytes, authority_key: Key, now: int, other_keys: Sequence[Key] = ()
    ) -> bool:
        """Take the credential ``token`` into use, and ``authority_key`` as the one to trust, with
        ``other_keys`` besides.

        Returns whether the phone could check who made the token: a guest token is authenticated
        by a key that only the zone's readers have. ``now`` is in seconds since 1970.
        """
        shown = tokens.read(token, "the file")
        signed = not shown.credential.guest
        if signed and not any(map(shown.is_made_by, (authority_key, *other_keys))):
            raise UsageProblem(
                "the credential is not signed by this authority: it is another site's, or forged",
                "give the credential and the authority.pub of one and the same site",
            )
        own = self._keys.get(shown.suite)
        if own is None or shown.credential.public_key != own.x:
            requests = " or ".join(str(request_path(self.folder, suite)) for suite in self._keys)
            raise UsageProblem(
                f"the credential is for another phone's key, not for the one in {self.folder}",
                f"ask for one that is issued for {requests}",
            )
        if now >= shown.credential.expires:
            raise UsageProblem(
                "the credential has expired", "ask the site's manager for a new one"
            )
        trusted = [key.to_map() for key in (authority_key, *other_keys)]
        content = {_VERSION_KEY: _VERSION, _TOKEN: token, _AUTHORITY: trusted}
        path = _enrolment_path(self.folder, shown.suite)
        files.write(path, cbor.encode(content), files.PRIVATE)
        self.contexts.clear()
        return signed

    def take_list(self, raw: bytes, site: str, authority_keys: Sequence[Key]) -> bool:
        """Keep the signed list of revoked devices ``raw`` of ``site``; False if a newer is there.

        Readers on it are not believed from then on, also where a door is known. One that names all
        that the kept one does is no older, whatever its date: that of the kept one may be of a
        clock that was ahead, and no later list would ever come in.
        """
        made = read_list(raw, site, authority_keys)
        with locks.changing(self.folder):
            before = self._list()
            # Another site's is no older one: the phone has moved.
            if before and before.site == site and before.issued_at > made.issued_at:
                if not made.ctis >= before.ctis:
                    return False
            files.write(self.folder / _LIST, raw, files.PRIVATE)
        return True

    def _list(self) -> revoked_devices.RevokedDevices | None:
        path = self.folder / _LIST
        if not path.exists():
            return None
        advice = "import the credential again, with its list: holdfast phone enroll"
        data = files.read(path, revoked_devices.MAX_BYTES, "list of revoked devices", advice)
        try:
            return revoked_devices.parse(data)
        except InvalidInput as error:
            raise UsageProblem(f"{path} is damaged: {error}", advice) from error

    def identity(self) -> Identity:
        """The key that the phone prefers with its credential, ready to show."""
        return self.identities()[0]

    def identities(self) -> list[Identity]:
        """Each of the phone's keys that has a credential, the preferred one first; at least one.

        All are of one site, the preferred one's.
        """
        enrolled = [s for s in self._keys if _enrolment_path(self.folder, s).exists()]
        found = [self._identity(suite) for suite in enrolled or list(self._keys)[:1]]
        best = found[0]
        trusted = {key.x for key in best.authority_keys}
        return [
            one
            for one in found
            if one.site == best.site and trusted.intersection(k.x for k in one.authority_keys)
        ]

    def doors(self) -> set[str]:
        """The doors that the phone knows by name: those of its credentials, and those it met."""
        found = self.contexts.doors()
        for identity in self.identities():
            scope = tokens.read(identity.token, str(self.folder)).credential.scope
            found.update(name for kind, name, _ in scope if kind == place.DOOR)
        return found

    def _identity(self, suite: int) -> Identity:
        path = _enrolment_path(self.folder, suite)
        advice = f"holdfast phone enroll {self.folder} --credential FILE --authority FILE"
        data = files.read(path, _FILE_LIMIT, "credential", f"import one: {advice}")
        try:
            token, trusted = _enrolment(data)
        except InvalidInput as error:
            raise UsageProblem(
                f"{path} is damaged: {error}", f"import the credential again: {advice}"
            ) from error
        site = tokens.read(token, str(path)).site
        private = self._keys[suite].d or b""
        made = self._list()
        revoked = made.ctis if made and made.site == site else frozenset()
        return Identity(private, token, site, trusted[0], suite, trusted[1:], revoked)


def read_list(
    raw: bytes, site: str, authority_keys: Sequence[Key]
) -> revoked_devices.RevokedDevices:
    """The list of revoked devices of ``site`` that is signed with one of ``authority_keys``."""
    try:
        made = revoked_devices.parse(raw)
        made.verify(authority_keys)
        if made.site != site:
            raise InvalidInput(f"it is of site {made.site!r}, not {site!r}")
    except InvalidInput as error:
        raise UsageProblem(
            f"the list of revoked devices cannot be believed: {error}",
            "give the list that `holdfast credential issue` wrote beside the credential",
        ) from error
    return made


def key_path(folder: Path, suite: int) -> Path:
    """Where the phone's private key for ``suite`` lies."""
    return folder / f"phone{_MARKS[suite]}.key"


def request_path(folder: Path, suite: int) -> Path:
    """Where its public half lies, the request for a credential."""
    return folder / f"phone{_MARKS[suite]}.pub"


def _enrolment_path(folder: Path, suite: int) -> Path:
    return folder / f"enrolment{_MARKS[suite]}.cbor"


def new_key(suite: int) -> Key:
    """A new key for a suite, with its private half."""
    if suite == 0:
        private = os.urandom(32)
        return Key.okp(CRV_X25519, crypto.x25519_public_key(private), d=private)
    while True:
        private = os.urandom(32)
        try:
            return keys.p256_key(crypto.p256_public_key(private), private)
        except crypto.InvalidKey:
            continue  # one in 2^32 is not below the order


def _read_key(path: Path, suite: int) -> Key:
    advice = f"make its key first: holdfast phone enroll {path.parent}"
    data = files.read(path, _FILE_LIMIT, "phone", advice)
    try:
        key = Key.decode(data)
        if suite_of(Key.from_map(key.to_map())) != suite or key.d is None:
            raise InvalidInput("it is no private key of its suite")
        if suite == 0:
            halves_fit = crypto.x25519_public_key(key.d) == key.x
        else:
            halves_fit = keys.p256_key(crypto.p256_public_key(key.d)).to_map() == key.to_map()
        if not halves_fit:
            raise InvalidInput("its two halves are no pair")
    except InvalidInput as error:
        raise UsageProblem(
            f"{path} is damaged: {error}", "enrol this phone anew, in another folder"
        ) from error
    return key


def _enrolment(data: bytes) -> tuple[bytes, tuple[Key, ...]]:
    content = cbor.decode(data, deterministic=True)
    if not isinstance(content, dict) or content.get(_VERSION_KEY) != _VERSION:
        raise InvalidInput(f"it is no enrolment of version {_VERSION}")
    token, trusted = content.get(_TOKEN), content.get(_AUTHORITY)
    if not isinstance(token, bytes) or not isinstance(trusted, list):
        raise InvalidInput("it lacks the credential or the authority's key")
    if not 0 < len(trusted) <= keys.MOST_AUTHORITY_KEYS:
        raise InvalidInput("it has no key of an authority, or too many")
    return token, tuple(Key.from_map(labels) for labels in trusted)
