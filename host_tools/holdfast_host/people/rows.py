"""A table of people, read: of each row what it says of one person, or what is wrong with it."""

import dataclasses
import datetime
import re
from collections.abc import Mapping

from holdfast.access.credential import suite_of

from ..credentials import keys
from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..policy.schedules import parse_day
from ..register import groups as group_names
from ..site.names import composed
from . import columns, numbers
from .tables.cells import BadCell, Cell, Row, Table

KEY = "key:"  # before what stands for a card whose number is not known
_KEY_BYTES = 8
LONGEST_NAME = 100  # characters

_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_YES = frozenset(("yes", "y", "x", "1", "draw", "true", "ja", "oui", "si"))
_NO = frozenset(("", "no", "n", "0", "-", "false", "nein", "non"))
_WRITE_DATE = "write it as 2027-12-31"


@dataclasses.dataclass(frozen=True)
class Said:
    """What a row at ``line`` says. ``given`` are the columns that the table has, with what
    the file calls each; what the others say is not meant.
    """

    line: int
    given: Mapping[str, str]
    name: str
    ref: str | None = None
    cards: tuple[bytes, ...] = ()
    keys: tuple[bytes, ...] = ()
    pin: bool = False
    groups: frozenset[int] = frozenset()
    first_day: int | None = None
    ends: int | None = None
    phones: tuple[str, ...] = ()

    @property
    def who(self) -> tuple[str, str]:
        """What a person is known by in a list: the ref, or else the name."""
        return ("ref", self.ref) if self.ref else ("name", self.name)


@dataclasses.dataclass(frozen=True)
class How:
    """What is needed to read a table: the site's ``dates``, the ``groups`` that its policy has and
    their ``names``, how ``numbers`` of cards are written.
    """

    dates: Dates
    groups: set[int]
    names: Mapping[str, int]
    numbers: str | None = None
    reversed_bytes: bool = False
    ignored: tuple[str, ...] = ()


def read(table: Table, how: How) -> tuple[list[Said], list[BadCell]]:
    """What the rows of ``table`` say, and what is wrong with the others, in order of lines."""
    heads = columns.heads(table, list(how.ignored))
    bad: list[BadCell] = []
    cards = _cards(table, heads, how)
    given = {column: table.rows[0].cells[at].column for column, at in heads.items()}
    found: list[Said] = []
    once = _Once()
    for row in table.rows[1:]:
        try:
            _require_heads(row, table.rows[0])
            said = _said(row, heads, given, how, cards.get(row.line))
            once.add(said, row, heads)
            found.append(said)
        except BadCell as error:
            bad.append(error)
    return found, bad


def _said(row: Row, heads: dict[str, int], given: dict[str, str], how: How, cards) -> Said:
    def cell(column: str) -> Cell:
        at = heads.get(column)
        return row.cells[at] if at is not None and at < len(row.cells) else Cell("", "?")

    fields: dict = {"name": _name(row.line, cell(columns.NAME))}
    if isinstance(cards, BadCell):
        raise cards
    ref = " ".join(composed(cell(columns.REF).text).split())
    fields["ref"] = ref or None
    fields["cards"] = cards or ()
    fields["keys"] = _keys(row.line, cell(columns.CARDS), how)
    fields["pin"] = _pin(row.line, cell(columns.PIN))
    fields["groups"] = _groups(row.line, cell(columns.GROUPS), how)
    fields["first_day"] = _first_day(row.line, cell(columns.FROM))
    fields["ends"] = _ends(row.line, cell(columns.UNTIL), how.dates)
    fields["phones"] = _phones(row.line, cell(columns.PHONE))
    return Said(row.line, given, **fields)


def _require_heads(row: Row, first: Row) -> None:
    """Nothing stands in a column without a head: nobody would miss it, save at a door."""
    for at, cell in enumerate(row.cells):
        if cell.text and not (at < len(first.cells) and first.cells[at].text):
            raise BadCell(
                row.line,
                cell.column,
                cell.text,
                "no head stands over it",
                "put quotes around what has a comma in it, as in a name; or head the column",
            )


