"""A table of who has paid until when: what a billing system exports."""

from collections.abc import Sequence
from pathlib import Path

from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..register.records import Person
from ..site.names import composed
from . import columns
from .tables import files as table_files
from .tables.cells import BadCell

_PAID = ("paiduntil", "paid", "paidto", "until")


def read(path: Path, everybody: Sequence[Person], dates: Dates) -> dict[int, int]:
    """Until when each person (by number) in the table at ``path`` has paid: a date is through that
    day. Refuses a name that nobody has, and one that several have.
    """
    table = table_files.read(path, lambda text: columns.knows(text) or _is_paid(text))
    if not table.rows:
        raise UsageProblem(f"{table.name} is empty", "head its columns: name, paid until")
    name = ref = until = None
    for at, cell in enumerate(table.rows[0].cells):
        if _is_paid(cell.text):
            until = at
        elif columns.column_of(cell.text) == columns.NAME:
            name = at
        elif columns.column_of(cell.text) == columns.REF:
            ref = at
    if until is None or (name is None and ref is None):
        raise UsageProblem(
            f"{table.name}: it is not said which column is who, and which until when",
            "head them in the first line: name or id, and paid until",
        )
    found: dict[int, int] = {}
    for row in table.rows[1:]:
        cells = row.cells
        said = [cells[at].text for at in (ref, name) if at is not None and at < len(cells)]
        who = next((composed(" ".join(one.split())) for one in said if one), "")
        person = _person(everybody, who)
        if person is None:
            cell = cells[ref if ref is not None else name or 0]
            cause = "no one person of the register is called so"
            raise BadCell(
                row.line, cell.column, who, cause, "check it: holdfast people list"
            ).problem(table.name)
        text = cells[until].text if until < len(cells) else ""
        found[person.id] = dates.end(text, f"line {row.line}: paid until") if text else 0
    return found


def _is_paid(text: str) -> bool:
    return "".join(one for one in text.casefold() if one.isalnum()) in _PAID


def _person(everybody: Sequence[Person], who: str) -> Person | None:
    there = [one for one in everybody if one.removed is None]
    for found in (
        [one for one in there if one.ref == who or one.holder == who],
        [one for one in there if one.name == who],
    ):
        if len(found) == 1:
            return found[0]
    return None
