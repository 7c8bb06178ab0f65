"""Hours on the wall of the site: weekdays, holidays, and the two nights that clocks change."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from harness import raises
from holdfast.access import credential as labels
from holdfast.access import reason
from holdfast.access.policy.schedule import MAX_INTERVALS, Holidays, Schedule
from holdfast.access.policy.timezone import TimeZone, day_number, weekday
from untrusted import InvalidInput

OFFICE = [[[480, 720], [780, 1080]]] * 5 + [[], []]
NONE = Holidays()
BERLIN = TimeZone.parse(*rules.BERLIN[1:])


def test_days_are_counted_as_the_calendar_has_them():
    """1900 and 2100 are no leap years, 2000 is: off by one, every schedule is a day late."""
    for date, number in (
        ((1970, 1, 1), 0),
        ((1970, 3, 1), 59),
        ((2000, 2, 29), 11016),
        ((2000, 3, 1), 11017),
        ((2027, 1, 15), 20833),
        ((2100, 2, 28), 47540),
        ((2100, 3, 1), 47541),
        ((1969, 12, 31), -1),
    ):
        assert day_number(*date) == number, date
    assert weekday(0) == 3 and weekday(20833) == 4 and weekday(-1) == 2


def test_an_interval_holds_from_its_start_to_before_its_end():
    """Off by one is a door that is open a minute after closing."""
    schedule = Schedule.parse(OFFICE, [])
    friday = day_number(2027, 1, 15)
    for minute, open_ in ((479, 0), (480, 1), (719, 1), (720, 0), (779, 0), (780, 1), (1080, 0)):
        refusal = schedule.refusal(friday, minute, NONE)
        assert refusal == (0 if open_ else reason.OUTSIDE_SCHEDULE), minute
    assert schedule.refusal(friday + 1, 600, NONE) == reason.OUTSIDE_SCHEDULE
    whole_day = Schedule.parse([[[0, 1440]]] * 7, [])
    assert whole_day.refusal(friday, 0, NONE) == 0 == whole_day.refusal(friday, 1439, NONE)


def test_a_holiday_has_its_own_hours_whatever_weekday_it_is():
    """On a holiday the office hours are void, and those of the holiday hold also on a Monday."""
    schedule = Schedule.parse(OFFICE, [[[600, 660]]])
    friday = day_number(2027, 1, 15)
    holidays = Holidays.parse([[friday, 1], [friday + 1, 1]])
    assert schedule.refusal(friday, 500, holidays) == reason.HOLIDAY
    assert schedule.refusal(friday, 630, holidays) == 0
    assert schedule.refusal(friday, 1200, holidays) == reason.OUTSIDE_SCHEDULE
    assert schedule.refusal(friday + 1, 630, holidays) == 0
    assert schedule.refusal(friday + 2, 630, holidays) == reason.OUTSIDE_SCHEDULE


def test_what_is_no_schedule_is_refused():
    """It comes from a changeset: an interval read wrongly would open a door at night."""
    for week in (None, 7, [], [[]] * 6, [[]] * 8, [[[1, 2]]] * 6 + [None], (([],) * 7)):
        raises(InvalidInput, Schedule.parse, week, [])
    for hours in (
        [[2, 1]],
        [[1, 1]],
        [[-1, 5]],
        [[0, 1441]],
        [[1440, 1441]],
        [[1439, 2880]],
        [[1400, 1500], [1450, 1460]],
        [[0, 10], [5, 20]],
        [[10, 20], [0, 5]],
        [[0]],
        [[0, 1, 2]],
        [[0, True]],
        [[0.0, 1]],
        [["0", 1]],
        [None],
        [[2 * n, 2 * n + 1] for n in range(MAX_INTERVALS + 1)],
        {},
        False,
    ):
        raises(InvalidInput, Schedule.parse, [[]] * 7, [hours])
        raises(InvalidInput, Schedule.parse, [[]] * 6 + [hours], [])
    raises(InvalidInput, Schedule.parse, [[]] * 7, [[]] * 5)
    for holidays in (None, {}, False, 7):
        raises(InvalidInput, Schedule.parse, [[]] * 7, holidays)
    most = [[2 * n, 2 * n + 1] for n in range(MAX_INTERVALS)]
    assert Schedule.parse([most] * 7, [most] * 4).distinct == MAX_INTERVALS
    assert Schedule.parse([[[1439, 2879]]] * 7, []).distinct == 1


def test_what_is_no_time_zone_is_refused():
    """The same: bounded numbers, and daylight-saving time that makes a difference."""
    good = rules.BERLIN[2]
    for offset in (None, 901, -901, True, 60.0, "60"):
        raises(InvalidInput, TimeZone.parse, offset, None)
    for rule in (
        False,
        [],
        good[:2],
        good + [0],
        [0, good[1], good[2]],
        [181, good[1], good[2]],
        [True, good[1], good[2]],
        [60, None, good[2]],
        [60, good[1][:3], good[2]],
    ):
        raises(InvalidInput, TimeZone.parse, 60, rule)
    for index, value in ((0, 0), (0, 13), (1, 0), (1, 6), (2, -1), (2, 7), (3, 10081), (3, None)):
        bad = list(good[1])
        bad[index] = value
        raises(InvalidInput, TimeZone.parse, 60, [60, bad, good[2]])
        raises(InvalidInput, TimeZone.parse, 60, [60, good[1], bad])


def test_clocks_change_at_the_second():
    """Berlin, 28 March and 31 October 2027, 01:00 UTC: the hour that is not, the hour that is
    twice.
    """
    spring = day_number(2027, 3, 28) * 86400 + 3600
    assert BERLIN.offset_s(spring - 1) == 3600 and BERLIN.offset_s(spring) == 7200
    assert BERLIN.local(spring - 1)[1] == 119 and BERLIN.local(spring)[1] == 180
    autumn = day_number(2027, 10, 31) * 86400 + 3600
    assert BERLIN.offset_s(autumn - 1) == 7200 and BERLIN.offset_s(autumn) == 3600
    assert BERLIN.local(autumn - 1)[1] == 179 and BERLIN.local(autumn)[1] == 120
    assert TimeZone.parse(60, None).offset_s(spring) == 3600


def test_a_request_is_judged_by_the_clock_on_the_wall():
    """09:00 in Berlin is 08:00 in UTC in winter and 07:00 in summer; a holiday is a local day."""
    bound = rules.holder({labels.SCHEDULE: "nine", 4: site.NOW + 300 * site.DAY, 5: 0})
    nine = [3, "nine", [[[540, 541]]] * 7, []]
    policy = rules.policy(nine)
    for moment, why in (
        (site.NOW, 0),
        (site.NOW - 1, reason.OUTSIDE_SCHEDULE),
        (site.NOW + 60, reason.OUTSIDE_SCHEDULE),
        (day_number(2027, 7, 1) * 86400 + 7 * 3600, 0),
        (day_number(2027, 7, 1) * 86400 + 8 * 3600, reason.OUTSIDE_SCHEDULE),
    ):
        assert rules.ask(bound, policy, rules.rtc(moment)).reason == why, moment
    holiday = rules.policy(nine, [4, [[rules.TODAY, 1]]])
    assert rules.ask(bound, holiday).reason == reason.HOLIDAY
    # 23:30 UTC is already the next day on the wall.
    late = day_number(2027, 1, 14) * 86400 + 23 * 3600 + 1800
    night = rules.policy([3, "nine", [[[0, 60]]] * 7, []], [4, [[rules.TODAY, 1]]])
    assert rules.ask(bound, night, rules.rtc(late)).reason == reason.HOLIDAY


def test_schedules_need_a_trusted_clock():
    """A floor tells no hour of the day: bound credentials wait, with a reason that says why."""
    bound = rules.holder({labels.SCHEDULE: "morning"})
    assert rules.ask(bound).granted
    assert rules.ask(bound, clock=rules.floor()).reason == reason.CLOCK_UNCERTAIN
    assert rules.ask(bound, clock=rules.rtc(uncertainty=900)).granted
    assert rules.ask(bound, clock=rules.rtc(uncertainty=901)).reason == reason.CLOCK_UNCERTAIN
