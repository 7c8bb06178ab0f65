"""Groups have names here, and numbers in the policy. Who could swap two names could give rights,
so each row is under a MAC.
"""

import sqlalchemy as sa

from ..errors import UsageProblem
from ..site import names
from . import models
from .sealing import Seals

_KIND = "group"
_LONGEST = 64  # characters


def load(connection: sa.Connection, seals: Seals | None = None) -> dict[str, int]:
    """The numbers of the groups by their names; with ``seals`` only if each is authentic."""
    found = {}
    for row in connection.execute(sa.select(models.groups).order_by(models.groups.c.number)):
        if seals and not seals.is_made_by_us(_KIND, [row.number, row.name], row.mac):
            raise UsageProblem(
                f"no holdfast with this site's secret named group {row.number} {row.name!r}",
                "restore the register from its backup, and ask who may write to its database",
            )
        found[row.name] = row.number
    return found


def set_name(connection: sa.Connection, seals: Seals, number: int, name: str) -> None:
    """Call the group of this ``number`` so. No two groups have one name, whatever its case."""
    name = normal(name)
    for other, taken in load(connection, seals).items():
        if taken != number and other.casefold() == name.casefold():
            raise UsageProblem(f"group {taken} is called {other!r}", "choose another name")
    connection.execute(models.groups.delete().where(models.groups.c.number == number))
    mac = seals.mac(_KIND, [number, name])
    connection.execute(models.groups.insert().values(number=number, name=name, mac=mac))


def normal(name: str) -> str:
    """A group's name as it is kept; digits alone are a number, and commas part groups in lists."""
    text = " ".join(names.composed(name).split())
    if not 0 < len(text) <= _LONGEST or not text.isprintable():
        raise UsageProblem(f"{name!r} is no name of a group", "write 1 to 64 letters")
    if text.isdigit() or text[0] in "=+-@" or any(one in text for one in ",;|"):
        raise UsageProblem(
            f"{name!r} is no name of a group",
            "begin with a letter, and use neither commas nor semicolons",
        )
    return text


def resolve(text: str, named: dict[str, int], known: set[int]) -> int:
    """The number of the group that ``text`` is the name or number of, which the policy has."""
    wanted = " ".join(names.composed(text).split())
    if wanted.isascii() and wanted.isdigit():
        number = int(wanted)
        if number not in known:
            listed = ", ".join(map(str, sorted(known)[:20])) or "none yet"
            raise UsageProblem(
                f"the policy has no group {number} (it has: {listed})",
                "check the number, or make it: holdfast policy group",
            )
        return number
    for name, number in named.items():
        if name.casefold() == wanted.casefold():
            return resolve(str(number), named, known)
    names.require_known(
        wanted, named, "group", "the register", "name one: holdfast people name-group"
    )
    raise AssertionError(wanted)
