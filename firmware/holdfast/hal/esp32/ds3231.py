"""The DS3231, a clock with a battery, on I2C (Maxim, DS3231 data sheet, Rev 10)."""

import time

from micropython import const
from untrusted import InvalidInput

from .clock import EARLIEST

ADDRESS = const(0x68)
_TIME = const(0x00)  # seconds, minutes, hours, day, date, month and century, year, in BCD
_STATUS = const(0x0F)
_STOPPED = const(0x80)  # OSF: the oscillator stood still since the time was set
_TWELVE = const(0x40)  # hours counted twice a day


class Ds3231:
    """The chip at ``i2c`` (machine.I2C), set to UTC. Its time is not believed where it says that
    it stood still, or is none that there is.
    """

    def __init__(self, i2c):
        self._i2c = i2c
        self._status = bytearray(1)
        self._time = bytearray(7)

    def seconds(self):
        """Whole seconds since 1970-01-01T00:00Z; None if it has lost the time, or does not answer
        as a DS3231 does.
        """
        try:
            # The status after the time: one that stopped in between says so.
            self._i2c.readfrom_mem_into(ADDRESS, _TIME, self._time)
            self._i2c.readfrom_mem_into(ADDRESS, _STATUS, self._status)
            if self._status[0] & _STOPPED:
                return None
            now = decode(self._time)
        except (OSError, InvalidInput):
            return None
        return now if now >= EARLIEST else None

    def set(self, now: int):
        """Set it to ``now``, seconds since 1970, at a commissioning. Raises OSError.

        What it says before the last write counts as lost.
        """
        self._i2c.writeto_mem(ADDRESS, _TIME, encode(now))
        self._i2c.readfrom_mem_into(ADDRESS, _STATUS, self._status)
        self._i2c.writeto_mem(ADDRESS, _STATUS, bytes((self._status[0] & ~_STOPPED & 0xFF,)))


def decode(registers: bytes) -> int:
    """Seconds since 1970 of the first 7 registers; raises InvalidInput for what is no time."""
    if registers[2] & _TWELVE:
        raise InvalidInput("DS3231: twelve hours")
    second = _two_digits(registers[0], 59)
    minute = _two_digits(registers[1], 59)
    hour = _two_digits(registers[2], 23)
    date = _two_digits(registers[4], 31)
    month = _two_digits(registers[5] & 0x7F, 12)
    year = 2000 + _two_digits(registers[6], 99) + (100 if registers[5] & 0x80 else 0)
    if not date or not month or date > _days(year, month):
        raise InvalidInput("DS3231: no such day")
    # Days since 1970-01-01: the year is counted from March, so that February is last.
    from_march = year - (month < 3)
    day = from_march * 365 + from_march // 4 - from_march // 100 + from_march // 400
    day += (153 * ((month + 9) % 12) + 2) // 5 + date - 1 - 719468
    return ((day * 24 + hour) * 60 + minute) * 60 + second


def encode(now: int) -> bytes:
    """The 7 registers for ``now``, seconds since 1970."""
    # Seconds of the port's own year 0, 1970 or 2000.
    year, month, date, hour, minute, second, weekday = time.gmtime(
        now - (946684800 if time.gmtime(0)[0] == 2000 else 0)
    )[:7]
    century = 0x80 if year >= 2100 else 0
    fields = (second, minute, hour, weekday + 1, date, month, year % 100)
    registers = bytearray([field // 10 << 4 | field % 10 for field in fields])
    registers[5] |= century
    return bytes(registers)


def _two_digits(register, most):
    value = (register >> 4) * 10 + (register & 15)
    if register & 15 > 9 or value > most:
        raise InvalidInput("DS3231: no such time")
    return value


def _days(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
