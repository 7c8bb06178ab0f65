"""What every command of ``holdfast people`` needs: the register open, the keys, and whom it is
about; and how it tells what was signed.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ... import locks
from ...credentials.dates import Dates
from ...errors import UsageProblem
from ...people import rights, signing
from ...people.rights import Difference
from ...people.signing import Desk
from ...policy.chain import History
from ...register import opening
from ...register.records import Person
from ...site import site as sites
from ...site.names import composed, nearest
from ..output import say, say_json
from ..signing import opened_by, unlocked

Folder = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name, or id.")]
Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="Keep the register in postgresql+psycopg://USER@HOST/NAME, not in the folder.",
    ),
]


@contextlib.contextmanager
def changing(folder: Path, db: str | None, passphrase_file: Path | None) -> Iterator[Desk]:
    """The desk of the site in ``folder``, which nobody else changes meanwhile."""
    keys = unlocked(sites.load(folder), passphrase_file, catches_up=True)
    with locks.changing(folder):
        with opening.changing(sites.load(folder), db) as register:
            made = signing.desk(register, keys, int(time.time()))
            yield made


@contextlib.contextmanager
def looking(
    folder: Path, db: str | None, passphrase_file: Path | None, *, new: bool = False
) -> Iterator[Desk]:
    """The same to look only; of a site without a register if it may be ``new``."""
    site = sites.load(folder)
    keys = opened_by(site, passphrase_file)
    if new and not opening.is_there(site, db):
        with opening.pretending(site) as register:
            yield signing.look(register, keys, int(time.time()))
        return
    with opening.reading(site, db) as register:
        yield signing.look(register, keys, int(time.time()))


def find(everybody: Sequence[Person], name: str, *, gone: bool = False) -> Person:
    """Who is called ``name``, by name, id or holder; with ``gone`` also who was removed."""
    wanted = " ".join(composed(name).split())
    there = [one for one in everybody if one.removed is None]
    for some in (there, list(everybody) if gone else []):
        found = [one for one in some if one.ref == wanted or one.holder == wanted]
        found = found or [one for one in some if one.name == wanted]
        if len(found) > 1:
            listed = ", ".join(one.ref or one.holder for one in found)
            raise UsageProblem(f"{len(found)} people are called {wanted!r}", f"say who: {listed}")
        if found:
            return found[0]
    meant = nearest(wanted, [one.name for one in there])
    near = f"; the nearest is {meant!r}" if meant else ""
    raise UsageProblem(
        f"nobody in the register is called {wanted!r}{near}",
        "check the name: holdfast people list",
    )


def dates_of(desk: Desk) -> Dates:
    """The site's calendar."""
    return Dates(desk.state.time_zone)


def say_differences(
    desk: Desk, differences: Sequence[Difference], show: Callable[[str], None] = say
) -> None:
    """How what shall be differs from what is signed, a line each, as a diff."""
    called, dates = desk.called, dates_of(desk)
    for one in differences:
        show(one.text(called, dates))


def say_others(desk: Desk, but: Sequence[Person] = ()) -> None:
    """Say that the register differs from what is signed, where this command is not about it."""
    rest = {one.holder for one in but}
    others = len(signing.unsigned(desk, but))
    others += len([one for one in desk.owed if one.holder not in rest])
    if others:
        say(
            f"NOT signed: {others} rights that the register says otherwise; look at them:"
            f" holdfast people sign {desk.register.site.folder} --dry-run",
            "yellow",
        )


def facts(differences: Sequence[Difference]) -> list[dict[str, object]]:
    """The differences for a machine. No card's number is among them."""
    return [
        {
            "person": one.person.name,
            "id": one.person.ref,
            "what": "pin" if one.card.sealed is None else "card",
            "card": rights.short(one.card),
            "group": one.group,
            "before": one.before is not None,
            "after": one.after is not None,
        }
        for one in differences
    ]


def report(
    desk: Desk, signed: tuple[History, int], done: str, as_json: bool, more: dict[str, object]
) -> None:
    """Say what was ``done`` and signed."""
    history, added = signed
    if as_json:
        said = {"site": history.site, "changed": added > 0, "number": history.number}
        say_json({**said, **more})
    elif not added:
        say(f"{done}; there was nothing to sign")
    else:
        first = history.number - added + 1
        which = f"changeset {first}" if added == 1 else f"changesets {first} to {history.number}"
        say(f"{done}; signed as {which}", "green")
