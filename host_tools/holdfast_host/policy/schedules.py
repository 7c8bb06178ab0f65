"""Hours, weekdays and days as people write them, and as a policy keeps them.

A week is seven lists of ``[start, end]``, Monday first, in minutes of the local day; in a list
they are in order and do not touch. An end after midnight is above 1440: those hours belong to the
day they began on. A day is a number: days since 1970-01-01.
"""

import datetime
import re
from collections.abc import Iterable, Sequence

from ..errors import UsageProblem

Hours = list[list[int]]
Holiday = int | tuple[int, int]  # days since 1970, or month and day of every year
Kinds = dict[Holiday, int]

KINDS = 4
DAY_MINUTES = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_KIND = re.compile(r"kind\s+([0-9]+)\s+(.*)", re.IGNORECASE)
_YEARLY = re.compile(r"([0-9]{2})-([0-9]{2})", re.ASCII)
_LEAP_YEAR = 2028
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def parse_week(texts: Iterable[str]) -> list[Hours]:
    """The week of texts such as ``mon-fri 08:00-18:00`` or ``sat,sun 10:00-12:00,13:00-15:00``."""
    week: list[Hours] = [[] for _ in _DAYS]
    for text in texts:
        days, _, hours = text.strip().partition(" ")
        parsed = parse_hours(hours, text)
        for day in _parse_days(days, text):
            week[day] = _joined([*week[day], *parsed])
    return week


def format_week(week: Sequence[Hours]) -> list[str]:
    """The texts of a week, which ``parse_week`` reads back as the same."""
    texts = []
    first = 0
    for day in range(1, len(week) + 1):
        if day < len(week) and week[day] == week[first]:
            continue
        if week[first]:
            days = _DAYS[first] if day - first == 1 else f"{_DAYS[first]}-{_DAYS[day - 1]}"
            texts.append(f"{days} {format_hours(week[first])}")
        first = day
    return texts


def parse_hours(text: str, whole: str | None = None) -> Hours:
    """The hours of ``08:00-12:00,22:00-06:00``, of which the last end on the day after.

    ``whole`` is what to name in an error.
    """
    hours = []
    for part in text.strip().split(","):
        match = _HOURS.fullmatch(part.strip())
        if match is None:
            raise _no_schedule(whole or text)
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        if from_minute > 59 or to_minute > 59:
            raise _no_schedule(whole or text)
        start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if end > DAY_MINUTES:
            raise _no_schedule(whole or text)
        if start >= DAY_MINUTES:
            raise _no_schedule(whole or text)
        if end == start:
            raise UsageProblem(
                f"the hours {part.strip()} end when they begin",
                "write a whole day as 00:00-24:00; to close one, leave it out",
            )
        hours.append([start, end if end > start else end + DAY_MINUTES])
    return _joined(hours)


def parse_on_holidays(texts: Iterable[str]) -> list[Hours]:
    """The hours of holidays by kind, of ``10:00-14:00`` (kind 1) or ``kind 2 10:00-14:00``."""
    kinds: list[Hours] = [[] for _ in range(KINDS)]
    for text in texts:
        match = _KIND.fullmatch(text.strip())
        kind, hours = (int(match[1]), match[2]) if match else (1, text)
        if not 1 <= kind <= KINDS:
            raise UsageProblem(f"{text!r} is of no kind", f"holidays have kinds 1 to {KINDS}")
        kinds[kind - 1] = _joined([*kinds[kind - 1], *parse_hours(hours, text)])
    while kinds and not kinds[-1]:
        kinds.pop()
    return kinds


def format_on_holidays(kinds: Sequence[Hours]) -> list[str]:
    """The texts of the hours of holidays, which ``parse_on_holidays`` reads back as the same."""
    return [
        format_hours(hours) if kind == 1 else f"kind {kind} {format_hours(hours)}"
        for kind, hours in enumerate(kinds, 1)
        if hours
    ]


def format_hours(hours: Hours) -> str:
    """The text of one day's hours."""
    return ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in hours)


def parse_day(text: str) -> int:
    """The day number of a date such as ``2026-12-25``."""
    try:
        return datetime.date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError as error:
        raise UsageProblem(f"{text!r} is no date", "write it as 2026-12-25") from error


def format_day(day: int) -> str:
    """The date of a day number."""
    try:
        return datetime.date.fromordinal(day + _EPOCH).isoformat()
    except (ValueError, OverflowError):
        return f"day {day} after 1970"


def parse_holiday(text: str) -> Holiday:
    """A day such as ``2026-12-25``, or ``12-25`` for every year's."""
    match = _YEARLY.fullmatch(text)
    if match is None:
        return parse_day(text)
    month, day = int(match[1]), int(match[2])
    try:
        datetime.date(_LEAP_YEAR, month, day)
    except ValueError as error:
        raise UsageProblem(f"{text!r} is no date", "write it as 12-25, month and day") from error
    return month, day


def format_holiday(holiday: Holiday) -> str:
    """The text of a holiday, which ``parse_holiday`` reads back as the same."""
    if isinstance(holiday, int):
        return format_day(holiday)
    return f"{holiday[0]:02}-{holiday[1]:02}"


def format_holidays(holidays: Kinds) -> list[str]:
    """The texts of all holidays, those of kind 1 without it, dates before those of every year."""
    days = sorted(day for day in holidays if isinstance(day, int))
    yearly = sorted(day for day in holidays if not isinstance(day, int))
    return [
        format_holiday(day) + ("" if holidays[day] == 1 else f" (kind {holidays[day]})")
        for day in [*days, *yearly]
    ]


def upcoming(holidays: Kinds, now: int) -> Kinds:
    """Those that can still matter at ``now`` (seconds since 1970): all but dates that are over.

    A night that began on one goes on for a day, and the site's day may end half a day after UTC's.
    """
    first = now // 86400 - 2
    return {
        day: kind for day, kind in holidays.items() if not isinstance(day, int) or day >= first
    }


def end_hints(days: Iterable[Hours]) -> list[str]:
    """What to tell who wrote 23:59 where midnight is meant: the last minute is not in it."""
    short = {
        format_hours([[start, end]]): format_hours([[start, DAY_MINUTES]])
        for hours in days
        for start, end in hours
        if end == DAY_MINUTES - 1
    }
    return [
        f"{text} leaves out the minute before midnight; until midnight is {meant}"
        for text, meant in short.items()
    ]


def _parse_days(text: str, whole: str) -> list[int]:
    days = []
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise _no_schedule(whole)
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        # fri-mon goes over the week's end.
        days += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return days


def _joined(hours: Hours) -> Hours:
    joined: Hours = []
    for start, end in sorted(hours):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    for start, end in joined:
        if end - start > DAY_MINUTES:
            raise UsageProblem(
                f"the hours from {_clock(start)} on are longer than a day",
                "end them at 24:00, and give the day after its own hours from 00:00",
            )
    return joined


def _clock(minute: int) -> str:
    minute = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


def _no_schedule(text: str) -> UsageProblem:
    return UsageProblem(
        f"{text!r} are no opening hours",
        "write them as `mon-fri 08:00-18:00`, or `sat,sun 10:00-12:00,13:00-15:00`",
    )
