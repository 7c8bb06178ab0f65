"""A credential whose token has been verified, in the words of the domain."""

import cbor
from cose import CRV_P256, CRV_X25519, KTY_EC2, KTY_OKP
from untrusted import InvalidInput

CTI_LENGTH = 8
MAX_SCOPE_ENTRIES = 32
MAX_NAME_LENGTH = 64

# Private claim labels (RFC 8392 section 9.1.1: integers below -65536 are for private use).
ROLE = -65537  # in a device certificate: what the device is
SCHEDULE = -65538  # the schedule a credential is bound to
USER_VERIFICATION = -65539  # true: the phone must have verified its user
CLOCK_RULE = -65540  # 1: a reader without a trusted clock must not accept it

NEEDS_TRUSTED_CLOCK = 1

ROLE_READER = 1
ROLE_CONTROLLER = 2


class ScopeError(InvalidInput):
    """The scope claim is no AIF array of [name, permission bits]."""


class Credential:
    """Who a token speaks of, when it holds and what it allows.

    Times are in seconds since 1970. ``scope`` maps a door or zone id to permission bits. ``guest``
    tells a token authenticated by a zone's shared key from one signed by the authority, whose
    public Ed25519 key (32 bytes) is ``authority``, None for guests. ``schedule`` is the id of the
    schedule it is bound to; if ``bound_to_schedule`` says so and that is None, it names none that
    could be. ``clock_rule`` is NEEDS_TRUSTED_CLOCK or 0. ``public_key`` is the phone's key, of a
    P-256 key its x-coordinate.
    """

    def __init__(self, claims, scope: dict, guest: bool, authority=None):
        self.holder = claims.sub
        self.audience = claims.aud
        self.not_before = claims.nbf
        self.expires = claims.exp
        self.issued_at = claims.iat
        self.cti = claims.cti
        self.public_key = claims.cnf.x
        # A claim that binds does so whatever is in it: what we cannot read must not be off.
        self.bound_to_schedule = SCHEDULE in claims.other
        self.schedule = _schedule(claims.other.get(SCHEDULE))
        self.clock_rule = NEEDS_TRUSTED_CLOCK if CLOCK_RULE in claims.other else 0
        self.needs_user_verification = claims.other.get(USER_VERIFICATION, False) is not False
        self.scope = scope
        self.guest = guest
        self.authority = authority

    def permissions(self, places) -> int:
        """All permission bits granted for any of the ``places`` (door and zone ids)."""
        bits = 0
        for place in places:
            bits |= self.scope.get(place, 0)
        return bits

    def is_from(self, anchors) -> bool:
        """Whether the authority signed it with one of the keys ``anchors`` (cose.Key)."""
        if self.guest or self.authority is None:
            return False
        return any(anchor.x == self.authority for anchor in anchors)


def is_complete(claims) -> bool:
    """Whether the claims hold all that a holder's credential needs (``exp`` is checked before)."""
    return (
        bool(claims.sub)
        and len(claims.sub) <= MAX_NAME_LENGTH
        and claims.cti is not None
        and len(claims.cti) == CTI_LENGTH
        and suite_of(claims.cnf) is not None
    )


def suite_of(key):
    """The EDHOC cipher suite in which static Diffie-Hellman proves a ``cnf`` key: 0 for X25519, 2
    for P-256. None if there is no key, or another, or a private one.
    """
    if key is None or key.d is not None:
        return None
    if key.kty == KTY_OKP and key.crv == CRV_X25519:
        return 0
    return 2 if key.kty == KTY_EC2 and key.crv == CRV_P256 else None


def _schedule(value):
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH else None


def parse_scope(raw) -> dict:
    """The AIF data model of RFC 9237 section 2: ``[[Toid, Tperm], ...]`` as a dict.

    Toid is a door or zone id (text, 1 to 64 bytes), Tperm an unsigned integer of permission bits.
    ``raw`` is None for a token without the claim. Raises cbor.DecodeError or ScopeError.
    """
    if raw is None:
        raise ScopeError("there is no scope")
    entries = cbor.decode(raw, max_depth=3)
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_SCOPE_ENTRIES:
        raise ScopeError("scope is no array of 1 to %d entries" % MAX_SCOPE_ENTRIES)
    scope = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ScopeError("scope entry is no pair")
        name, bits = entry
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH:
            raise ScopeError("scope names no door or zone")
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 < bits < 1 << 16:
            raise ScopeError("scope permissions are no bit set")
        if name in scope:
            raise ScopeError("scope names a place twice")
        scope[name] = bits
    return scope
