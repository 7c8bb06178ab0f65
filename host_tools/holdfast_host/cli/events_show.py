"""``holdfast events show``: what happened, who it was, where and when; in words, CSV or JSON."""

import dataclasses
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from untrusted import InvalidInput

from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..events import logs, naming, words
from ..events.stream import Walk
from ..site.site import Site
from . import passphrase
from .events_chosen import Chosen, Door, Late, Paths, Reason, Since, Until, Who, chosen
from .events_walk import said as told_of
from .events_walk import walks
from .output import AsJson, say, say_csv, say_json, say_rows
from .passphrase import PassphraseFile

_COLUMNS = ("event", "time", "door", "what", "who or which", "")
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
    seen = _Seen(those, passphrase_file)
    if as_json:
        say_json({"verified": None, "events": list(seen.events())})
    elif as_lines:
        for said in seen.events():
            say_json(said)
    elif as_csv:
        heads = naming.columns(seen.events())
        say_csv(heads, seen.events())
    else:
        rows = (_row(said, None if those.home is None else those.dates) for said in seen.events())
        say_rows(_COLUMNS, rows, whole=("event", "time"))
        of = "" if seen.shown == seen.count else f" of {seen.count}"
        say(
            f"{seen.shown}{of} events, NOT verified: holdfast events verify --site DIR FILE...",
            "red",
        )
        if those.home is not None:
            _offer(those.home, seen.unknown)


class _Seen:
    """The events that are asked for, one after the other, and what is counted on the way."""

    def __init__(self, those: Chosen, passphrase_file: Path | None):
        self._those = those
        self._knows_duress = those.home is not None and (
            passphrase.given(passphrase_file) is not None or sys.stdin.isatty()
        )
        self._walks: list[Walk] | None = None
        if self._knows_duress:
            self._walks = walks(those.home, those.paths, passphrase_file)
        self.count = self.shown = 0
        self.unknown: dict[str, None] = {}  # cards that nobody has, the latest last

    def events(self) -> Iterator[dict]:
        """Each event as it is told, in order, and read anew each time this is called."""
        self.count = self.shown = 0
        for said in self._all():
            self.count += 1
            if "problem" not in said and not self._those.wanted.takes(said, self._those.names):
                continue
            self.shown += 1
            named = said if "problem" in said else self._those.names.named(said)
            if named.get("short") and not named.get("granted"):
                card = str(named["card"])
                self.unknown.pop(card, None)
                self.unknown[card] = None
            yield named

    def _all(self) -> Iterator[dict]:
        if self._walks is not None:
            # Once each: a walk counts what it has found.
            for walk in [dataclasses.replace(one, findings=[]) for one in self._walks]:
                for shown in walk.events():
                    yield told_of(shown)
            return
        for log in logs.find(self._those.paths, None):
            for source in log.sources:
                for raw in source.records():
                    yield _told(raw, source.head)


def _offer(home: Site, unknown: Iterable[str]) -> None:
    """Say how to enrol the unknown cards that were shown last."""
    latest = list(unknown)[::-1]
    for card in latest[:_MOST_ENROLLED]:
        say(f"enrol {naming.short(card)}: holdfast people card {home.folder} NAME --key {card}")
    if len(latest) > _MOST_ENROLLED:
        more = len(latest) - _MOST_ENROLLED
        say(f"and {more} more: --reason unknown_card --json has their keys")


def _told(raw: bytes, head: Batch) -> dict:
    try:
        happened = event_record.decode(event_record.split(raw)[0])
    except InvalidInput as error:
        return {"problem": str(error)}
    return {**words.told(happened), "late": event_record.is_late(happened, head.now)}


def _row(said: dict, dates: Dates | None) -> Sequence[str]:
    if "problem" in said:
        return ["?", "?", "no event", said["problem"], "", ""]
    return [
        str(said["number"]),
        words.when(said, dates),
        str(said.get("door", "")),
        words.what(said),
        words.who(said),
        words.marks(said),
    ]
