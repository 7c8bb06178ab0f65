"""The clock with a battery: what it says is checked, and a time that it lost is none."""

INTERPRETERS = ("micropython",)

import simulated_esp32
from harness import raises

simulated_esp32.install()

from holdfast.hal.esp32 import ds3231
from holdfast.hal.esp32.board import Board
from holdfast.hal.esp32.ds3231 import ADDRESS, Ds3231
from untrusted import InvalidInput

_NAMES = {"STRIKE": 5, "SDA": 6, "SCL": 7}
_2027 = 1798761600  # 2027-01-01, a Friday


def _clock(registers):
    chip = simulated_esp32.power_on(names=_NAMES)
    chip.i2c[ADDRESS] = bytearray(registers + bytes(19 - len(registers)))
    i2c = simulated_esp32.sys.modules["machine"].I2C(0, scl=None, sda=None)
    return chip.i2c[ADDRESS], Ds3231(i2c)


def test_it_counts_the_seconds_of_its_calendar():
    """Figures of the data sheet's registers, with their days as people write them."""
    for registers, expected in (
        ("00 00 00 06 01 01 27", _2027),
        ("59 59 23 05 31 12 26", _2027 - 1),
        ("00 00 00 02 29 02 28", 1835395200),
        ("00 00 00 03 01 03 28", 1835395200 + 86400),
        ("07 28 06 01 07 02 36", 2085978487),
        ("00 00 00 06 01 81 00", 4102444800),
        ("00 00 00 02 01 83 00", 4102444800 + 59 * 86400),  # 2100 has no 29 February
    ):
        _, clock = _clock(bytes.fromhex(registers.replace(" ", "")))
        assert clock.seconds() == expected, registers


def test_what_it_was_set_to_it_says():
    """Also around the ends of months, in years of 366 days, and it is not lost any more."""
    for now in (_2027, _2027 + 58 * 86400 + 3599, 1835395200, 1861919999, 2524607999):
        registers, clock = _clock(b"")
        registers[0x0F] = 0x88
        assert clock.seconds() is None
        clock.set(now)
        assert clock.seconds() == now and registers[0x0F] == 0x08


def test_a_time_that_was_lost_or_is_none_is_not_believed():
    """A battery that was empty leaves whatever it likes in the registers."""
    good = bytes.fromhex("00000006010127")
    for place, values in (
        (0, (0x60, 0x0A, 0xFF)),
        (1, (0x60, 0x5A)),
        (2, (0x24, 0x41, 0x72, 0xFF)),
        (4, (0x00, 0x32, 0x1A)),
        (5, (0x00, 0x13, 0x0A)),
        (6, (0xA0, 0x1A, 0x25)),
    ):
        for value in values:
            registers = bytearray(good)
            registers[place] = value
            _, clock = _clock(bytes(registers))
            assert clock.seconds() is None, (place, value)
    raises(InvalidInput, ds3231.decode, bytes.fromhex("00000006300227"))
    raises(InvalidInput, ds3231.decode, bytes.fromhex("00000006290227"))
    registers, clock = _clock(good)
    assert clock.seconds() == _2027
    registers[0x0F] = 0x80
    assert clock.seconds() is None


def test_one_that_answers_no_more_tells_no_time():
    """A wire came off: the door must not decide by a time that nobody keeps."""
    _, clock = _clock(bytes.fromhex("00000006010127"))
    simulated_esp32.chip.i2c.clear()
    assert clock.seconds() is None


def test_a_board_takes_it_where_it_is_and_its_own_clock_elsewhere():
    """Both wires have pins on every image: nothing there is no reason to have no clock."""
    chip = simulated_esp32.power_on(names=_NAMES)
    chip.i2c[ADDRESS] = bytearray(bytes.fromhex("00000006010127") + bytes(12))
    board = Board("no_such_pins.json")
    board.build()
    assert board.clock.seconds() == _2027
    chip = simulated_esp32.power_on(names=_NAMES)
    chip.since_2000 = _2027 - 946684800
    board = Board("no_such_pins.json")
    board.build()
    assert board.clock.seconds() == _2027
