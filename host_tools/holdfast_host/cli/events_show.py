"""``holdfast events show``: what happened, who it was, where and when; in words, CSV or JSON."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record
from untrusted import InvalidInput

from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..events import files as event_files
from ..events import naming, words
from ..site.site import Site
from . import passphrase
from .events import Auditor, check
from .events_chosen import Door, Late, Paths, Reason, Since, Until, Who, chosen
from .output import AsJson, say, say_csv, say_json, say_rows
from .passphrase import PassphraseFile

_MOST_ENROLLED = 3  # unknown cards that are offered at the end


def show(
    paths: Paths = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The site: for names and its time zone; with the passphrase also for duress.",
        ),
    ] = None,
    who: Who = None,
    door: Door = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    late: Late = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table, all that each event says.")] = (
        False
    ),
    as_lines: Annotated[bool, typer.Option("--jsonl", help="A line of JSON for each.")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show events, with --site by the names of people. Nothing is verified: see verify.

    Without FILE those that came home to the site. Whether a PIN was a duress PIN is sealed: with
    --site and the passphrase it is told, else by verify alone. A card that nobody has is called by
    the first digits of its key; the last lines say how to give it to somebody.

    Example: holdfast events show --site acme --who "Zoe Doe" --since 2027-01-31
    """
    if sum((as_csv, as_lines, as_json)) > 1:
        raise UsageProblem("one output at a time", "give one of --csv, --jsonl, --json")
    asked = {"who": who, "door": door, "since": since, "until": until}
    those = chosen(site, paths, **asked, reason=reason, late=late)
    home, called = those.home, those.names
    duress = set() if home is None else _duress(home, those.paths, passphrase_file)
    shown = _told(those.paths, duress)
    found = [
        called.named(said)
        for said in shown
        if "problem" in said or those.wanted.takes(said, called)
    ]
    if as_json:
        say_json({"verified": None, "events": found})
    elif as_lines:
        for said in found:
            say_json(said)
    elif as_csv:
        say_csv(naming.columns(found), found)
    else:
        _say_events(found, None if home is None else those.dates)
        of = "" if len(found) == len(shown) else f" of {len(shown)}"
        say(
            f"{len(found)}{of} events, NOT verified: holdfast events verify --site DIR FILE...",
            "red",
        )
        if home is not None:
            _offer(home, found)


def _offer(home: Site, found: Sequence[dict]) -> None:
    """Say how to enrol the unknown cards that were shown last."""
    cards = [str(one["card"]) for one in found if one.get("short") and not one.get("granted")]
    latest = list(dict.fromkeys(reversed(cards)))
    for card in latest[:_MOST_ENROLLED]:
        say(f"enrol {naming.short(card)}: holdfast people card {home.folder} NAME --key {card}")
    if len(latest) > _MOST_ENROLLED:
        more = len(latest) - _MOST_ENROLLED
        say(f"and {more} more: --reason unknown_card --json has their keys")


def _told(paths: Sequence[Path], duress: set[bytes]) -> list[dict]:
    shown = []
    for batch in event_files.read(paths):
        for raw in batch.records:
            try:
                happened = event_record.decode(event_record.split(raw)[0])
            except InvalidInput as error:
                shown.append({"problem": str(error)})
                continue
            late = event_record.is_late(happened, batch.now)
            said = {**words.told(happened), "late": late}
            shown.append({**said, "duress": True} if raw in duress else said)
    return shown


def _duress(home: Site, paths: Sequence[Path], passphrase_file: Path | None) -> set[bytes]:
    """Raw records of the events that call for help, as far as they are proven."""
    if passphrase.given(passphrase_file) is None and not sys.stdin.isatty():
        return set()
    keys = Auditor(home, passphrase_file)
    found: set[bytes] = set()
    for reader in event_files.by_reader(event_files.read(paths), home):
        known = event_files.known_of(home, reader)
        report = check(keys, reader, dataclasses.replace(known, checked=None))
        found |= {one.raw for one in report.events if one.duress}
    return found


def _say_events(shown: list[dict], dates: Dates | None) -> None:
    rows = []
    for said in shown:
        if "problem" in said:
            rows.append(["?", "?", "no event", said["problem"], "", ""])
            continue
        rows.append(
            [
                str(said["number"]),
                words.when(said, dates),
                str(said.get("door", "")),
                words.what(said),
                words.who(said),
                words.marks(said),
            ]
        )
    say_rows(["event", "time", "door", "what", "who or which", ""], rows)
