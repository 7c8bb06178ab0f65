"""New pages of the credential cache, made of its pages and journal."""

from micropython import const

from .merge import LOST, UNIT, merged
from .records import GRANTS, RIGHTS

_STEP = const(16)  # units between two breaths


def copy(pages, changes: tuple, writer):
    """Write all of ``pages`` after ``changes``, SortedRecords of each table.

    A generator, to let others have their turn. Raises OSError. What was lost to damage stays
    marked as lost.
    """
    seen = 0
    for table in (GRANTS, RIGHTS):
        add = writer.grant if table == GRANTS else writer.group
        for what, item in merged(pages, changes[table], table):
            if what == LOST:
                writer.lost(table, item)
            elif what == UNIT:
                add(item)
            else:
                writer.found()
            seen += 1
            if seen % _STEP == 0:
                yield
