"""What was issued to whose phone: so that it can be revoked, and issued anew, without its file.

What is issued anew is a right, so a row says under a MAC of the site secret what it gave: from one
that somebody else wrote, or altered, nothing is issued.
"""

import dataclasses
import json

import sqlalchemy as sa

from ..errors import UsageProblem
from . import models
from .records import Person
from .sealing import Seals

_TABLE = models.credentials
_KIND = "credential"


@dataclasses.dataclass(frozen=True)
class Terms:
    """How a credential holds besides where and until when."""

    schedule: str | None = None
    user_verification: bool = False
    needs_clock: bool = False
    guest: bool = False


@dataclasses.dataclass(frozen=True)
class Issued:
    """A credential of the id ``cti`` for ``holder``, bound to the key of a ``phone`` (hexadecimal
    digits), from ``issued`` until ``expires``. It ``opens`` [[kind of place, name, permissions],
    ...] by its ``terms``; None of one that was noted before terms were. ``mac`` is over all of it.
    """

    cti: bytes
    holder: str
    phone: str
    issued: int
    expires: int
    opens: list
    terms: Terms | None = None
    mac: bytes = b""


def note(connection: sa.Connection, seals: Seals, one: Issued) -> None:
    """Keep that ``one`` was issued, under a MAC."""
    said = {
        "opens": one.opens,
        "terms": dataclasses.asdict(one.terms or Terms()),
        "mac": seals.mac(_KIND, _fields(one)).hex(),
    }
    row = {name: getattr(one, name) for name in ("cti", "holder", "phone", "issued", "expires")}
    text = json.dumps(said, ensure_ascii=False)
    connection.execute(_TABLE.insert().values({**row, "opens": text}))


def every(connection: sa.Connection) -> list[Issued]:
    """All that were noted, in the order in which they were issued."""
    query = sa.select(_TABLE).order_by(_TABLE.c.issued, _TABLE.c.cti)
    return [_read(row) for row in connection.execute(query)]


def living(connection: sa.Connection, person: Person, now: int) -> list[Issued]:
    """The credentials of the ``person``, by holder or phone, that have not expired at ``now``."""
    keys = [phone.key for phone in person.phones]
    mine = sa.or_(_TABLE.c.holder == person.holder, _TABLE.c.phone.in_(keys))
    query = sa.select(_TABLE).where(mine, _TABLE.c.expires > now).order_by(_TABLE.c.issued)
    return [_read(row) for row in connection.execute(query)]


def require_ours(seals: Seals, one: Issued) -> Terms:
    """The terms of ``one``, of which another may be issued. Raises UsageProblem if the register
    does not vouch for them.
    """
    if one.terms is None:
        raise UsageProblem(
            f"the credential {one.cti.hex()} of {one.holder!r} was issued before the register kept"
            " how it holds",
            "issue it anew: holdfast credential issue",
        )
    if not seals.is_made_by_us(_KIND, _fields(one), one.mac):
        raise UsageProblem(
            f"the register says something of the credential {one.cti.hex()} of {one.holder!r} that"
            " no holdfast with this site's secret wrote there; nothing was issued",
            "restore the register from its backup, and ask who may write to its database",
        )
    return one.terms


def _read(row) -> Issued:
    said = json.loads(row.opens)
    if isinstance(said, list):  # from before there were terms
        return Issued(row.cti, row.holder, row.phone, row.issued, row.expires, said)
    terms = Terms(**said["terms"])
    mac = bytes.fromhex(said["mac"])
    return Issued(
        row.cti, row.holder, row.phone, row.issued, row.expires, said["opens"], terms, mac
    )


def _fields(one: Issued) -> list:
    terms = one.terms or Terms()
    return [
        one.cti,
        one.holder,
        one.phone,
        one.issued,
        one.expires,
        [list(place) for place in one.opens],
        list(dataclasses.astuple(terms)),
    ]
