"""Card numbers as people have them lead to the bytes that a reader sends, or to a question.

A number that is read as another card's is a stranger who gets in, and a resident who does not.
"""

INTERPRETERS = ("micropython", "cpython")

from harness import raises
from holdfast.access import card_text
from holdfast.access.card_text import Ambiguous, CardNumberError, read

# One card each, in all the ways in which it is met.
SAME = (
    # Facility 12, number 34567: the middle 24 bits of a 26-bit frame.
    (
        "0c8707",
        (None, "12,34567"),
        (None, "012,34567"),
        (None, "012, 34567"),
        (None, "012-34567"),
        (None, "0C:87:07"),
        ("facility", "01234567"),
        ("facility", "12 34567"),
        ("decimal8", "00820999"),
        ("decimal8", "820999"),
        ("hex-reversed", "07870c"),
    ),
    # A UID of four bytes.
    (
        "04a1b2c3",
        (None, "04a1b2c3"),
        (None, "04-A1-B2-C3"),
        (None, " 04 a1 b2 c3\n"),
        ("decimal10", "0077705923"),
        ("decimal10-reversed", "3283263748"),
        ("hex-reversed", "C3:B2:A1:04"),
    ),
    ("04123456", (None, "04:12:34:56"), (None, "04-12-34-56"), ("hex", "04123456")),
    ("00a00001", ("corporate-1000", "10,1"), ("hex", "00a00001")),
    ("fffdbba0", ("corporate-1000", "4095-900000")),
    ("0000a80005", ("h10304", "21,5"), ("h10302", "11010053")),
    ("07ffffffff", ("h10304", "65535,524287"), ("h10302", "34359738367")),
    ("04123456789012", (None, "04123456789012")),
)


def test_each_way_leads_to_the_same_bytes():
    """And to none but those."""
    for number, *ways in SAME:
        for form, text in ways:
            assert read(text, form) == bytes.fromhex(number), (form, text)


def test_digits_alone_are_a_question():
    """Eight of them are a UID in hexadecimal, 24 bits in decimal, or facility and number; ten are
    five bytes or 32 bits. Whoever guesses lets a stranger in, so all that it can be is told.
    """
    seen = raises(Ambiguous, read, "01234567").readings
    assert dict(seen) == {
        "hex": bytes.fromhex("01234567"),
        "hex-reversed": bytes.fromhex("67452301"),
        "decimal8": bytes.fromhex("12d687"),
        "decimal8-reversed": bytes.fromhex("87d612"),
        "decimal10": bytes.fromhex("0012d687"),
        "decimal10-reversed": bytes.fromhex("87d61200"),
        "facility": bytes.fromhex("0c8707"),
        "h10302": bytes.fromhex("000012d687"),
    }
    for text in ("1", "1234567", "0077705923", "34359738367", "99999999999"):
        raises(Ambiguous, read, text)
    assert dict(raises(Ambiguous, read, "12-34").readings) == {
        "hex": b"\x12\x34",
        "facility": b"\x0c\x00\x22",
    }


def test_what_does_not_fit_is_refused():
    """A facility of nine bits cut to eight is another site's card."""
    for text, form, why in (
        ("256,1", None, "facility goes up to 255"),
        ("1,65536", None, "number goes up to 65535"),
        ("4096,1", "corporate-1000", "4095"),
        ("1,1048576", "corporate-1000", "1048575"),
        ("1,524288", "h10304", "524287"),
        ("34359738368", "h10302", "34359738367"),
        ("16777216", "decimal8", "16777215"),
        ("4294967296", "decimal10", "4294967295"),
        ("00000000001", "decimal10", "10 digits"),
        ("1,2,3", None, "comma"),
        ("1234567", "facility", "comma"),
        ("01234567", "h10304", "comma"),
        (",5", None, "digits"),
        ("-5", "decimal8", "digits"),
        ("", None, "hexadecimal"),
        ("04a", None, "hexadecimal"),
        ("04 a1:b2", None, "hexadecimal"),
        ("0x04a1b2", None, "hexadecimal"),
        ("00" * 33, None, "32 bytes"),
        ("1" * 10000, "decimal8", "32 bytes"),
        ("\u0661\u0662,\u0663", None, "digits"),
        ("04a1", "wiegand", "format"),
    ):
        assert why in str(raises(CardNumberError, read, text, form)), (text, form)


def test_whatever_is_typed_is_a_number_or_refused():
    """Nothing else is raised, and no number has another length than a card has."""
    forms = [None]
    forms.extend(card_text.FORMATS)
    pieces = ("", "0", "12", "a1", ",", "-", ":", " ", "\u00b2", "12345678", "\x00")
    for first in pieces:
        for second in pieces:
            for third in pieces:
                for form in forms:
                    try:
                        number = read(first + second + third, form)
                    except CardNumberError:
                        continue
                    assert 0 < len(number) <= 32
