"""Whose a card, PIN, phone or credential is, or was at a time: for events, and for who is about to
change what a card opens. Nothing here leads to a right, so nothing is checked.
"""

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa

from . import models


@dataclasses.dataclass(frozen=True)
class Owner:
    """The ``person`` of that number had it from ``given`` until ``returned``, None for still."""

    person: int
    name: str
    given: int
    returned: int | None


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


def now(owners: Sequence[Owner]) -> Owner | None:
    """Who has it now."""
    return next((one for one in reversed(owners) if one.returned is None), None)


def at(owners: Sequence[Owner], when: int) -> Owner | None:
    """Whose it was at that time: who had it last before, given back or not, until somebody else
    had it. A door may hear late of what was taken back, and a card that was is tried again.
    """
    return next((one for one in reversed(owners) if one.given <= when), None)
