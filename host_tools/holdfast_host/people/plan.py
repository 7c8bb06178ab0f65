"""From what a table says to what shall be: who is new, who changes, who goes, and which cards.

Nothing is written here. A row that cannot be is refused with its line; whether the others count
then is for the command to say.
"""

import dataclasses
import os
from collections.abc import Iterable, Sequence

from holdfast.access import tag

from ..credentials.dates import Dates
from ..policy.schedules import format_day
from ..register import records
from ..register.records import Person, Phone
from ..site import pins
from ..site import register as sealed_cards
from ..site.names import LONGEST
from . import columns
from .hands import Hands, returned
from .rows import Said
from .signing import Desk
from .tables.cells import BadCell


@dataclasses.dataclass(frozen=True)
class Plan:
    """``changed`` are the people as they shall be, whom ``before`` has as they are, by number.

    ``entries`` are numbers and digits that are new; ``pins`` those that were drawn, with whose
    they are; ``bad`` the rows that cannot be. ``named`` are the numbers of the people that the
    rows are about, whether anything changes or not.
    """

    changed: list[Person]
    before: dict[int, Person]
    entries: set[sealed_cards.Entry]
    pins: list[tuple[Person, str]]
    bad: list[BadCell]
    named: set[int]


class Planner:
    """Makes the Plan of one table on one ``desk``."""

    def __init__(self, desk: Desk, *, hand_over: bool = False, digits: int = pins.DIGITS):
        self._desk = desk
        self._hand_over = hand_over
        self._digits = digits
        self._active = [one for one in desk.everybody if one.removed is None]
        self._by_ref = {one.ref: one for one in self._active if one.ref}
        self._by_name: dict[str, list[Person]] = {}
        for one in self._active:
            self._by_name.setdefault(one.name, []).append(one)
        self._holders = {one.holder for one in desk.everybody}
        self._phones = {
            phone.key: (one, phone.lost) for one in desk.everybody for phone in one.phones
        }
        self._hands = Hands(desk)
        self._dates = Dates(desk.state.time_zone)
        self._person, _ = records.next_ids(desk.register.connection)
        self._taken: set[bytes] | None = None
        self._drawn: list[tuple[int, str]] = []

    def plan(self, said: Sequence[Said], *, remove_missing: bool = False) -> Plan:
        """What the rows come to; with ``remove_missing`` whoever is in none of them goes."""
        matched, bad = self._matched(said)
        idents = {row.line: self._idents(row) for row, _ in matched}
        every = {row.line: self._all_idents(row) for row, _ in matched}
        accepted, conflicts = self._without_conflicts(matched, every)
        changed: dict[int, Person] = {}
        for row, person in accepted:
            self._release(row, person, every[row.line], changed)
        for row, person in accepted:
            after = self._after(row, person, idents[row.line])
            changed[after.id] = after
        if remove_missing and not (bad or conflicts):
            there = {person.id for _, person in matched if person is not None}
            for person in self._active:
                if person.id not in there:
                    changed[person.id] = removed(person, self._desk.now)
        before = {one.id: one for one in self._active}
        made = [one for one in changed.values() if before.get(one.id) != one]
        drawn = [(changed[number], digits) for number, digits in self._drawn]
        wrong = sorted([*bad, *conflicts], key=lambda one: one.line)
        named = {person.id for _, person in matched if person is not None}
        return Plan(made, before, self._hands.entries, drawn, wrong, named)

    def _matched(self, said: Sequence[Said]) -> tuple[list, list[BadCell]]:
        """Each row with the person it is about, None for a new one."""
        found, bad, seen = [], [], {}
        for row in said:
            try:
                person = self._who(row)
                if person is not None and seen.setdefault(person.id, row.line) != row.line:
                    cause = f"the same person as in line {seen[person.id]}"
                    raise _bad(row, columns.NAME, row.name, cause, "give both their id")
                self._require_phones(row, person)
                self._require_order(row, person)
                found.append((row, person))
            except BadCell as error:
                bad.append(error)
        return found, bad

    def _who(self, row: Said) -> Person | None:
        if row.ref and row.ref in self._by_ref:
            return self._by_ref[row.ref]
        same = self._by_name.get(row.name, [])
        if row.ref:
            same = [one for one in same if one.ref is None]
        if len(same) > 1:
            cause = f"{len(same)} people are called so"
            raise _bad(row, columns.NAME, row.name, cause, "say who by a column id")
        return same[0] if same else None

    def _require_phones(self, row: Said, person: Person | None) -> None:
        for key in row.phones:
            owner, lost = self._phones.get(key, (person, None))
            if owner is not None and (person is None or owner.id != person.id):
                cause = f"the key of {owner.called}'s phone"
                raise _bad(row, columns.PHONE, key, cause, "give each phone its own key")
            if lost is not None:
                next_step = "have the phone make a new key: holdfast phone enroll"
                raise _bad(row, columns.PHONE, key, "this phone was lost or given up", next_step)

    def _require_order(self, row: Said, person: Person | None) -> None:
        """Refuse an end before the beginning, of which one may stand in the register alone."""
        if columns.FROM not in row.given and columns.UNTIL not in row.given:
            return
        first = row.first_day if columns.FROM in row.given else person and person.first_day
        ends = row.ends if columns.UNTIL in row.given else person and person.ends
        if first is None or ends is None:
            return
        if ends <= self._dates.begin(format_day(first), columns.FROM):
            column, value = columns.FROM, format_day(first)
            if columns.UNTIL in row.given:
                column, value = columns.UNTIL, self._dates.end_text(ends)
            cause = f"{row.name} would have nothing: it ends before it begins"
            raise _bad(row, column, value, cause, "check both days")

    def _idents(self, row: Said) -> dict[bytes, bytes]:
        return {self._desk.seals.ident(tag.CARD, number): number for number in row.cards}

    def _all_idents(self, row: Said) -> set[bytes]:
        """Each card's, and what it would be by its key alone."""
        keys = [*row.keys, *(self._desk.card_key(tag.CARD, number) for number in row.cards)]
        return {*self._idents(row), *map(self._hands.by_key, keys)}

    def _without_conflicts(self, matched: list, idents: dict) -> tuple[list, list[BadCell]]:
        """The rows whose cards are nobody else's, once all of these rows are true."""
        accepted, bad = list(matched), []
        while True:
            kept_by = {
                person.id: idents[row.line]
                for row, person in accepted
                if person is not None and columns.CARDS in row.given
            }
            wrong = [
                (row, owner)
                for row, person in accepted
                for owner in [self._conflict(person, idents[row.line], kept_by)]
                if owner is not None
            ]
            if not wrong:
                return accepted, bad
            for row, owner in wrong:
                cause = f"a card of it is {owner.called}'s"
                next_step = "take it from there first, in the list or by --hand-over"
                bad.append(_bad(row, columns.CARDS, row.name, cause, next_step))
            lines = {row.line for row, _ in wrong}
            accepted = [pair for pair in accepted if pair[0].line not in lines]

    def _conflict(self, person: Person | None, idents: Iterable[bytes], kept_by: dict):
        for ident in idents:
            owner = self._hands.owner(ident)
            if owner is None or person is not None and owner.id == person.id:
                continue
            is_given_up = owner.id in kept_by and ident not in kept_by[owner.id]
            if not is_given_up and not (self._hand_over and owner.id not in kept_by):
                return owner
        return None

    def _release(
        self, row: Said, person: Person | None, idents: Iterable[bytes], changed: dict
    ) -> None:
        """Cards that are handed over go out of the hands of who is in no row."""
        for ident in idents:
            owner = self._hands.owner(ident)
            if owner is not None and (person is None or owner.id != person.id):
                before = changed.get(owner.id, owner)
                changed[owner.id] = self._hands.taken(before, ident)

    def _after(self, row: Said, person: Person | None, idents: dict[bytes, bytes]) -> Person:
        if person is None:
            person = self._new(row)
        fields: dict = {"name": row.name}
        if row.ref:
            fields["ref"] = row.ref
        for column, name in (
            (columns.GROUPS, "groups"),
            (columns.FROM, "first_day"),
            (columns.UNTIL, "ends"),
        ):
            if column in row.given:
                fields[name] = getattr(row, name)
        after = dataclasses.replace(person, **fields)
        if columns.CARDS in row.given:
            kept = {*idents, *(card.ident for card in after.in_hand if card.key in row.keys)}
            gone = {card.ident for card in after.of_kind(tag.CARD)} - kept
            after = returned(after, gone, self._desk.now)
            there = {card.ident for card in after.in_hand}
            new = [number for ident, number in idents.items() if ident not in there]
            after = self._hands.given(after, tag.CARD, new)
            for key in row.keys:
                after = self._hands.given_by_key(after, key)
        if columns.PIN in row.given:
            after = self._with_pin(after, row.pin)
        if columns.PHONE in row.given:
            after = _with_phones(after, row.phones, self._desk.now)
        return after

    def _new(self, row: Said) -> Person:
        number, self._person = self._person, self._person + 1
        holder = holder_of(row.ref or row.name, self._holders)
        self._holders.add(holder)
        drawn = os.urandom(4)
        return Person(
            number,
            row.name,
            row.ref,
            holder,
            drawn if any(drawn) else b"\0\0\0\1",  # all zeros is nobody's
            frozenset(),
            None,
            None,
            False,
            self._desk.now,
        )

    def _with_pin(self, person: Person, wanted: bool) -> Person:
        there = {card.ident for card in person.of_kind(tag.PIN)}
        if not wanted:
            return returned(person, there, self._desk.now)
        if there:
            return person
        if self._taken is None:
            known = sealed_cards.load(self._desk.register.site.folder, self._desk.keys.secret)
            self._taken = {value for kind, value in known if kind == tag.PIN}
        digits = pins.draw(self._digits, self._taken)
        self._taken.add(digits)
        self._drawn.append((person.id, digits.decode()))
        return self._hands.given(person, tag.PIN, [digits])


def removed(person: Person, now: int) -> Person:
    """The ``person`` who is gone: nothing is in hand, and the name stays for older events."""
    gone = returned(person, {card.ident for card in person.in_hand}, now)
    return dataclasses.replace(_with_phones(gone, (), now), removed=now)


def holder_of(name: str, taken: Iterable[str]) -> str:
    """What credentials call a person: the name without spaces, and unlike all that are taken."""
    parts = "".join(one if one.isprintable() and one != "/" else " " for one in name).split()
    base = ".".join(parts) or "person"
    while len(base.encode()) > LONGEST - 5:
        base = base[:-1]
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}.{number}"
    return found


def _with_phones(person: Person, wanted: Sequence[str], now: int) -> Person:
    phones = [
        dataclasses.replace(one, lost=now) if one.lost is None and one.key not in wanted else one
        for one in person.phones
    ]
    known = {one.key for one in phones if one.lost is None}
    phones += [Phone(key, now) for key in wanted if key not in known]
    return dataclasses.replace(person, phones=tuple(phones))


def _bad(row: Said, column: str, value: str, cause: str, next_step: str) -> BadCell:
    return BadCell(row.line, row.given.get(column, column), value, cause, next_step)
