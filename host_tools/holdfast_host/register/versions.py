"""The changesets in the register: what lets two folders of one site go on from the same policy.

Each folder has the whole chain. Where the register knows more, the folder takes that from it, and
checks each changeset as a reader would; where the folder knows more, the register takes it.
"""

import sqlalchemy as sa

import cbor
import crypto

from ..errors import UsageProblem
from ..policy import history as policies
from ..policy.chain import History, sequence
from . import models
from .opening import Register

_TABLE = models.policy_versions


def agree(register: Register) -> History:
    """The site's policy, once folder and register have the same changesets of it."""
    site, connection = register.site, register.connection
    history = site.policy()
    known = _last(connection)
    both = min(known, history.number)
    if both and crypto.sha256(history.changesets[both - 1]) != _head(connection, both):
        raise UsageProblem(
            f"the register knows another changeset {both} than {site.folder}: the site was signed"
            " for from two copies",
            f"holdfast site recover {site.folder}",
        )
    if known > history.number:
        newer = connection.execute(
            sa.select(_TABLE.c.raw, _TABLE.c.snapshot)
            .where(_TABLE.c.number > history.number)
            .order_by(_TABLE.c.number)
        ).all()
        pieces = [(row.raw, _parts(row.snapshot)) for row in newer]
        return policies.follow(site.folder, site.id, site.first_key, pieces)
    note(register, history, known)
    return history


def changesets(register: Register) -> list[bytes]:
    """All that the register knows, in order."""
    query = sa.select(_TABLE.c.raw).order_by(_TABLE.c.number)
    return list(register.connection.execute(query).scalars())


def replace(register: Register, history: History) -> None:
    """Have the register know ``history`` and no other, once that has recovered what it knew."""
    register.connection.execute(_TABLE.delete())
    note(register, history, 0)


def note(register: Register, history: History, known: int | None = None) -> None:
    """Keep the changesets of ``history`` that the register does not know."""
    connection = register.connection
    if known is None:
        known = _last(connection)
    rows = [
        {
            "number": number,
            "head": crypto.sha256(history.changesets[number - 1]),
            "issued": history.issued[number - 1],
            "raw": history.changesets[number - 1],
            "snapshot": sequence(history.turns[number]) if number in history.turns else None,
        }
        for number in range(known + 1, history.number + 1)
    ]
    if rows:
        connection.execute(_TABLE.insert(), rows)


def _last(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.max(_TABLE.c.number))).scalar() or 0


def _head(connection: sa.Connection, number: int) -> bytes:
    query = sa.select(_TABLE.c.head).where(_TABLE.c.number == number)
    return connection.execute(query).scalar_one()


def _parts(snapshot: bytes | None) -> list[bytes] | None:
    return None if snapshot is None else cbor.decode_sequence(snapshot, max_items=len(snapshot))
