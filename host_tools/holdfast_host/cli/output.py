"""What a command shows: text for people, one JSON object for machines, progress on the side.

All that a command writes goes through here, and so does nothing that a terminal would obey or a
person could not see: names come from strangers, from their tokens, readers and files.
"""

import contextlib
import csv
import functools
import getpass
import io
import itertools
import json
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import layout

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text for people.")
]


@functools.cache
def _on(*, soft_wrap: bool = False, stderr: bool = False) -> "Console":
    """A console, made when the first line is said: help needs none."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=soft_wrap, stderr=stderr)


def _console() -> "Console":
    return _on(soft_wrap=True)


def _tables() -> "Console":
    return _on()


def _aside() -> "Console":
    return _on(stderr=True, soft_wrap=True)


def _text(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style)


_said: set[str] = set()

# Letters and marks to Unicode, and nothing to the eye: fillers, joiners, variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def printable(value: object) -> str:
    """``value`` as one line of text of which all is seen, and which a terminal only shows.

    Controls (C0, C1, DEL), line ends, what turns the direction of writing, what has no width, lone
    surrogates and tags stand there as Python writes them: ``\\x9b``, ``\\u202e``.
    """
    return _escaped(str(value), _in_text)


def say(text: str, style: str = "") -> None:
    """A line for a person."""
    say_parts((text, style))


def say_parts(*parts: tuple[str, str]) -> None:
    """A line for a person, of texts and their styles."""
    from rich.text import Text

    _console().print(Text.assemble(*[(printable(text), style) for text, style in parts]))


def say_plain(text: str) -> None:
    """Lines as they are, such as a help: without colour, folded nowhere."""
    sys.stdout.write("\n".join(map(printable, text.split("\n"))) + "\n")
    sys.stdout.flush()


def say_json(value: Mapping[str, object], indent: int | None = None) -> None:
    """One line of JSON, at once; more lines with an ``indent``.

    What ``printable`` escapes is escaped as JSON does, so that it says the same when it is read.
    """
    _said.add("json")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    # Within texts JSON escapes line ends: those that are left are its own.
    text = "\n".join(_escaped(line, _in_json) for line in text.split("\n"))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False, indent=indent)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def begin() -> None:
    """Another command begins, which has said nothing yet."""
    _said.clear()


def say_json_problem(cause: str, next_step: str | None, code: int) -> None:
    """The same as ``say_problem`` for a machine, unless the command said what it found already."""
    if "json" not in _said:
        problem = {"error": " ".join(cause.split()), "next": next_step, "code": code}
        say_json(problem)


def say_table(rows: Mapping[str, object]) -> None:
    """Names and values, one pair a line, never folded: they are there to be copied."""
    shown = {printable(name): printable(value) for name, value in rows.items()}
    width = max(map(len, shown))
    for name, value in shown.items():
        say_parts((name.ljust(width), "bold"), ("  ", ""), (value, ""))


def say_rows(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, whole: Collection[str] = ()
) -> None:
    """A table with a heading over each column, as wide as there is room: what does not fit is
    folded in the widest columns, and never in those that are to stay ``whole``.

    Rows are shown as they come, in the widths that the first thousand of them ask for.
    """
    remaining = iter(rows)
    piece = _cells(remaining)
    widths = layout.widths(columns, piece, _tables().width, whole)
    _say_piece(columns, piece, widths, heads=True)
    while piece := _cells(remaining):
        _say_piece(columns, piece, widths, heads=False)


_PIECE = 1000


def _cells(rows: Iterator[Sequence[object]]) -> list[list[str]]:
    return [list(map(printable, row)) for row in itertools.islice(rows, _PIECE)]


def _say_piece(
    columns: Sequence[str], rows: list[list[str]], widths: Sequence[int], *, heads: bool
) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=heads)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(_text, row))
    _tables().print(table)


def say_csv(heads: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """A table as spreadsheets open it, with nothing that one of them would run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        cells = [row.get(name) for name in heads]
        writer.writerow(["" if one is None else in_a_cell(one) for one in cells])
        sys.stdout.write(text.getvalue())
        text.seek(0)
        text.truncate()
    sys.stdout.write(text.getvalue())
    sys.stdout.flush()


# What a spreadsheet begins a formula at, also in the width of East Asian letters.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def in_a_cell(value: object) -> str:
    """``value`` as the text of a cell: a formula is one no more, with an apostrophe before it."""
    text = printable(value)
    is_run = isinstance(value, str) and text.lstrip()[:1] in _FORMULA
    return f"'{text}" if is_run else text


def say_problem(cause: str, next_step: str | None = None) -> None:
    """What went wrong and what to do, a line each, on standard error."""
    _aside().print(_text(f"holdfast: {_one_line(cause)}", "red"))
    if next_step:
        _aside().print(_text(f"next: {_one_line(next_step)}"))


def say_cut_short(folder: Path, who: str) -> None:
    """That a command was killed in a site's ``folder``: once, whatever else is said."""
    cause = f"{who} was cut short in {folder}, and what it had not done is not done"
    if cause not in _said:
        _said.add(cause)
        say_problem(cause, "look at what there is, and run it again: nothing is torn")


def say_traceback(error: BaseException) -> None:
    """Where an ``error`` came from, for who asked for it, on standard error."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        _aside().print(_text(printable(line)))


def ask_secret(prompt: str) -> str:
    """What a person types without its being shown. Raises EOFError if nobody types."""
    return getpass.getpass(printable(prompt))


@contextlib.contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show that ``text`` is going on, if a person watches standard error.

    It gives a function by which another text is shown from then on.
    """
    if not _aside().is_terminal:
        yield lambda other: None
        return
    with _aside().status(_text(printable(text))) as status:
        yield lambda other: status.update(_text(printable(other)))


def never_fail_to_encode() -> None:
    """Let a terminal that knows few letters see escapes in the place of the others."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _escaped(text: str, escape) -> str:
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return "".join(
        one if one.isprintable() and not _UNSEEN.match(one) else escape(ord(one)) for one in text
    )


def _in_text(number: int) -> str:
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"


def _in_json(number: int) -> str:
    if number > 0xFFFF:
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
    return f"\\u{number:04x}"
