"""When in the week something holds, on the wall clock of the site."""

from micropython import const
from untrusted import InvalidInput

from .. import reason
from .timezone import weekday

_DAYS = const(7)
_DAY_MINUTES = const(1440)
MAX_INTERVALS = 8  # a day


class ScheduleError(InvalidInput):
    """The hours are no schedule."""


class Schedule:
    """Seven days' hours, Monday first, and the hours of a holiday, whatever weekday it is.

    ``week`` holds seven tuples and ``holiday`` is one, of intervals (start, end): minutes of the
    local day, the start included, the end not. What comes from outside goes through ``parse``.
    """

    def __init__(self, week: tuple, holiday: tuple = ()):
        self.week = week
        self.holiday = holiday

    @classmethod
    def parse(cls, week, holiday):
        """A Schedule from decoded CBOR: a list of seven lists of ``[start, end]``, and one more.

        A day has at most 8 intervals, in order and without overlap. Raises ScheduleError.
        """
        if not isinstance(week, list) or len(week) != _DAYS:
            raise ScheduleError("schedule: a week has seven days")
        return cls(tuple(_hours(day) for day in week), _hours(holiday))

    def refusal(self, day: int, minute: int, holidays) -> int:
        """0 if it holds at ``minute`` of local ``day`` (days since 1970), else why not.

        ``holidays`` contains the days that are holidays. HOLIDAY says that the same weekday would
        have done if it were none.
        """
        on_weekday = _within(self.week[weekday(day)], minute)
        if day not in holidays:
            return 0 if on_weekday else reason.OUTSIDE_SCHEDULE
        if _within(self.holiday, minute):
            return 0
        return reason.HOLIDAY if on_weekday else reason.OUTSIDE_SCHEDULE


def _within(hours, minute):
    for start, end in hours:
        if start <= minute < end:
            return True
    return False


def _hours(value):
    if not isinstance(value, list) or len(value) > MAX_INTERVALS:
        raise ScheduleError("schedule: a day is no list of at most %d intervals" % MAX_INTERVALS)
    hours = []
    earliest = 0
    for interval in value:
        if not isinstance(interval, list) or len(interval) != 2:
            raise ScheduleError("schedule: an interval is no [start, end]")
        start, end = interval
        if type(start) is not int or type(end) is not int:
            raise ScheduleError("schedule: an interval is not in whole minutes")
        if not earliest <= start < end <= _DAY_MINUTES:
            raise ScheduleError("schedule: intervals are empty, out of order or out of the day")
        hours.append((start, end))
        earliest = end
    return tuple(hours)
