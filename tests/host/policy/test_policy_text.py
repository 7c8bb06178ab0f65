"""Opening hours and time zones: what a person writes is what a reader will do, for years."""

import datetime
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.access.policy import operations
from holdfast.access.policy.schedule import Schedule
from holdfast.access.policy.timezone import TimeZone
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import schedules as policy_schedules
from holdfast_host.policy import time_zones as policy_time_zones

NOW = 1_800_000_000  # 2027-01-15
HOUR = 3600
YEARS = 10

# Both hemispheres, halves and quarters of an hour, days that begin at other hours than 0, changes
# on the day before or after, a standard time in summer, a shift of half an hour and of two.
ZONES = [
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
]


@st.composite
def hours(draw):
    """Some opening hours of a day, in order, not touching; the last may end on the next day."""
    minutes = draw(st.lists(st.integers(0, 1440), unique=True, max_size=8).map(sorted))
    day = [list(pair) for pair in zip(minutes[::2], minutes[1::2], strict=False)]
    if day and day[-1][0] > 1 and draw(st.booleans()):
        day[-1][1] = 1440 + draw(st.integers(1, day[-1][0] - 1))
    return day


@given(st.lists(hours(), min_size=7, max_size=7))
def test_a_week_comes_back_from_its_text(week):
    """Whatever is open when; what is shown can be typed again."""
    texts = policy_schedules.format_week(week)
    assert policy_schedules.parse_week(texts) == week
    Schedule.parse(week, week[:4])
    kinds = policy_schedules.parse_on_holidays(policy_schedules.format_on_holidays(week[:4]))
    assert kinds + [[]] * (4 - len(kinds)) == week[:4]


@given(hours())
def test_a_days_hours_come_back_from_their_text(day):
    """Except none: no hours have no text."""
    if day:
        assert policy_schedules.parse_hours(policy_schedules.format_hours(day)) == day


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))))
def test_a_minute_is_open_if_any_part_of_the_text_opens_it(parts):
    """Overlapping, repeated, out of order: together they mean what each of them says."""
    parts = [(day, start, end) for day, start, end in parts if start < end]
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    texts = [f"{names[d]} {policy_schedules.format_hours([[s, e]])}" for d, s, e in parts]
    week = policy_schedules.parse_week(texts)
    for day in range(7):
        expected = {m for d, s, e in parts if d == day for m in range(s, e)}
        assert {m for s, e in week[day] for m in range(s, e)} == expected
        flat = [minute for pair in week[day] for minute in pair]
        assert flat == sorted(set(flat))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-sun", range(7)),
        ("sat-mon", (5, 6, 0)),
        ("MON,Wed-fri", (0, 2, 3, 4)),
        ("sun-sun", (6,)),
    ],
)
def test_days_may_be_written_as_people_do(text, days):
    """Also over the week's end."""
    week = policy_schedules.parse_week([f" {text}  9:00-10:00 "])
    assert [day for day in range(7) if week[day]] == sorted(days)
    assert all(week[day] == [[540, 600]] for day in days)


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2149, 6, 6)))
def test_dates_are_days_since_1970(date):
    """And back."""
    day = policy_schedules.parse_day(date.isoformat())
    assert (
        day * 86400
        == datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC).timestamp()
    )
    assert policy_schedules.format_day(day) == date.isoformat()


def test_a_night_belongs_to_the_day_it_begins_on():
    """One line, as people say it; what ends at midnight or just after is told apart."""
    week = policy_schedules.parse_week(["fri-sat 22:00-06:00", "sun 18:00-24:00"])
    assert week == [[], [], [], [], [[1320, 1800]], [[1320, 1800]], [[1080, 1440]]]
    assert policy_schedules.format_week(week) == ["fri-sat 22:00-06:00", "sun 18:00-24:00"]
    assert policy_schedules.parse_hours("22:00-00:00") == [[1320, 1440]]
    assert policy_schedules.parse_hours("22:00-02:00,23:00-03:00") == [[1320, 1620]]


@given(
    st.dictionaries(
        st.dates(datetime.date(2020, 1, 1), datetime.date(2040, 1, 1)).map(
            lambda date: (date.month, date.day)
        )
        | st.integers(20000, 30000),
        st.integers(1, 4),
    )
)
def test_holidays_come_back_from_their_text(holidays):
    """Of one year or of every year; the kind is said where it is not the first."""
    for text in policy_schedules.format_holidays(holidays):
        day, _, kind = text.partition(" (kind ")
        assert holidays.pop(policy_schedules.parse_holiday(day)) == int(kind.rstrip(")") or 1)
    assert not holidays


def test_a_date_that_is_over_is_no_holiday_any_more():
    """Not before its night is over, wherever on Earth the site is; those of every year stay."""
    date = policy_schedules.parse_day("2027-01-15")
    days = {date: 2, (1, 15): 1, (2, 29): 3}
    for at, stays in ((date, True), (date + 2.49, True), (date + 3, False), (date + 90, False)):
        kept = policy_schedules.upcoming(days, int(at * 86400))
        assert kept == ({**days} if stays else {(1, 15): 1, (2, 29): 3}), at


