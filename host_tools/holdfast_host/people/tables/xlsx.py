"""XLSX by openpyxl: the values that the spreadsheet shows, bounded before they are unpacked."""

import datetime
import io
import re
import zipfile

from ...errors import UsageProblem
from .cells import BadCell, Cell, Row, Table, require_bounds

MARK = b"PK\x03\x04"

_LARGEST = 256 << 20  # bytes unpacked
_MOST_COLUMNS = 256
_EXACT = 1 << 53  # up to which a spreadsheet's numbers are exact
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ZEROS = re.compile("0+")


def read(data: bytes, name: str, sheet: str | None = None) -> Table:
    """The table in the ``sheet`` of that name, or the only one that is not empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _LARGEST:
                raise UsageProblem(f"{name} is larger than any list of people", "check the file")
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        found = {one.title: _rows(one, name) for one in book.worksheets if _is_meant(one, sheet)}
        if _has_formulas(data):
            _require_results(load_workbook(io.BytesIO(data), read_only=True), found, name)
    except UsageProblem:
        raise
    except Exception as error:  # openpyxl raises whatever a part of a damaged file led it to
        raise UsageProblem(
            f"{name} cannot be read as XLSX: {type(error).__name__}", "save it anew, or as CSV"
        ) from error
    filled = {title: rows for title, rows in found.items() if rows}
    if len(filled) > 1:
        titles = ", ".join(filled)
        raise UsageProblem(f"{name} has several sheets: {titles}", "say which by --sheet NAME")
    if sheet is not None and not found:
        raise UsageProblem(f"{name} has no sheet {sheet!r}", "check its name")
    return Table(name, tuple(next(iter(filled.values()), [])))


def _has_formulas(data: bytes) -> bool:
    """Whether a sheet may have one: to look at each cell for it takes as long as all the rest."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheets = [one for one in parts.namelist() if one.startswith("xl/worksheets/")]
        return any(_FORMULA.search(parts.read(one)) for one in sheets)


def _require_results(book, found: dict[str, list[Row]], name: str) -> None:
    """Refuse a formula that nobody has worked out: its cell reads as empty, as no end would."""
    for sheet in book.worksheets:
        rows = {row.line: row.cells for row in found.get(sheet.title, ())}
        for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), 1):
            for at, cell in enumerate(cells):
                there = rows.get(number, ())
                is_empty = at >= len(there) or not there[at].text
                if cell.data_type == "f" and is_empty and sheet.title in found:
                    cause = "a formula without its result"
                    next_step = "open and save it in a spreadsheet, or write the value"
                    text = str(cell.value)
                    raise BadCell(number, _letters(at), text, cause, next_step).problem(name)


def _is_meant(sheet, wanted: str | None) -> bool:
    return wanted is None or sheet.title == wanted


def _rows(sheet, name: str) -> list[Row]:
    rows = []
    for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), 1):
        row = Row(number, tuple(_cell(cell, at) for at, cell in enumerate(cells)))
        if not row.is_empty:
            rows.append(row)
            longest = max(len(cell.text) for cell in row.cells)
            require_bounds(name, len(rows), longest)
    return rows


def _cell(cell, at: int) -> Cell:
    value = cell.value
    column = _letters(at)
    if value is None:
        return Cell("", column)
    if isinstance(value, datetime.datetime):
        whole = value.time() == datetime.time()
        return Cell(value.date().isoformat() if whole else value.isoformat("T", "minutes"), column)
    if isinstance(value, datetime.date):
        return Cell(value.isoformat(), column)
    if isinstance(value, bool):
        return Cell("yes" if value else "no", column)
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""), column)
    return Cell(str(value).strip(), column)


def _number(value: int | float, shown_as: str, column: str) -> Cell:
    if value != int(value) or abs(value) >= _EXACT:
        return Cell(f"{value:G}", column, True)
    if _ZEROS.fullmatch(shown_as) and len(shown_as) > 1 and value >= 0:
        return Cell(f"{int(value):0{len(shown_as)}}", column)  # as it stands there, zeros and all
    return Cell(str(int(value)), column, True)


def _letters(at: int) -> str:
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(65 + rest) + text
    return text
