"""A person as the register knows one: name, groups, times, cards, PINs, phones; one MAC over all.

The MAC is over the whole person, so that a card or group that somebody wrote into the database,
took out of it, or moved to another person, is no right: it is found before anything is signed.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from ..errors import UsageProblem
from . import models
from .sealing import Seals

_KIND = "person"
_MANY = 500  # rows a statement


@dataclasses.dataclass(frozen=True)
class Card:
    """A card or PIN (``kind``: tag.CARD or tag.PIN) in a person's hand from ``given`` until
    ``returned`` (None: still). ``ident`` is what it is told apart by, ``sealed`` its number, None
    for a PIN; ``key`` what readers know it by under the lookup key of number ``lookup``.
    ``settled``: it was returned, and that is signed.
    """

    id: int
    kind: int
    ident: bytes
    sealed: bytes | None
    key: bytes
    lookup: int
    given: int
    returned: int | None = None
    settled: bool = False


@dataclasses.dataclass(frozen=True)
class Phone:
    """A phone's public ``key``, in hexadecimal digits; ``lost`` is when it was, or None."""

    key: str
    added: int
    lost: int | None = None


@dataclasses.dataclass(frozen=True)
class Person:
    """``ref`` is what lists tell namesakes apart by; ``holder`` the name in credentials; ``tag`` 4
    bytes that a card and a PIN share in the policy. The rights are those of ``groups``, from local
    day ``first_day`` on until ``ends``, unless ``suspended`` or ``removed``.
    """

    id: int
    name: str
    ref: str | None
    holder: str
    tag: bytes
    groups: frozenset[int]
    first_day: int | None
    ends: int | None
    suspended: bool
    added: int
    removed: int | None = None
    cards: tuple[Card, ...] = ()
    phones: tuple[Phone, ...] = ()

    @property
    def in_hand(self) -> tuple[Card, ...]:
        """The cards and PINs that the person has now."""
        return tuple(card for card in self.cards if card.returned is None)

    def of_kind(self, kind: int) -> list[Card]:
        """Those in hand that are cards, or PINs."""
        return [card for card in self.in_hand if card.kind == kind]

    @property
    def called(self) -> str:
        """The person in a text: with the ref where there is one."""
        return f"{self.name} ({self.ref})" if self.ref else self.name


def load(connection: sa.Connection) -> list[Person]:
    """Everybody, those who were removed too, by number; nothing is checked: see ``require``."""
    groups: dict[int, set[int]] = {}
    for row in connection.execute(sa.select(models.memberships)):
        groups.setdefault(row.person, set()).add(row.group)
    cards: dict[int, list[Card]] = {}
    for row in connection.execute(sa.select(models.cards).order_by(models.cards.c.id)):
        values = row._asdict()
        cards.setdefault(values.pop("person"), []).append(Card(**values))
    phones: dict[int, list[Phone]] = {}
    for row in connection.execute(sa.select(models.phones).order_by(models.phones.c.key)):
        phones.setdefault(row.person, []).append(Phone(row.key, row.added, row.lost))
    found = []
    for row in connection.execute(sa.select(models.people).order_by(models.people.c.id)):
        values = row._asdict()
        number = values["id"]
        del values["mac"]
        values["groups"] = frozenset(groups.get(number, ()))
        values["cards"] = tuple(cards.get(number, ()))
        values["phones"] = tuple(phones.get(number, ()))
        found.append(Person(**values))
    return found


def require(connection: sa.Connection, seals: Seals, people: Iterable[Person]) -> None:
    """Refuse ``people`` of whom something was written by somebody without the site secret."""
    macs: dict[int, bytes] = {
        row.id: row.mac for row in connection.execute(sa.select(models.people))
    }
    for person in people:
        if not seals.is_made_by_us(_KIND, _fields(person), macs[person.id]):
            raise UsageProblem(
                f"the register says something of {person.called} that no holdfast with this site's"
                " secret wrote there; nothing was signed",
                "restore the register from its backup, and ask who may write to its database",
            )


def save(
    connection: sa.Connection,
    seals: Seals,
    people: Sequence[Person],
    said: Callable[[int], None] = lambda done: None,
) -> None:
    """Write ``people`` as they are now, new or known; ``said`` hears how many are done."""
    known = {row.id for row in connection.execute(sa.select(models.people.c.id))}
    for begin in range(0, len(people), _MANY):
        some = people[begin : begin + _MANY]
        numbers = [person.id for person in some]
        old = [number for number in numbers if number in known]
        if old:
            for table in (models.memberships, models.cards, models.phones):
                connection.execute(table.delete().where(table.c.person.in_(old)))
            for person in some:
                if person.id in known:
                    connection.execute(
                        models.people.update()
                        .where(models.people.c.id == person.id)
                        .values(_row(seals, person))
                    )
        _insert(
            connection, models.people, [_row(seals, one) for one in some if one.id not in known]
        )
        _insert(
            connection,
            models.memberships,
            [{"person": one.id, "group": number} for one in some for number in sorted(one.groups)],
        )
        said(begin + len(some))
    # Cards last, and all together: of two people who change cards the first would have both.
    _insert(
        connection,
        models.cards,
        [{"person": one.id, **vars(card)} for one in people for card in one.cards],
    )
    _insert(
        connection,
        models.phones,
        [{"person": one.id, **vars(phone)} for one in people for phone in one.phones],
    )


def next_ids(connection: sa.Connection) -> tuple[int, int]:
    """The numbers for the next person and the next card."""
    return (
        1 + (connection.execute(sa.select(sa.func.max(models.people.c.id))).scalar() or 0),
        1 + (connection.execute(sa.select(sa.func.max(models.cards.c.id))).scalar() or 0),
    )


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict]) -> None:
    for begin in range(0, len(rows), _MANY):
        connection.execute(table.insert(), rows[begin : begin + _MANY])


def _row(seals: Seals, person: Person) -> dict[str, object]:
    row = dict(vars(person))
    for name in ("groups", "cards", "phones"):
        del row[name]
    row["mac"] = seals.mac(_KIND, _fields(person))
    return row


def _fields(person: Person) -> list:
    return [
        person.id,
        person.name,
        person.ref,
        person.holder,
        person.tag,
        sorted(person.groups),
        person.first_day,
        person.ends,
        person.suspended,
        person.added,
        person.removed,
        [list(vars(card).values()) for card in sorted(person.cards, key=lambda card: card.id)],
        [list(vars(phone).values()) for phone in sorted(person.phones, key=lambda one: one.key)],
    ]
