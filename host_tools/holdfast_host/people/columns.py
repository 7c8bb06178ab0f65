"""The columns of a table of people: what heads them, in any order, and which are not known."""

import unicodedata

from ..errors import UsageProblem
from ..site.names import nearest
from .tables.cells import BadCell, Cell, Row, Table

NAME, REF, CARDS, PIN, GROUPS, FROM, UNTIL, PHONE = (
    "name",
    "id",
    "cards",
    "pin",
    "groups",
    "from",
    "until",
    "phone",
)
ALL = (NAME, REF, CARDS, PIN, GROUPS, FROM, UNTIL, PHONE)

# As people head them, without spaces, signs and case.
_HEADS = {
    NAME: "name fullname person holder",
    REF: "id ref staffid staffno employeeid employeeno personnelnumber",
    CARDS: "cards card cardnumber cardnumbers cardno number uid uids badge fob",
    PIN: "pin pins drawpin",
    GROUPS: "groups group rights access",
    FROM: "from validfrom start begins firstday",
    UNTIL: "until to validuntil validto end ends lastday expires",
    PHONE: "phone phonekey key",
}
_KNOWN = {head: column for column, heads in _HEADS.items() for head in heads.split()}


def column_of(text: str) -> str | None:
    """Which column ``text`` heads."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _KNOWN.get("".join(one for one in plain if one.isalnum()))


def knows(text: str) -> bool:
    """Whether ``text`` can head a column."""
    return column_of(text) is not None


def heads(table: Table, ignored: list[str]) -> dict[str, int]:
    """The columns that the first row of ``table`` names, and which of its cells each is.

    Refuses a column that is not known, unless its head is among the ``ignored``: rights that
    nobody took would be missed at a door.
    """
    if not table.rows:
        raise UsageProblem(
            f"{table.name} is empty", "write a line that names the columns: name, cards, groups"
        )
    first = table.rows[0]
    found: dict[str, int] = {}
    leave = {one.strip().casefold() for one in ignored}
    for at, cell in enumerate(first.cells):
        if not cell.text or cell.text.casefold() in leave:
            continue
        column = column_of(cell.text)
        if column is None:
            raise _unknown(first, cell).problem(table.name)
        if column in found:
            cause = f"a second column of {column}"
            next_step = "leave one out: --ignore NAME OF THE COLUMN"
            raise BadCell(first.line, cell.column, cell.text, cause, next_step).problem(table.name)
        found[column] = at
    if NAME not in found:
        raise UsageProblem(
            f"{table.name}, line {first.line}: no column is headed name",
            f"head the columns in the first line: {', '.join(ALL)}",
        )
    return found


def _unknown(first: Row, cell: Cell) -> BadCell:
    meant = nearest(cell.text, _KNOWN)
    near = f"; the nearest is {meant!r}" if meant else ""
    return BadCell(
        first.line,
        cell.column,
        cell.text,
        f"no column of people is called so{near}",
        f"use {', '.join(ALL)}; or leave it out: --ignore {cell.text!r}",
    )
