"""The pages and the journal of the credential cache as one sorted stream, and who is evicted.

A stream has pairs: (UNIT, bytes) is a grant record, or all records of a group; (LOST, prefix) says
that from this prefix on something could not be read; (FOUND, prefix) that from that prefix on
all could, (FOUND, b"") that nothing comes after. It takes memory for one page and one group.
"""

from micropython import const

from .cache_records import (
    ANSWER,
    GRANT_WIDTH,
    GRANTS,
    KEY,
    POLICY,
    REMOVED,
    RIGHT_WIDTH,
    VERIFIED,
    is_removed_group,
    kind_of,
    period_of,
    usage_end,
)
from .record_pages import page_count, page_has_lost
from .sealed import DamagedError

UNIT = const(0)
LOST = const(1)
FOUND = const(2)

_KEYS = (KEY, 2)
_WIDTHS = (GRANT_WIDTH, RIGHT_WIDTH)
_MAX_PERIODS = const(128)


def merged(pages, changes, table: int):
    """The stream of a table of ``pages`` after ``changes``, a SortedRecords. Raises OSError."""
    length = _KEYS[table]
    changed = _changed(changes, length)
    upcoming = next(changed)
    for what, item in _stored(pages, table):
        if what == UNIT:
            key = item[:length]
            while upcoming is not None and upcoming[:length] < key:
                if not is_removed(table, upcoming):
                    yield UNIT, upcoming
                upcoming = next(changed)
            if upcoming is not None and upcoming[:length] == key:
                item = upcoming
                upcoming = next(changed)
            if not is_removed(table, item):
                yield UNIT, item
            continue
        while upcoming is not None and (not item or upcoming[: len(item)] < item):
            if not is_removed(table, upcoming):
                yield UNIT, upcoming
            upcoming = next(changed)
        yield what, item
    while upcoming is not None:
        if not is_removed(table, upcoming):
            yield UNIT, upcoming
        upcoming = next(changed)


def is_removed(table: int, unit) -> bool:
    """Whether the unit takes a grant or a group away."""
    if table == GRANTS:
        return kind_of(unit) == REMOVED
    return is_removed_group(unit)


def _changed(changes, length):
    """The units of the journal, then None."""
    number = 0
    while number < changes.count:
        unit = changes.record(number)
        key = unit[:length]
        number += 1
        while number < changes.count:
            record = changes.record(number)
            if record[:length] != key:
                break
            unit += record
            number += 1
        yield unit
    yield None


def _stored(pages, table):
    """The stream as the pages have it. A group that goes on in another page is one unit."""
    width = _WIDTHS[table]
    length = _KEYS[table]
    unit = b""
    for number in range(pages.pages(table)):
        try:
            page = pages.page(table, number)
        except DamagedError:
            page = None
        lost = page is None or page_has_lost(page)
        if lost:
            if unit:
                yield UNIT, unit
                unit = b""
            yield LOST, pages.prefix(table, number)
        if page is not None:
            for at in range(1, 1 + width * page_count(page), width):
                record = page[at : at + width]
                if unit and record[:length] == unit[:length]:
                    unit += record
                    continue
                if unit:
                    yield UNIT, unit
                unit = record
        if lost:
            if unit:
                yield UNIT, unit
                unit = b""
            more = number + 1 < pages.pages(table)
            yield FOUND, pages.prefix(table, number + 1) if more else b""
    if unit:
        yield UNIT, unit


class Eviction:
    """Chooses ``count`` usage entries to leave behind: those longest without use."""

    def __init__(self, count: int):
        self.count = count
        self._periods = {}
        self._before = 0  # used before this half day: evicted
        self._within = 0  # and so many of those used within it

    def see(self, record: bytes):
        """Take a record into account."""
        if kind_of(record) == POLICY:
            return
        used = period_of(record)
        self._periods[used] = self._periods.get(used, 0) + 1
        if len(self._periods) > _MAX_PERIODS:  # the newest are not told apart
            newest = max(self._periods)
            many = self._periods.pop(newest)
            self._periods[max(self._periods)] += many

    def choose(self):
        """All have been seen: find the half day up to which entries go."""
        left = self.count
        for used in sorted(self._periods):
            many = self._periods[used]
            self._before = used
            self._within = min(left, many)
            left -= self._within
            if left == 0:
                return

    def spares(self, record: bytes, now: int) -> bool:
        """Whether the record stays; a usage entry that has ended by ``now`` never does."""
        if kind_of(record) != VERIFIED and kind_of(record) != ANSWER:
            return True
        if usage_end(record) <= now:
            return False
        used = period_of(record)
        if used < self._before:
            return False
        if used == self._before and self._within:
            self._within -= 1
            return False
        return True
