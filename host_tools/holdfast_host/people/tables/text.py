"""CSV as spreadsheets really write it: byte order marks, UTF-16, three delimiters, quotes."""

import csv
import io
import re
from collections.abc import Callable

from ...errors import UsageProblem
from .cells import LONGEST, Cell, Row, Table, require_bounds

_DELIMITERS = ";\t,"
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_AS_TEXT = re.compile('="(.*)"', re.DOTALL)  # ="0012", by which programs keep zeros from Excel
_SAVE = 'save it as "CSV UTF-8", or say how it is written: --encoding cp1252 (Western Windows)'


def decoded(data: bytes, name: str, encoding: str | None = None) -> str:
    """The text of a file: by its mark, as UTF-16 where every second byte is zero, else UTF-8.

    Anything else is refused without an ``encoding``: a guess would spoil names.
    """
    for mark, known in _MARKS.items():
        if data.startswith(mark):
            data, encoding = data[len(mark) :], known
    if encoding is None and b"\0" in data[:2]:
        encoding = "utf-16-be" if data[0] == 0 else "utf-16-le"
    try:
        text = data.decode(encoding or "utf-8")
    except LookupError as error:
        raise UsageProblem(f"{encoding!r} is no encoding", "such as utf-8 or cp1252") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageProblem(
            f"{name}, line {line}: the letters are not in {encoding or 'UTF-8'}", _SAVE
        ) from error
    if "\0" in text:
        raise UsageProblem(f"{name} is no text file", "give a CSV or XLSX file")
    return text


def read(text: str, name: str, knows: Callable[[str], bool]) -> Table:
    """The table in ``text``; ``knows`` says whether a cell can be the head of a column.

    The delimiter is what ``sep=`` in the first line says, else the one that parts the first line
    into the most heads of columns, else the one that comes most often in it.
    """
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter, text, skipped = first.strip()[4], rest, 1
    else:
        delimiter = _delimiter(text, knows)
    rows, longest = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for found in reader:
            cells = tuple(Cell(_plain(one), str(number)) for number, one in enumerate(found, 1))
            longest = max([longest, *map(len, found)])
            row = Row(begin + skipped, cells)
            if not row.is_empty:
                rows.append(row)
            require_bounds(name, len(rows), longest)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise UsageProblem(
            f"{name}, line {begin + skipped}: no line of a table: {error}",
            'check the quotes: a quote within quotes is written ""',
        ) from error
    return Table(name, tuple(rows))


def _plain(text: str) -> str:
    text = text.strip()
    found = _AS_TEXT.fullmatch(text)
    return found[1].replace('""', '"').strip() if found else text


def _delimiter(text: str, knows: Callable[[str], bool]) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")[: 64 * LONGEST]
    best, most = ",", (0, 0)
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        found = sum(map(knows, cells)), len(cells) - 1
        if found > most:
            best, most = delimiter, found
    return best
