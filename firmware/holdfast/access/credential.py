"""A credential whose token has been verified, in the words of the domain."""

import cbor
from cose import CRV_P256, CRV_X25519, KTY_EC2, KTY_OKP
from micropython import const
from untrusted import InvalidInput

from . import place
from .names import is_name

CTI_LENGTH = 8
MAX_SCOPE_ENTRIES = 32

# Private claim labels (RFC 8392 section 9.1.1: integers below -65536 are for private use).
ROLE = -65537  # in a device certificate: what the device is
SCHEDULE = -65538  # the schedule a credential is bound to
USER_VERIFICATION = -65539  # true: the phone must have verified its user
CLOCK_RULE = -65540  # 1: a reader without a trusted clock must not accept it

NEEDS_TRUSTED_CLOCK = 1

ROLE_READER = 1
ROLE_CONTROLLER = 2
ROLE_CARRIER = 3

# A packed credential has a byte of flags, not_before, issued_at and expires, cti and public key,
# and then texts, each after its length of two bytes: holder, audience, schedule, and the names of
# the scope, each before two bytes of permissions, whose highest bit says that it is a zone.
_TIME = const(7)  # bytes: 2^53 seconds at most
_CTI = const(22)  # where it begins
_KEY = const(30)
_TEXTS = const(62)
_IS_ZONE = const(0x80)


class ScopeError(InvalidInput):
    """The scope claim is no AIF array of [place, permission bits]."""


class Credential:
    """Who a token speaks of, when it holds and what it allows.

    Times are in seconds since 1970. ``scope`` is a list of (place.DOOR or place.ZONE, name,
    permission bits), as the token has it: DoorView.permissions tells what of it a door heeds.
    ``guest`` tells a token authenticated by a zone's shared key from one signed by the authority,
    whose public Ed25519 key (32 bytes) is ``authority``, None for guests. ``schedule`` is the id
    of the schedule it is bound to; if ``bound_to_schedule`` says so and that is None, it names
    none that could be. ``clock_rule`` is NEEDS_TRUSTED_CLOCK or 0. ``public_key`` is the phone's
    key, of a P-256 key its x-coordinate.
    """

    def __init__(self, claims, scope: list, guest: bool, authority=None):
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

    def is_from(self, anchors) -> bool:
        """Whether the authority signed it with one of the keys ``anchors`` (cose.Key)."""
        if self.guest or self.authority is None:
            return False
        return any(anchor.x == self.authority for anchor in anchors)

    def packed(self) -> bytes:
        """All of it but ``authority``, for who keeps many: ``Unpacked`` makes it again.

        Only of a credential whose claims are complete.
        """
        flags = 0
        for bit, is_set in enumerate(
            (
                self.not_before is not None,
                self.issued_at is not None,
                self.audience is not None,
                self.schedule is not None,
                self.bound_to_schedule,
                self.clock_rule,
                self.needs_user_verification,
                self.guest,
            )
        ):
            if is_set:
                flags |= 1 << bit
        pieces = [bytes((flags,))]
        for time in (self.not_before or 0, self.issued_at or 0, self.expires):
            pieces.append(time.to_bytes(_TIME, "big"))
        pieces.extend((self.cti, self.public_key))
        for text in (self.holder, self.audience or "", self.schedule or ""):
            _append(pieces, text)
        for kind, name, bits in self.scope:
            _append(pieces, name)
            bits |= 0x8000 if kind == place.ZONE else 0
            pieces.append(bits.to_bytes(2, "big"))
        return b"".join(pieces)


class Unpacked(Credential):
    """The Credential that ``packed`` gave, from the same ``authority``."""

    not_before = issued_at = audience = schedule = None
    bound_to_schedule = needs_user_verification = guest = False
    clock_rule = 0

    def __init__(self, packed: bytes, authority):
        flags = packed[0]
        if flags & 1:
            self.not_before = _time(packed, 1)
        if flags & 2:
            self.issued_at = _time(packed, 1 + _TIME)
        self.expires = _time(packed, 1 + 2 * _TIME)
        self.cti = packed[_CTI:_KEY]
        self.public_key = packed[_KEY:_TEXTS]
        if flags & 0xF8:  # of most none
            self.bound_to_schedule = flags & 16 != 0
            self.clock_rule = NEEDS_TRUSTED_CLOCK if flags & 32 else 0
            self.needs_user_verification = flags & 64 != 0
            self.guest = flags & 128 != 0
        self.authority = authority
        self.scope = []
        # No function for a text: this is done at each visit of a phone that is known.
        texts = []
        at = _TEXTS
        while at < len(packed):
            start = at + 2
            at = start + (packed[at] << 8 | packed[at + 1])
            text = packed[start:at].decode() if start < at else ""
            if len(texts) < 3:
                texts.append(text)
            else:
                kind = place.ZONE if packed[at] & _IS_ZONE else place.DOOR
                self.scope.append((kind, text, (packed[at] & 0x7F) << 8 | packed[at + 1]))
                at += 2
        self.holder, audience, schedule = texts
        if flags & 4:
            self.audience = audience
        if flags & 8:
            self.schedule = schedule


def _time(packed, at):
    return int.from_bytes(packed[at : at + _TIME], "big")


def _append(pieces, text):
    raw = text.encode()
    pieces.extend((len(raw).to_bytes(2, "big"), raw))


def is_complete(claims) -> bool:
    """Whether the claims hold all that a holder's credential needs (``exp`` is checked before)."""
    return (
        is_name(claims.sub)
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
    return value if is_name(value) else None


def parse_scope(raw) -> list:
    """The AIF data model of RFC 9237 section 2, ``[[Toid, Tperm], ...]``, as a list of tuples.

    Toid is ``[kind, name]`` of a door or zone, Tperm an unsigned integer of permission bits below
    2^15; a tuple is (kind, name, bits). ``raw`` is None for a token without the claim. Raises
    InvalidInput.
    """
    if raw is None:
        raise ScopeError("there is no scope")
    entries = cbor.decode(raw, max_depth=3)
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_SCOPE_ENTRIES:
        raise ScopeError("scope is no array of 1 to %d entries" % MAX_SCOPE_ENTRIES)
    scope = []
    named = set()
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ScopeError("scope entry is no pair")
        where = place.parse(entry[0])
        bits = entry[1]
        if type(bits) is not int or not 0 < bits < 1 << 15:
            raise ScopeError("scope permissions are no bit set")
        if where in named:
            raise ScopeError("scope names a place twice")
        named.add(where)
        scope.append(where + (bits,))
    return scope
