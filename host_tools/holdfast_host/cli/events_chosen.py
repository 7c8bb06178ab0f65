"""Which events a command is about, and by which names: what `holdfast events` has in common."""

import dataclasses
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import reason as reasons
from holdfast.access import tag
from holdfast.access.events import event as event_kinds

from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..events import home as coming_home
from ..events.naming import Names, Wanted
from ..register import place
from ..site import names as site_names
from ..site import site as sites
from ..site.site import Site
from . import names

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Files of events; those at home without one."),
]
Who = Annotated[
    str | None,
    typer.Option("--who", metavar="NAME", help="Only this person's, holder's or card's."),
]
Door = Annotated[
    str | None,
    typer.Option("--door", metavar="DOOR", parser=names.DOOR, help="Only at this door."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE|TIME", help="Only from then on.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE|TIME", help="Only until then.")
]
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="REASON", help="Only with this reason, as unknown_card."),
]
Late = Annotated[
    bool, typer.Option("--late", help="Only those that came late in their reader's log.")
]


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The events of ``paths`` that are ``wanted``; ``names`` are of the ``home`` site, if there is
    one, and so are ``dates``.
    """

    home: Site | None
    paths: Sequence[Path]
    dates: Dates
    names: Names
    wanted: Wanted


def chosen(
    site: Path | None,
    paths: Sequence[Path] | None,
    *,
    who: str | None = None,
    door: str | None = None,
    since: str | None = None,
    until: str | None = None,
    reason: str | None = None,
    late: bool = False,
) -> Chosen:
    """What the options say. Refuses names that nobody has, with the nearest that somebody has."""
    home = None if site is None else sites.load(site)
    given = paths or at_home(home)
    dates = Dates() if home is None else Dates(home.policy().state.time_zone)
    called, known = names_of(home)
    wanted = Wanted(
        door=_door(home, door),
        since=None if since is None else dates.begin(since, "--since"),
        until=None if until is None else dates.end(until, "--until"),
        reason=_reason(reason),
        late=late,
    )
    if who is not None:
        wanted = dataclasses.replace(wanted, **_who(who, known))
    return Chosen(home, given, dates, called, wanted)


def at_home(home: Site | None) -> list[Path]:
    if home is None:
        raise UsageProblem("no file is given, and no site", "give FILE..., or --site DIR")
    found = sorted((home.folder / coming_home.FOLDER).glob("*.events"))
    if not found:
        raise UsageProblem(
            f"no events have come home to {home.folder}", "bring some: holdfast events pull"
        )
    return found


def names_of(home: Site | None) -> tuple[Names, list]:
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
        return Names(owners.of_cards(register.connection), holders, doors, True), everybody


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