def test_who_writes_23_59_is_told_of_the_minute_after_it():
    """People close a day at 23:59: then nobody is let in for a minute before midnight."""
    week = policy_schedules.parse_week(["mon-fri 00:00-23:59", "sat 22:00-23:59,01:00-02:00"])
    kinds = policy_schedules.parse_on_holidays(["kind 2 22:00-23:59"])
    assert policy_schedules.end_hints([*week, *kinds]) == [
        "00:00-23:59 leaves out the minute before midnight; until midnight is 00:00-24:00",
        "22:00-23:59 leaves out the minute before midnight; until midnight is 22:00-24:00",
    ]
    fine = policy_schedules.parse_week(["mon 00:00-24:00,12:59-13:59", "tue 23:59-00:01"])
    assert policy_schedules.end_hints(fine) == []


@pytest.mark.parametrize("name", ZONES)
def test_a_readers_clock_agrees_with_tzdata_in_every_hour(name):
    """Ten years, hour by hour: a rule read wrongly opens a shop an hour early, twice a year."""
    try:
        zone = zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip(f"no {name}: install tzdata")
    made = policy_time_zones.operation(name, NOW)
    operations.check([made])
    rule = TimeZone.parse(made[1], made[2])
    begin = NOW - NOW % HOUR
    for at in range(begin, begin + YEARS * 366 * 24 * HOUR, HOUR):
        expected = datetime.datetime.fromtimestamp(at, zone).utcoffset().total_seconds()
        assert rule.offset_s(at) == expected, (name, at)


def test_every_zone_of_this_machine_is_right_or_refused():
    """Some countries change their clocks by decree or by the moon: those are named."""
    names = zoneinfo.available_timezones()
    if len(names) < 100:
        pytest.skip("no tzdata on this machine: install tzdata")
    refused = set()
    for name in sorted(names):
        if name.startswith(("posix/", "right/")) or name in ("localtime", "Factory"):
            continue
        try:
            operations.check([policy_time_zones.operation(name, NOW)])
        except UsageProblem as problem:
            assert name in problem.cause and "POSIX rule" in problem.next_step
            refused.add(name)
    assert refused & {"Africa/Casablanca", "Asia/Gaza"}
    assert len(refused) < 10, refused


@pytest.mark.parametrize(
    ("rule", "made"),
    [
        ("UTC0", [0, None]),
        ("<+0330>-3:30", [210, None]),
        ("EST5", [-300, None]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", [60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", [0, [60, [3, 5, 6, 60], [10, 5, 6, 120]]]),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", [-120, [60, [3, 5, 6, -60], [10, 5, 6, 0]]]),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", [120, [60, [3, 4, 3, 3000], [10, 4, 3, 3000]]]),
    ],
)
def test_a_posix_rule_is_read_as_posix_says(rule, made):
    """West is positive, Sunday is 0, 02:00 and one hour go without saying."""
    assert policy_time_zones.operation(rule, NOW) == [operations.TIMEZONE, *made]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J60,J300",
        "CET-1:30:30",
        "CET-1:75",
        "CET-1CEST,M3.5.0/2:0,M10.5.0",
        "Europe/Atlantis",
        "/etc/passwd",
        "../Europe/Berlin",
        "Europe/\0",
    ],
)
def test_what_is_no_time_zone_is_refused(rule):
    """With how to write one."""
    with pytest.raises(UsageProblem) as refused:
        policy_time_zones.operation(rule, NOW)
    assert "M3.5.0" in refused.value.next_step


@pytest.mark.parametrize("rule", ["UTC+1", "GMT-3", "utc+05:30", "UTC3"])
def test_a_zone_that_people_read_the_other_way_round_is_refused(rule):
    """To POSIX, UTC+1 is an hour west of Greenwich; hardly anybody who writes it means that."""
    with pytest.raises(UsageProblem, match="east or west") as refused:
        policy_time_zones.operation(rule, NOW)
    assert "<+01>-1" in refused.value.next_step
    assert policy_time_zones.operation("<+01>-1", NOW) == [operations.TIMEZONE, 60, None]


def test_a_machine_without_tzdata_still_knows_utc_and_rules(monkeypatch):
    """Small containers have none."""
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    zoneinfo.ZoneInfo.clear_cache()
    monkeypatch.setattr(
        zoneinfo, "ZoneInfo", lambda name: (_ for _ in ()).throw(zoneinfo.ZoneInfoNotFoundError)
    )
    assert policy_time_zones.operation("UTC", NOW) == [operations.TIMEZONE, 0, None]
    assert policy_time_zones.operation("EST5", NOW) == [operations.TIMEZONE, -300, None]
    with pytest.raises(UsageProblem, match="no time zone 'Europe/Berlin'"):
        policy_time_zones.operation("Europe/Berlin", NOW)


def test_what_a_zone_is_called_for_a_person():
    """So that a wrong one is seen."""
    made = policy_time_zones.operation("EST5EDT,M3.2.0,M11.1.0", NOW)
    assert policy_time_zones.describe(made) == (
        "UTC-05:00, UTC-04:00 from the 2nd Sunday of March to the 1st Sunday of November"
    )
    assert policy_time_zones.describe([1, 345, None]) == "UTC+05:45"
    assert policy_time_zones.describe([1, 0, None]) == "UTC"
