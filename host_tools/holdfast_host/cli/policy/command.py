"""``holdfast policy``: the rules that the authority signs and every reader follows."""

import time
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.policy import operations

from ... import files
from ...errors import UsageProblem
from ...policy import (
    changes as policy_changes,
)
from ...policy import (
    history as policy,
)
from ...policy import (
    schedules as policy_schedules,
)
from ...policy import (
    time_zones as policy_time_zones,
)
from ...policy.state import State
from ...site import site as sites
from .. import names
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from ..site import TimeZone
from . import access as policy_access
from . import cards as policy_cards
from . import show as policy_show
from .change import Folder, Remove, report, signed, unlocked

app = typer.Typer(
    help="Schedules, holidays, groups, cards, revocations: signed changes that readers follow.",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")]

app.command()(policy_show.show)


@app.command()
def init(
    folder: Folder,
    time_zone: TimeZone = policy.UTC,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Begin the policy of a site that has none. `holdfast site init` does this for a new one.

    Signs changeset 1 with the time zone, the usual limits and the site's zones. Never for a site
    whose policy was lost: its readers would not take a second beginning.
    """
    site = sites.load(folder)
    now = int(time.time())
    policy.beginning(list(site.zones), time_zone, now)
    policy.require_none(folder, site.id, site.first_key)
    authority = unlocked(site, passphrase_file).authority
    if authority.public_key.x != site.first_key.x:
        raise UsageProblem(
            "the authority's key of this site was replaced, so it had a policy, which is lost",
            f"restore the folder {policy.FOLDER}/ from its backup",
        )
    history = policy.create(folder, site.id, authority, list(site.zones), time_zone, now)
    report(history, history.number, f"the policy of {site.id} has begun", as_json, {})


@app.command()
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
        str | None, typer.Option(metavar="HOURS", help="`10:00-14:00` (else closed all day).")
    ] = None,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which hours a schedule stands for, in the site's time zone. Replaces what it was.

    Closed whenever no hours are given. A night is two parts: `mon 22:00-24:00` and
    `tue 00:00-06:00`.
    """
    site = sites.load(folder)
    if remove:
        if weekly or on_holidays is not None:
            raise UsageProblem("--remove takes nothing else", "give only the name and --remove")
        done = signed(
            site, passphrase_file, lambda state: policy_changes.remove_schedule(state, name)
        )
        report(*done, f"the schedule {name} is removed", as_json, {"schedule": name})
        return
    week = policy_schedules.parse_week(weekly or [])
    holiday = [] if on_holidays is None else policy_schedules.parse_hours(on_holidays)
    done = signed(
        site,
        passphrase_file,
        lambda state: policy_changes.set_schedule(state, name, week, holiday),
    )
    texts = policy_schedules.format_week(week)
    hours = policy_schedules.format_hours(holiday)
    report(
        *done,
        f"the schedule {name} is {'; '.join(texts) or 'never'} (on holidays: {hours or 'closed'})",
        as_json,
        {"schedule": name, "weekly": texts, "on_holidays": hours},
    )


@app.command()
def holidays(
    folder: Folder,
    dates: Annotated[
        list[str] | None, typer.Argument(metavar="[DATE]...", help="Such as 2026-12-25.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="These dates are no holidays any more.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="These dates, and no others, are the holidays.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add holidays, in any order: days on which schedules have other hours."""
    site = sites.load(folder)
    days = [policy_schedules.parse_day(date) for date in dates or []]
    if remove and replace:
        raise UsageProblem("--remove and --replace cannot both be", "give one of them")
    if not days and not replace:
        raise UsageProblem("no date is given", "give dates such as 2026-12-25")

    def changes(state: State) -> list[list]:
        if remove:
            return policy_changes.remove_holidays(state, days)
        return policy_changes.set_holidays(state, days if replace else [*state.holidays, *days])

    history, added = signed(site, passphrase_file, changes)
    listed = [policy_schedules.format_day(day) for day in history.state.holidays]
    done = f"the holidays are {', '.join(listed) or 'none'}"
    report(history, added, done, as_json, {"holidays": listed})


@app.command("time-zone")
def set_time_zone(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="NAME|RULE", help="Europe/Berlin, or a POSIX rule.")
    ],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say in which time zone schedules and holidays are meant."""
    site = sites.load(folder)
    made = policy_time_zones.operation(name, int(time.time()))
    done = signed(site, passphrase_file, lambda state: policy_changes.set_time_zone(state, made))
    text = policy_time_zones.describe(made)
    report(*done, f"the time zone is {text}", as_json, {"time_zone": text})


@app.command()
def zone(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="ZONE", parser=names.ZONE, help="A zone of the site.")
    ],
    door: Annotated[
        list[str] | None,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="A door that is in it; repeatable."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which doors are in a zone: those given, or every door enrolled into it without --door.

    A reader that was enrolled into the zone at a door that is not given opens nothing for it.
    """
    site = sites.load(folder)
    site.require_zones([name])
    site.require_doors(door or [])
    doors = sorted(set(door)) if door else None
    done = signed(site, passphrase_file, lambda state: policy_changes.set_zone(state, name, doors))
    text = ", ".join(doors) if doors else "every door enrolled into it"
    report(*done, f"the zone {name} is {text}", as_json, {"zone": name, "doors": doors})


@app.command()
def limits(
    folder: Folder,
    grace_hours: Annotated[
        int | None,
        typer.Option(min=0, max=30 * 24, help="How long a reader without a clock still opens."),
    ] = None,
    retention_hours: Annotated[
        int | None,
        typer.Option(min=0, max=30 * 24, help="How long a reader keeps a controller's answer."),
    ] = None,
    max_uncertainty: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=1, max=86400, help="By how much a trusted clock may be off."
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Set how far readers go on by themselves. What is not given stays."""
    site = sites.load(folder)
    given = {
        operations.GRACE_S: None if grace_hours is None else grace_hours * 3600,
        operations.RETENTION_S: None if retention_hours is None else retention_hours * 3600,
        operations.MAX_UNCERTAINTY_S: max_uncertainty,
    }
    wanted = {label: value for label, value in given.items() if value is not None}
    history, added = signed(
        site, passphrase_file, lambda state: policy_changes.set_limits(state, wanted)
    )
    grace, retention, uncertainty = (history.state.limits[label] for label in given)
    report(
        history,
        added,
        f"the limits are {grace / 3600:g} h of grace, {retention / 3600:g} h of retention,"
        f" {uncertainty} s of uncertainty",
        as_json,
        {"grace_s": grace, "retention_s": retention, "max_uncertainty_s": uncertainty},
    )


for _command in (
    policy_access.group,
    policy_cards.card,
    policy_cards.pin,
    policy_access.revoke,
    policy_access.watermark,
    policy_access.lockdown,
):
    app.command()(_command)


@app.command()
def export(
    folder: Folder,
    out: Out,
    after: Annotated[
        int, typer.Option(metavar="N", min=0, help="Only the changesets that follow number N.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Write changesets to a file, for whoever carries it to readers. Needs no passphrase.

    The file is a CBOR sequence of byte strings. It holds no secret, and nobody can alter it
    unseen.
    """
    history = sites.load(folder).policy()
    data = history.export(after)
    files.write(out, data, files.PRIVATE)
    _say_written(out, data, history, history.number - after, "changesets", as_json)


@app.command()
def snapshot(
    folder: Folder,
    out: Out,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the present policy without its history, signed, for a reader that is far behind.

    The file is a CBOR sequence of byte strings: the signed snapshot, then its parts.
    """
    site = sites.load(folder)
    history = site.policy()
    pieces = history.snapshot(unlocked(site, passphrase_file).authority)
    data = policy.sequence(pieces)
    files.write(out, data, files.PRIVATE)
    _say_written(out, data, history, len(pieces) - 1, "parts", as_json)


def _say_written(
    out: Path, data: bytes, history: policy.History, count: int, what: str, as_json: bool
) -> None:
    if as_json:
        facts = {"site": history.site, "number": history.number, what: count}
        say_json({"file": str(out), "bytes": len(data), **facts})
    else:
        say(f"wrote {out}: {count} {what} up to number {history.number}, {len(data)} bytes")
