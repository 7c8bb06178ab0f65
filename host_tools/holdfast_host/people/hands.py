"""Cards and PINs go from hand to hand: by their number, or by the key that an event names."""

import dataclasses
from collections.abc import Collection, Iterable

from holdfast.access import tag

from ..errors import UsageProblem
from ..register import records
from ..register.records import Card, Person
from ..site import register as sealed_cards
from .signing import Desk

_BY_KEY = 0  # in the place of a kind, for the ident of a card whose number nobody knows


class Hands:
    """Gives and takes on one ``desk``; ``entries`` are the numbers and digits that are new."""

    def __init__(self, desk: Desk):
        self.entries: set[sealed_cards.Entry] = set()
        self._desk = desk
        self._owners: dict[bytes, Person] = {}
        for person in desk.everybody:
            for card in person.in_hand:
                # The same card may be known by its key here, and come by its number there.
                self._owners[card.ident] = self._owners[self.by_key(card.key)] = person
        _, self._next = records.next_ids(desk.register.connection)

    def owner(self, ident: bytes) -> Person | None:
        """In whose hand the card of this ``ident`` is."""
        return self._owners.get(ident)

    def by_key(self, key: bytes) -> bytes:
        """The ident of a card that is known by its ``key`` alone."""
        return self._desk.seals.ident(_BY_KEY, key)

    def given(self, person: Person, kind: int, values: Iterable[bytes]) -> Person:
        """The ``person`` with these cards (numbers) or PINs (digits) in hand as well."""
        desk, cards = self._desk, list(person.cards)
        for value in values:
            ident = desk.seals.ident(kind, value)
            sealed = desk.seals.seal(ident, value) if kind == tag.CARD else None
            cards.append(self._card(kind, ident, sealed, desk.card_key(kind, value)))
            self.entries.add((kind, value))
        return dataclasses.replace(person, cards=tuple(cards))

    def given_by_key(self, person: Person, key: bytes) -> Person:
        """The ``person`` with a card in hand of which only the ``key`` is known, from an event."""
        if any(card.key == key for card in person.in_hand):
            return person
        card = self._card(tag.CARD, self.by_key(key), None, key)
        return dataclasses.replace(person, cards=(*person.cards, card))

    def taken(self, person: Person, ident: bytes) -> Person:
        """The ``person`` without the card of this ``ident``, by number or by key."""
        gone = {
            card.ident for card in person.in_hand if ident in (card.ident, self.by_key(card.key))
        }
        return returned(person, gone, self._desk.now)

    def require_free(self, person: Person, idents: Iterable[bytes]) -> None:
        """Refuse a card that is in somebody else's hand."""
        for ident in idents:
            owner = self.owner(ident)
            if owner is not None and owner.id != person.id:
                raise UsageProblem(
                    f"this card is {owner.called}'s",
                    "take it back from there first: holdfast people card --take-back",
                )

    def _card(self, kind: int, ident: bytes, sealed: bytes | None, key: bytes) -> Card:
        number, self._next = self._next, self._next + 1
        lookup = self._desk.register.site.lookup_number
        return Card(number, kind, ident, sealed, key, lookup, self._desk.now)


def returned(person: Person, idents: Collection[bytes], now: int) -> Person:
    """The ``person`` without the cards and PINs of these ``idents``, which were in hand."""
    if not idents:
        return person
    cards = tuple(
        dataclasses.replace(card, returned=now)
        if card.returned is None and card.ident in idents
        else card
        for card in person.cards
    )
    return dataclasses.replace(person, cards=cards)
