"""Sorted records in sealed pages: a file written once from front to back, read a page at a time.

The format is in docs/flash_format.md. A page is bound to its file, table and number, so that none
passes for another and none of an older file is believed. The trailer at the end has the number of
pages and the first bytes of each page's first key, which are all that stays in RAM.
"""

import errno
import os
import struct

from micropython import const

from .cache_records import (
    GRANT_WIDTH,
    GRANTS,
    POLICY,
    RIGHT_WIDTH,
    RIGHTS,
    kind_of,
    lower_bound,
)
from .sealed import OVERHEAD, DamagedError

PREFIX = const(4)  # bytes of a first key that the index keeps

_MAGIC = b"HFC\x01"  # the last byte is the version of the format
_SALT = const(8)
_PREAMBLE = const(12)
_BODY = const(995)
_PAGE = const(1016)
_WIDTHS = (GRANT_WIDTH, RIGHT_WIDTH)
_PER_PAGE = (71, 62)
_LOST = const(0x80)  # with the number of records: others of this stretch were lost
_COUNT = const(0x7F)
_TRAILER = ">IIHHHHHB"  # applied, generation, policy, usage, rights, pages of both, partial
_TRAILER_BYTES = const(19)
_MAX_PAGES = const(2000)
_NO_SPACE = const(28)  # ENOSPC, which MicroPython's errno does not name


class PageFile:
    """Reads the file of pages at ``path``; as if it were empty until ``load`` has found one."""

    def __init__(self, path: str, sealer):
        self._path = path
        self._sealer = sealer
        self.page_reads = 0
        self._empty()

    def _empty(self):
        self.salt = bytes(_SALT)
        self.generation = 0
        self.applied = 0
        self.policy = 0
        self.usage = 0
        self.rights_held = 0
        self.partial = False
        self._pages = (0, 0)
        self.index = b""

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
            preamble = file.read(_PREAMBLE)
            if preamble[:3] != _MAGIC[:3] or len(preamble) != _PREAMBLE:
                raise DamagedError("not a file of pages")
            if preamble[3] != _MAGIC[3]:
                raise DamagedError("pages of format version %d" % preamble[3])
            salt = preamble[len(_MAGIC) :]
            file.seek(max(0, size - 2))
            length = int.from_bytes(file.read(2), "big")
            if length > min(size, OVERHEAD + _TRAILER_BYTES + PREFIX * _MAX_PAGES):
                raise DamagedError("trailer of an impossible length")
            file.seek(max(0, size - 2 - length))
            sealed = file.read(length)
        trailer = self._sealer.open(sealed, _trailer_aad(salt, size))
        self.salt = salt
        (
            self.applied,
            self.generation,
            self.policy,
            self.usage,
            self.rights_held,
            grant_pages,
            right_pages,
            partial,
        ) = struct.unpack_from(_TRAILER, trailer, 0)
        self.partial = partial != 0
        self._pages = (grant_pages, right_pages)
        self.index = trailer[_TRAILER_BYTES:]

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
        self.page_reads += 1
        position = number + (self._pages[GRANTS] if table else 0)
        with open(self._path, "rb") as file:
            file.seek(_PREAMBLE + position * _PAGE)
            sealed = file.read(_PAGE)
        return self._sealer.open(sealed, _page_aad(self.salt, table, number))

    def grant(self, key: bytes):
        """The record of ``key`` (8 bytes), or None. Raises DamagedError and OSError.

        One page is read, unless first keys share their first four bytes.
        """
        lost = False
        first, number = self._candidates(GRANTS, key[:PREFIX])
        while number >= first:
            page = self.page(GRANTS, number)
            count = page_count(page)
            at = 1 + GRANT_WIDTH * lower_bound(page, GRANT_WIDTH, count, key, 1)
            record = page[at : at + GRANT_WIDTH]
            if at <= GRANT_WIDTH * count and record[: len(key)] == key:
                return record
            lost = lost or page_has_lost(page)
            if at > 1:
                break  # greater than the first key: it would have been here
            number -= 1
        if lost:
            raise DamagedError("what was here is lost")
        return None

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
            page = self.page(RIGHTS, number)
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


