"""Hours, holidays and nights of a board against a plain calendar: four years in 50 time zones.

What a person types goes through the host into an operation, and what the board makes of that is
asked as a card's right asks it. Minute by minute around each change of the clock, each holiday and
each edge of a window, every hour elsewhere; under `make torture` every minute there is. The time
zones are those of tzdata from the Python package index, whatever this machine has.
"""

import datetime
import os
import random
import zoneinfo

import pytest

import cbor
from holdfast.access import reason
from holdfast.access.clock.reading import SOURCE_RTC, ClockReading
from holdfast.access.policy import draft, operations
from holdfast.access.policy.rules import SiteRules
from holdfast.access.tag import name_tag
from holdfast.access.when import hours
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import schedules as host_schedules
from holdfast_host.policy import time_zones
from holdfast_host.policy.changes import set_holidays, set_schedule
from holdfast_host.policy.state import State
from model.plain_calendar import Calendar, Site, changes, moments

# Every hour and half and quarter, both hemispheres, changes at midnight, before and after it, by
# half an hour and by two, a standard time in summer, days that this year's neighbours do not have.
ZONES = """
    Europe/Berlin Europe/London Europe/Dublin Europe/Lisbon Europe/Athens Europe/Chisinau
    Europe/Istanbul Europe/Moscow Atlantic/Azores Atlantic/Reykjavik Atlantic/Bermuda
    Antarctica/Troll Africa/Cairo Africa/Johannesburg Africa/Lagos
    America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles
    America/Anchorage America/Adak America/St_Johns America/Halifax America/Asuncion America/Nuuk
    America/Scoresbysund America/Miquelon America/Port-au-Prince America/Santiago America/Sao_Paulo
    America/Caracas
    Asia/Jerusalem Asia/Beirut Asia/Kolkata Asia/Kathmandu Asia/Yangon Asia/Tehran Asia/Kabul
    Asia/Tokyo
    Australia/Sydney Australia/Adelaide Australia/Lord_Howe Australia/Eucla
    Pacific/Auckland Pacific/Chatham Pacific/Kiritimati Pacific/Marquesas Pacific/Norfolk
    Pacific/Easter
""".split()
WITHOUT_A_RULE = ("Asia/Gaza", "Asia/Hebron", "America/Havana")  # the last until autumn
FIRST_YEAR, YEARS = 2027, 4  # with a 29th of February
TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
AROUND = 200  # minutes before and after a change of the clock
TAG = name_tag("hours")
OPEN = {0: "", reason.HOLIDAY: "holiday", reason.OUTSIDE_SCHEDULE: "outside_schedule"}
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def zones_of_the_package():
    """This machine's own database may be older, or none."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def board_rules(site, name, now):
    """The SiteRules of a board in the time zone ``name``, of what somebody typed at the host."""
    week = host_schedules.parse_week(site.weekly_texts())
    kinds = host_schedules.parse_on_holidays(site.holiday_texts())
    days = {host_schedules.parse_holiday(text): kind for text, kind in site.dates()}
    signed = [time_zones.operation(name, now), *set_holidays(State(), days, now)]
    signed += set_schedule(State(), "hours", week, kinds)
    sent = cbor.decode(cbor.encode(signed))
    operations.check(sent)
    return draft.following(SiteRules("acme", ()), sent, 1, bytes(32), now)


def begin_of(zone, day):
    """The first moment of a date; some begin at 01:00."""
    return (moments(zone, day, 0) or moments(zone, day, 60))[0]


def asked(site, zone, first, last, turns):
    """The moments to ask about on the days from ``first`` to ``last``; ``turns`` are the changes
    of the clock.
    """
    begin, end = begin_of(zone, first), begin_of(zone, last + ONE_DAY)
    if TORTURE:
        return range(begin, end, 60)
    wanted = set(range(begin - begin % 3600, end, 3600))
    for turn in turns:
        wanted.update(range(turn - 60 * AROUND, turn + 60 * AROUND, 60))
        wanted.update((turn - 1, turn + 59))
    days = [first + ONE_DAY * number for number in range(-1, (last - first).days + 1)]
    for day in days:
        edges = {edge for start, stop in site.hours(day) for edge in (start, stop)}
        around = 1
        if any(site.kind(day + ONE_DAY * off) for off in (-1, 0, 1)):
            # What the day would have had, and the midnights before and after it.
            edges |= {edge for start, stop in site.week[day.weekday()] for edge in (start, stop)}
            edges |= {0, 1440}
            around = 3
        for edge in edges:
            for minute in range(edge - around, edge + around):
                wanted.update(moments(zone, day, minute))
    # One holiday a year whole, with the night before and the night after it.
    whole = begin_of(zone, next(day for day in days[1:] if site.kind(day)))
    wanted.update(range(whole - 6 * 3600, whole + 36 * 3600, 60))
    return [moment for moment in sorted(wanted) if begin <= moment < end]


@pytest.mark.parametrize("name", ZONES)
def test_a_board_opens_when_a_plain_calendar_says_so(name):
    """A week and its holidays of their own for each year: an hour off for some weeks a year, a
    night that ends at midnight, the 29th of February on the 1st of March.
    """
    zone = zoneinfo.ZoneInfo(name)
    rng = random.Random(name)
    asking = opened = on_holidays = 0
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
        first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
        began = int(datetime.datetime(year, 1, 1, tzinfo=zone).timestamp())
        turns = changes(zone, began - began % 3600, began + 366 * 86400)
        near = [datetime.datetime.fromtimestamp(turn, zone).date() for turn in turns]
        site = Site(rng, first, last, near)
        calendar = Calendar(site, zone, first, last)
        rules = board_rules(site, name, began)
        clock = ClockReading(began, SOURCE_RTC)
        for moment in asked(site, zone, first, last, turns):
            clock.now = moment
            why = calendar.why(moment)
            said = hours(TAG, rules, clock)
            if OPEN[said] != why:
                local = datetime.datetime.fromtimestamp(moment, zone)
                raise AssertionError(f"{local}: {reason.name(said)}, not {why}; {vars(site)}")
            asking += 1
            opened += not why
            on_holidays += why == "holiday"
    print(f"{name}: {asking} moments, {opened} open, {on_holidays} shut by a holiday")
    assert asking > 35_064 and opened > 1000 and on_holidays > 100


@pytest.mark.parametrize("name", WITHOUT_A_RULE)
def test_a_zone_without_a_rule_is_refused_by_name(name):
    """Clocks that follow the moon, or a list of days: no board could, so no site gets it."""
    with pytest.raises(UsageProblem, match=name) as refused:
        time_zones.operation(name, int(datetime.datetime(FIRST_YEAR, 1, 1).timestamp()))
    assert "POSIX rule" in refused.value.next_step


def test_there_are_fifty_zones_of_many_rules():
    """Not fifty names of one clock; every zone of the package is one a board follows, or named."""
    made = {str(time_zones.operation(name, 1_800_000_000)) for name in ZONES}
    assert len(set(ZONES)) == 50 and len(made) >= 40
