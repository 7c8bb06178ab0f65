"""Card numbers in the ways people have them: printed on a card, listed by another system.

One definition, for whoever types or imports a number and for the bytes that a reader sends.
"""

from micropython import const
from untrusted import InvalidInput

from .card_number import MAX_LENGTH, packed

HEX = "hex"
REVERSED = "-reversed"  # after a format's name: the bytes the other way round

# Bits of the facility, and of the number.
_FIELDS = {
    "facility": (8, 16),  # of 26-bit readers (H10301), printed as 012,34567 or 01234567
    "corporate-1000": (12, 20),  # 35 bits
    "h10304": (16, 19),  # 37 bits
}
# Bits, and the digits they have in decimal.
_DECIMAL = {
    "decimal8": (24, 8),  # facility and number of 26-bit readers as one number
    "decimal10": (32, 10),  # a UID of 4 bytes, or what is printed on many 125-kHz cards
    "h10302": (35, 11),  # 37 bits without a facility
}
FORMATS = (
    HEX,
    HEX + REVERSED,
    "decimal8",
    "decimal8" + REVERSED,
    "decimal10",
    "decimal10" + REVERSED,
    "facility",
    "corporate-1000",
    "h10304",
    "h10302",
)

_LONGEST_DECIMAL = const(11)
_FACILITY_DIGITS = const(3)
_LONGEST_TEXT = const(128)
_DIGITS = "0123456789"


class CardNumberError(InvalidInput):
    """A text is no card's number, or not in this format."""


class Ambiguous(CardNumberError):
    """A text is the number of more than one card; ``readings`` is a list of (format, bytes)."""

    def __init__(self, readings):
        super().__init__("digits alone are the numbers of several cards")
        self.readings = readings


def read(text: str, form=None) -> bytes:
    """The 1 to 32 bytes of the card whose number ``text`` is, in the format ``form`` (FORMATS).

    Without a format: hexadecimal if a letter, a colon or the length says so, and facility and
    number of 26-bit readers with a comma or hyphen between them. Raises Ambiguous for up to 11
    plain digits, and CardNumberError.
    """
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise CardNumberError("it is longer than 32 bytes")
    if form is None:
        return _guessed(text)
    if form not in FORMATS:
        raise CardNumberError("there is no such format")
    is_reversed = form.endswith(REVERSED)
    if is_reversed:
        form = form[: -len(REVERSED)]
    if form == HEX:
        number = _hex(text)
    elif form in _FIELDS:
        number = _facility(text, form)
    else:
        number = _decimal(text, form)
    return bytes(reversed(number)) if is_reversed else number


def _guessed(text):
    if "," in text:
        return _facility(text, "facility")
    if text and _is_digits(text) and len(text) <= _LONGEST_DECIMAL:
        readings = []
        for form in FORMATS:
            try:
                readings.append((form, read(text, form)))
            except CardNumberError:
                pass
        raise Ambiguous(readings)
    halves = text.split("-")
    if len(halves) == 2 and _is_digits(halves[0]) and _is_digits(halves[1]):
        number = _facility(text, "facility")
        if len(halves[0]) == 2 == len(halves[1]):
            raise Ambiguous([(HEX, _hex(text)), ("facility", number)])
        return number
    return _hex(text)


def _hex(text):
    for separator in ":- ":
        pieces = text.split(separator)
        if len(pieces) > 1:
            if any([len(piece) != 2 for piece in pieces]):
                raise CardNumberError("no bytes in hexadecimal")
            text = "".join(pieces)
            break
    if len(text) % 2 or not 0 < len(text) <= 2 * MAX_LENGTH:
        raise CardNumberError("no 1 to 32 bytes in hexadecimal")
    if any([digit not in "0123456789abcdef" for digit in text.lower()]):
        raise CardNumberError("no bytes in hexadecimal")
    return bytes.fromhex(text)


def _facility(text, form):
    wide, narrow = _FIELDS[form]
    for separator in ",- ":
        pieces = text.split(separator)
        if len(pieces) > 1:
            break
    else:
        pieces = [text[:_FACILITY_DIGITS], text[_FACILITY_DIGITS:]]
        if form != "facility" or len(text) != 8:
            pieces = []
    if len(pieces) != 2:
        raise CardNumberError("no facility and number with a comma between them")
    facility = _value(pieces[0].strip(), wide, "a facility")
    number = _value(pieces[1].strip(), narrow, "a number")
    return packed(facility << narrow | number, wide + narrow)


def _decimal(text, form):
    bits, digits = _DECIMAL[form]
    # Fewer where a table has lost the zeros in front.
    if len(text) > digits:
        raise CardNumberError("more than %d digits" % digits)
    return packed(_value(text, bits, "a number"), bits)


def _value(text, bits, what):
    if not text or not _is_digits(text):
        raise CardNumberError(what + " has digits alone")
    value = int(text)
    if value >> bits:
        raise CardNumberError("%s goes up to %d" % (what, (1 << bits) - 1))
    return value


def _is_digits(text) -> bool:
    # Not isdigit(), which takes other scripts' digits, too.
    return all([digit in _DIGITS for digit in text])
