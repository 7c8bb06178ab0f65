"""Writes what ``pages`` reads: a file of sealed pages, from front to back.

Loaded when there are pages to be written, not to open a door.
"""

import os
import struct

from micropython import const

from ..sealed import FRONT, OVERHEAD
from .pages import (
    LOST,
    MAGIC,
    MAX_PAGES,
    PAGE,
    PREAMBLE,
    PREFIX,
    SALT,
    TRAILER,
    TRAILER_BYTES,
    page_aad,
    trailer_aad,
)
from .records import GRANT_WIDTH, GRANTS, KEY, RIGHT_WIDTH, RIGHTS, USED, has_second, is_grant

_BODY = const(995)
_WIDTHS = (GRANT_WIDTH, RIGHT_WIDTH)
_NO_SPACE = const(28)  # ENOSPC, which MicroPython's errno does not name


class PageWriter:
    """Writes a file of pages at ``path``, units in ascending order, grants before rights.

    Nothing counts before ``finish``. Every method raises OSError.
    """

    def __init__(self, path: str, sealer, random_bytes, generation: int):
        self._path = path
        self._sealer = sealer
        self._salt = random_bytes(SALT)
        self._generation = generation
        self.grants_held = 0
        self.rights_held = 0
        self._counted = 0  # grants whose uses are kept
        self._table = GRANTS
        self._pages = [0, 0]
        self._index = bytearray()
        self._page = bytearray(PAGE)  # sealed where it lies: a board has no kilobyte more
        self._body = memoryview(self._page)[FRONT : FRONT + _BODY]
        self._count = 0
        self._seconds = b""
        self._lost = None
        self._file = open(path, "wb")
        try:
            self._file.write(MAGIC + self._salt)
        except OSError:
            self.abandon()
            raise

    def grant(self, unit: bytes):
        """Add all records of one key, which are not removed; they are in one page."""
        records = []
        seconds = b""
        at = 0
        while at < len(unit):
            record = unit[at : at + GRANT_WIDTH]
            records.append(record)
            at += GRANT_WIDTH
            if has_second(record):
                seconds += unit[at + KEY : at + GRANT_WIDTH]
                at += GRANT_WIDTH
            self.grants_held += is_grant(record)
            self._counted += record[10] >> 6 == USED
        if self._room() < GRANT_WIDTH * len(records) + len(seconds):
            self._flush()
        for record in records:
            self._add(record)
        self._seconds += seconds

    def group(self, records: bytes):
        """Add all rights of one group, in one page if one can hold them."""
        self._turn_to(RIGHTS)
        if self._room() < len(records):
            self._flush()
        for at in range(0, len(records), RIGHT_WIDTH):
            if self._room() < RIGHT_WIDTH:
                self._flush()
            self._add(records[at : at + RIGHT_WIDTH])
            self.rights_held += 1

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
        if grant_pages + right_pages > MAX_PAGES:
            raise OSError(_NO_SPACE)  # it could not be read back
        if self._counted:
            self._index.extend(self._counted.to_bytes(2, "big"))
        length = OVERHEAD + TRAILER_BYTES + len(self._index)
        size = PREAMBLE + PAGE * (grant_pages + right_pages) + length + 2
        trailer = struct.pack(
            TRAILER,
            applied,
            self._generation,
            self.grants_held,
            self.rights_held,
            grant_pages,
            right_pages,
            partial,
        )
        aad = trailer_aad(self._salt, size)
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

    def _room(self):
        """How many bytes more this page takes."""
        return _BODY - 1 - self._count * _WIDTHS[self._table] - len(self._seconds)

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
            self._body[0] |= LOST
            self._index.extend(self._lost)
            self._lost = b""  # further pages of this stretch begin with their first key
        room = self._room()
        self._body[_BODY - room - len(self._seconds) :] = self._seconds + bytes(room)
        aad = page_aad(self._salt, self._table, self._pages[self._table])
        self._sealer.seal_in_place(self._page, aad)
        self._file.write(self._page)
        self._pages[self._table] += 1
        self._count = 0
        self._seconds = b""
