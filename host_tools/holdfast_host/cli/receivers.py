"""Who gets a credential, and for which phone."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from cose import Key

from ..credentials import keys
from ..errors import UsageProblem
from ..site.keys import Keys
from ..site.site import Site


@dataclasses.dataclass(frozen=True)
class Receiver:
    """A ``holder`` and the public ``key`` of a phone; the rights end at ``ends``, if ever."""

    holder: str
    key: Key
    ends: int | None = None


def of(
    site: Site, opened: Keys, named: Sequence[str], group: str | None, given: Key | None, now: int
) -> tuple[list[Receiver], dict[str, str]]:
    """Those who are ``named`` and those of the ``group``, a phone once; and who gets nothing."""
    made = of_people(site, opened, named, given) if named else []
    without: dict[str, str] = {}
    if group is not None:
        others, without = of_group(site, opened, group, now)
        there = {keys.describe(one.key) for one in made}
        made += [one for one in others if keys.describe(one.key) not in there]
    if not made:
        raise UsageProblem(
            f"nobody in group {group} has a phone in the register; nothing was issued",
            "import a list with the columns name and phone",
        )
    return made, without


def of_people(site: Site, opened: Keys, named: Sequence[str], given: Key | None) -> list[Receiver]:
    """The people of the register with these names, each with each phone that the register knows;
    with the ``given`` key instead, of one person.
    """
    from ..register import opening, records
    from ..register.sealing import Seals
    from .people import desks

    with opening.reading(site) as register:
        everybody = records.load(register.connection)
        found = [desks.find(everybody, name) for name in dict.fromkeys(named)]
        records.require(register.connection, Seals(opened.secret), found)
    if given is not None:
        if len(found) != 1:
            raise UsageProblem("a key is one person's", "leave out --key, or name one person")
        return [Receiver(found[0].holder, given, found[0].ends)]
    made = []
    for one in found:
        phones = [phone.key for phone in one.phones if phone.lost is None]
        if one.suspended or not phones:
            why = "is suspended" if one.suspended else "has no phone in the register"
            raise UsageProblem(
                f"{one.called} {why}; nothing was issued",
                "give its key: --key phone.pub, or import a list with the column phone",
            )
        made += [Receiver(one.holder, keys.read_phone_key(key), one.ends) for key in phones]
    return made


def of_group(
    site: Site, opened: Keys, group: str, now: int
) -> tuple[list[Receiver], dict[str, str]]:
    """Everybody in ``group``, by name or number, with each phone that the register knows; and who
    gets nothing, with why.
    """
    from ..register import groups, opening, records
    from ..register.sealing import Seals

    seals = Seals(opened.secret)
    known = set(site.policy().state.groups)
    with opening.reading(site) as register:
        number = groups.resolve(group, groups.load(register.connection, seals), known)
        everybody = records.load(register.connection)
        found = [one for one in everybody if one.removed is None and number in one.groups]
        records.require(register.connection, seals, found)
    made: list[Receiver] = []
    without: dict[str, str] = {}
    for one in found:
        phones = [phone.key for phone in one.phones if phone.lost is None]
        if one.suspended:
            without[one.called] = "suspended"
        elif one.ends is not None and one.ends <= now:
            without[one.called] = "the rights have ended"
        elif not phones:
            without[one.called] = "no phone in the register"
        else:
            made += [Receiver(one.holder, keys.read_phone_key(key), one.ends) for key in phones]
    return made, without


def path_in(folder: Path, one: Receiver) -> Path:
    """The file of one credential of several: by holder and phone."""
    return folder / f"{file_name(one.holder)}-{keys.describe(one.key)[:8]}.cwt"


def file_name(holder: str) -> str:
    """``holder`` as a part of the name of a file."""
    return "".join(one if one.isalnum() or one in "-_." else "-" for one in holder).lstrip(".")
