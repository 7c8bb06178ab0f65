"""How long a door stands unlocked by its schedule, held against a plain calendar.

The calendar here walks minute by minute and knows windows as pairs of moments on the wall; it has
nothing of what is tested but the time zone.
"""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from access_rules import floor, policy, rtc
from holdfast.access import reason
from holdfast.access.clock.reading import ClockReading
from holdfast.access.policy import operations as ops
from holdfast.access.policy.timezone import TimeZone, day_number, weekday
from holdfast.access.standing import refusal, until, window

BERLIN = [1, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]
NEW_YORK = [1, -300, [60, [3, 2, 6, 120], [11, 1, 6, 120]]]
LORD_HOWE = [1, 630, [30, [10, 1, 6, 120], [4, 1, 6, 120]]]
DAY = 1440


def view_of(week, holidays=(), on_holidays=(), zone=BERLIN, late=0):
    return policy(
        zone,
        [ops.SCHEDULE, "office", week, list(on_holidays)],
        [ops.HOLIDAYS, list(holidays)],
        [ops.DOOR_MODE, 0, "office", late],
    )


class Calendar:
    """Which windows there are, as (first minute, first minute after it) of the wall since 1970."""

    def __init__(self, week, holidays, on_holidays, zone):
        self.week, self.on_holidays = week, on_holidays
        self.kinds = {day: kind for day, kind in holidays}
        self.zone = TimeZone.parse(*zone[1:])

    def windows(self, utc):
        """Those that hold at ``utc``."""
        day, minute = self.zone.local(utc)
        now = day * DAY + minute
        found = []
        for begun in (day - 1, day):
            kind = self.kinds.get(begun)
            hours = self.week[weekday(begun)]
            if kind:
                hours = self.on_holidays[kind - 1] if kind <= len(self.on_holidays) else []
            for start, end in hours:
                if begun * DAY + start <= now < begun * DAY + end:
                    found.append((begun * DAY + start, begun * DAY + end))
        return found


def check(begin, minutes, week, holidays=(), on_holidays=(), zone=BERLIN):
    """Hold every minute against the calendar; how many windows a grant could have begun in."""
    calendar = Calendar(week, holidays, on_holidays, zone)
    at_once = view_of(week, holidays, on_holidays, zone)
    late = view_of(week, holidays, on_holidays, zone, 1)
    begun = set()
    for index in range(minutes):
        second = (index * 7) % 60  # never the same place in a minute
        now = begin + 60 * index
        here = calendar.windows(now)
        following = calendar.windows(now + 60)
        clock = rtc(now + second)
        sure = 60 - second
        expected = (sure + 60 if following else sure) if here else 0
        assert until(at_once, clock) == expected, index
        chosen = max([end for _, end in here]) if here else 0
        assert window(late, clock) == chosen, index
        for end in [end for _, end in here]:
            goes_on = end in [other for _, other in following]
            assert until(late, clock, end) == (sure + 60 if goes_on else sure), index
        assert until(late, clock, 0) == 0
        if chosen:
            begun.add(chosen)
            # An ended window is over: no later one takes it for its own.
            assert until(late, clock, chosen - 1) == (0 if chosen - 1 not in here else sure)
    return len(begun)


def midnight(year, month, day, zone=BERLIN):
    """Two hours before that day begins on the wall, in UTC."""
    return day_number(year, month, day) * 86400 - 60 * zone[1] - 7200


def test_a_week_with_a_night_and_windows_that_touch():
    """A window belongs to the day it began on; of two that touch each ends for itself, and the
    door that needs no grant does not notice.
    """
    night = [[1320, 1800]]
    week = [[[480, 720], [720, 1080]], night, [[300, 420]], [[0, 1440]], [[0, 1440]], [], night]
    assert check(midnight(2027, 1, 11), 8 * DAY, week) == 10


def test_a_night_goes_into_a_holiday_and_out_of_one():
    """As all nights it is of the day on which it began, whatever the next one is."""
    day = day_number(2027, 1, 13)
    week = [[[1320, 1800]]] * 7
    found = check(midnight(2027, 1, 12), 3 * DAY, week, [[day, 1]], [[[600, 660], [1380, 1500]]])
    assert found == 4


def test_the_nights_that_clocks_change():
    """An end that the wall skips is over when it is skipped; what it shows twice is longer."""
    week = [[[60, 150], [150, 170], [175, 240]]] * 7
    for date, zone in (
        ((2027, 3, 28), BERLIN),
        ((2027, 10, 31), BERLIN),
        ((2027, 3, 14), NEW_YORK),
        ((2027, 11, 7), NEW_YORK),
        ((2027, 4, 4), LORD_HOWE),
        ((2027, 10, 3), LORD_HOWE),
    ):
        check(midnight(*date, zone=zone), 10 * 60, week, zone=zone)


def test_whatever_is_missing_keeps_it_secured():
    """A door that stands in the open by mistake is the worst that a rule can do."""
    always = [[[0, 1440]]] * 7
    open_ = view_of(always)
    assert refusal(open_, rtc()) == 0 and until(open_, rtc()) == 120
    for clock in (floor(), ClockReading.unknown(), ClockReading.damaged(), rtc(uncertainty=901)):
        assert refusal(open_, clock) == reason.CLOCK_UNCERTAIN
        assert until(open_, clock) == window(open_, clock) == 0
    mode = [ops.DOOR_MODE, 0, "office", 0]
    elsewhere = [12, 1, "cellar"], [ops.DOOR_MODE, 1, "office", 0]
    hours = [ops.SCHEDULE, "office", always, []]
    for why, view in (
        (reason.LOCKED_DOWN, policy(hours, mode, [ops.LOCKDOWN, True, None])),
        (reason.LOCKED_DOWN, policy(hours, mode, [ops.LOCKDOWN, True, [[2, site.ZONE]]])),
        (reason.POLICY_DAMAGED, policy(hours, mode, fault=reason.POLICY_DAMAGED)),
        (reason.DOOR_UNKNOWN, policy(hours, mode, door="cellar")),
        (reason.OUTSIDE_SCHEDULE, policy(hours)),
        (reason.OUTSIDE_SCHEDULE, policy(hours, *elsewhere)),
        (reason.SCHEDULE_UNKNOWN, policy(mode)),
        (reason.SCHEDULE_UNKNOWN, policy(hours, mode, [ops.SCHEDULE, "office", False])),
        (reason.SCHEDULE_UNKNOWN, policy(hours, mode, timezone=None)),
        (reason.OUTSIDE_SCHEDULE, view_of([[[0, 1]]] * 7)),
        (reason.HOLIDAY, view_of(always, [[site.NOW // 86400, 1]])),
    ):
        assert refusal(view, rtc()) == why, (reason.name(refusal(view, rtc())), reason.name(why))
        assert until(view, rtc()) == window(view, rtc()) == 0


def test_each_door_has_its_own_mode():
    """Entries are found by the door's number, and not by bytes that look like one."""
    hours = [ops.SCHEDULE, "office", [[[0, 1440]]] * 7, []]
    doors = [[12, number, "door %d" % number] for number in (1, 2, 255)]
    modes = [[ops.DOOR_MODE, number, "office", number & 1] for number in (0, 2, 255)]
    operations = [hours] + doors + modes
    for name, mode in ((site.DOOR, 0), ("door 1", None), ("door 2", 0), ("door 255", 1)):
        found = policy(*operations, door=name).mode()
        assert (found and found[0]) == mode, name
        assert found is None or len(found) == 7
