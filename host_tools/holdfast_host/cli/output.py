"""What a command shows: text for people, one JSON object for machines, progress on the side."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text for people.")
]

_console = Console(highlight=False, markup=False, soft_wrap=True)
_tables = Console(highlight=False, markup=False)
_aside = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def printable(value: object) -> str:
    """``value`` as text that cannot move a terminal's cursor: it may come from a stranger."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}"
        for character in str(value)
    )


def say(text: str, style: str = "") -> None:
    """A line for a person."""
    _console.print(Text(printable(text), style=style))


def say_json(value: Mapping[str, object]) -> None:
    """One line of JSON, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say_table(rows: Mapping[str, object]) -> None:
    """Names and values, one pair a line, never folded: they are there to be copied."""
    width = max(map(len, rows))
    for name, value in rows.items():
        _console.print(Text.assemble((name.ljust(width), "bold"), "  ", printable(value)))


def say_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with a heading over each column; the last column is folded if it must be."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*[Text(printable(cell)) for cell in row])
    _tables.print(table)


def say_problem(cause: str, next_step: str | None = None) -> None:
    """What went wrong and what to do, a line each, on standard error."""
    _aside.print(Text(f"holdfast: {_one_line(cause)}", style="red"))
    if next_step:
        _aside.print(Text(f"next: {_one_line(next_step)}"))


@contextlib.contextmanager
def progress(text: str) -> Iterator[None]:
    """Show that ``text`` is going on, if a person watches standard error."""
    if not _aside.is_terminal:
        yield
        return
    with _aside.status(Text(text)):
        yield


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
