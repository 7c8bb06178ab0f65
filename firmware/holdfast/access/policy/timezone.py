"""Local time from UTC, by the "M" rules of a POSIX TZ string (IEEE Std 1003.1, section 8.3).

A board has no time zone database: the authority sends the rule that holds at the site.
"""

from micropython import const
from untrusted import InvalidInput

_DAY_S = const(86400)
_LAST_WEEK = const(5)
_MAX_STD_OFFSET = const(900)  # minutes; the world uses -720 to 840
_MAX_DELTA = const(180)  # minutes; the world uses -60 to 120
_MAX_MINUTE = const(10080)  # RFC 8536 section 3.3.1: up to 167 hours, before or after midnight


class TimeZone:
    """An offset from UTC and, optionally, when it changes.

    ``std_offset_min`` is added to UTC outside daylight-saving time, ``delta_min`` more within it.
    ``start`` and ``end`` are (month 1..12, week 1..5 with 5 = the last, weekday 0..6 from Monday,
    minute of the local day as clocks show it just before the change), or None for no
    daylight-saving time. Nothing is checked here: what comes from outside goes through ``parse``.
    """

    def __init__(self, std_offset_min: int, delta_min: int = 0, start=None, end=None):
        self.std_offset_min = std_offset_min
        self.delta_min = delta_min
        self.start = start
        self.end = end

    @classmethod
    def parse(cls, std_offset_min, rule):
        """A TimeZone from decoded CBOR: ``rule`` is None or ``[delta, start, end]``.

        Raises InvalidInput.
        """
        offset = _whole(std_offset_min, -_MAX_STD_OFFSET, _MAX_STD_OFFSET)
        if rule is None:
            return cls(offset)
        if not isinstance(rule, list) or len(rule) != 3:
            raise InvalidInput("time zone: the rule is no [delta, start, end]")
        delta = _whole(rule[0], -_MAX_DELTA, _MAX_DELTA)
        if delta == 0:
            raise InvalidInput("time zone: daylight-saving time of no difference")
        return cls(offset, delta, _transition(rule[1]), _transition(rule[2]))

    def offset_s(self, utc: int) -> int:
        """Seconds to add to ``utc`` (seconds since 1970) to get local time at that moment."""
        standard = self.std_offset_min * 60
        if self.start is None or self.end is None:
            return standard
        daylight = standard + self.delta_min * 60
        year = _year((utc + standard) // _DAY_S)
        # Each change happens at a wall time of what was in force before it.
        starts = _wall_time(year, self.start) - standard
        ends = _wall_time(year, self.end) - daylight
        if starts < ends:
            saving = starts <= utc < ends
        else:  # in the south, and where winter is the exception, it lasts over the new year
            saving = not ends <= utc < starts
        return daylight if saving else standard

    def local(self, utc: int) -> tuple:
        """(day number since 1970-01-01, minute of that day) on the wall clock at ``utc``."""
        local = utc + self.offset_s(utc)
        return local // _DAY_S, local % _DAY_S // 60


def day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar."""
    # Years that begin in March put the leap day last, so that months have fixed starts.
    year -= month <= 2
    month = month - 3 if month > 2 else month + 9
    leap_days = year // 4 - year // 100 + year // 400
    return year * 365 + leap_days + (153 * month + 2) // 5 + day - 719469


def weekday(day: int) -> int:
    """0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def _year(day):
    year = 1970 + day * 400 // 146097  # days in 400 years; at most one year off
    while day < day_number(year, 1, 1):
        year -= 1
    while day >= day_number(year + 1, 1, 1):
        year += 1
    return year


def _wall_time(year, transition):
    month, week, on_weekday, minute = transition
    first = day_number(year, month, 1)
    day = first + (on_weekday - weekday(first)) % 7 + 7 * (week - 1)
    following = day_number(year, month + 1, 1) if month < 12 else day_number(year + 1, 1, 1)
    if day >= following:  # week 5 is the last there is
        day -= 7
    return day * _DAY_S + minute * 60


def _transition(value):
    if not isinstance(value, list) or len(value) != 4:
        raise InvalidInput("time zone: no [month, week, weekday, minute]")
    month, week, on_weekday, minute = value
    return (
        _whole(month, 1, 12),
        _whole(week, 1, _LAST_WEEK),
        _whole(on_weekday, 0, 6),
        _whole(minute, -_MAX_MINUTE, _MAX_MINUTE),
    )


def _whole(value, least, most):
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput("time zone: no whole number of %d to %d" % (least, most))
    return value
