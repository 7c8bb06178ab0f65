"""``holdfast people list``, ``show`` and ``groups``: who has access, and to what."""

import collections
import dataclasses
import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag

from ...credentials.dates import Dates
from ...people import rights
from ...people.table import until
from ...policy.schedules import format_day
from ...policy.state import State
from ...register import groups, issued, opening, records
from ...register.records import Person
from ...register.sealing import Seals
from ...site import site as sites
from ...site.site import Site
from .. import passphrase
from ..output import AsJson, progress, say, say_json, say_rows, say_table
from ..passphrase import PassphraseFile
from ..policy.access import rights_text
from . import desks
from .desks import Database, Folder, Name

_NOT_SIGNED = "not signed"


@dataclasses.dataclass
class _Seen:
    """What is to be seen without a passphrase: nothing of it is checked but what is signed."""

    site: Site
    state: State
    number: int
    dates: Dates
    everybody: list[Person]
    called: dict[int, str]
    now: int

    @functools.cached_property
    def held(self) -> set[bytes]:
        """The idents of the cards and PINs that are in somebody's hand."""
        return rights.held(self.everybody)

    def standing(self, person: Person) -> str:
        """How it is with somebody now."""
        if rights.differences([person], self.state, self.now, self.held):
            return _NOT_SIGNED
        if person.removed is not None:
            return "removed"
        if person.suspended:
            return "suspended"
        if person.ends is not None and person.ends <= self.now:
            return "over"
        if person.first_day is not None and format_day(person.first_day) > self.dates.text(
            self.now
        ):
            return "not yet"
        return ""


