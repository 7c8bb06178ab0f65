"""Hours over midnight and holidays of every kind, minute by minute against a plain model."""

INTERPRETERS = ("micropython", "cpython")

from harness import MICROPYTHON, raises
from holdfast.access import reason
from holdfast.access.policy.schedule import (
    MAX_DISTINCT,
    MAX_HOLIDAYS,
    MAX_SCHEDULES,
    Holidays,
    Schedule,
    Schedules,
)
from holdfast.access.policy.timezone import day_number, weekday
from untrusted import InvalidInput

NIGHT = [[1320, 1800]]  # 22:00 to 06:00
MONDAY = day_number(2027, 12, 20)  # the week before the one of Christmas and New Year


def test_a_night_belongs_to_the_day_it_began_on():
    """Friday's shift ends on Saturday morning, where no shift begins; nobody works into Friday."""
    schedule = Schedule.parse([[], [], [], [], NIGHT, [], []], [])
    friday = MONDAY + 4
    none = Holidays()
    for day, minute, holds in (
        (friday, 0, False),
        (friday, 359, False),
        (friday, 1319, False),
        (friday, 1320, True),
        (friday, 1439, True),
        (friday + 1, 0, True),
        (friday + 1, 359, True),
        (friday + 1, 360, False),
        (friday + 1, 1320, False),
        (friday + 2, 0, False),
    ):
        expected = 0 if holds else reason.OUTSIDE_SCHEDULE
        assert schedule.refusal(day, minute, none) == expected, (day - friday, minute)
    # From Sunday into Monday, over the end of the week.
    sunday = Schedule.parse([[]] * 6 + [NIGHT], [])
    assert sunday.refusal(MONDAY, 359, none) == 0 and sunday.refusal(MONDAY, 360, none)


def test_a_night_into_and_out_of_holidays():
    """The night that began on a working day goes on into the holiday; the one that would have
    begun on the holiday does not go on out of it; a holiday's own night does.
    """
    schedule = Schedule.parse([NIGHT] * 7, [[], [[1380, 1500]]])
    day = MONDAY + 2
    first = Holidays.parse([[day, 1]])  # without hours
    assert schedule.refusal(day, 359, first) == 0
    assert schedule.refusal(day, 1320, first) == reason.HOLIDAY
    assert schedule.refusal(day + 1, 0, first) == reason.OUTSIDE_SCHEDULE
    assert schedule.refusal(day + 1, 1320, first) == 0
    second = Holidays.parse([[day, 2]])  # 23:00 to 01:00
    assert schedule.refusal(day, 359, second) == 0
    assert schedule.refusal(day, 1379, second) == reason.HOLIDAY
    assert schedule.refusal(day, 1380, second) == 0
    assert schedule.refusal(day + 1, 59, second) == 0
    assert schedule.refusal(day + 1, 60, second) == reason.OUTSIDE_SCHEDULE
    # Kinds that the schedule has no list for have no hours.
    for kind in (3, 4):
        assert schedule.refusal(day, 1380, Holidays.parse([[day, kind]])) == reason.HOLIDAY


WEEK = [
    [[0, 60], [480, 720], [1380, 1440]],
    [[480, 720], [1320, 2760]],  # until 22:00 of the next day
    [],
    [[1439, 1441]],
    NIGHT,
    [[600, 601]],
    [[0, 1440]],
]
ON_HOLIDAYS = [[], [[600, 660], [1300, 1500]], [[0, 1440]], [[1439, 2879]]]


def _plain_kind(date, holidays):
    """0, or the kind of holiday, from a list as the authority sends it."""
    found = 0
    for day, kind in holidays:
        if isinstance(day, list):
            if day == [date[1], date[2]]:
                found = kind
        elif day == day_number(*date):
            return kind
    return found


def _next(date):
    year, month, day = date
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if day < lengths[month - 1]:
        return year, month, day + 1
    return (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)


def _opens_plain(dates, holidays):
    """Every minute of these days, which follow one another, painted: 1 where it holds."""
    minutes = bytearray(1440 * (len(dates) + 1))
    for index, date in enumerate(dates):
        kind = _plain_kind(date, holidays)
        hours = ON_HOLIDAYS[kind - 1] if kind else WEEK[weekday(day_number(*date))]
        for start, end in hours:
            for minute in range(start, end):
                minutes[1440 * index + minute] = 1
    return minutes


