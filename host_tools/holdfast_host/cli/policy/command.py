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
    time_zones as policy_time_zones,
)
from ...policy.chain import is_exported
from ...site import site as sites
from .. import writing
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from ..signing import now as signing_time
from ..signing import opened_by, unlocked
from ..site import TimeZone
from . import access as policy_access
from . import cards as policy_cards
from . import carrier as policy_carrier
from . import doors as policy_doors
from . import drafting as policy_drafting
from . import hours as policy_hours
from . import pins as policy_pins
from . import publish as policy_publish
from . import show as policy_show
from . import unlocked as policy_unlocked
from .change import Folder, report, signed

app = typer.Typer(
    help="Schedules, holidays, groups, cards, revocations: signed changes that readers follow.",
    no_args_is_help=True,
)

_MOST_REFRESHES = 1000

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
    now = signing_time()
    policy.beginning(list(site.zones), time_zone, now)
    policy.require_none(folder, site.id, site.first_key)
    authority = opened_by(site, passphrase_file).authority
    if authority.public_key.x != site.first_key.x:
        raise UsageProblem(
            "the authority's key of this site was replaced, so it had a policy, which is lost",
            f"restore the folder {policy.FOLDER}/ from its backup",
        )
    history = policy.create(folder, site.id, authority, list(site.zones), time_zone, now)
    report(history, history.number, f"the policy of {site.id} has begun", as_json, {})


app.command()(policy_hours.schedule)
app.command()(policy_hours.holidays)


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


app.command()(policy_doors.door)
app.command()(policy_doors.zone)
app.command()(policy_unlocked.unlocked)
app.command()(policy_carrier.carrier)


@app.command()
def limits(
    folder: Folder,
    grace_hours: Annotated[
        int | None,
        typer.Option(min=0, max=30 * 24, help="How long a reader without a clock still opens."),
    ] = None,
    max_uncertainty: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=1, max=86400, help="By how much a trusted clock may be off."
        ),
    ] = None,
    knowledge: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|none",
            help="How old the newest changeset may be where cards and PINs open: 7d, 36h.",
        ),
    ] = None,
    certificate_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long certificates of devices hold.")
    ] = None,
    wrong_pins: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many wrong PINs a door takes a day.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Set how far readers go on by themselves. What is not given stays.

    --knowledge bounds how long a card that was taken back opens a door that is cut off: where
    nothing newer has come for so long, cards and PINs are refused. Sign and carry `policy refresh`
    more often than that.
    """
    site = sites.load(folder)
    given = {
        operations.GRACE_S: None if grace_hours is None else grace_hours * 3600,
        operations.MAX_UNCERTAINTY_S: max_uncertainty,
        operations.KNOWLEDGE_S: None if knowledge is None else policy_hours.duration(knowledge),
        operations.CERTIFICATE_DAYS: certificate_days,
        operations.WRONG_PINS_A_DAY: wrong_pins,
    }
    wanted = {label: value for label, value in given.items() if value is not None}
    history, added = signed(
        site, passphrase_file, lambda state: policy_changes.set_limits(state, wanted)
    )
    facts = policy_show.limit_facts(history.state)
    text = f"the limits are {policy_show.limits_text(history.state)}"
    report(history, added, text, as_json, facts)


@app.command()
def refresh(
    folder: Folder,
    past: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=1 << 16, help="As many as lead past changeset N."),
    ] = 0,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign an empty changeset: nothing was taken back until now.

    For a site with the limit `knowledge`: a door that gets it lets cards and PINs in for so long
    again. With --past it leads past a number that readers know, and what they know is not asked:
    a site that was restored from a backup takes holdfast site recover.
    """
    site = sites.load(folder)
    number = site.policy().number
    if past - number > _MOST_REFRESHES:
        raise UsageProblem(
            f"that would take {past - number + 1} changesets, from {number} on",
            "check the number that the reader said",
        )
    authority = unlocked(site, passphrase_file).authority
    history, added = site.refresh_policy(authority, int(time.time()), past)
    report(history, added, "nothing else was taken back until now", as_json, {})


for _command in (
    policy_access.group,
    policy_cards.card,
    policy_pins.pin,
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
        int | None,
        typer.Option(metavar="N", min=0, help="Only what follows changeset N (else all)."),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--snapshot",
            help="The present policy without its history, signed: needs a passphrase.",
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write changesets to a file, for whoever carries it to readers. Needs no passphrase.

    With --snapshot the present policy without its history: for a reader that is far behind, or
    that has followed another copy of the site. The file is a CBOR sequence of byte strings. It
    holds no secret, and nobody can alter it unseen.
    """
    writing.require(out, is_exported)
    if not whole:
        history = sites.load(folder).policy()
        data = history.export(after or 0)
        files.write(out, data, files.PRIVATE)
        _say_written(out, data, history, history.number - (after or 0), "changesets", as_json)
    elif after is not None:
        raise UsageProblem("a snapshot follows nothing", "leave out --after, or --snapshot")
    else:
        snapshot(folder, out, passphrase_file, as_json)


@app.command()
def snapshot(
    folder: Folder,
    out: Out,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the present policy without its history, signed: as `export --snapshot`."""
    writing.require(out, is_exported)
    site = sites.load(folder)
    history = site.policy()
    pieces = history.snapshot(unlocked(site, passphrase_file).believed_by_all())
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


app.command()(policy_publish.publish)


app.command()(policy_drafting.draft)
policy_drafting.offer(app)
