"""One segment: frames one after the other in a file, and what can still be read of a damaged one.

A frame is ``length (2) | number (4) | CRC-32 (4) | record``, integers big-endian. The CRC-32
(binascii.crc32) covers the segment's first number (4), the frame's offset in the file (4), length,
number and record, so that a frame is one in its own place only.
"""

import binascii
import struct

from micropython import const

HEAD = const(10)
SMALLEST = const(11)  # a frame: records are never empty, so that zeros are never a frame
LONGEST = const(0xFFFF)  # a record

_HEAD = ">HII"
_COVERED = ">IIHI"
_CHUNK = const(256)
_LONG = const(2048)  # a record above is checked before there is room made for it
_CORRUPT = const(84)  # littlefs: a block's pointers make no sense, though it could be read
_EFFORT = const(8)  # bytes checked in search of a frame, as a multiple of the segment


def frame(first: int, offset: int, number: int, record: bytes) -> bytearray:
    """The frame of record ``number``, 1 to LONGEST bytes, at ``offset`` in segment ``first``."""
    length = len(record)
    framed = bytearray(HEAD + length)
    framed[HEAD:] = record
    crc = binascii.crc32(struct.pack(_COVERED, first, offset, length, number))
    crc = binascii.crc32(memoryview(framed)[HEAD:], crc)
    struct.pack_into(_HEAD, framed, 0, length, number, crc)
    return framed


class Scan:
    """Goes through the sound frames of an open segment ``file``, whose first number is ``first``.

    It may go on at ``offset``, where the frame with ``number`` should begin. ``step`` raises
    OSError if the file cannot be read, and nothing for what is in it.
    """

    def __init__(self, file, first: int, offset: int = 0, number: int = -1):
        self.size = file.seek(0, 2)  # bytes
        self.offset = offset  # where the next frame should begin
        self.next = first if number < 0 else number  # the number it should have
        self.number = -1  # of the frame that step found
        self.record = b""  # what it holds, if it was wanted
        self.damaged = 0  # stretches passed over that once were records
        self.torn = False  # nothing may be written after the end: it would not be found again
        self._file = file
        self._first = first
        self._length = 0
        self._buffer = memoryview(bytearray(_CHUNK))
        self._head = self._buffer[:HEAD]
        self._effort = _EFFORT * self.size

    def step(self, wanted: int = -1, by_heads: bool = False) -> bool:
        """Whether there is another sound frame; ``record`` is read if it is ``wanted`` or later.

        Without ``wanted``, records are checked and not kept. ``by_heads`` passes those before it
        unchecked: where ``damaged`` or ``torn`` then says that one was wrong, a scan that checks
        them finds more.
        """
        while self.offset < self.size:
            try:
                if self._is_sound(self.offset, self.next, self.next, wanted, by_heads):
                    self.offset += HEAD + self._length
                    self.next += 1
                    return True
                self._pass_over()
            except OSError as error:
                if error.errno != _CORRUPT:
                    raise
                self._give_up()
        return False

    def _read_head(self, at: int):
        """``(length, number, crc)`` at an offset, or None if there is no room for a frame."""
        if self.size - at < SMALLEST:
            return None
        self._file.seek(at)
        if self._file.readinto(self._head) != HEAD:
            return None
        return struct.unpack(_HEAD, self._head)

    def _is_sound(self, at: int, lowest: int, highest: int, wanted=-1, by_heads=False) -> bool:
        head = self._read_head(at)
        if head is None:
            return False
        length, number, crc = head
        if not length or length > self.size - at - HEAD or not lowest <= number <= highest:
            return False
        record = b""
        is_wanted = 0 <= wanted <= number
        if is_wanted or not by_heads:
            begin = binascii.crc32(struct.pack(_COVERED, self._first, at, length, number))
            if not is_wanted or length > _LONG:
                if self._checksum(length, begin) != crc:
                    return False
            if is_wanted:
                self._file.seek(at + HEAD)
                record = self._file.read(length)
                if binascii.crc32(record, begin) != crc:
                    return False
        self.number, self.record, self._length = number, record, length
        return True

    def _checksum(self, length: int, crc: int) -> int:
        while length:
            part = self._buffer if length >= _CHUNK else self._buffer[:length]
            count = self._file.readinto(part)
            if not count:
                break
            crc = binascii.crc32(part if count == len(part) else part[:count], crc)
            length -= count
        return crc

    def _pass_over(self):
        """Go on behind what is at ``offset`` and is no sound frame."""
        at = self.offset
        head = self._read_head(at)
        after = 0
        if head and head[0] and head[1] == self.next:
            after = at + HEAD + head[0]
        if 0 < after <= self.size:
            if after == self.size or self._is_sound(after, self.next + 1, self.next + 1):
                # Its length can be trusted, since a frame or the end follows it.
                self.damaged += 1
                self.torn = after == self.size
                self.offset = after
                self.next += 1
                return
        if self._search(at):
            self.damaged += 1
        elif self.size - at < SMALLEST or after > self.size:
            # The beginning of one frame. It may have been a whole one, so its number is taken.
            self.torn = True
            self.offset = self.size
            self.next += 1
        else:
            self._give_up()

    def _search(self, at: int) -> bool:
        """Find the next sound frame behind ``at`` and set ``offset`` and ``next`` to it."""
        begin = at + 1
        lowest = struct.pack(">I", self.next)
        highest = struct.pack(">I", self._most(self.size - at))
        same = 0
        while same < 4 and lowest[same] == highest[same]:
            same += 1
        mark = lowest[:same]  # what the number of every frame to come begins with
        while begin + SMALLEST <= self.size:
            self._file.seek(begin)
            window = self._file.read(_CHUNK)
            count = len(window) - HEAD + 1
            if count <= 0:
                break
            index = window.find(mark, 2) - 2
            while 0 <= index < count:
                if self._is_next(window, index, begin, at):
                    return True
                if self._effort < 0:
                    return False
                index = window.find(mark, index + 3) - 2
            begin += count
        return False

    def _most(self, bytes_lost: int) -> int:
        """The highest number that may follow on so many bytes of lost frames."""
        return self.next + bytes_lost // SMALLEST

    def _is_next(self, window: bytes, index: int, begin: int, at: int) -> bool:
        length, number = struct.unpack_from(">HI", window, index)
        place = begin + index
        if not length or length > self.size - place - HEAD:
            return False
        if not self.next <= number <= self._most(place - at):
            return False
        # A stretch made of nothing but beginnings of long frames must not hold up a door.
        self._effort -= length
        if self._effort < 0 or not self._is_sound(place, number, number):
            return False
        self.offset, self.next = place, number
        return True

    def _give_up(self):
        """Nothing sound follows. As many numbers are taken as records may have been there."""
        self.damaged += 1
        self.torn = True
        self.next = max(self.next + 1, self._most(self.size - self.offset))
        self.offset = self.size
