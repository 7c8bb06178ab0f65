"""Sorted records in sealed pages: a file written once from front to back, read a page at a time.

The format is in docs/flash_format.md. A page is bound to its file, table and number, so that none
passes for another and none of an older file is believed. In a page of grants the second records
lie behind all others, without their keys: those before them are of one width, to be searched. The
trailer at the end has the number of pages and the first bytes of each page's first key, which are
all that stays in RAM.
"""

import errno
import os
import struct

from micropython import const

from ..sealed import OVERHEAD, DamagedError
from .records import (
    GRANT_WIDTH,
    GRANTS,
    KEY,
    RIGHT_WIDTH,
    RIGHTS,
    has_second,
    lower_bound,
)

PREFIX = const(4)  # bytes of a first key that the index keeps

MAGIC = b"HFC\x02"  # the last byte is the version of the format
SALT = const(8)
PREAMBLE = const(12)
PAGE = const(1016)
SECOND_WIDTH = const(6)  # of a second record in a page
LOST = const(0x80)  # with the number of records: others of this stretch were lost
_COUNT = const(0x7F)
TRAILER = ">IIHHHHB"  # applied, generation, grants, rights, pages of both, partial
TRAILER_BYTES = const(17)
MAX_PAGES = const(2000)


class PageFile:
    """Reads the file of pages at ``path``; as if it were empty until ``load`` has found one."""

    def __init__(self, path: str, sealer):
        self._path = path
        self._sealer = sealer
        self._buffer = bytearray(PAGE)  # once: later there may be no kilobyte in one piece
        self.page_reads = 0
        self._empty()

    def _empty(self):
        self.salt = bytes(SALT)
        self.generation = 0
        self.applied = 0
        self.grants_held = 0
        self.rights_held = 0
        self.partial = False
        self.counted = 0
        self._pages = (0, 0)
        self.index = b""
        self._last = None

    def load(self):
        """Read trailer and index. Raises DamagedError, then it is empty; and OSError."""
        self._empty()
        try:
            size = os.stat(self._path)[6]
        except OSError as error:
            if error.errno == errno.ENOENT:
                return
            raise
        with open(self._path, "rb") as file:
            preamble = file.read(PREAMBLE)
            if preamble[:3] != MAGIC[:3] or len(preamble) != PREAMBLE:
                raise DamagedError("not a file of pages")
            if preamble[3] != MAGIC[3]:
                raise DamagedError("pages of format version %d" % preamble[3])
            salt = preamble[len(MAGIC) :]
            file.seek(max(0, size - 2))
            length = int.from_bytes(file.read(2), "big")
            if length > min(size, OVERHEAD + TRAILER_BYTES + PREFIX * MAX_PAGES + 2):
                raise DamagedError("trailer of an impossible length")
            file.seek(max(0, size - 2 - length))
            sealed = file.read(length)
        trailer = self._sealer.open(sealed, trailer_aad(salt, size))
        self.salt = salt
        (
            self.applied,
            self.generation,
            self.grants_held,
            self.rights_held,
            grant_pages,
            right_pages,
            partial,
        ) = struct.unpack_from(TRAILER, trailer, 0)
        self.partial = partial != 0
        self._pages = (grant_pages, right_pages)
        end = TRAILER_BYTES + PREFIX * (grant_pages + right_pages)
        self.index = trailer[TRAILER_BYTES:end]
        self.counted = int.from_bytes(trailer[end:], "big")  # nothing there: none

    def pages(self, table: int) -> int:
        """How many pages the table has."""
        return self._pages[table]

    def prefix(self, table: int, number: int) -> bytes:
        """The first bytes of the first key of a page."""
        at = PREFIX * (number + (self._pages[GRANTS] if table else 0))
        return self.index[at : at + PREFIX]

    def page(self, table: int, number: int) -> bytes:
        """The plain text of a page: a byte for ``page_count``, then its records.

        Raises DamagedError and OSError.
        """
        return bytes(memoryview(self._page(table, number))[: PAGE - OVERHEAD])

    def _page(self, table, number):
        # The same memory every time, and a few bytes longer than the plain text.
        self.page_reads += 1
        position = number + (self._pages[GRANTS] if table else 0)
        with open(self._path, "rb") as file:
            file.seek(PREAMBLE + position * PAGE)
            length = file.readinto(self._buffer)
        if length != PAGE:
            raise DamagedError("the file ends in a page")
        self._sealer.open_in_place(self._buffer, page_aad(self.salt, table, number))
        return self._buffer

    def grants(self, key: bytes) -> bytes:
        """All records of ``key`` (8 bytes); b"" if there are none. Raises DamagedError, OSError.

        One page is read, unless first keys share their first four bytes; none for the key that was
        asked for last, since a change is looked at before it is made.
        """
        if self._last is None or self._last[0] != key:
            self._last = (key, self._grants(key))
        return self._last[1]

    def _grants(self, key):
        lost = False
        first, number = self._candidates(GRANTS, key[:PREFIX])
        while number >= first:
            page = self._page(GRANTS, number)
            count = page_count(page)
            at = 1 + GRANT_WIDTH * lower_bound(page, GRANT_WIDTH, count, key, 1)
            if at <= GRANT_WIDTH * count and page[at : at + KEY] == key:
                return _unit(page, at, key)
            lost = lost or page_has_lost(page)
            if at > 1:
                break  # greater than the first key: it would have been here
            number -= 1
        if lost:
            raise DamagedError("what was here is lost")
        return b""

    def rights(self, group: int) -> bytes:
        """The records of ``group``; b"" if there is no such group. Raises DamagedError, OSError.

        One page is read, unless the group fills more than one.
        """
        key = struct.pack(">H", group)
        records = b""
        first, last = self._candidates(RIGHTS, key)
        if first < last:  # pages begin with this group; the one before does not have it
            first += self.prefix(RIGHTS, first)[:2] != key
        for number in range(first, last + 1):
            page = self._page(RIGHTS, number)
            start = 1 + RIGHT_WIDTH * lower_bound(page, RIGHT_WIDTH, page_count(page), key, 1)
            end = start
            while end <= RIGHT_WIDTH * page_count(page) and page[end : end + 2] == key:
                end += RIGHT_WIDTH
            if page_has_lost(page) and end == start:
                raise DamagedError("what was here is lost")
            records += page[start:end]
        return records

    def _candidates(self, table, key):
        """The first and the last page that may have ``key`` if only its index is looked at."""
        start = PREFIX * self._pages[GRANTS] if table else 0
        count = self._pages[table]
        last = lower_bound(self.index, PREFIX, count, key, start)
        first = max(0, last - 1)
        while last < count and self.prefix(table, last)[: len(key)] == key:
            last += 1
        return first, last - 1


