"""A site's rules as sealed bytes, from which the log of changesets goes on."""

import errno
import os

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
from .. import files
from ..sealed import OVERHEAD, DamagedError

MAX_BYTES = 16384
RECENT = 8  # bytes of a changeset's hash that are kept to know it again
MAX_RECENT = 64
NEXT = "next"  # a snapshot's policy, from just before the cache is swapped until just after

_FORMAT = const(2)
_ENTRIES = const(6)  # version, the rules, key ring, recent hashes, least, position
_MAX_COUNT = (1 << 63) - 1  # what a changeset can say of a time


class Held:
    """What a node keeps of the policy: the SiteRules ``rules``, its KeyRing ``ring``, and the
    first 8 bytes of the hashes of the last 64 changesets, ``recent``, the newest last.
    """

    def __init__(self, rules: SiteRules, ring: KeyRing, recent: bytes = b""):
        self.rules = rules
        self.ring = ring
        self.recent = recent


class StateFiles:
    """Sealed rules in ``directory``; ``blank`` is a Held that knows nothing, ``place`` the bytes
    that the node, and what it rests on, are told by.
    """

    def __init__(self, directory: str, sealer, blank: Held, place: bytes):
        self._directory = directory
        self._sealer = sealer
        self._blank = blank
        self._aad = b"holdfast policy" + place

    def load(self, name: str):
        """What ``decode`` gives of the file, or None if there is none.

        Raises DamagedError for anything but what this node wrote; OSError.
        """
        sealed = files.read(self._path(name), MAX_BYTES + OVERHEAD)
        if sealed is None:
            return None
        if len(sealed) > MAX_BYTES + OVERHEAD:
            raise DamagedError("policy: larger than %d bytes" % MAX_BYTES)
        return decode(self._sealer.open(sealed, self._aad), self._blank)

    def save(self, name: str, held: Held, least: int, position: int):
        """Write the file whole or not at all. Raises OSError."""
        data = encode(held, least, position)
        files.write(self._path(name), self._sealer.seal(data, self._aad))

    def rename(self, name: str, other: str):
        """Let the file ``name`` take the place of ``other`` at once. Raises OSError."""
        os.rename(self._path(name), self._path(other))

    def remove(self, name: str):
        """Remove the file if it is there. Raises OSError."""
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _path(self, name):
        return self._directory + "/" + name


def encode(held: Held, least: int, position: int) -> bytes:
    """What is kept of a policy.

    ``least`` is the number below which it is not whole again, ``position`` the number of the log's
    record from which on it has to be followed.
    """
    rules = held.rules
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
    return cbor.encode([_FORMAT, said, held.ring.packed, held.recent, least, position])


def decode(data: bytes, blank: Held) -> tuple:
    """(Held, least, position) as given to encode. Raises DamagedError."""
    try:
        entries = cbor.decode(data, deterministic=True, max_items=len(data))
        if _list(entries)[:1] != [_FORMAT]:
            raise DamagedError("policy: of a version that is not known here")
        _, said, ring, recent, least, position = _list(entries, _ENTRIES)
        rules = {}
        for name, value in zip(RULES, _list(said, len(RULES))):
            rules[name] = _READ.get(name, _count)(value)
        held = Held(
            blank.rules.changed(rules),
            KeyRing(_packed(40)(ring)),
            _packed(RECENT)(recent),
        )
        return held, _count(least), _count(position)
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