def _name(line: int, cell: Cell) -> str:
    name = " ".join(composed(cell.text).split())
    if not name:
        raise BadCell(line, cell.column, cell.text, "nobody is named", "write the person's name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        cause = f"no name of up to {LONGEST_NAME} letters"
        raise BadCell(line, cell.column, cell.text, cause, "write the person's name")
    if name[0] in "=+-@":  # the list is written again, and opened in a spreadsheet
        cause = "a spreadsheet would run what begins so"
        raise BadCell(line, cell.column, cell.text, cause, "write the person's name")
    return name


def _cards(table: Table, heads: dict[str, int], how: How) -> dict[int, tuple | BadCell]:
    """The numbers that each line has, or what is wrong with one of them."""
    at = heads.get(columns.CARDS)
    if at is None:
        return {}
    texts = []
    for row in table.rows[1:]:
        if at < len(row.cells):
            cell = row.cells[at]
            said = [one for one in numbers.split(cell, how.numbers) if not one.startswith(KEY)]
            texts += [(row.line, cell, one) for one in said]
    found: dict[int, tuple | BadCell] = {}
    for place, number in numbers.read(texts, how.numbers, how.reversed_bytes).items():
        line = texts[place][0]
        before = found.get(line, ())
        if isinstance(number, BadCell):
            found[line] = before if isinstance(before, BadCell) else number
        elif not isinstance(before, BadCell) and number not in before:
            found[line] = (*before, number)
    return found


def _keys(line: int, cell: Cell, how: How) -> tuple[bytes, ...]:
    """Cards of which the number is not known, as `people export` writes them."""
    found = []
    for text in numbers.split(cell, how.numbers):
        if text.startswith(KEY):
            try:
                key = bytes.fromhex(text.removeprefix(KEY))
            except ValueError:
                key = b""
            if len(key) != _KEY_BYTES:
                cause = "no key of a card, which has 16 digits"
                raise BadCell(line, cell.column, text, cause, "give the card's number")
            found.append(key)
    return tuple(dict.fromkeys(found))


def _pin(line: int, cell: Cell) -> bool:
    text = cell.text.casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadCell(
        line,
        cell.column,
        "***",
        "a PIN is drawn, never chosen or kept in a list",
        "write yes where one shall be drawn, and nothing elsewhere",
    )


def _groups(line: int, cell: Cell, how: How) -> frozenset[int]:
    found = set()
    for text in re.split(r"[,;|\n]", cell.text):
        if text.strip():
            try:
                found.add(group_names.resolve(text.strip(), dict(how.names), how.groups))
            except UsageProblem as error:
                raise BadCell(
                    line, cell.column, text.strip(), error.cause, error.next_step
                ) from error
    return frozenset(found)


def _first_day(line: int, cell: Cell) -> int | None:
    if not cell.text:
        return None
    try:
        return parse_day(_date(cell))
    except UsageProblem as error:
        raise BadCell(line, cell.column, cell.text, error.cause, _WRITE_DATE) from error


def _ends(line: int, cell: Cell, dates: Dates) -> int | None:
    if not cell.text:
        return None
    try:
        return dates.end(_date(cell), "until")
    except UsageProblem as error:
        raise BadCell(line, cell.column, cell.text, "it is no date", _WRITE_DATE) from error


def _date(cell: Cell) -> str:
    """An ISO date or time of the cell; of days with dots too, whose order is one everywhere."""
    dotted = _DOTTED.fullmatch(cell.text)
    if dotted:
        try:
            return datetime.date(int(dotted[3]), int(dotted[2]), int(dotted[1])).isoformat()
        except ValueError as error:
            raise UsageProblem("there is no such day", _WRITE_DATE) from error
    if cell.is_number:
        raise UsageProblem("it is a number and no date", "give the column the format Date")
    return cell.text


def _phones(line: int, cell: Cell) -> tuple[str, ...]:
    found = []
    for text in re.split(r"[,;|\s]+", cell.text):
        if not text:
            continue
        try:
            if not all(one in "0123456789abcdefABCDEF" for one in text):
                raise UsageProblem("no key of 64 or 130 hexadecimal digits", "")
            key = keys.read_phone_key(text)
            if suite_of(key) is None:
                raise UsageProblem("no key of a phone", "")
        except UsageProblem as error:
            raise BadCell(
                line, cell.column, text, error.cause, "give what `phone enroll` printed"
            ) from error
        found.append(keys.describe(key))
    return tuple(dict.fromkeys(found))


class _Once:
    """Nobody, and no card, stands in two lines."""

    def __init__(self):
        self._people: dict[tuple[str, str], int] = {}
        self._cards: dict[bytes, int] = {}

    def add(self, said: Said, row: Row, heads: dict[str, int]) -> None:
        """Take note of a line; raises BadCell if it says what another says."""
        name = row.cells[heads[columns.NAME]]
        before = self._people.get(said.who)
        if before is not None:
            raise BadCell(
                said.line,
                name.column,
                name.text,
                f"the same person as in line {before}",
                "put all of a person in one line; give namesakes a column id that differs",
            )
        for number in said.cards:
            before = self._cards.get(number)
            if before is not None:
                cell = row.cells[heads[columns.CARDS]]
                raise BadCell(
                    said.line,
                    cell.column,
                    cell.text,
                    f"the card of line {before}, too",
                    "a card is one person's",
                )
        self._people[said.who] = said.line
        self._cards.update(dict.fromkeys(said.cards, said.line))
