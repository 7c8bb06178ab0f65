"""Hours, weekdays and days as people write them, and as a policy keeps them.

A week is seven lists of ``[start, end]``, Monday first, in minutes of the local day; in a list
they are in order and do not touch. A day is a number: days since 1970-01-01.
"""

import datetime
import re
from collections.abc import Iterable, Sequence

from ..errors import UsageProblem

Hours = list[list[int]]

DAY_MINUTES = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
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
    """The hours of ``08:00-12:00,13:00-24:00``; ``whole`` is what to name in an error."""
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
        if end <= start:
            raise UsageProblem(
                f"the hours {part.strip()} end before they begin",
                "a night is two parts: one until 24:00, and on the next day one from 00:00",
            )
        hours.append([start, end])
    return _joined(hours)


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
    return joined


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _no_schedule(text: str) -> UsageProblem:
    return UsageProblem(
        f"{text!r} are no opening hours",
        "write them as `mon-fri 08:00-18:00`, or `sat,sun 10:00-12:00,13:00-15:00`",
    )
