"""The pages and the journal of the credential cache as one sorted stream.

A stream has pairs: (UNIT, bytes) is all records of a key, or of a group; (LOST, prefix) says
that from this prefix on something could not be read; (FOUND, prefix) that from that prefix on
all could, (FOUND, b"") that nothing comes after. It takes memory for one page and one unit.
"""

from micropython import const

from ..sealed import DamagedError
from .pages import page_has_lost, page_records
from .records import KEY, is_removed

UNIT = const(0)
LOST = const(1)
FOUND = const(2)

_KEYS = (KEY, 2)


def merged(pages, changes, table: int):
    """The stream of a table of ``pages`` after ``changes``, a SortedRecords. Raises OSError."""
    length = _KEYS[table]
    changed = changes.units(length)
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


def _stored(pages, table):
    """The stream as the pages have it. A group that goes on in another page is one unit."""
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
            for record in page_records(page, table):
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
