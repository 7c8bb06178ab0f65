"""What was issued to whose phone: so that it can be revoked without its file."""

import dataclasses
import json

import sqlalchemy as sa

from . import models
from .records import Person

_TABLE = models.credentials


@dataclasses.dataclass(frozen=True)
class Issued:
    """A credential of the id ``cti`` for ``holder``, bound to the key of a ``phone`` (hexadecimal
    digits), from ``issued`` until ``expires``. It ``opens`` [[kind of place, name, permissions],
    ...].
    """

    cti: bytes
    holder: str
    phone: str
    issued: int
    expires: int
    opens: list


def note(connection: sa.Connection, one: Issued) -> None:
    """Keep that ``one`` was issued."""
    text = json.dumps(one.opens, ensure_ascii=False)
    connection.execute(_TABLE.insert().values({**vars(one), "opens": text}))


def living(connection: sa.Connection, person: Person, now: int) -> list[Issued]:
    """The credentials of the ``person``, by holder or phone, that have not expired at ``now``."""
    keys = [phone.key for phone in person.phones]
    mine = sa.or_(_TABLE.c.holder == person.holder, _TABLE.c.phone.in_(keys))
    query = sa.select(_TABLE).where(mine, _TABLE.c.expires > now).order_by(_TABLE.c.issued)
    return [
        Issued(one.cti, one.holder, one.phone, one.issued, one.expires, json.loads(one.opens))
        for one in connection.execute(query)
    ]
