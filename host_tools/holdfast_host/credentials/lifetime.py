"""From when until when a credential holds, as people say it."""

import dataclasses
import datetime

from ..errors import UsageProblem
from .dates import Dates

HOLDER_DAYS = 30
LONGEST_DAYS = 3650
GUEST_HOURS = 24  # readers refuse a guest token that lives longer than this from its issue

_HOUR = 3600
_DAY = 24 * _HOUR


@dataclasses.dataclass(frozen=True)
class Lifetime:
    """Seconds since 1970: valid from ``not_before`` until just before ``expires``."""

    not_before: int
    expires: int


def decide(
    now: int,
    *,
    guest: bool,
    days: int | None = None,
    hours: int | None = None,
    not_before: str | None = None,
    expires: str | None = None,
    dates: Dates | None = None,
) -> Lifetime:
    """The lifetime that the options ask for, of a credential issued ``now``.

    ``dates`` are the site's, UTC if not given. Without ``days``, ``hours`` or ``expires`` it is 30
    days, and for a guest what is left of 24 hours.
    """
    if sum(value is not None for value in (days, hours, expires)) > 1:
        raise UsageProblem(
            "the credential's end is given twice", "use one of --days, --hours, --until"
        )
    dates = dates or Dates()
    start = now if not_before is None else dates.begin(not_before, "--not-before")
    if expires is not None:
        end = dates.end(expires, "--until")
    elif days is not None:
        end = start + days * _DAY
    elif hours is not None:
        end = start + hours * _HOUR
    else:
        end = now + GUEST_HOURS * _HOUR if guest else start + HOLDER_DAYS * _DAY
    if end <= max(now, start):
        raise UsageProblem(
            f"the credential would end before it is of any use: it holds {dates.end_text(end)}",
            "check --not-before and --until",
        )
    if guest and end - now > GUEST_HOURS * _HOUR:
        raise UsageProblem(
            f"a guest token lives at most {GUEST_HOURS} hours from now, this one would live"
            f" {(end - now) / _HOUR:.1f}",
            "choose a shorter time, or issue a credential without --guest",
        )
    if end - now > LONGEST_DAYS * _DAY:
        raise UsageProblem(
            f"the credential would live longer than {LONGEST_DAYS} days", "choose a shorter time"
        )
    return Lifetime(start, end)


def iso(seconds: int) -> str:
    """A time in seconds since 1970 as local time, with its offset."""
    try:
        return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"
