"""Numbers of cards in lists: read as they are said to be written, and never guessed."""

import pytest

from holdfast_host.people import numbers
from holdfast_host.people.tables.cells import BadCell, Cell

DECIMALS = ["0010058400", "0010058401", "0012345678"]


def _read(*texts, form=None, turned=False, is_number=False):
    given = [(at, Cell(text, "1", is_number), text) for at, text in enumerate(texts, 1)]
    return list(numbers.read(given, form, turned).values())


def _hex(*texts, **options):
    found = _read(*texts, **options)
    return [one.cause if isinstance(one, BadCell) else one.hex() for one in found]


@pytest.mark.parametrize(
    ("text", "form", "number"),
    [
        ("04A1B2C3", None, "04a1b2c3"),
        ("0x04A1B2C3", None, "04a1b2c3"),
        ("04A1B2C3h", None, "04a1b2c3"),
        ("04.A1.B2.C3", None, "04a1b2c3"),
        ("'04A1B2C3", None, "04a1b2c3"),
        ("04:a1:b2:c3", None, "04a1b2c3"),
        ("153,31392", None, "997aa0"),
        ("153-31393", None, "997aa1"),
        ("0010058400", "decimal", "00997aa0"),
        ("10058400", "decimal10", "00997aa0"),
        ("153,31392", "wiegand26", "997aa0"),
        ("15331392", "wiegand26", "997aa0"),
        ("10058400", "decimal8", "997aa0"),
        ("12345678", "hex", "12345678"),
    ],
)
def test_each_way_to_write_it_is_the_card(text, form, number):
    """The same as for whoever types it, and as its reader sends it."""
    assert _hex(text, form=form) == [number]


def test_bytes_may_come_the_other_way_round():
    """Some readers print a UID from its end."""
    assert _hex("c3b2a104", form="hex", turned=True) == ["04a1b2c3"]
    assert _hex("3283263748", form="decimal", turned=True) == ["04a1b2c3"]


@pytest.mark.parametrize(
    "texts",
    [
        DECIMALS,
        ["123456789012"],
        ["12345678901234567", "12345678901234568"],
        ["12345678"],
    ],
)
def test_a_list_of_digits_alone_is_asked_about(texts):
    """It may be decimal, whatever its length: taken as hexadecimal it is somebody else's card."""
    assert all("decimal" in cause for cause in _hex(*texts))
    assert all("--numbers" in one.next_step for one in _read(*texts))


@pytest.mark.parametrize("text", ["1.00584E+07", "4,12346E+12", "1E+10", "1.2e5", "-1E+5"])
@pytest.mark.parametrize("form", [None, "hex", "decimal", "decimal10"])
def test_powers_of_ten_have_lost_their_digits(text, form):
    """No format brings them back."""
    assert "digits are lost" in _hex(text, form=form)[0]


def test_hex_that_looks_like_a_power_is_asked_about():
    """12E4 is two bytes, or what a spreadsheet will make 120000 of."""
    assert "power of ten" in _hex("12E4", "04A1")[0]
    assert _hex("12E4", form="hex") == ["12e4"]


def test_lost_zeros_are_said():
    """Strictly for what people call decimal; a format that pads says so by its name."""
    assert "8 digits" in _hex("10058400", form="decimal")[0]
    assert "zeros in front" in _hex("112233", "04a1b2c3", "0badcafe", form="hex")[0]
    assert "zeros in front" in _hex("10058400", form="hex", is_number=True)[0]
    assert "1 to 32 bytes" in _hex("4a1b2c3", form="hex")[0]


def test_a_cell_can_have_several_cards():
    """However they are parted; facility and number stay together."""
    for text in ("04A1B2C3; 04A1B2C4", "04A1B2C3|04A1B2C4", "04A1B2C3, 04A1B2C4"):
        assert numbers.split(Cell(text, "1"), None) == ["04A1B2C3", "04A1B2C4"]
    assert numbers.split(Cell("153,31392; 153,31393", "1"), None) == ["153,31392", "153,31393"]
    assert numbers.split(Cell("0010058400,0010058401", "1"), "decimal") == DECIMALS[:2]


def test_what_is_no_format_is_refused():
    """Before anything is read."""
    with pytest.raises(ValueError, match="no format"):
        numbers.form_of("octal", False)
    with pytest.raises(ValueError, match="--numbers"):
        numbers.form_of(None, True)
