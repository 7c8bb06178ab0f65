"""The log: segments in a directory, appended at one end, released at the other."""

import errno

from micropython import const

from .folder import LAST, Folder
from .segment import HEAD, LONGEST, SMALLEST, Scan, frame

_FAR = const(1 << 24)
_BATCH = const(512)  # bytes of records held by an iterator, if there is more than one


class LogFull(Exception):
    """There is no room for another record until some are released or dropped."""


class FlashLog:
    """Records in ``directory``, made if need be, in at most ``segments`` files.

    A record of n bytes takes n + 10 of a file's ``segment_size`` bytes. Numbers start at 0. They
    never go back; they jump over what was damaged. Opening writes nothing and raises OSError, for
    damage never: sound records are kept, and ``damaged`` counts the stretches that were not. There
    may be only one FlashLog on a directory. On littlefs ``stays_open`` saves each ``append`` a
    walk through the directories, and takes an open file, 0.3 KB, for as long as this is there.
    """

    def __init__(
        self, directory: str, segment_size: int, segments: int, stays_open: bool = False
    ):
        if segment_size < SMALLEST or segments < 1:
            raise ValueError("a log has at least one segment, and a segment room for a record")
        self.first = 0  # number of the oldest record kept; ``next``, if there is none
        self.next = 0  # number of the next record
        self.damaged = 0
        self._folder = Folder(directory, stays_open)
        self._segment_size = segment_size
        self._segments = segments
        self._starts = []  # first number of each segment
        self._end = -1  # bytes in the last segment; -1 if nothing may be added to it
        self._is_sure = False  # what is above agrees with what is on flash
        self._tried = (-1, 0)  # segment and offset of an append that failed
        self._has_rubbish = False
        self._place = (-1, 0, 0)  # segment, offset and number where the last reading ended
        self._recover()

    @property
    def second(self) -> int:
        """``first`` after ``drop_oldest``, at least."""
        return self._starts[1] if len(self._starts) > 1 else self.next

    @property
    def capacity(self) -> int:
        """Bytes for records and their frames."""
        return self._segment_size * self._segments

    @property
    def size(self) -> int:
        """Bytes of ``capacity`` that cannot be written before something is released."""
        if not self._starts:
            return 0
        last = self._end if self._end >= 0 else self._segment_size
        return (len(self._starts) - 1) * self._segment_size + last

    def append(self, record: bytes) -> int:
        """Store ``record`` and return its number. It is durable then.

        Raises ValueError if it is empty or does not fit in a segment, LogFull if there is no room,
        OSError if the storage fails: the record may then be there whole or not at all.
        """
        length = HEAD + len(record)
        if not HEAD < length <= min(self._segment_size, HEAD + LONGEST):
            raise ValueError("a record of %d bytes" % len(record))
        self._make_sure()
        number = self.next
        fits = 0 <= self._end <= self._segment_size - length
        count = len(self._starts) + (not fits)
        if number >= LAST or count > self._segments:
            raise LogFull("no room for a record of %d bytes" % len(record))
        start, offset = (self._starts[-1], self._end) if fits else (number, 0)
        self._tried = (start, offset)
        self._folder.write(start, offset, frame(start, offset, number, record))
        self._tried = (-1, 0)
        if not fits:
            self._starts.append(start)
        self._end = offset + length
        self.next = number + 1
        if self._has_rubbish:
            self._sweep()
        return number

    def read(self, number: int) -> bytes:
        """Record ``number``. Raises KeyError if it is not kept, OSError if it cannot be read."""
        for found, record in self._batch(number, 1):
            if found == number:
                return record
        raise KeyError(number)

    def records(self, start=None):
        """Iterate over ``(number, record)`` of the records kept, from ``start`` on.

        What is appended meanwhile comes too; what is released may be missing. Raises OSError.
        """
        if not self._is_sure:
            self._recover()
        number = self.first if start is None else max(start, self.first)
        while number < self.next:
            number = max(number, self.first)
            batch = self._batch(number, _BATCH)
            yield from batch
            if batch:
                number = batch[-1][0] + 1
                continue
            later = [start for start in self._starts if start > number]
            number = later[0] if later else self.next

    def release(self, before: int):
        """Records below ``before`` are no longer needed: segments with none but such go.

        ``first`` is then what is really kept. Raises OSError: some of it may have gone.
        """
        self._make_sure()
        starts = self._starts
        count = 0
        while count < len(starts) - 1 and starts[count + 1] <= before:
            count += 1
        if count == len(starts) - 1 and before >= self.next and self._end:
            count += 1
        if count:
            self._remove(count)

    def drop_oldest(self) -> int:
        """Make room: remove the oldest segment and return how many records it held.

        0 if there are none. Raises OSError: it is there still, or gone.
        """
        self._make_sure()
        if self.first == self.next:
            return 0
        count = 0
        number = self.first
        second = self.second
        while number < second:
            batch = self._batch(number, _BATCH)
            if not batch:
                break
            count += len(batch)
            number = batch[-1][0] + 1
        self._remove(1)
        return count

    def _make_sure(self):
        if not self._is_sure:
            self._recover()
        elif self._tried[0] >= 0:
            self._look_again(*self._tried)

    def _look_again(self, start: int, offset: int):
        """See what an append left that failed, without reading the whole log again."""
        try:
            with self._folder.open(start) as file:
                scan = Scan(file, start, offset, self.next)
                while scan.step():
                    pass
        except OSError as error:
            if error.errno != errno.ENOENT or offset:
                raise
            scan = None
        self._tried = (-1, 0)
        if scan is None:
            return
        if scan.size < offset:
            self._recover()
            return
        if scan.number < 0 and self.first == self.next:
            self.first = scan.next
        self.next = scan.next
        if scan.torn and not offset and scan.number < 0:
            self._has_rubbish = True
            return
        self._end = -1 if scan.torn else scan.size
        if not offset and start not in self._starts:
            self._starts.append(start)

    def _recover(self):
        """Read everything, and keep what is sound."""
        self._folder.close()
        starts = []
        first = end = end_next = -1
        kept = taken = 0  # numbers below were sound records; or may have been, at the end
        damaged = 0
        rubbish = False
        numbers = self._folder.numbers()
        for start in numbers:
            known = max(kept, taken)
            # Where nothing led there it was never a segment of ours.
            far = start - known >= _FAR and known or start >= LAST - _FAR
            if self._folder.is_directory(start):
                damaged += 1
                rubbish = True
                if kept <= start and not far:
                    taken = max(taken, start + 1)
                continue
            with self._folder.open(start) as file:
                scan = Scan(file, start)
                while scan.step():
                    if first < 0:
                        first = scan.number
            damaged += scan.damaged
            if scan.number >= 0 or not scan.size and start == numbers[-1] and start >= kept:
                damaged += start < kept  # two segments claim the same numbers
                kept = max(kept, scan.number + 1)
                taken = end_next = scan.next
                starts.append(start)
                end = -1 if scan.torn else scan.size
            else:
                rubbish = True
                if kept <= start and not (far and scan.size):
                    taken = max(taken, scan.next)
        following = max(kept, taken, self.next)
        self.first = first if first >= 0 else following
        self.next = following
        self.damaged = damaged
        self._starts = starts
        self._end = end if following == end_next else -1
        self._has_rubbish = rubbish
        self._place = (-1, 0, 0)
        self._tried = (-1, 0)
        self._is_sure = True

    def _batch(self, number: int, limit: int) -> list:
        """``(number, record)`` from ``number`` on out of the segment that should have it.

        At least one if there is one, then more as long as ``limit`` bytes are not reached.
        """
        batch = []
        if not self._is_sure:
            self._recover()
        if not self._starts or not self.first <= number < self.next:
            return batch
        index = 0
        while index + 1 < len(self._starts) and self._starts[index + 1] <= number:
            index += 1
        start = self._starts[index]
        stop = self._starts[index + 1] if index + 1 < len(self._starts) else self.next
        offset, expected = 0, start
        if self._place[0] == start and self._place[2] <= number:
            _, offset, expected = self._place
        try:
            # The file is not kept open between two batches: littlefs does not see to it that an
            # open file keeps its blocks while another handle appends.
            with self._folder.open(start) as file:
                # To pass those before by their heads is quick, and checking them is thorough.
                for by_heads in (True, False):
                    batch = []
                    room = limit
                    scan = Scan(file, start, offset, expected)
                    while room > 0 and scan.step(number, by_heads) and scan.number < stop:
                        if scan.number >= number:
                            batch.append((scan.number, scan.record))
                            room -= len(scan.record)
                    if not scan.damaged and not scan.torn:
                        break
                    offset, expected = 0, start
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return []  # released meanwhile
        if batch:
            self._place = (start, scan.offset, scan.next)
        return batch

    def _remove(self, count: int):
        """Remove the oldest segments. The name of the last one holds the next number."""
        self._is_sure = False
        if count == len(self._starts):
            self._folder.write(self.next, 0, b"")
            self._starts.append(self.next)
            self._end = 0
        for index in range(count):
            self._folder.remove(self._starts[index])
        self._starts = self._starts[count:]
        self._place = (-1, 0, 0)
        self.first = self._starts[0]
        with self._folder.open(self.first) as file:
            scan = Scan(file, self.first)
            self.first = scan.number if scan.step() else self.next
        self._is_sure = True

    def _sweep(self):
        """Remove what has the name of a segment and holds nothing. Its number is passed by now.

        Tried once after each opening: what cannot be removed then does no harm.
        """
        self._has_rubbish = False
        try:
            numbers = self._folder.numbers()
        except OSError:
            return
        for start in numbers:
            try:
                if start not in self._starts and not self._has_records(start):
                    self._folder.remove(start)
            except OSError:
                pass  # a directory with something in it, or a fault that the next call meets

    def _has_records(self, start: int) -> bool:
        """Whether there are some after all: littlefs may misread after an error."""
        if self._folder.is_directory(start):
            return False
        with self._folder.open(start) as file:
            return Scan(file, start).step()
