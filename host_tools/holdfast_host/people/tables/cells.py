"""What every table comes to: rows of cells that know where they stand."""

import dataclasses

from ...errors import UsageProblem

MOST_ROWS = 100_000
LONGEST = 1000  # characters of a cell


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell's ``text``, without space around it. ``is_number``: a spreadsheet has it as a number,
    so what a person typed may have been cut.
    """

    text: str
    column: str
    is_number: bool = False


@dataclasses.dataclass(frozen=True)
class Row:
    """The cells of one line, counted from 1."""

    line: int
    cells: tuple[Cell, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands there."""
        return not any(cell.text for cell in self.cells)


@dataclasses.dataclass(frozen=True)
class Table:
    """The rows that are not empty of the file ``name``."""

    name: str
    rows: tuple[Row, ...]


class BadCell(Exception):
    """Something in a table cannot be: where it stands, what stands there, why, and what to do."""

    def __init__(self, line: int, column: str, value: str, cause: str, next_step: str):
        super().__init__(cause)
        self.line, self.column, self.value = line, column, value
        self.cause, self.next_step = cause, next_step

    def text(self, file: str) -> str:
        """One line for a person."""
        return f"{file}, line {self.line}, column {self.column}: {self.value!r}: {self.cause}"

    def problem(self, file: str) -> UsageProblem:
        """The same as what a command fails with."""
        return UsageProblem(self.text(file), self.next_step)


def require_bounds(name: str, rows: int, longest: int) -> None:
    """Refuse a table that is larger than any list of people."""
    if rows > MOST_ROWS or longest > LONGEST:
        raise UsageProblem(
            f"{name} is no list of people: it has more than {MOST_ROWS} rows, or a cell of more"
            f" than {LONGEST} characters",
            "check that it is the right file",
        )
