"""The log: segments in a directory, appended at one end, released at the other."""

import errno
import os

from micropython import const

from .segment import HEAD, LONGEST, SMALLEST, Scan, frame

_SUFFIX = ".fl1"  # the 1 is the version of the format
_DIGITS = const(8)
_LAST = const(0x7FFFFFFF)
_DIRECTORY = const(0x4000)
_FAR = const(1 << 24)
_BATCH = const(512)  # bytes of records held by an iterator, if there is more than one


def _names(directory: str) -> list:
    """Names in a directory. Raises OSError if they cannot all be read.

    A log that missed its last segment would write another over it, so what MicroPython's listing
    of a littlefs hides must show: after an error it goes on with an empty name, or the same once
    more, for ever if need be; and after a failed read littlefs may show an older state, once.
    """
    if not hasattr(os, "ilistdir"):
        return os.listdir(directory)
    before = None
    for _ in range(4):
        names = []
        for entry in os.ilistdir(directory):
            if not entry[0] or names and entry[0] == names[-1]:
                raise OSError(errno.EIO)
            names.append(entry[0])
        if names == before:
            return names
        before = names
    raise OSError(errno.EIO)


class LogFull(Exception):
    """There is no room for another record until some are released or dropped."""


class FlashLog:
    """Records in ``directory``, made if need be, in at most ``segments`` files.

    A record of n bytes takes n + 10 of a file's ``segment_size`` bytes. Numbers start at 0. They
    never go back; they jump over what was damaged. Opening writes nothing and raises OSError, for
    damage never: sound records are kept, and ``damaged`` counts the stretches that were not. There
    may be only one FlashLog on a directory.
    """

    def __init__(self, directory: str, segment_size: int, segments: int):
        if segment_size < SMALLEST or segments < 1:
            raise ValueError("a log has at least one segment, and a segment room for a record")
        self.first = 0  # number of the oldest record kept; ``next``, if there is none
        self.next = 0  # number of the next record
        self.damaged = 0
        self._directory = directory
        self._segment_size = segment_size
        self._segments = segments
        self._starts = []  # first number of each segment
        self._end = -1  # bytes in the last segment; -1 if nothing may be added to it
        self._is_sure = False  # what is above agrees with what is on flash
        self._tried = (-1, 0)  # segment and offset of an append that failed
        self._has_rubbish = False
        self._place = (-1, 0, 0)  # segment, offset and number where the last reading ended
        try:
            os.mkdir(directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
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
        if number >= _LAST or count > self._segments:
            raise LogFull("no room for a record of %d bytes" % len(record))
        start, offset = (self._starts[-1], self._end) if fits else (number, 0)
        self._tried = (start, offset)
        self._write(start, offset, frame(start, offset, number, record))
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
            later = [begin for begin in self._starts if begin > number]
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

    def _path(self, start: int) -> str:
        return "%s/%08x%s" % (self._directory, start, _SUFFIX)

    def _numbers(self) -> list:
        """First numbers of what has the name of a segment, in order."""
        numbers = []
        for name in _names(self._directory):
            digits = name[:_DIGITS]
            if len(name) != _DIGITS + len(_SUFFIX) or name[_DIGITS:] != _SUFFIX:
                continue
            try:
                number = int(digits, 16)
            except ValueError:
                continue
            if "%08x" % number == digits and number < _LAST:
                numbers.append(number)
        numbers.sort()
        return numbers

    def _make_sure(self):
        if not self._is_sure:
            self._recover()
        elif self._tried[0] >= 0:
            self._look_again(*self._tried)

    def _look_again(self, start: int, offset: int):
        """See what an append left that failed, without reading the whole log again."""
        try:
            with open(self._path(start), "rb") as file:
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
        starts = []
        first = end = end_next = -1
        kept = taken = 0  # numbers below were sound records; or may have been, at the end
        damaged = 0
        rubbish = False
        numbers = self._numbers()
        for start in numbers:
            path = self._path(start)
            if os.stat(path)[0] & _DIRECTORY:
                damaged += 1
                rubbish = True
                if kept <= start < kept + _FAR:
                    taken = max(taken, start + 1)
                continue
            with open(path, "rb") as file:
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
                # Where nothing led there it was never a segment of ours.
                if kept <= start < kept + _FAR:
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
        if not self.first <= number < self.next:
            return batch
        index = 0
        while index + 1 < len(self._starts) and self._starts[index + 1] <= number:
            index += 1
        if index >= len(self._starts):
            return batch
        start = self._starts[index]
        stop = self._starts[index + 1] if index + 1 < len(self._starts) else self.next
        offset, expected = 0, start
        if self._place[0] == start and self._place[2] <= number:
            _, offset, expected = self._place
        try:
            # The file is not kept open between two batches: littlefs does not see to it that an
            # open file keeps its blocks while another handle appends.
            with open(self._path(start), "rb") as file:
                scan = Scan(file, start, offset, expected)
                while limit > 0 and scan.step(number):
                    if scan.number >= stop:
                        break
                    if scan.number >= number:
                        batch.append((scan.number, scan.record))
                        limit -= len(scan.record)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return batch  # released meanwhile
        if batch and not scan.damaged:
            self._place = (start, scan.offset, scan.next)
        return batch

    def _write(self, start: int, offset: int, data: bytes):
        """One write and one close: littlefs then has all of it or nothing after a power cut."""
        with open(self._path(start), "r+b" if offset else "wb") as file:
            if offset and file.seek(0, 2) != offset:
                raise OSError(errno.EIO)  # not the file that was there: scan again
            if data:
                file.write(data)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())
        if not hasattr(os, "fsync"):
            if hasattr(os, "sync"):
                os.sync()
        elif not offset:
            folder = os.open(self._directory, 0)  # to read; the file's name must last too
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _remove(self, count: int):
        """Remove the oldest segments. The name of the last one holds the next number."""
        self._is_sure = False
        if count == len(self._starts):
            self._write(self.next, 0, b"")
            self._starts.append(self.next)
            self._end = 0
        for index in range(count):
            os.remove(self._path(self._starts[index]))
        self._starts = self._starts[count:]
        self._place = (-1, 0, 0)
        self.first = self._starts[0]
        with open(self._path(self.first), "rb") as file:
            scan = Scan(file, self.first)
            self.first = scan.number if scan.step() else self.next
        self._is_sure = True

    def _sweep(self):
        """Remove what has the name of a segment and holds nothing. Its number is passed by now.

        Tried once after each opening: what cannot be removed then does no harm.
        """
        self._has_rubbish = False
        try:
            numbers = self._numbers()
        except OSError:
            return
        for start in numbers:
            try:
                if start not in self._starts and not self._has_records(start):
                    os.remove(self._path(start))
            except OSError:
                pass  # a directory with something in it, or a fault that the next call meets

    def _has_records(self, start: int) -> bool:
        """Whether there are some after all: littlefs may misread after an error."""
        if os.stat(self._path(start))[0] & _DIRECTORY:
            return False
        with open(self._path(start), "rb") as file:
            return Scan(file, start).step()
