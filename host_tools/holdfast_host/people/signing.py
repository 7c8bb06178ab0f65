"""From the register to the policy: what is wanted of some people is kept, signed, then settled.

Three steps, each of which can be repeated: the register says what shall be (committed), the
policy is signed, and what was returned is noted as signed away. Cut between the first two, people
are in the register whose rights are not signed: every command says so, and `people sign` goes on.
A command signs what differs of the people that it is about, and of nobody else.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence

from holdfast.access import tag

from ..policy import changes as policy_changes
from ..policy import wanted as policy_wanted
from ..policy.chain import History
from ..policy.state import State
from ..register import groups, issued, mirror, opening, records, versions
from ..register.issued import Issued
from ..register.opening import Register
from ..register.records import Card, Person
from ..register.sealing import Seals
from ..site import register as sealed_cards
from ..site.keys import Keys
from . import rights
from .rights import Difference


@dataclasses.dataclass(frozen=True)
class Desk:
    """What a command that changes people works with: the open ``register``, the site's ``keys``,
    its ``history``, everybody in the register, what groups are ``called``, by number, and ``now``,
    in seconds since 1970.

    ``owed`` are the credentials that still open something, of people who were removed and phones
    that are lost: a command was cut before it revoked them.
    """

    register: Register
    keys: Keys
    seals: Seals
    history: History
    everybody: list[Person]
    called: dict[int, str]
    owed: list[Issued]
    now: int

    @property
    def state(self) -> State:
        """What is signed."""
        return self.history.state

    def card_key(self, kind: int, value: bytes) -> bytes:
        """What readers know a card or PIN by, under the present lookup key."""
        return tag.card_key(self.register.site.lookup_key(self.keys.secret), kind, value)


def desk(register: Register, keys: Keys, now: int) -> Desk:
    """The desk of a ``register`` that is open for a change, everything in it authentic."""
    history = versions.agree(register)
    seals = Seals(keys.secret)
    everybody = records.load(register.connection)
    records.require(register.connection, seals, everybody)
    owed = _owed(register, history, everybody, now)
    made = Desk(register, keys, seals, history, everybody, _called(register, seals), owed, now)
    return dataclasses.replace(made, everybody=_rekeyed(made))


def look(register: Register, keys: Keys, now: int) -> Desk:
    """The same, for who changes nothing: of a register that is open for reading."""
    everybody = records.load(register.connection)
    seals = Seals(keys.secret)
    records.require(register.connection, seals, everybody)
    history, called = register.site.policy(), _called(register, seals)
    owed = _owed(register, history, everybody, now)
    return Desk(register, keys, seals, history, everybody, called, owed, now)


def unsigned(desk: Desk, but: Iterable[Person] = ()) -> list[Difference]:
    """What the register says of people, ``but`` for some, and is not signed."""
    known = {person.id for person in but}
    others = [person for person in desk.everybody if person.id not in known]
    return rights.differences(others, desk.state, desk.now, rights.held(desk.everybody))


def sign(
    desk: Desk,
    people: Sequence[Person],
    *,
    new_entries: Iterable[sealed_cards.Entry] = (),
    revoked: Sequence[Issued] = (),
    said: Callable[[str], None] = lambda text: None,
) -> tuple[History, int]:
    """Keep ``people`` as they are now, and sign what they shall have; as Site.change_policy.

    ``new_entries`` are the numbers and digits of cards and PINs that are new, ``revoked``
    the credentials that go with it.
    """
    site, connection = desk.register.site, desk.register.connection
    in_hand = rights.held(after(desk, people))

    def changes(state: State) -> list[list]:
        shall: dict = {}
        for person in people:
            shall.update(rights.wanted(person, state, desk.now, in_hand))
        made = policy_wanted.operations(state, shall, desk.now)
        for one in revoked:
            made += policy_changes.revoke(state, one.cti, one.expires, desk.now, one.issued)
        return made

    changes(desk.state)  # what cannot be must not be in the register
    said("Writing the register")
    entries = set(new_entries)
    if entries:
        sealed_cards.add(site.folder, desk.keys.secret, entries)
    records.save(
        connection, desk.seals, people, lambda done: said(f"Writing the register: {done} people")
    )
    opening.keep(desk.register)
    said("Signing")
    history, added = desk.history, 0
    if changes(desk.state):
        history, added = site.change_policy(desk.keys.authority, changes, desk.now)
    settled = [one for one in map(_settled, people) if one is not None]
    records.save(connection, desk.seals, settled)
    _forget(desk, settled, in_hand)
    settle(desk, history)
    return history, added


def settle(desk: Desk, history: History) -> None:
    """Keep what was signed in the register, too."""
    versions.note(desk.register, history)
    mirror.renew(desk.register, history)


def living(desk: Desk, person: Person) -> list[Issued]:
    """The credentials of the ``person``'s phones that open something, as far as the register
    knows.
    """
    found = issued.living(desk.register.connection, person, desk.now)
    revoked = desk.state.revoked.entries
    return [one for one in found if one.cti not in revoked]


def unfinished(desk: Desk, but: Iterable[Person] = ()) -> list[Person]:
    """People, ``but`` for some, of whom the register says more than was signed, or revoked, or
    noted as signed: a command about them was cut short.
    """
    known = {person.id for person in but}
    found = {one.person.id for one in unsigned(desk, but)}
    owing = {one.holder for one in desk.owed}
    return [
        one
        for one in desk.everybody
        if one.id not in known and (one.id in found or waits(one) or one.holder in owing)
    ]


def waits(person: Person) -> bool:
    """Whether a card was returned, and nobody noted that this is signed."""
    return any(card.returned is not None and not card.settled for card in person.cards)


def after(desk: Desk, people: Sequence[Person]) -> list[Person]:
    """Everybody, once ``people`` are as given."""
    changed = {person.id: person for person in people}
    kept = [person for person in desk.everybody if person.id not in changed]
    return [*kept, *people]


def _owed(
    register: Register, history: History, everybody: Sequence[Person], now: int
) -> list[Issued]:
    gone = {one.holder for one in everybody if one.removed is not None}
    lost = {phone.key for one in everybody for phone in one.phones if phone.lost is not None}
    revoked = history.state.revoked.entries
    return [
        one
        for one in issued.every(register.connection)
        if one.expires > now
        and one.cti not in revoked
        and (one.holder in gone or one.phone in lost)
    ]


def _forget(desk: Desk, settled: Sequence[Person], in_hand: Collection[bytes]) -> None:
    """Take what nobody has any more out of the sealed file: the policy has no key of it now."""
    gone = {card.ident for one in settled for card in one.cards if card.settled} - set(in_hand)
    if gone:
        folder, secret = desk.register.site.folder, desk.keys.secret
        entries = sealed_cards.load(folder, secret)
        sealed_cards.remove(
            folder, secret, {one for one in entries if desk.seals.ident(*one) in gone}
        )


def _called(register: Register, seals: Seals) -> dict[int, str]:
    return {number: name for name, number in groups.load(register.connection, seals).items()}


def _settled(person: Person) -> Person | None:
    cards = tuple(
        dataclasses.replace(card, settled=card.returned is not None) for card in person.cards
    )
    return dataclasses.replace(person, cards=cards) if cards != person.cards else None


def _rekeyed(desk: Desk) -> list[Person]:
    """Everybody, with what readers know their cards by under the present lookup key."""
    number = desk.register.site.lookup_number
    if all(card.lookup == number for one in desk.everybody for card in one.in_hand):
        return desk.everybody
    values = {
        desk.seals.ident(kind, value): value
        for kind, value in sealed_cards.load(desk.register.site.folder, desk.keys.secret)
    }

    def renewed(card: Card) -> Card:
        if card.lookup == number or card.returned is not None and card.settled:
            return card
        value = values.get(card.ident)
        if value is None and card.sealed is not None:
            value = desk.seals.open(card.ident, card.sealed)
        if value is None:
            return card  # a PIN whose digits are in no file of this folder: nobody can tell
        return dataclasses.replace(card, key=desk.card_key(card.kind, value), lookup=number)

    changed = [
        dataclasses.replace(one, cards=tuple(map(renewed, one.cards))) for one in desk.everybody
    ]
    records.save(
        desk.register.connection,
        desk.seals,
        [after for before, after in zip(desk.everybody, changed, strict=True) if before != after],
    )
    return changed
