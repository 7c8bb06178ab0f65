"""New pages of the credential cache, made of its pages and journal; and who is left behind."""

from micropython import const

from .merge import LOST, UNIT, merged
from .records import GRANTS, POLICY, RIGHTS, kind_of, period_of, usage_end

_STEP = const(64)  # records between two breaths
_MAX_PERIODS = const(128)


def copy(pages, changes: tuple, writer, evict: int, now: int):
    """Write all of ``pages`` after ``changes``, SortedRecords of each table, except usage entries
    that have ended by ``now`` and ``evict`` more. A generator, to let others have their turn.

    Raises OSError. What was lost to damage stays marked as lost.
    """
    seen = 0
    eviction = Eviction(evict)
    if evict:
        for what, record in merged(pages, changes[GRANTS], GRANTS):
            if what == UNIT:
                eviction.see(record)
            seen += 1
            if seen % _STEP == 0:
                yield
        eviction.choose()
    for table in (GRANTS, RIGHTS):
        add = writer.grant if table == GRANTS else writer.group
        for what, item in merged(pages, changes[table], table):
            if what == LOST:
                writer.lost(table, item)
            elif what != UNIT:
                writer.found()
            elif table == RIGHTS or eviction.spares(item, now):
                add(item)
            seen += 1
            if seen % _STEP == 0:
                yield


class Eviction:
    """Chooses ``count`` usage entries to leave behind: those longest without use."""

    def __init__(self, count: int):
        self._count = count
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
        left = self._count
        for used in sorted(self._periods):
            many = self._periods[used]
            self._before = used
            self._within = min(left, many)
            left -= self._within
            if left == 0:
                return

    def spares(self, record: bytes, now: int) -> bool:
        """Whether the record stays; a usage entry that has ended by ``now`` never does."""
        if kind_of(record) == POLICY:
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
