"""The register as one table again: what `people export` writes, and `people import` takes."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from holdfast.access import tag

from ..credentials.dates import Dates
from ..credentials.lifetime import iso
from ..policy.schedules import format_day
from ..register.records import Person
from ..register.sealing import Seals
from . import columns
from . import rows as rows_read

_WORKBOOK = b"PK\x03\x04"


def rows(
    people: Iterable[Person], seals: Seals, names: Mapping[int, str], dates: Dates
) -> list[list[str]]:
    """The heads of the columns, then a row for each of ``people`` who are not removed."""
    made: list[list[str]] = [list(columns.ALL)]
    for person in people:
        if person.removed is not None:
            continue
        numbers = [
            f"{rows_read.KEY}{card.key.hex()}"
            if card.sealed is None
            else seals.open(card.ident, card.sealed).hex(":")
            for card in person.of_kind(tag.CARD)
        ]
        said = {
            columns.NAME: person.name,
            columns.REF: person.ref or "",
            columns.CARDS: "; ".join(numbers),
            columns.PIN: "yes" if person.of_kind(tag.PIN) else "",
            columns.GROUPS: "; ".join(names.get(one, str(one)) for one in sorted(person.groups)),
            columns.FROM: "" if person.first_day is None else format_day(person.first_day),
            columns.UNTIL: "" if person.ends is None else until(person.ends, dates),
            columns.PHONE: "; ".join(one.key for one in person.phones if one.lost is None),
        }
        made.append([said[column] for column in columns.ALL])
    return made


def until(ends: int, dates: Dates) -> str:
    """When it ends as a table says it: the last day, or else the moment."""
    text = dates.end_text(ends)
    return text.removeprefix("through ") if text.startswith("through ") else iso(ends)


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV file that spreadsheets open as it is meant: UTF-8 with its mark, CRLF."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """An XLSX file whose cells are text, all of them, so that no zero is lost."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("people")
    for row in rows:
        sheet.append(list(row))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def is_exported(data: bytes) -> bool:
    """Whether ``data`` is a table of people as this writes it, so far as its beginning says."""
    heads = b"\xef\xbb\xbf" + ",".join(columns.ALL).encode() + b"\r\n"
    return data.startswith((heads, _WORKBOOK))
