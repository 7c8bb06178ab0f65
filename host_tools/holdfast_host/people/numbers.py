"""Numbers of cards in lists: read by the one definition, and refused where a list only seems to
say them.

A spreadsheet takes zeros from the front and digits from the end, and ten digits may be decimal or
hexadecimal. None of that is guessed.
"""

import re
from collections.abc import Iterable, Sequence

from holdfast.access import card_text

from .tables.cells import BadCell, Cell

# What people call the formats; beside these each of card_text.FORMATS goes by its own name.
CALLED = {"decimal": "decimal10", "wiegand26": "facility"}
NAMES = (card_text.HEX, *CALLED, *(one for one in card_text.FORMATS if one != card_text.HEX))

_STRICT = "decimal"  # ten digits, as printed
_DIGITS_OF_STRICT = 10
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_AMBIGUOUS_HEX = re.compile(r"\d+E\d+", re.IGNORECASE)  # 12E4, which may be just that
_SCIENTIFIC_COMMA = re.compile(r"[+-]?\d+,\d+E[+-]?\d+", re.IGNORECASE)  # 1,00584E+07
_FACILITY = re.compile(r"\d{1,3}\s*,\s*\d{1,5}")
_DECORATED = re.compile(r"(?:0x)?([0-9a-f]+)h?", re.IGNORECASE)
_DOTTED = re.compile(r"[0-9a-f]{2}(?:\.[0-9a-f]{2})+", re.IGNORECASE)
_AS_TEXT = "give the column the format Text before numbers go in, and export it anew"
_SAY = "say how all of them are written: --numbers hex, decimal, wiegand26 or another of --help"


def form_of(name: str | None, reversed_bytes: bool) -> str | None:
    """The format of card_text.FORMATS that ``--numbers`` names; None if none is named.

    Raises ValueError for what is none.
    """
    if name is None:
        if reversed_bytes:
            raise ValueError("--reversed says nothing without --numbers")
        return None
    form = CALLED.get(name, name)
    if reversed_bytes:
        form += card_text.REVERSED
    if form not in card_text.FORMATS or name not in NAMES:
        raise ValueError(f"{name!r} is no format of card numbers")
    return form


def split(cell: Cell, name: str | None) -> list[str]:
    """The numbers in one cell, which are parted by semicolons, bars, or commas and line ends.

    ``153,31392`` is one number, of a facility and a card, where nothing else is said.
    """
    found = []
    for piece in re.split(r"[;|\n]", cell.text):
        one = piece.strip()
        if name in (None, "wiegand26", "facility", "corporate-1000", "h10304") and (
            _FACILITY.fullmatch(one)
        ):
            found.append(one)
        elif _SCIENTIFIC_COMMA.fullmatch(one):
            found.append(one)  # one number, spoiled; not two
        else:
            found += [part.strip() for part in one.split(",")]
    return [one for one in found if one]


def read(texts: Sequence[tuple[int, Cell, str]], name: str | None, reversed_bytes: bool) -> dict:
    """The number of each of ``texts``, given as (line, the cell it is in, the text): a dict from
    its place in the sequence to bytes, or to the BadCell that says why not.
    """
    form = form_of(name, reversed_bytes)
    plain = [undecorated(text) for _, _, text in texts]
    # A single 14-digit UID may be all digits by chance; a list of them is decimal, or may be.
    only_digits = form is None and bool(plain) and all(map(_is_digits, plain))
    usual = _usual_width(plain)
    found: dict[int, bytes | BadCell] = {}
    for at, ((line, cell, text), clean) in enumerate(zip(texts, plain, strict=True)):
        bad = _refusal(clean, cell, name, form, only_digits, usual)
        if bad is None:
            try:
                found[at] = card_text.read(clean, form)
                continue
            except card_text.Ambiguous as error:
                readings = ", ".join(f"{one} {number.hex()}" for one, number in error.readings)
                bad = f"it is the number of several cards ({readings})", _SAY
            except card_text.CardNumberError as error:
                bad = f"no card's number: {error}", _SAY
        found[at] = BadCell(line, cell.column, text, *bad)
    return found


def _refusal(
    text: str, cell: Cell, name: str | None, form: str | None, only_digits: bool, usual: int
) -> tuple[str, str] | None:
    """Why ``text`` cannot be what it seems, and what to do."""
    if _SCIENTIFIC.fullmatch(text) and not _AMBIGUOUS_HEX.fullmatch(text):
        return "a spreadsheet made a power of ten of it, and digits are lost", _AS_TEXT
    if _AMBIGUOUS_HEX.fullmatch(text) and form is None:
        return "it is a number in hexadecimal, or a power of ten", _SAY
    if cell.is_number and (form is None or not _is_decimal(form)):
        return "the spreadsheet has it as a number, so zeros in front may be lost", _AS_TEXT
    if only_digits:
        return "every number of the list is digits alone: they may be decimal", _SAY
    if name == _STRICT and _is_digits(text) and len(text) != _DIGITS_OF_STRICT:
        return (
            f"it has {len(text)} digits, and a decimal number has {_DIGITS_OF_STRICT}",
            "if a table lost zeros in front, say --numbers decimal10; 8 digits are --numbers"
            " decimal8 or wiegand26",
        )
    if form == card_text.HEX and _is_digits(text) and len(text) < usual:
        return (
            f"it has {len(text)} digits where the others have {usual}: zeros in front may be lost",
            f"{_AS_TEXT}; if it is so, write it with colons, as 12:34:56",
        )
    return None


def undecorated(text: str) -> str:
    """The number without what says that it is text (') or hexadecimal: 0x and h say so, and colons
    stay to say it.
    """
    text = text.removeprefix("'")
    if _DOTTED.fullmatch(text):
        return text.replace(".", ":")
    found = _DECORATED.fullmatch(text)
    if found and (text[:2].lower() == "0x" or text[-1:].lower() == "h") and len(found[1]) % 2 == 0:
        digits = found[1]
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return text


def _usual_width(texts: Iterable[str]) -> int:
    """The number of digits that all others but those of plain digits have; 0 if they differ."""
    widths = {len(text) for text in texts if not _is_digits(text)}
    return widths.pop() if len(widths) == 1 else 0


def _is_decimal(form: str) -> bool:
    return form.startswith(("decimal", "h10302"))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
