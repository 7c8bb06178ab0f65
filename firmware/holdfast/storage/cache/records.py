"""The records of the credential cache: what 14 or 16 bytes say, and keeping some sorted in RAM.

A grant has 14 bytes: key (8), group (2), and a word (4) whose highest two bits are the kind. Below
them: whether a second record follows, whether it is suspended, four bits of the count of uses, and
its expiry in minutes since 2020 (24 bits). The second record, for what few grants have, is key
(8), person tag (4), and 16 bits: two more of the count, and the first day since 2020. All records
of a key, sorted by group, are its *unit*. A right has 16 bytes: group (2), place (6), permission
bits (2), schedule (6). All is big-endian. docs/flash_format.md has it byte by byte.
"""

import struct

from micropython import const

# Kinds of grants
REMOVED = const(0)  # in the journal only: nothing is known of this key any more
GRANT = const(1)
DURESS = const(2)  # a grant of a PIN that calls for help
USED = const(3)  # how often a grant with a count was used; after the grant, and never without it

GRANTS = const(0)  # the table of grants, sorted by key
RIGHTS = const(1)  # the table of rights, sorted by group

GRANT_WIDTH = const(14)
RIGHT_WIDTH = const(16)
KEY = const(8)
PLACE = const(6)
PERSON = const(4)
MAX_GROUPS = const(8)  # of one key
MAX_USES = const(63)
MAX_COUNTED = const(256)  # grants of which uses are kept
MAX_BITS = const(0x7FFF)

DOOR = const(1)  # kinds of places
ZONE = const(2)

_EPOCH = const(1577836800)  # 2020-01-01 00:00 UTC in Unix time
_EPOCH_DAY = const(18262)  # the same in days
_NO_EXPIRY = const(0xFFFFFF)
_NO_DAY = const(0x3FFF)
_LAST_DAY = const(0x3FFE)
_SECOND = const(0x20)  # in the highest byte of the word
_SUSPENDED = const(0x10)
_ZONE_BIT = const(0x8000)  # in the permission bits
_NOTHING = bytes(PLACE)
_NOBODY = bytes(PERSON)
_REMOVED_GROUP = b"\xff" * PLACE

_GRANT = ">8sHI"
_RARE = ">8s4sH"
_RIGHT = ">H6sH6s"