class PageWriter:
    """Writes a file of pages at ``path``, records in ascending order, grants before rights.

    Nothing counts before ``finish``. Every method raises OSError.
    """

    def __init__(self, path: str, sealer, random_bytes, generation: int):
        self._path = path
        self._sealer = sealer
        self._salt = random_bytes(_SALT)
        self._generation = generation
        self.policy = 0
        self.usage = 0
        self.rights = 0
        self._table = GRANTS
        self._pages = [0, 0]
        self._index = bytearray()
        self._body = bytearray(_BODY)
        self._count = 0
        self._lost = None
        self._file = open(path, "wb")
        try:
            self._file.write(_MAGIC + self._salt)
        except OSError:
            self.abandon()
            raise

    def grant(self, record: bytes):
        """Add a grant that is not removed."""
        if kind_of(record) == POLICY:
            self.policy += 1
        else:
            self.usage += 1
        if self._count == _PER_PAGE[GRANTS]:
            self._flush()
        self._add(record)

    def group(self, records: bytes):
        """Add all rights of one group, in one page if one can hold them."""
        self._turn_to(RIGHTS)
        if self._count + len(records) // RIGHT_WIDTH > _PER_PAGE[RIGHTS]:
            self._flush()
        for at in range(0, len(records), RIGHT_WIDTH):
            if self._count == _PER_PAGE[RIGHTS]:
                self._flush()
            self._add(records[at : at + RIGHT_WIDTH])
            self.rights += 1

    def lost(self, table: int, prefix: bytes):
        """From ``prefix`` on records of the table are lost; what is added now was not."""
        self._turn_to(table)
        self._flush()
        self._lost = prefix

    def found(self):
        """The lost stretch ends here."""
        self._flush()
        self._lost = None

    def finish(self, applied: int, partial: bool = False):
        """Write the trailer and close the file, which is whole now."""
        self._turn_to(RIGHTS)
        self._flush()
        grant_pages, right_pages = self._pages
        if grant_pages + right_pages > _MAX_PAGES:
            raise OSError(_NO_SPACE)  # it could not be read back
        length = OVERHEAD + _TRAILER_BYTES + len(self._index)
        size = _PREAMBLE + _PAGE * (grant_pages + right_pages) + length + 2
        trailer = struct.pack(
            _TRAILER,
            applied,
            self._generation,
            self.policy,
            self.usage,
            self.rights,
            grant_pages,
            right_pages,
            partial,
        )
        aad = _trailer_aad(self._salt, size)
        self._file.write(self._sealer.seal(trailer + self._index, aad))
        self._file.write(length.to_bytes(2, "big"))
        self._file.flush()
        self._file.close()
        if hasattr(os, "sync"):
            os.sync()

    def abandon(self):
        """Close the file and remove it; a leftover is harmless, so that an OSError is too."""
        try:
            self._file.close()
            os.remove(self._path)
        except OSError:
            pass

    def _turn_to(self, table):
        if self._table != table:
            self._flush()
            self._table = table

    def _add(self, record):
        if self._count == 0 and not self._lost:
            self._index.extend(record[:PREFIX])
        at = 1 + self._count * len(record)
        self._body[at : at + len(record)] = record
        self._count += 1

    def _flush(self):
        if self._count == 0 and not self._lost:
            return
        self._body[0] = self._count
        if self._lost is not None:
            self._body[0] |= _LOST
            self._index.extend(self._lost)
            self._lost = b""  # further pages of this stretch begin with their first key
        used = 1 + self._count * _WIDTHS[self._table]
        self._body[used:] = bytes(_BODY - used)
        aad = _page_aad(self._salt, self._table, self._pages[self._table])
        self._file.write(self._sealer.seal(self._body, aad))
        self._pages[self._table] += 1
        self._count = 0


def page_count(page: bytes) -> int:
    """How many records are in a page."""
    return page[0] & _COUNT


def page_has_lost(page: bytes) -> bool:
    """Whether there were other records here, which damage took."""
    return page[0] & _LOST != 0


def _page_aad(salt, table, number):
    return _MAGIC + b"page" + salt + struct.pack(">BH", table, number)


def _trailer_aad(salt, size):
    return _MAGIC + b"trailer" + salt + struct.pack(">I", size)