def test_every_minute_of_some_weeks_is_as_in_the_plain_model():
    """Over the turn of a year and over two leap days, with holidays of all kinds next to one
    another, yearly ones among them.
    """
    begin = day_number(2027, 12, 27)
    for start, days, holidays in (
        ((2027, 12, 20), 21, []),
        (
            (2027, 12, 20),
            21,
            [[[12, 24], 2], [[12, 25], 1], [[12, 26], 1], [[1, 1], 3], [begin, 4], [begin + 1, 2]],
        ),
        ((2028, 2, 21), 15, [[[2, 29], 4], [day_number(2028, 3, 2), 3]]),
        ((2027, 2, 21), 15, [[[2, 29], 4], [[3, 1], 2], [[2, 28], 3], [[2, 30], 1]]),
        # A day of that year before the one of every year.
        ((2027, 12, 20), 14, [[[12, 25], 2], [day_number(2027, 12, 25), 3], [[12, 31], 4]]),
    ):
        schedule = Schedule.parse(WEEK, ON_HOLIDAYS)
        given = Holidays.parse(holidays)
        dates = [start]
        for _ in range(days):
            dates.append(_next(dates[-1]))
        plain = _opens_plain(dates, holidays)
        for index, date in enumerate(dates[1:]):
            day = day_number(*date)
            assert given.kind(day) == _plain_kind(date, holidays), date
            # MicroPython takes a minute for all: there, those around every change.
            for minute in range(0, 1440, 1 if not MICROPYTHON else 20):
                for some in (minute, minute + 1, minute + 19) if MICROPYTHON else (minute,):
                    holds = schedule.refusal(day, some, given) == 0
                    assert holds == bool(plain[1440 * (index + 1) + some]), (date, some, holidays)


def test_a_leap_day_is_a_holiday_in_leap_years_only():
    """In others the day after the 28th is the 1st of March, which is none."""
    leap = Holidays.parse([[[2, 29], 3]])
    for year in range(1999, 2110):
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        for month, day in ((2, 28), (3, 1)):
            assert leap.kind(day_number(year, month, day)) == 0, year
        assert (leap.kind(day_number(year, 3, 1) - 1) == 3) == is_leap, year
    for never in ([2, 30], [2, 31], [4, 31], [11, 31]):
        given = Holidays.parse([[never, 1]])
        first = day_number(2028, 1, 1)
        assert not any([given.kind(day) for day in range(first, first + 731)]), never


def test_every_yearly_day_is_found_once_a_year():
    """To the first and the last day of each month, far from and near to 1970."""
    for year in (1970, 1972, 2000, 2027, 2100, 2149):
        for date in ((1, 1), (1, 31), (2, 28), (3, 1), (6, 30), (12, 31)):
            given = Holidays.parse([[list(date), 2]])
            first = day_number(year, 1, 1)
            found = [day for day in range(first, day_number(year + 1, 1, 1)) if given.kind(day)]
            assert found == [day_number(year, *date)], (year, date)


def test_holidays_and_hours_have_bounds():
    """All of them lie in every node's RAM."""
    most = [[day, 1 + day % 4] for day in range(MAX_HOLIDAYS)]
    assert len(Holidays.parse(most).packed) == 3 * MAX_HOLIDAYS == 288
    raises(InvalidInput, Holidays.parse, most + [[40000, 1]])
    for twice in ([[5, 1], [5, 1]], [[5, 1], [5, 2]], [[[1, 5], 1], [[1, 5], 2]]):
        raises(InvalidInput, Holidays.parse, twice)
    Holidays.parse([[1 << 8 | 5, 1], [[1, 5], 1]])  # packed alike, and not the same
    schedules = Schedules()
    one = Schedule.parse([[[0, 1]]] * 7, [])
    for number in range(MAX_SCHEDULES):
        schedules = schedules.put(b"%06d" % number, one)
    assert len(schedules) == MAX_SCHEDULES
    raises(InvalidInput, schedules.put, b"32more", one)
    assert len(schedules.put(b"%06d" % 3, one)) == MAX_SCHEDULES
    assert len(schedules.put(b"%06d" % 3, None)) == MAX_SCHEDULES - 1
    # Equal days of one schedule are counted once.
    full = Schedule.parse([[[60 * n + d, 60 * n + d + 9] for n in range(8)] for d in range(7)], [])
    assert full.distinct == 56 and one.distinct == 1
    schedules = Schedules()
    for number in range(MAX_DISTINCT // 56):
        schedules = schedules.put(b"%06d" % number, full)
    raises(InvalidInput, schedules.put, b"another", full)
    for number in range(10, 10 + MAX_DISTINCT % 56):
        schedules = schedules.put(b"%06d" % number, one)
    raises(InvalidInput, schedules.put, b"onemor", one)
    assert schedules.get(b"%06d" % 1).packed == full.packed
    assert schedules.get(b"none!!") is None


def test_schedules_are_kept_in_one_order():
    """Nodes that came the same way or by a snapshot hold the same bytes."""
    one, two = Schedule.parse([[[0, 1]]] * 7, []), Schedule.parse([[[5, 9]]] * 7, [])
    forth = Schedules().put(b"a-----", one).put(b"b-----", two)
    back = Schedules().put(b"b-----", one).put(b"a-----", one).put(b"b-----", two)
    assert forth.packed == back.packed
