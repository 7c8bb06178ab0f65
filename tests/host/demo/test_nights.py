"""The demo's night: the same scenes at whatever hour somebody runs it."""

import datetime

from holdfast.access.policy import operations
from holdfast_host.demo.nights import two_in_the_morning
from holdfast_host.policy.schedules import upcoming


def test_it_is_two_in_the_morning_at_every_minute_of_the_day():
    """In a time zone that a board follows, on a date whose day before is not over yet."""
    for now in range(1_800_000_000, 1_800_000_000 + 86400, 59):
        offset, today = two_in_the_morning(now)
        operations.check([[operations.TIMEZONE, offset, None]])
        there = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=now + 60 * offset)
        assert (there.hour, there.minute) == (2, 0)
        assert today == (there - datetime.datetime(1970, 1, 1)).days
        days = {today: 1, today - 1: 1}
        assert upcoming(days, now) == days
