"""``holdfast events show``: what happened, who it was, where and when; in words, CSV or JSON."""

import dataclasses
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import reason as reasons
from holdfast.access import tag
from holdfast.access.events import event as event_kinds
from holdfast.access.events import record as event_record
from untrusted import InvalidInput

from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..events import files as event_files
from ..events import home as coming_home
from ..events import naming, words
from ..events.naming import Names, Wanted
from ..register import place
from ..site import names as site_names
from ..site import site as sites
from ..site.site import Site
from . import names, passphrase
from .events import Auditor, check
from .output import AsJson, say, say_csv, say_json, say_rows
from .passphrase import PassphraseFile


def show(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files of events; those at home without one."),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The site: for names and its time zone; with the passphrase also for duress.",
        ),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this person's, holder's or card's."),
    ] = None,
    door: Annotated[
        str | None,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="Only at this door."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE|TIME", help="Only from then on.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="REASON", help="Only with this reason, as unknown_card.")
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Only those that came late in their reader's log.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table, all that each event says.")] = (
        False
    ),
    as_lines: Annotated[bool, typer.Option("--jsonl", help="A line of JSON for each.")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show events, with --site by the names of people. Nothing is verified: see verify.

    Without FILE those that came home to the site. Whether a PIN was a duress PIN is sealed: with
    --site and the passphrase it is told, else by verify alone.

    Example: holdfast events show --site acme --who "Zoe Doe" --since 2027-01-31
    """
    if sum((as_csv, as_lines, as_json)) > 1:
        raise UsageProblem("one output at a time", "give one of --csv, --jsonl, --json")
    home = None if site is None else sites.load(site)
    given = paths or _at_home(home)
    dates = Dates() if home is None else Dates(home.policy().state.time_zone)
    called, known = _names(home)
    wanted = Wanted(
        door=_door(home, door),
        since=None if since is None else dates.begin(since, "--since"),
        reason=_reason(reason),
        late=late,
    )
    if who is not None:
        wanted = dataclasses.replace(wanted, **_who(who, known))
    duress = set() if home is None else _duress(home, given, passphrase_file)
    shown = _told(given, duress)
    chosen = [
        called.named(said) for said in shown if "problem" in said or wanted.takes(said, called)
    ]
    if as_json:
        say_json({"verified": None, "events": chosen})
    elif as_lines:
        for said in chosen:
            say_json(said)
    elif as_csv:
        say_csv(naming.columns(chosen), chosen)
    else:
        _say_events(chosen, None if home is None else dates)
        of = "" if len(chosen) == len(shown) else f" of {len(shown)}"
        say(
            f"{len(chosen)}{of} events, NOT verified: holdfast events verify --site DIR FILE...",
            "red",
        )


def _at_home(home: Site | None) -> list[Path]:
    if home is None:
        raise UsageProblem("no file is given, and no site", "give FILE..., or --site DIR")
    found = sorted((home.folder / coming_home.FOLDER).glob("*.events"))
    if not found:
        raise UsageProblem(
            f"no events have come home to {home.folder}", "bring some: holdfast events pull"
        )
    return found


def _names(home: Site | None) -> tuple[Names, list]:
    """Who has and had what, and everybody; nobody where there is no register."""
    if home is None:
        return Names(), []
    known = home.policy().state.doors.values()
    doors = {tag.name_tag(name).hex(): name for name in known}
    if not place.exists(home.folder):
        return Names(doors=doors), []
    from ..register import opening, owners, records

    with opening.reading(home) as register:
        everybody = records.load(register.connection)
        holders = {one.holder: (one.id, one.name) for one in everybody}
        return Names(owners.of_cards(register.connection), holders, doors), everybody


def _who(text: str, everybody: Sequence) -> dict[str, object]:
    """Whom ``text`` names: people of the register, or a holder or card as the events say it."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    found = [one.id for one in everybody if name in (one.name, one.ref, one.holder)]
    if found:
        return {"people": found}
    if everybody and len(name) != 16:
        meant = site_names.nearest(name, [one.name for one in everybody])
        if meant is not None:
            raise UsageProblem(
                f"nobody in the register is called {name!r}; the nearest is {meant!r}",
                "check the name: holdfast people list",
            )
    return {"word": name}


def _door(home: Site | None, door: str | None) -> str | None:
    if home is not None and door is not None:
        known = home.policy().state.doors.values()
        if known:
            site_names.require_known(
                door, known, "door", "the policy", "add it: holdfast policy door"
            )
    return door


def _reason(text: str | None) -> str | None:
    if text is None:
        return None
    wanted = text.strip().lower().replace(" ", "_")
    known = [reasons.name(code) for code in reasons.codes()] + ["granted"]
    known += [event_kinds.kind_name(kind) for kind in range(64)]
    if wanted not in known:
        meant = site_names.nearest(wanted, known)
        near = f"; the nearest is {meant!r}" if meant else ""
        raise UsageProblem(f"there is no reason {wanted!r}{near}", "see docs/reasons.md")
    return wanted


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
