"""The arithmetic of local time against the time zone database, hour by hour over twenty years."""

import datetime
import random
import zoneinfo

import pytest

from holdfast.access.policy.timezone import TimeZone, day_number, weekday

# The rules as the host sends them for these zones: POSIX TZ strings, in minutes.
ZONES = {
    "Europe/Berlin": (60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]),
    "Europe/London": (0, [60, [3, 5, 6, 60], [10, 5, 6, 120]]),
    "Europe/Dublin": (60, [-60, [10, 5, 6, 120], [3, 5, 6, 60]]),  # winter is the exception
    "America/New_York": (-300, [60, [3, 2, 6, 120], [11, 1, 6, 120]]),
    "Australia/Sydney": (600, [60, [10, 1, 6, 120], [4, 1, 6, 180]]),
    "Australia/Lord_Howe": (630, [30, [10, 1, 6, 120], [4, 1, 6, 120]]),
    "America/Santiago": (-240, [60, [9, 1, 5, 1440], [4, 1, 5, 1440]]),
    "Asia/Jerusalem": (120, [60, [3, 4, 3, 1560], [10, 5, 6, 120]]),
    "Asia/Kolkata": (330, None),
}
BEGIN = int(datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC).timestamp())
YEARS = 20
EPOCH = datetime.date(1970, 1, 1).toordinal()


@pytest.mark.parametrize("name", ZONES)
def test_local_time_is_what_the_database_says(name):
    """An hour off for some weeks a year is what date arithmetic of one's own is known for."""
    try:
        zone = zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip(f"no time zone database with {name}: install tzdata")
    ours = TimeZone.parse(*ZONES[name])
    changes, before = 0, None
    for moment in range(BEGIN, BEGIN + YEARS * 366 * 86400, 3600):
        local = datetime.datetime.fromtimestamp(moment, zone)
        day, minute = local.date().toordinal() - EPOCH, local.hour * 60 + local.minute
        offset = int(local.utcoffset().total_seconds())
        assert ours.offset_s(moment) == offset, local
        assert ours.local(moment) == (day, minute), local
        # The seconds around a change, too.
        if before is not None and offset != before:
            changes += 1
            for second in (*range(moment - 3600, moment, 60), moment - 1, moment):
                local = datetime.datetime.fromtimestamp(second, zone)
                assert ours.offset_s(second) == local.utcoffset().total_seconds(), local
        before = offset
    assert changes == (0 if ZONES[name][1] is None else 2 * YEARS)


def test_dates_are_those_of_the_calendar():
    """Every day of 130 years, and days picked from all that datetime knows."""
    some = random.Random(1).sample(range(1, datetime.date.max.toordinal()), 5000)
    for ordinal in (*range(EPOCH, EPOCH + 130 * 366), *some):
        date = datetime.date.fromordinal(ordinal)
        assert day_number(date.year, date.month, date.day) == ordinal - EPOCH
        assert weekday(ordinal - EPOCH) == date.weekday()
