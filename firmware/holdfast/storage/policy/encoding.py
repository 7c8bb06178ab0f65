"""A site's rules, a node's keys and recent hashes as bytes. Let go of once read or made."""

import cbor
from cose import CRV_ED25519, Key
from micropython import const
from untrusted import InvalidInput

from ...access.policy import rules as parts
from ...access.policy.key_ring import KeyRing
from ...access.policy.revocation import Revocations, is_whole
from ...access.policy.rules import RULES, SiteRules
from ...access.policy.schedule import Holidays, Schedules
from ...access.policy.timezone import TimeZone
from ..sealed import DamagedError

_FORMAT = const(2)
_ENTRIES = const(6)  # version, the rules, key ring, recent hashes, least, position
_RECENT = const(8)  # bytes of each recent hash
_MAX_COUNT = (1 << 63) - 1  # what a changeset can say of a time


def encode(rules: SiteRules, ring: KeyRing, recent: bytes, least: int, position: int) -> bytes:
    """What is kept of a policy: the rules, the node's keys and recent hashes.

    ``least`` is the number below which it is not whole again, ``position`` the number of the log's
    record from which on it has to be followed.
    """
    said = [getattr(rules, name) for name in RULES]
    for index, name in enumerate(RULES):
        value = said[index]
        if name == "anchors":
            value = [key.x for key in value]
        elif name == "timezone":
            value = None if value is None else _timezone(value)
        elif name == "revocations":
            value = [value.packed, value.watermark, value.dropped]
        elif name in ("schedules", "holidays"):
            value = value.packed
        said[index] = value
    return cbor.encode([_FORMAT, said, ring.packed, recent, least, position])


def decode(data: bytes, blank: SiteRules) -> tuple:
    """What was given to encode, in rules that else are ``blank``. Raises DamagedError."""
    try:
        entries = cbor.decode(data, deterministic=True, max_items=len(data))
        if _list(entries)[:1] != [_FORMAT]:
            raise DamagedError("policy: of a version that is not known here")
        _, said, ring, recent, least, position = _list(entries, _ENTRIES)
        rules = {}
        for name, value in zip(RULES, _list(said, len(RULES))):
            rules[name] = _READ.get(name, _count)(value)
        return (
            blank.changed(rules),
            KeyRing(_packed(40)(ring)),
            _packed(_RECENT)(recent),
            _count(least),
            _count(position),
        )
    except DamagedError:
        raise
    except InvalidInput as error:
        raise DamagedError("policy: " + str(error))


def _timezone(zone) -> list:
    if zone.start is None:
        return [zone.std_offset_min, None]
    return [zone.std_offset_min, [zone.delta_min, list(zone.start), list(zone.end)]]


def _read_timezone(value):
    return None if value is None else TimeZone.parse(*_list(value, 2))


def _anchors(value):
    return tuple([Key.okp(CRV_ED25519, _bytes(x, 32)) for x in _list(value)])


def _revocations(value):
    packed, watermark, dropped = _list(value, 3)
    if not is_whole(packed):
        raise DamagedError("policy: revocations are not in order")
    return Revocations(packed, _count(watermark), _count(dropped))


def _schedules(value):
    return Schedules(_packed(1)(value))


def _holidays(value):
    return Holidays(_packed(3)(value))


def _packed(width):
    def check(value):
        if not isinstance(value, bytes) or len(value) % width:
            raise DamagedError("policy: an entry is cut")
        return value

    return check


def _head(value):
    return _bytes(value, 32)


def _flag(value):
    if value is not True and value is not False:
        raise DamagedError("policy: neither yes nor no")
    return value


def _bytes(value, length):
    if not isinstance(value, bytes) or len(value) != length:
        raise DamagedError("policy: no %d bytes" % length)
    return value


def _count(value):
    if type(value) is not int or not 0 <= value <= _MAX_COUNT:
        raise DamagedError("policy: no count")
    return value


def _list(value, length=None):
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise DamagedError("policy: no list")
    return value


# Who reads each rule; the others are counts.
_READ = {
    "anchors": _anchors,
    "head": _head,
    "timezone": _read_timezone,
    "doors": _packed(parts.DOOR_TAG),
    "zones": _packed(parts.ZONE_ENTRY),
    "schedules": _schedules,
    "holidays": _holidays,
    "revocations": _revocations,
    "is_locked": _flag,
    "locked_doors": _packed(1),
    "modes": _packed(parts.MODE_ENTRY),
    "carriers": _packed(parts.CARRIER_ENTRY),
}
