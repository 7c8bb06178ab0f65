"""A site's time zone as a rule that a board can follow for years: from a name, or as POSIX has it.

``Europe/Berlin`` is looked up in the system's tzdata: the last line of its file is the rule for
all years to come (RFC 8536 section 3.3). A POSIX rule can also be given itself, such as
``CET-1CEST,M3.5.0,M10.5.0/3``.
"""

import datetime
import importlib.resources
import re
import zoneinfo
from pathlib import Path

from holdfast.access.policy import operations
from holdfast.access.policy.timezone import TimeZone

from ..errors import UsageProblem

UTC = "UTC"

_YEARS_CHECKED = 10
_LARGEST_FILE = 1 << 20
_DEFAULT_SHIFT_MINUTES = 60  # what POSIX has if a rule does not say how far summer time is
_DEFAULT_MINUTE = 120  # 02:00 local
_OFFSET = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_ABBREVIATION = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_RULE = re.compile(
    rf"{_ABBREVIATION}({_OFFSET})(?:{_ABBREVIATION}({_OFFSET})?,([^,]+),([^,]+))?", re.ASCII
)
_DATE = re.compile(rf"M([0-9]{{1,2}})\.([0-9])\.([0-9])(?:/({_OFFSET}))?", re.ASCII)


def operation(text: str, now: int) -> list:
    """The changeset operation TIMEZONE for a zone's name or a POSIX rule.

    ``now`` is in seconds since 1970: a name is refused if its rule will not hold from then on.
    """
    if text == UTC:  # also where there is no tzdata
        return [operations.TIMEZONE, 0, None]
    named = None if _RULE.fullmatch(text) else _zone(text)
    rule = text if named is None else _rule_of(text)
    made = parse(rule, text)
    if named is not None:
        _check(named, made, text, now)
    return made


def parse(rule: str, name: str) -> list:
    """The operation for a POSIX ``rule``; ``name`` is what to call it in an error."""
    match = _RULE.fullmatch(rule)
    if match is None:
        raise _no_rule(name, rule)
    standard_text, summer_text, start_text, end_text = match.groups()
    # POSIX counts west of Greenwich.
    standard = -_minutes(standard_text, rule, name)
    if standard and rule.upper().startswith(("UTC", "GMT")):
        raise UsageProblem(
            f"{rule} could be east or west of Greenwich: POSIX and people differ",
            "for one hour ahead of UTC write <+01>-1, for one behind it <-01>1, or name a city",
        )
    if start_text is None:
        return [operations.TIMEZONE, standard, None]
    summer = standard + _DEFAULT_SHIFT_MINUTES
    if summer_text is not None:
        summer = -_minutes(summer_text, rule, name)
    start, end = _change(start_text, rule, name), _change(end_text, rule, name)
    if summer < standard:
        # Ireland's standard time is its summer time; turned round it is the same clock.
        standard, summer, start, end = summer, standard, end, start
    return [operations.TIMEZONE, standard, [summer - standard, start, end]]


def describe(made: list) -> str:
    """A TIMEZONE operation for a person: offsets from UTC and the days they change."""
    _, standard, summer = made
    if summer is None:
        return _offset(standard)
    shift, start, end = summer
    return f"{_offset(standard)}, {_offset(standard + shift)} from {_day(start)} to {_day(end)}"


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise UsageProblem(
            f"this machine knows no time zone {name!r}",
            "write it as Europe/Berlin; if that is right, install tzdata, or give a POSIX rule"
            " such as CET-1CEST,M3.5.0,M10.5.0/3",
        ) from error


def _rule_of(name: str) -> str:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return _last_line(path.read_bytes()[:_LARGEST_FILE])
    data = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    return _last_line(data)


def _last_line(data: bytes) -> str:
    # RFC 8536 section 3.3: the footer is one line between two newlines.
    return data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")


def _check(named: zoneinfo.ZoneInfo, made: list, name: str, now: int) -> None:
    """Morocco's clock follows the moon: its file lists the days, and its last line is not true."""
    rule = TimeZone.parse(made[1], made[2])
    for day in range(_YEARS_CHECKED * 366):
        at = now + day * 86400
        when = datetime.datetime.fromtimestamp(at, named)
        offset = when.utcoffset()
        if offset is None or offset.total_seconds() != rule.offset_s(at):
            raise UsageProblem(
                f"{name} will change its clock on {when.date()} by no rule a reader can follow",
                "give a POSIX rule that is right for now, such as <+01>-1, and change it in time"
                " with `holdfast policy time-zone`",
            )


def _minutes(text: str, rule: str, name: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (*map(int, text.lstrip("+-").split(":")), 0, 0)[:3]
    if minutes > 59 or seconds:
        raise _no_rule(name, rule)
    return sign * (hours * 60 + minutes)


def _change(text: str, rule: str, name: str) -> list[int]:
    match = _DATE.fullmatch(text)
    if match is None:
        raise _no_rule(name, rule)
    month, week, weekday = map(int, match.groups()[:3])
    minute = _DEFAULT_MINUTE if match[4] is None else _minutes(match[4], rule, name)
    if not (1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6):
        raise _no_rule(name, rule)
    return [month, week, (weekday - 1) % 7, minute]  # POSIX begins the week on Sunday


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "UTC"


def _day(change: list[int]) -> str:
    month, week, weekday, _ = change
    which = ("1st", "2nd", "3rd", "4th", "last")[week - 1]
    day = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[weekday]
    return f"the {which} {day} of {datetime.date(2000, month, 1):%B}"


def _no_rule(name: str, rule: str) -> UsageProblem:
    return UsageProblem(
        f"the time zone {name} has the rule {rule!r}, which no reader can follow",
        "give a POSIX rule with dates of the form M3.5.0, such as CET-1CEST,M3.5.0,M10.5.0/3",
    )
