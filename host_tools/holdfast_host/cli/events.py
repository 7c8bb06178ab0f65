"""``holdfast events``: what readers recorded, and whether all of it is there unchanged."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record
from untrusted import InvalidInput

from ..errors import UsageProblem
from ..events import check as events
from ..events import files as event_files
from ..events import words
from ..events.check import Finding, Report
from ..events.files import ReaderEvents
from ..site import site as sites
from ..site.site import Site
from . import passphrase
from .output import AsJson, progress, say, say_json, say_rows, say_table
from .passphrase import PassphraseFile

app = typer.Typer(help="Check and show what readers recorded.", no_args_is_help=True)

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Files that a collector of events wrote.")
]


@app.command()
def verify(
    paths: Files,
    site: Annotated[Path, typer.Option(metavar="DIR", help="The site that the readers are of.")],
    accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Take note of what is broken, and go on after it the next time."
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Check that no event was changed, removed, added or moved since the reader recorded it.

    Remembers in the site's folder, for each reader, how far its events were checked, and asks the
    next time that they go on there. Needs the passphrase of the authority's key for the first
    check of a reader, for events from before the last check, and where a chain began anew. Fails
    if anything is broken, and then remembers nothing unless told to --accept it.
    """
    home = sites.load(site)
    readers = event_files.by_reader(event_files.read(paths), home)

    @functools.cache
    def audit_key() -> bytes:
        return home.unlock(passphrase.existing(passphrase_file)).secret.audit_key()

    broken = []
    said = []
    for reader in readers:
        report = _check(home, reader, audit_key)
        said.append(_describe(reader, report))
        if not as_json:
            _say_report(reader, report)
        if not report.intact:
            broken.append(reader.door)
        if report.checked is not None and (report.intact or accept):
            event_files.save_checked(home, reader.key, reader.door, report.checked)
    if as_json:
        say_json({"intact": not broken, "readers": said})
    if broken:
        raise UsageProblem(
            f"the events of {', '.join(broken)} are not as the reader recorded them",
            "the next check begins after what is broken"
            if accept
            else "collect them anew; if they stay broken ask who had the reader or the file in"
            " hand, then go on with --accept",
        )


@app.command()
def show(
    paths: Files,
    as_json: AsJson = False,
) -> None:
    """Show the events in files as they stand there. Nothing is verified: see verify."""
    shown = []
    for batch in event_files.read(paths):
        for raw in batch.records:
            try:
                happened = event_record.decode(event_record.split(raw)[0])
            except InvalidInput as error:
                shown.append({"problem": str(error)})
                continue
            late = event_record.is_late(happened, batch.now)
            shown.append({**words.told(happened), "late": late})
    if as_json:
        say_json({"verified": None, "events": shown})
        return
    _say_events(shown)
    say(f"{len(shown)} events, NOT verified: holdfast events verify --site DIR FILE...", "red")


def _check(home: Site, reader: ReaderEvents, audit_key: Callable[[], bytes]) -> Report:
    def root_key(ephemeral: bytes) -> bytes:
        return event_record.auditor_root(audit_key(), ephemeral, reader.key)

    before = event_files.load_checked(home, reader.key)
    with progress(f"Checking the events of {reader.door}"):
        return events.check(reader.batches, root_key, before)


def _describe(reader: ReaderEvents, report: Report) -> dict[str, object]:
    numbers = [shown.event.number for shown in report.events]
    checked = report.checked
    return {
        "door": reader.door,
        "public_key": reader.key.hex(),
        "intact": report.intact,
        "first": min(numbers, default=None),
        "last": max(numbers, default=None),
        "events": len(numbers),
        "proven": report.proven,
        "late": sum(shown.late for shown in report.events),
        "checked_up_to": checked.head_number if checked else None,
        "head": checked.head_code.hex() if checked else None,
        "findings": [dataclasses.asdict(finding) for finding in report.findings],
    }


def _say_report(reader: ReaderEvents, report: Report) -> None:
    said = _describe(reader, report)
    rows = {
        "door": reader.door,
        "reader's key": reader.key.hex(),
        "events": f"{said['first']} to {said['last']}" if report.events else "none",
        "proven": f"{report.proven} of {len(report.events)}",
        "checked up to": said["checked_up_to"] if report.checked else "nothing",
        "head": said["head"] or "none",
    }
    say_table(rows)
    if report.findings:
        columns = ["events", "what", ""]
        say_rows(columns, [_finding_row(finding) for finding in report.findings])
    if not report.intact:
        say("BROKEN: not what the reader recorded", "red")
    elif any(finding.kind == events.OVERWRITTEN for finding in report.findings):
        say("unchanged, in order, and complete but for what the reader wrote over", "yellow")
    elif report.events:
        first, last = said["first"], said["last"]
        say(f"complete and unchanged from event {first} to event {last}", "green")
    else:
        say("there are no events to check", "yellow")


def _finding_row(finding: Finding) -> list[str]:
    which = str(finding.first)
    if finding.last != finding.first:
        which = f"{finding.first}-{finding.last}"
    return [which, finding.kind.upper() if finding.breaks else finding.kind, finding.text]


def _say_events(shown: list[dict]) -> None:
    rows = []
    for said in shown:
        if "problem" in said:
            rows.append(["?", "?", "no event", said["problem"], "", ""])
            continue
        rows.append(
            [
                str(said["number"]),
                words.when(said),
                str(said.get("door", "")),
                words.what(said),
                words.who(said),
                words.marks(said),
            ]
        )
    say_rows(["event", "time", "door", "what", "who or which", ""], rows)
