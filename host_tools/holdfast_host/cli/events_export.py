"""``holdfast events export``: events to a file for another program: a table, or lines of JSON."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Annotated

import typer

from .. import files
from ..errors import UsageProblem
from ..events import words
from . import writing
from .events import broken_events
from .events_chosen import Chosen, Door, Late, Paths, Reason, Since, Until, Who, chosen
from .events_walk import Pace, each, said, say_checked, walks
from .output import AsJson, in_a_cell, progress, say, say_json
from .passphrase import PassphraseFile

_COLUMNS = (
    *("node", "event", "time", "clock", "door", "way", "kind", "decision", "reason", "who"),
    *("shown", "person", "holder", "card", "marks", "changeset", "proven"),
)


def export(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="A new file: out.csv or out.jsonl."),
    ],
    paths: Paths = None,
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The site: for names and its time zone.")
    ] = None,
    who: Who = None,
    door: Door = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    late: Late = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write events to a file, by name: a table (.csv) or a line of JSON for each (.jsonl).

    Times are by the clocks of the site, in the table as its people write them, in JSON also in
    seconds since 1970. No cell of the table is a formula. With the passphrase of the site each
    event says whether it is proven.

    Example: holdfast events export --site acme --door lobby -o lobby.csv
    """
    kinds = {".csv": _table, ".jsonl": _lines}
    if out.suffix.lower() not in kinds:
        raise UsageProblem(f"{out} says no kind of file", "end its name with .csv or .jsonl")
    writing.require(out, _is_ours)
    asked = {"who": who, "door": door, "since": since, "until": until, "reason": reason}
    those = chosen(site, paths, **asked, late=late)
    found = walks(those.home, those.paths, passphrase_file)
    counts = {"written": 0}

    def rows() -> Iterator[dict]:
        for walk, shown in each(found, pace):
            one = said(shown)
            if those.wanted.takes(one, those.names):
                counts["written"] += 1
                proven = None if walk.intact is None else shown.proven
                yield {"node": walk.log.node, "proven": proven, **those.names.named(one)}

    with progress(f"Writing {out}") as show:
        pace = Pace(show, f"Writing {out}")
        _write(out, lambda file: kinds[out.suffix.lower()](file, rows(), those))
    broken = [walk.log.node for walk in found if walk.intact is False]
    if as_json:
        verified = None if any(walk.intact is None for walk in found) else not broken
        say_json({"file": str(out), "events": counts["written"], "verified": verified})
    else:
        say(f"wrote {out}: {counts['written']:,} of {pace.text}")
        say_checked(found)
    if broken:
        raise broken_events(broken)


def _is_ours(data: bytes) -> bool:
    table = ("\ufeff" + ",".join(_COLUMNS)).encode()
    return data.startswith((table, b'{"node": '))


def _write(out: Path, fill: Callable[[IO[str]], None]) -> None:
    """The file is there whole, or not at all."""
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, out)
        finally:
            temporary.unlink(missing_ok=True)
        files.sync_folder(out.parent)
    except OSError as error:
        raise UsageProblem(
            f"cannot write {out}: {error.strerror or error}",
            "check that the folder exists, is yours to write, and that the disk is not full",
        ) from error


def _table(file: IO[str], rows: Iterator[dict], those: Chosen) -> None:
    file.write("\ufeff")  # or a spreadsheet takes it for an older encoding
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for one in rows:
        cells = _cells(one, those)
        writer.writerow(["" if cell is None else in_a_cell(cell) for cell in cells])


def _cells(one: Mapping, those: Chosen) -> list:
    said = dict(one)
    made = {
        "event": said["number"],
        "time": words.when(said, those.dates),
        "way": words.way(said),
        "decision": words.decision(said),
        "who": words.who(said),
        "shown": words.shown(said),
        "marks": words.marks(said),
    }
    return [made[name] if name in made else said.get(name) for name in _COLUMNS]


def _lines(file: IO[str], rows: Iterator[dict], those: Chosen) -> None:
    for one in rows:
        at = {"local_time": words.when(one, those.dates)} if one["time"] is not None else {}
        file.write(json.dumps({**one, **at}, ensure_ascii=True, allow_nan=False) + "\n")
