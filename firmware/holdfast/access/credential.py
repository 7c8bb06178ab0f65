"""A credential whose token has been verified, in the words of the domain."""

import cbor
from cose import CRV_P256, CRV_X25519, KTY_EC2, KTY_OKP
from micropython import const
from untrusted import InvalidInput

from . import place
from .names import MAX_NAME, is_name

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

AUTHORITY_LENGTH = const(8)  # bytes of a public key that tell it from a site's others

# A packed credential has a byte of flags, the role, expires, cti, authority, public key; then what
# the flags say of not_before and issued_at; then texts, each after its length: the name, what the
# flags say of audience and schedule, and the names of the scope, each before two bytes of
# permissions, whose highest bit says that it is a zone.
_ROLE = const(1)
_EXPIRES = const(2)
_TIME = const(7)  # bytes: 2^53 seconds at most
_CTI = const(9)  # where it begins
_AUTHORITY = const(17)
_KEY = const(25)
_TIMES = const(57)
_IS_ZONE = const(0x80)


class Credential:
    """Who a token speaks of, when it holds and what it allows: a holder or a device.

    One of ``holder`` and ``device`` is a name, the other None; ``role`` is 0 for a holder and one
    of the ROLE_ numbers for a device, which may do what ``decide.rights`` says of its role.
    Times are in seconds since 1970. ``scope`` is a list of (place.DOOR or place.ZONE, name,
    permission bits), as the token has it: DoorView.permissions tells what of it a door heeds; a
    device speaks for the doors of its scope. ``guest`` tells a token authenticated by a zone's
    shared key from one signed by the authority, of whose public Ed25519 key ``authority`` is the
    first 8 bytes, None for guests. ``audience`` is None, too, where it is too long for a name.
    ``schedule`` is the id of the schedule it is bound to; if ``bound_to_schedule`` says so and
    that is None, it names none that could be. ``clock_rule`` is NEEDS_TRUSTED_CLOCK or 0.
    ``public_key`` is the key that was proven, of a P-256 key its x-coordinate.
    """

    role = clock_rule = 0
    holder = device = not_before = issued_at = audience = schedule = authority = None
    bound_to_schedule = needs_user_verification = guest = False

    def __init__(self, claims, scope: list, guest: bool, authority=None):
        """``authority`` is the key, or what ``authority`` was of another Credential."""
        self.role = claims.other.get(ROLE, 0)
        if self.role:
            self.device = claims.sub
        else:
            self.holder = claims.sub
        if claims.aud is not None and len(claims.aud.encode()) <= MAX_NAME:
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
        if authority is not None:
            self.authority = authority[:AUTHORITY_LENGTH]

    @classmethod
    def over(cls, packed: bytes):
        """What ``packed`` gave. Raises ValueError or IndexError if that is nothing it can give."""
        self = object.__new__(cls)
        flags, role = packed[0], packed[_ROLE]
        self.expires = int.from_bytes(packed[_EXPIRES:_CTI], "big")
        self.cti = packed[_CTI:_AUTHORITY]
        self.public_key = packed[_KEY:_TIMES]
        at = _TIMES
        if flags & 1:
            self.not_before = int.from_bytes(packed[at : at + _TIME], "big")
            at += _TIME
        if flags & 2:
            self.issued_at = int.from_bytes(packed[at : at + _TIME], "big")
            at += _TIME
        if flags & 0xF0:  # of most none
            self.bound_to_schedule = flags & 16 != 0
            self.clock_rule = NEEDS_TRUSTED_CLOCK if flags & 32 else 0
            self.needs_user_verification = flags & 64 != 0
            self.guest = flags & 128 != 0
        if not flags & 128:
            self.authority = packed[_AUTHORITY:_KEY]
        # No function for a text: this is done at each visit of a phone that is known.
        start = at + 1
        at = start + packed[at]
        if role:
            self.role = role
            self.device = packed[start:at].decode()
        else:
            self.holder = packed[start:at].decode()
        if flags & 4:
            start = at + 1
            at = start + packed[at]
            self.audience = packed[start:at].decode()
        if flags & 8:
            start = at + 1
            at = start + packed[at]
            self.schedule = packed[start:at].decode()
        self.scope = []
        end = len(packed)
        while at < end:
            start = at + 1
            at = start + packed[at]
            kind = place.ZONE if packed[at] & _IS_ZONE else place.DOOR
            bits = (packed[at] & 0x7F) << 8 | packed[at + 1]
            self.scope.append((kind, packed[start:at].decode(), bits))
            at += 2
        if at != end or not (role or self.scope):
            raise ValueError("a credential that is cut short")
        return self

    @property
    def name(self) -> str:
        """Who it is, holder or device."""
        return self.holder or self.device  # pyright: ignore[reportReturnType]

    @property
    def decides(self) -> bool:
        """Whether it is of a device that decides for its doors, a reader or a controller: nobody
        else has the policy, or events of its own.
        """
        return self.role in (ROLE_READER, ROLE_CONTROLLER)

    def is_from(self, anchors) -> bool:
        """Whether the authority signed it with one of the keys ``anchors`` (cose.Key)."""
        if self.guest or self.authority is None:
            return False
        return any(anchor.x[:AUTHORITY_LENGTH] == self.authority for anchor in anchors)

    def packed(self) -> bytes:
        """All of it, for who keeps many: ``over`` makes it again.

        Only of a credential whose claims are complete, and of a guest or one with its authority.
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
        pieces = [
            bytes((flags, self.role)),
            self.expires.to_bytes(_TIME, "big"),
            self.cti,
            self.authority or bytes(AUTHORITY_LENGTH),
            self.public_key,
        ]
        for time in (self.not_before, self.issued_at):
            if time is not None:
                pieces.append(time.to_bytes(_TIME, "big"))
        for text in (self.device if self.role else self.holder, self.audience, self.schedule):
            if text is not None:
                raw = text.encode()
                pieces.extend((bytes((len(raw),)), raw))
        for kind, name, bits in self.scope:
            raw = name.encode()
            bits |= 0x8000 if kind == place.ZONE else 0
            pieces.extend((bytes((len(raw),)), raw, bits.to_bytes(2, "big")))
        return b"".join(pieces)


def ends(packed) -> int:
    """When a packed credential expires, in seconds since 1970."""
    return int.from_bytes(packed[_EXPIRES:_CTI], "big")


def proven_key(packed) -> bytes:
    """The 32 bytes of the key that whom a packed credential speaks of has proven to have."""
    return bytes(packed[_KEY:_TIMES])


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
        raise InvalidInput("there is no scope")
    entries = cbor.decode(raw, max_depth=3)
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_SCOPE_ENTRIES:
        raise InvalidInput("scope is no array of 1 to %d entries" % MAX_SCOPE_ENTRIES)
    scope = []
    named = set()
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 2:
            raise InvalidInput("scope entry is no pair")
        where = place.parse(entry[0])
        bits = entry[1]
        if type(bits) is not int or not 0 < bits < 1 << 15:
            raise InvalidInput("scope permissions are no bit set")
        if where in named:
            raise InvalidInput("scope names a place twice")
        named.add(where)
        scope.append(where + (bits,))
    return scope