def pack_grant(
    key: bytes,
    group: int,
    expires=None,
    first_day=None,
    is_suspended: bool = False,
    person=None,
    uses: int = 0,
    is_duress: bool = False,
) -> bytes:
    """The record of a grant until ``expires``, Unix seconds, or for ever; the second, if need be.

    It ends up to a minute early, never late; in 2051 at the latest that is not "for ever".
    ``first_day`` is in days since 1970. Raises ValueError for one that does not fit: 2064.
    """
    minutes = _NO_EXPIRY
    if expires is not None:
        minutes = max(0, min((expires - _EPOCH) // 60, _NO_EXPIRY - 1))
    day = _NO_DAY
    if first_day is not None:
        day = max(0, first_day - _EPOCH_DAY)
        if day > _LAST_DAY:
            raise ValueError("first day is after 2064")
    word = (DURESS if is_duress else GRANT) << 30 | (uses >> 2) << 24 | minutes
    if is_suspended:
        word |= _SUSPENDED << 24
    if first_day is None and person is None and not uses:
        return struct.pack(_GRANT, key, group, word)
    rare = struct.pack(_RARE, key, person or _NOBODY, (uses & 3) << 14 | day)
    return struct.pack(_GRANT, key, group, word | _SECOND << 24) + rare


def unpack_grant(unit: bytes, at: int = 0) -> tuple:
    """What ``pack_grant`` was given, in its order, of the grant at byte ``at``."""
    key, group, word = struct.unpack_from(_GRANT, unit, at)
    minutes = word & _NO_EXPIRY
    expires = None if minutes == _NO_EXPIRY else _EPOCH + 60 * minutes
    first_day = person = None
    uses = 0
    top = word >> 24
    if top & _SECOND:
        _, person, low = struct.unpack_from(_RARE, unit, at + GRANT_WIDTH)
        if person == _NOBODY:
            person = None
        if low & _NO_DAY != _NO_DAY:
            first_day = _EPOCH_DAY + (low & _NO_DAY)
        uses = (top & 0xF) << 2 | low >> 14
    return key, group, expires, first_day, top & _SUSPENDED != 0, person, uses, top >> 6 == DURESS


def pack_removed(key: bytes) -> bytes:
    """The record that takes all grants of a key away."""
    return struct.pack(_GRANT, key, 0, REMOVED)


def has_second(record: bytes) -> bool:
    """Whether the record after this one belongs to it."""
    return record[10] & _SECOND != 0


def is_grant(record: bytes) -> bool:
    """Whether the record is the first of a grant, not what is told of its use."""
    return record[10] >> 6 in (GRANT, DURESS)


def grants_at(unit: bytes) -> list:
    """Where in ``unit`` its grants begin."""
    places = []
    at = 0
    while at < len(unit):
        top = unit[at + 10]
        if top >> 6 in (GRANT, DURESS):
            places.append(at)
        at += 2 * GRANT_WIDTH if top & _SECOND else GRANT_WIDTH
    return places


def with_grant(unit: bytes, group: int, records: bytes) -> bytes:
    """``unit`` with ``records`` as what it says of ``group``; b"" takes that away.

    How often it was used stays with a grant that has a count, and goes with any other.
    """
    before = after = used = b""
    at = 0
    while at < len(unit):
        end = at + (2 * GRANT_WIDTH if unit[at + 10] & _SECOND else GRANT_WIDTH)
        other = unit[at + 8] << 8 | unit[at + 9]
        if other < group:
            before += unit[at:end]
        elif other > group:
            after += unit[at:end]
        elif unit[at + 10] >> 6 == USED:
            used = unit[at:end]
        at = end
    if not records or not unpack_grant(records)[6]:
        used = b""
    return before + records + used + after


def used_at(unit: bytes, group: int) -> int:
    """How often the grant of ``group`` was used; 0 if that was never told."""
    for at in used_places(unit):
        if unit[at + 8] << 8 | unit[at + 9] == group:
            return unit[at + 13]
    return 0


def used_places(unit: bytes) -> list:
    """Where in ``unit`` it says how often a grant was used."""
    places = []
    at = 0
    while at < len(unit):
        top = unit[at + 10]
        if top >> 6 == USED:
            places.append(at)
        at += 2 * GRANT_WIDTH if top & _SECOND else GRANT_WIDTH
    return places


def with_used(unit: bytes, group: int, used: int) -> bytes:
    """``unit`` where it says that the grant of ``group`` was ``used``, if that is counted."""
    made = b""
    at = 0
    while at < len(unit):
        top = unit[at + 10]
        end = at + (2 * GRANT_WIDTH if top & _SECOND else GRANT_WIDTH)
        is_its = unit[at + 8] << 8 | unit[at + 9] == group
        if not (is_its and top >> 6 == USED):
            made += unit[at:end]
        if is_its and top >> 6 != USED and unpack_grant(unit, at)[6]:
            made += struct.pack(_GRANT, unit[:KEY], group, USED << 30 | used)
        at = end
    return made


def pack_right(group: int, kind: int, place: bytes, bits: int, schedule=None) -> bytes:
    """The record of one right at a place of ``kind``, DOOR or ZONE.

    Without ``schedule`` (6 bytes) it holds at all times.
    """
    if kind == ZONE:
        bits |= _ZONE_BIT
    return struct.pack(_RIGHT, group, place, bits, schedule or _NOTHING)


def pack_no_rights(group: int) -> bytes:
    """The record of a group that is there and may nothing."""
    return struct.pack(_RIGHT, group, _NOTHING, 0, _NOTHING)


def pack_removed_group(group: int) -> bytes:
    """The record that takes a group away."""
    return struct.pack(_RIGHT, group, _NOTHING, 0, _REMOVED_GROUP)


def unpack_right(records: bytes, at: int = 0):
    """(kind, place, bits, schedule or None) of the right at byte ``at``."""
    _, place, bits, schedule = struct.unpack_from(_RIGHT, records, at)
    kind = ZONE if bits & _ZONE_BIT else DOOR
    return kind, place, bits & MAX_BITS, None if schedule == _NOTHING else schedule


def is_removed(table: int, unit) -> bool:
    """Whether the unit takes a key's grants or a group away."""
    if table == GRANTS:
        return unit[10] >> 6 == REMOVED
    return unit[8:] == b"\x00\x00" + _REMOVED_GROUP


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

    def unit(self, key: bytes) -> bytes:
        """All records that begin with ``key``; b"" if there is none."""
        start, stop = self._range(key)
        if start == stop:
            return b""
        width = self._width
        return bytes(memoryview(self._data)[start * width : stop * width])

    def put_all(self, key_length: int, records: bytes):
        """Put each unit of sorted ``records`` in the place of all that has its key."""
        width = self._width
        at = 0
        while at < len(records):
            key = records[at : at + key_length]
            end = at + width
            while records[end : end + key_length] == key:
                end += width
            start, stop = self._range(key)
            self._replace(start, stop, records[at:end])
            at = end

    def units(self, key_length: int):
        """Each unit of records with one key, in order, then None."""
        number = 0
        while number < self.count:
            unit = self.unit(self.record(number)[:key_length])
            number += len(unit) // self._width
            yield unit
        yield None

    def _range(self, key):
        start = stop = self.find(key)
        while stop < self.count and self.record(stop)[: len(key)] == key:
            stop += 1
        return start, stop

    def _replace(self, start, stop, records):
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
