"""``holdfast policy schedule`` and ``holidays``: when rights hold."""

import re
import time
from typing import Annotated

import typer

from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy import schedules
from ...policy.state import State
from ...site import site as sites
from .. import names
from ..output import AsJson, say
from ..passphrase import PassphraseFile
from .change import Folder, Remove, report, signed

_DURATION = re.compile(r"([0-9]{1,6})([dhm])", re.ASCII)
_SECONDS = {"d": 86400, "h": 3600, "m": 60}
_LONGEST_DAYS = 3650


def schedule(
    folder: Folder,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", parser=names.SCHEDULE, help="What to call these hours."),
    ],
    weekly: Annotated[
        list[str] | None,
        typer.Option(metavar="HOURS", help="`mon-fri 08:00-18:00`; repeatable."),
    ] = None,
    on_holidays: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOURS",
            help="`10:00-14:00`, `kind 2 08:00-12:00` (else closed all day); repeatable.",
        ),
    ] = None,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which hours a schedule stands for, in the site's time zone. Replaces what it was.

    Closed whenever no hours are given. A night belongs to the day it begins on: `mon 22:00-06:00`.
    """
    site = sites.load(folder)
    if remove:
        if weekly or on_holidays:
            raise UsageProblem("--remove takes nothing else", "give only the name and --remove")
        done = signed(
            site, passphrase_file, lambda state: policy_changes.remove_schedule(state, name)
        )
        report(*done, f"the schedule {name} is removed", as_json, {"schedule": name})
        return
    week = schedules.parse_week(weekly or [])
    kinds = schedules.parse_on_holidays(on_holidays or [])
    done = signed(
        site,
        passphrase_file,
        lambda state: policy_changes.set_schedule(state, name, week, kinds),
    )
    texts = schedules.format_week(week)
    hours = schedules.format_on_holidays(kinds)
    hints = schedules.end_hints([*week, *kinds])
    report(
        *done,
        f"the schedule {name} is {'; '.join(texts) or 'never'}"
        f" (on holidays: {'; '.join(hours) or 'closed'})",
        as_json,
        {"schedule": name, "weekly": texts, "on_holidays": hours, "hints": hints},
    )
    if not as_json:
        for hint in hints:
            say(f"hint: {hint}", "yellow")


def holidays(
    folder: Folder,
    dates: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATE]...", help="2026-12-25, or 12-25 for every year."),
    ] = None,
    kind: Annotated[
        int, typer.Option(min=1, max=schedules.KINDS, help="Of which kind these are.")
    ] = 1,
    remove: Annotated[
        bool, typer.Option("--remove", help="These dates are no holidays any more.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="These dates, and no others, are the holidays.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add holidays, in any order: days on which schedules have the hours of their kind.

    A night's hours belong to the day it begins on, into a holiday and out of it. Dates that are
    over take no room and are left out.
    """
    site = sites.load(folder)
    days = [schedules.parse_holiday(date) for date in dates or []]
    if remove and replace:
        raise UsageProblem("--remove and --replace cannot both be", "give one of them")
    if not days and not replace:
        raise UsageProblem("no date is given", "give dates such as 2026-12-25")

    now = int(time.time())

    def changes(state: State) -> list[list]:
        if remove:
            return policy_changes.remove_holidays(state, days, now)
        kept = {} if replace else state.holidays
        return policy_changes.set_holidays(state, {**kept, **dict.fromkeys(days, kind)}, now)

    history, added = signed(site, passphrase_file, changes)
    listed = schedules.format_holidays(schedules.upcoming(history.state.holidays, now))
    left = schedules.upcoming(dict.fromkeys(days, kind), now)
    over = [] if remove else [schedules.format_holiday(day) for day in days if day not in left]
    done = f"the holidays are {', '.join(listed) or 'none'}"
    report(history, added, done, as_json, {"holidays": listed, "over": over})
    if over and not as_json:
        say(f"over already, and left out: {', '.join(over)}", "yellow")


def duration(text: str) -> int:
    """The seconds of ``7d``, ``36h`` or ``90m``; 0 for ``none``."""
    if text == "none":
        return 0
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST_DAYS * 86400:
        raise UsageProblem(f"{text!r} is no length of time", "write it as 7d, 36h or none")
    return seconds
