"""The records of the credential cache: what 14 or 16 bytes say, and keeping some sorted in RAM.

A grant has 14 bytes: key (8), group (2), and a word (4) whose highest two bits are the kind. The
rest of a policy grant's word is its expiry in minutes since 2020. A usage entry's is when it was
last used, 14 bits of half days since 2020, and how many minutes after that it ends, 16 bits. A
right has 16 bytes: group (2), place (6), permission bits (2), schedule (6). All is big-endian.
"""

import struct

from micropython import const

# Kinds of grants
REMOVED = const(0)  # in the journal only: nothing is known of this key any more
POLICY = const(1)  # the authority said so
VERIFIED = const(2)  # a token whose signature was checked
ANSWER = const(3)  # a controller said so

GRANTS = const(0)  # the table of grants, sorted by key
RIGHTS = const(1)  # the table of rights, sorted by group

GRANT_WIDTH = const(14)
RIGHT_WIDTH = const(16)
KEY = const(8)
PLACE = const(6)
LONGEST_KEPT = const(65535 * 60)  # seconds a usage entry outlives its last use at most: 45 days

_EPOCH = const(1577836800)  # 2020-01-01 00:00 UTC in Unix time
_HALF_DAY = const(43200)
_NO_EXPIRY = const(0xFFFFFF)
_LAST_PERIOD = const(0x3FFF)
_PERIOD_SHIFT = const(16)
_NOTHING = bytes(PLACE)
_REMOVED_GROUP = b"\xff" * PLACE

_GRANT = ">8sHI"
_RIGHT = ">H6sH6s"


def pack_grant(key: bytes, group: int, expires=None) -> bytes:
    """The record of a policy grant until ``expires``, Unix seconds, or for ever.

    It ends up to a minute early, never late; in 2051 at the latest that is not "for ever".
    """
    minutes = _NO_EXPIRY
    if expires is not None:
        minutes = max(0, min((expires - _EPOCH) // 60, _NO_EXPIRY - 1))
    return struct.pack(_GRANT, key, group, POLICY << 30 | minutes)


def pack_usage(key: bytes, kind: int, group: int, until: int, now: int) -> bytes:
    """The record of a usage entry used at ``now`` and kept until ``until``, Unix seconds.

    It ends up to a minute early, never late, and 45 days after ``now`` at the latest.
    """
    used = period(now)
    minutes = max(0, min((until - _EPOCH) // 60 - used * (_HALF_DAY // 60), 0xFFFF))
    return struct.pack(_GRANT, key, group, kind << 30 | used << _PERIOD_SHIFT | minutes)


def pack_removed(key: bytes) -> bytes:
    """The record that takes a grant away."""
    return struct.pack(_GRANT, key, 0, REMOVED)


def pack_right(group: int, place: bytes, bits: int, schedule=None) -> bytes:
    """The record of one right; without ``schedule`` (6 bytes) it holds at all times."""
    return struct.pack(_RIGHT, group, place, bits, schedule or _NOTHING)


def pack_no_rights(group: int) -> bytes:
    """The record of a group that is there and may nothing."""
    return struct.pack(_RIGHT, group, _NOTHING, 0, _NOTHING)


def pack_removed_group(group: int) -> bytes:
    """The record that takes a group away."""
    return struct.pack(_RIGHT, group, _NOTHING, 0, _REMOVED_GROUP)


def kind_of(record: bytes) -> int:
    """REMOVED, POLICY, VERIFIED or ANSWER."""
    return record[10] >> 6


def group_of(record: bytes) -> int:
    """The group of a grant record."""
    return record[8] << 8 | record[9]


def expiry_of(record: bytes):
    """When a grant ends, Unix seconds; None if never."""
    _, _, word = struct.unpack(_GRANT, record)
    if kind_of(record) == POLICY:
        minutes = word & _NO_EXPIRY
        return None if minutes == _NO_EXPIRY else _EPOCH + 60 * minutes
    return usage_end(record)


def usage_end(record: bytes) -> int:
    """When a usage entry ends, Unix seconds."""
    minutes = record[12] << 8 | record[13]
    return _EPOCH + period_of(record) * _HALF_DAY + 60 * minutes


def period_of(record: bytes) -> int:
    """The half day since 2020 in which a usage entry was last used."""
    return (record[10] & 0x3F) << 8 | record[11]


def period(now: int) -> int:
    """The half day since 2020 of ``now``, Unix seconds; clocks beyond 2042 are in the last."""
    return max(0, min((now - _EPOCH) // _HALF_DAY, _LAST_PERIOD))


def unpack_right(records: bytes, at: int = 0):
    """(place, bits, schedule or None) of the right at byte ``at``."""
    _, place, bits, schedule = struct.unpack_from(_RIGHT, records, at)
    return place, bits, None if schedule == _NOTHING else schedule


def is_removed_group(records: bytes) -> bool:
    """Whether these rights records, of one group, take it away."""
    return records[8:] == b"\x00\x00" + _REMOVED_GROUP


def is_removed(table: int, unit) -> bool:
    """Whether the unit takes a grant or a group away."""
    if table == GRANTS:
        return kind_of(unit) == REMOVED
    return is_removed_group(unit)


def lower_bound(data, width: int, count: int, key: bytes, start: int = 0) -> int:
    """The number of the first of ``count`` sorted records that does not come before ``key``.

    The records begin at byte ``start`` of ``data``; as many bytes count as ``key`` has.
    """
    length = len(key)
    low = 0
    high = count
    while low < high:
        middle = (low + high) // 2
        at = start + middle * width
        if data[at : at + length] < key:
            low = middle + 1
        else:
            high = middle
    return low


class SortedRecords:
    """Records in one buffer of ``room`` records of ``width`` bytes, sorted by their first bytes.

    The buffer is allocated once, so that a long uptime cannot leave it without a place; only a
    batch larger than that makes it grow.
    """

    def __init__(self, width: int, room: int):
        self._width = width
        self._data = bytearray(room * width)
        self.count = 0

    def clear(self):
        """Forget all records."""
        self.count = 0

    def find(self, key: bytes) -> int:
        """The number of the first record that does not come before ``key``."""
        return lower_bound(self._data, self._width, self.count, key)

    def record(self, number: int) -> bytes:
        """A copy of one record."""
        at = number * self._width
        return bytes(memoryview(self._data)[at : at + self._width])

    def get(self, key: bytes):
        """The first record that begins with ``key``, or None."""
        number = self.find(key)
        if number < self.count:
            record = self.record(number)
            if record[: len(key)] == key:
                return record
        return None

    def replace(self, start: int, stop: int, records: bytes):
        """Put whole ``records`` in the place of those from number ``start`` to ``stop``."""
        width = self._width
        end = self.count * width
        start *= width
        stop *= width
        new_end = end + len(records) - (stop - start)
        if new_end > len(self._data):
            self._data.extend(bytes(new_end - len(self._data)))
        view = memoryview(self._data)
        view[start + len(records) : new_end] = view[stop:end]
        view[start : start + len(records)] = records
        self.count = new_end // width

    def put(self, key_length: int, records: bytes):
        """Put sorted ``records``, which have one key, in the place of all with that key."""
        key = records[:key_length]
        start = self.find(key)
        stop = start
        while stop < self.count and self.record(stop)[:key_length] == key:
            stop += 1
        self.replace(start, stop, records)