def page_count(page) -> int:
    """How many records are in a page."""
    return page[0] & _COUNT


def page_has_lost(page) -> bool:
    """Whether there were other records here, which damage took."""
    return page[0] & LOST != 0


def page_records(page, table: int):
    """Each record of a page in order, a second record together with the one it belongs to."""
    if table == RIGHTS:
        for at in range(1, 1 + RIGHT_WIDTH * page_count(page), RIGHT_WIDTH):
            yield page[at : at + RIGHT_WIDTH]
        return
    end = second = 1 + GRANT_WIDTH * page_count(page)
    for at in range(1, end, GRANT_WIDTH):
        record = page[at : at + GRANT_WIDTH]
        if has_second(record):
            record += record[:KEY] + page[second : second + SECOND_WIDTH]
            second += SECOND_WIDTH
        yield record


def _unit(page, start, key):
    """All records of ``key``, of which the first is at byte ``start``."""
    unit = b""
    end = 1 + GRANT_WIDTH * page_count(page)
    second = 0
    for at in range(start, end, GRANT_WIDTH):
        record = bytes(page[at : at + GRANT_WIDTH])
        if record[:KEY] != key:
            break
        unit += record
        if has_second(record):
            if not second:  # behind those of the records before
                second = end
                for place in range(1, at, GRANT_WIDTH):
                    if has_second(page[place : place + GRANT_WIDTH]):
                        second += SECOND_WIDTH
            unit += key + page[second : second + SECOND_WIDTH]
            second += SECOND_WIDTH
    return unit


def page_aad(salt, table, number):
    """What a page is bound to."""
    return MAGIC + b"page" + salt + struct.pack(">BH", table, number)


def trailer_aad(salt, size):
    """What the trailer is bound to."""
    return MAGIC + b"trailer" + salt + struct.pack(">I", size)
