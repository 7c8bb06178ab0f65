"""What each node was last heard to be at: its policy's number and head, and when it said so."""

import dataclasses
import json
from collections.abc import Iterable

import sqlalchemy as sa

from . import models

_TABLE = models.heard


@dataclasses.dataclass(frozen=True)
class Heard:
    """The ``node`` said ``at`` (seconds since 1970) that it is at changeset ``number``, ``head``;
    None if it did not tell. ``doors`` are those that it speaks for.
    """

    node: str
    doors: tuple[str, ...]
    number: int | None
    head: bytes | None
    at: int


def note(connection: sa.Connection, heard: Iterable[Heard]) -> None:
    """Keep what was heard, in the place of what was heard before of the same nodes. Who did not
    tell a number this time is where it was heard to be before.
    """
    known = {one.node for one in load(connection)}
    for one in heard:
        if one.number is None and one.node in known:
            continue
        connection.execute(_TABLE.delete().where(_TABLE.c.node == one.node))
        doors = json.dumps(one.doors, ensure_ascii=False)
        connection.execute(_TABLE.insert().values({**vars(one), "doors": doors}))


def load(connection: sa.Connection) -> list[Heard]:
    """All that was heard, by the names of the nodes."""
    found = connection.execute(sa.select(_TABLE).order_by(_TABLE.c.node))
    return [
        Heard(one.node, tuple(json.loads(one.doors)), one.number, one.head, one.at)
        for one in found
    ]