def everyone(
    folder: Folder,
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Only who is in this group.")
    ] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Also who was removed.")] = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Who has access: everybody in the register, and what is signed for cards without a name.

    Needs no passphrase, so no number of a card is shown.

    Example: holdfast people list acme --group staff
    """
    seen, _ = _look(folder, db)
    people = [one for one in seen.everybody if removed or one.removed is None]
    if group is not None:
        number = groups.resolve(
            group, {name: one for one, name in seen.called.items()}, set(seen.state.groups)
        )
        people = [one for one in people if number in one.groups]
    keys = {card.key for one in seen.everybody for card in one.in_hand}
    nameless = [key for key in seen.state.grants if key not in keys]
    standing = _standings(seen, people)
    if as_json:
        listed = [_facts(seen, one, standing[one.id]) for one in people]
        say_json({"site": seen.site.id, "people": listed, "without_a_name": len(nameless)})
        return
    columns = ["name", "id", "cards", "PIN", "phones", "groups", "from", "until", ""]
    rows = [_row(seen, one, standing[one.id]) for one in people]
    say_rows(columns, rows, whole=("from", "until"))
    say(f"{len(people)} people")
    if nameless:
        say(f"{len(nameless)} cards or PINs open doors and have no name", "yellow")


def show(
    folder: Folder,
    name: Name,
    in_full: Annotated[
        bool, typer.Option("--numbers", help="Show the numbers of cards (passphrase).")
    ] = False,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """What one person has, and what that opens.

    Example: holdfast people show acme "Zoe Doe"
    """
    seen, credentials = _look(folder, db, name)
    person = desks.find(seen.everybody, name, gone=True)
    standing = seen.standing(person)
    full: list[str] = []
    if in_full:
        with progress("Opening the site's keys"):
            secret = seen.site.unlock(passphrase.existing(passphrase_file)).secret
        seals = Seals(secret)
        full = [
            seals.open(card.ident, card.sealed).hex()
            for card in person.of_kind(tag.CARD)
            if card.sealed is not None
        ]
    if as_json:
        more = {"numbers": full} if in_full else {}
        said = [{"id": one.cti.hex(), "expires": one.expires} for one in credentials]
        say_json({**_facts(seen, person, standing), **more, "credentials": said})
        return
    opens = [
        rights_text(seen.state.groups[number])
        for number in sorted(person.groups)
        if number in seen.state.groups
    ]
    rows = {
        "name": person.name,
        "id": person.ref or "none",
        "in credentials": person.holder,
        "groups": _groups(seen, person) or "none",
        "opens": ", ".join(opens) or "nothing",
        "from": "" if person.first_day is None else format_day(person.first_day),
        "until": "without end" if person.ends is None else until(person.ends, seen.dates),
        "is": standing or "as it is signed",
    }
    for at, card in enumerate(person.of_kind(tag.CARD)):
        number = f" {full[at]}" if in_full else ""
        rows[f"card {rights.short(card)}"] = f"since {seen.dates.text(card.given)}{number}"
    for card in person.cards:
        if card.returned is not None:
            rows[f"had {rights.short(card)}"] = f"until {seen.dates.text(card.returned)}"
    for card in person.of_kind(tag.PIN):
        rows["PIN"] = f"since {seen.dates.text(card.given)}"
    for phone in person.phones:
        lost = "" if phone.lost is None else f", lost or given up {seen.dates.text(phone.lost)}"
        rows[f"phone {phone.key[:16]}"] = f"since {seen.dates.text(phone.added)}{lost}"
    for one in credentials:
        rows[f"credential {one.cti.hex()}"] = seen.dates.end_text(one.expires)
    say_table(rows)


def groups_of(folder: Folder, db: Database = None, as_json: AsJson = False) -> None:
    """The groups: number, name, how many people, and what they open.

    Example: holdfast people groups acme
    """
    seen, _ = _look(folder, db)
    counts = collections.Counter(
        number for one in seen.everybody if one.removed is None for number in one.groups
    )
    if as_json:
        listed = [
            {"group": number, "name": seen.called.get(number), "people": counts[number]}
            for number in sorted(seen.state.groups)
        ]
        say_json({"site": seen.site.id, "groups": listed})
        return
    rows = [
        [number, seen.called.get(number, ""), counts[number], rights_text(said)]
        for number, said in sorted(seen.state.groups.items())
    ]
    say_rows(["group", "name", "people", "opens"], rows)


def _look(
    folder: Path, db: str | None, name: str | None = None
) -> tuple[_Seen, list[issued.Issued]]:
    site = sites.load(folder)
    now = int(time.time())
    with opening.reading(site, db) as register:
        everybody = records.load(register.connection)
        called = {number: one for one, number in groups.load(register.connection).items()}
        credentials = []
        if name is not None:
            person = desks.find(everybody, name, gone=True)
            credentials = issued.living(register.connection, person, now)
    history = site.policy()
    state = history.state
    living = [one for one in credentials if one.cti not in state.revoked.entries]
    dates = Dates(state.time_zone)
    seen = _Seen(site, state, history.number, dates, everybody, called, now)
    return seen, living


def _standings(seen: _Seen, people: Sequence[Person]) -> dict[int, str]:
    return {one.id: seen.standing(one) for one in people}


def _groups(seen: _Seen, person: Person) -> str:
    return ", ".join(seen.called.get(one, str(one)) for one in sorted(person.groups))


def _row(seen: _Seen, person: Person, standing: str) -> list[object]:
    return [
        person.name,
        person.ref or "",
        len(person.of_kind(tag.CARD)) or "",
        "yes" if person.of_kind(tag.PIN) else "",
        len([one for one in person.phones if one.lost is None]) or "",
        _groups(seen, person),
        "" if person.first_day is None else format_day(person.first_day),
        "" if person.ends is None else until(person.ends, seen.dates),
        standing,
    ]


def _facts(seen: _Seen, person: Person, standing: str) -> dict[str, object]:
    return {
        "name": person.name,
        "id": person.ref,
        "holder": person.holder,
        "groups": sorted(person.groups),
        "group_names": [seen.called.get(one) for one in sorted(person.groups)],
        "from": None if person.first_day is None else format_day(person.first_day),
        "until": person.ends,
        "cards": [rights.short(card) for card in person.of_kind(tag.CARD)],
        "pin": bool(person.of_kind(tag.PIN)),
        "phones": [one.key for one in person.phones if one.lost is None],
        "suspended": person.suspended,
        "removed": person.removed,
        "signed": standing != _NOT_SIGNED,
    }
