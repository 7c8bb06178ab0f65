"""``holdfast events``: what readers recorded, and whether all of it is there unchanged."""

import dataclasses
import functools
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record

from .. import files
from ..errors import UsageProblem
from ..events import check as events
from ..events import files as event_files
from ..events import home as coming_home
from ..events.check import Finding, Report
from ..events.files import Known, ReaderEvents
from ..events.logs import Log
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
    left: Annotated[
        bool,
        typer.Option("--left", help="These were carried from the place a board was at before."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Check that no event was changed, removed, added or moved since the reader recorded it.

    Keeps in the site's folder, for each reader, the events that are new and how far they were
    checked, and asks the next time that they go on there. Then it writes what lets the readers
    forget them, for `holdfast phone carry --acknowledge`. Needs the passphrase of the authority's
    key for the first check of a reader, for events from before the last check, and where a chain
    began anew. Fails if anything is broken, and then remembers nothing unless told to --accept it.
    """
    home = sites.load(site)
    keys = Auditor(home, passphrase_file)
    broken = []
    said = []
    with files.locked(home.folder):
        for reader in event_files.by_reader(event_files.read(paths), home):
            report = check_home(home, keys, reader, left=left, accept=accept)
            said.append(_describe(reader, report))
            if not as_json:
                _say_report(reader, report)
            if not report.intact:
                broken.append(reader.node)
        written = coming_home.write_words(home)
    if as_json:
        say_json({"intact": not broken, "acknowledgements": str(written), "readers": said})
    elif len(broken) < len(said):
        say(f"next: holdfast phone carry PHONE --acknowledge {written}")
    if broken:
        raise broken_events(broken, accept)


class Auditor:
    """The keys of readers' chains; the passphrase is asked for when the first is wanted."""

    def __init__(self, site: Site, passphrase_file: Path | None):
        self._site = site
        self._passphrase_file = passphrase_file

    @functools.cached_property
    def _audit_key(self) -> bytes:
        known = passphrase.existing(self._passphrase_file)
        return self._site.unlock(known).secret.audit_key()

    def keys(self, root: bytes, reader: ReaderEvents | Log) -> tuple[bytes, bytes]:
        """The first key of the chain from ``root``, and what acknowledgements are made with."""
        return event_record.auditor_keys(self._audit_key, root, reader.key)


def check_home(
    home: Site, keys: Auditor, reader: ReaderEvents, *, left: bool = False, accept: bool = False
) -> Report:
    """Check one reader's events, and keep what is new of them if nothing is broken, or all the
    same if told to ``accept`` it.
    """
    found = event_files.known_of(home, reader, left)
    report = check(keys, reader, found)
    if report.intact or accept:
        coming_home.take(home, reader, found, report, lambda root: keys.keys(root, reader)[1])
    return report


def broken_events(nodes: list[str], accept: bool = False) -> UsageProblem:
    """The problem that the events of these are broken, and the next step."""
    return UsageProblem(
        f"the events of {', '.join(nodes)} are not as the reader recorded them",
        "the next check begins after what is broken"
        if accept
        else "collect them anew; if they stay broken ask who had the reader or the file in"
        " hand, then go on with --accept",
    )


def check(keys: Auditor, reader: ReaderEvents, found: Known) -> Report:
    """Check one reader's events, going on from what was ``found`` before."""
    with progress(f"Checking the events of {reader.node}"):
        root_key = functools.cache(lambda root: keys.keys(root, reader)[0])
        return events.check(reader.batches, root_key, found.checked)


def _describe(reader: ReaderEvents, report: Report) -> dict[str, object]:
    numbers = [shown.event.number for shown in report.events]
    checked = report.checked
    return {
        "node": reader.node,
        "public_key": reader.key.hex(),
        "intact": report.intact,
        "first": min(numbers, default=None),
        "last": max(numbers, default=None),
        "events": len(numbers),
        "proven": report.proven,
        "late": sum(shown.late for shown in report.events),
        "duress": [one.first for one in report.findings if one.kind == events.DURESS],
        "checked_up_to": checked.head_number if checked else None,
        "head": checked.head_code.hex() if checked else None,
        "findings": [dataclasses.asdict(finding) for finding in report.findings],
    }


def _say_report(reader: ReaderEvents, report: Report) -> None:
    said = _describe(reader, report)
    rows = {
        "node": reader.node,
        "its key": reader.key.hex(),
        "events": f"{said['first']} to {said['last']}" if report.events else "none",
        "proven": f"{report.proven} of {len(report.events)}",
        "checked up to": said["checked_up_to"] if report.checked else "nothing",
        "head": said["head"] or "none",
    }
    say_table(rows)
    if report.findings:
        columns = ["events", "what", ""]
        say_rows(columns, [_finding_row(finding) for finding in report.findings])
    duress = [str(one.first) for one in report.findings if one.kind == events.DURESS]
    if duress:
        numbers = ", ".join(duress)
        say(f"DURESS: somebody called for help by PIN, at {reader.node}, event {numbers}", "red")
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
    if finding.kind == events.DURESS:
        return [str(finding.first), finding.kind.upper(), finding.text]
    which = str(finding.first)
    if finding.last != finding.first:
        which = f"{finding.first}-{finding.last}"
    return [which, finding.kind.upper() if finding.breaks else finding.kind, finding.text]
