"""Whose a card, PIN, phone or credential is, or was at a time: for events, and for who is about to
change what a card opens. Nothing here leads to a right, so nothing is checked.
"""

import dataclasses

import sqlalchemy as sa

from . import models


@dataclasses.dataclass(frozen=True)
class Owner:
    """The ``person`` of that number had it from ``given`` until ``returned``, None for still."""

    person: int
    name: str
    given: int
    returned: int | None

    def had_it(self, at: int | None) -> bool:
        """Whether it was this person's at that time; None is now."""
        if at is None:
            return self.returned is None
        return self.given <= at and (self.returned is None or at < self.returned)


def of_cards(connection: sa.Connection) -> dict[bytes, list[Owner]]:
    """By the key that readers know a card or PIN by: who has or had it, the first one first."""
    query = (
        sa.select(models.cards, models.people.c.name)
        .join(models.people)
        .order_by(models.cards.c.given, models.cards.c.id)
    )
    found: dict[bytes, list[Owner]] = {}
    for row in connection.execute(query):
        owner = Owner(row.person, row.name, row.given, row.returned)
        found.setdefault(row.key, []).append(owner)
    return found


def of_holders(connection: sa.Connection) -> dict[str, str]:
    """The name of the person by the holder that credentials name."""
    query = sa.select(models.people.c.holder, models.people.c.name)
    return {row.holder: row.name for row in connection.execute(query)}


def at(owners: list[Owner], when: int | None) -> Owner | None:
    """Whose it was at that time. Before it was ever given, and between two people, nobody's."""
    return next((one for one in reversed(owners) if one.had_it(when)), None)
