"""Cards' numbers on the command line."""

from holdfast.access import card_text
from holdfast.access.card_number import MAX_LENGTH

from ...errors import UsageProblem
from ...people import numbers

FORMATS_TEXT = ", ".join(numbers.NAMES)


def require_form(form: str | None) -> None:
    """Refuse what is no format of card numbers."""
    try:
        numbers.form_of(form, False)
    except ValueError as error:
        raise UsageProblem(str(error), f"give one of these: {FORMATS_TEXT}") from error


def uid(text: str, form: str | None = None) -> bytes:
    """The number of the card that ``text`` names, in the format ``form`` of numbers.NAMES."""
    require_form(form)
    try:
        return card_text.read(numbers.undecorated(text.strip()), numbers.form_of(form, False))
    except card_text.Ambiguous as error:
        readings = ", ".join(f"{name} ({number.hex()})" for name, number in error.readings)
        raise UsageProblem(
            f"{text!r} is the number of several cards",
            f"say how it is written, for all that are given, by --format: {readings}",
        ) from error
    except card_text.CardNumberError as error:
        raise UsageProblem(
            f"{text!r} is no card's number: {error}",
            f"write 1 to {MAX_LENGTH} bytes in hexadecimal, such as 04a1b2c3 or 04:A1:B2:C3,"
            f" facility and number such as 12,34567, or say its --format: {FORMATS_TEXT}",
        ) from error
