"""A list of cards and nothing else, one or more a line, as `policy card --from` takes it."""

import csv
from pathlib import Path

from .. import files
from ..errors import UsageProblem
from . import columns, numbers
from .tables import text, xlsx
from .tables.cells import BadCell, Cell

_LIMIT = 16 << 20
_GIVE = "give a text file, one card a line"


def read(
    path: Path, name: str | None, reversed_bytes: bool = False, encoding: str | None = None
) -> dict[bytes, str]:
    """The numbers in the file at ``path``, each with how to call it in an error.

    ``name`` says how they are written, as numbers.NAMES. What follows a ``#`` is a remark. The
    first number that cannot be read is refused, with its line, and so is the whole file.
    """
    data = files.read(path, _LIMIT, "list of cards", _GIVE)
    if data.startswith(xlsx.MARK):
        raise _a_table(path)
    found = []
    lines = text.decoded(data, path.name, encoding).splitlines()
    for line, said in enumerate(lines, 1):
        said = said.partition("#")[0].strip()
        if not said:
            continue
        cells = _cells(said)
        if not found and any(map(columns.knows, cells)):
            if [one for one in cells if one and columns.column_of(one) != columns.CARDS]:
                raise _a_table(path)
            continue
        for one in cells:
            cell = Cell(one, "1")
            found += [(line, cell, number) for number in numbers.split(cell, name)]
    read = numbers.read(found, name, reversed_bytes)
    cards: dict[bytes, str] = {}
    for at, (line, _, said) in enumerate(found):
        number = read[at]
        if isinstance(number, BadCell):
            raise UsageProblem(
                f"{path.name}, line {line}: {number.value!r}: {number.cause}", number.next_step
            )
        cards.setdefault(number, f"card {said} ({path.name}, line {line})")
    return cards


def _cells(line: str) -> list[str]:
    """The cells of a line: in quotes, or parted by tabs or semicolons; commas are left."""
    if line.startswith('"'):
        delimiter = "\t" if "\t" in line else ";" if ";" in line else ","
        return [one.strip() for one in next(csv.reader([line], delimiter=delimiter))]
    return [one.strip() for one in line.replace("\t", ";").split(";")]


def _a_table(path: Path) -> UsageProblem:
    return UsageProblem(
        f"{path.name} is a table with more than cards, and a card's owner, groups and end would be"
        " lost",
        f"holdfast people import SITE {path.name}",
    )
