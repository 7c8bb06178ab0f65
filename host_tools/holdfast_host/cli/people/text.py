"""What a plan says, for a person: a diff of people, a diff of rights, PINs that were drawn."""

import collections
from collections.abc import Sequence
from pathlib import Path

from holdfast.access import tag

from ...people.plan import Plan
from ...people.rights import Difference, short
from ...people.signing import Desk
from ...people.table import until
from ...people.tables.cells import BadCell
from ...policy.schedules import format_day
from ...register.records import Person
from ..output import say
from . import desks

_STYLES = {"+": "green", "-": "red", "~": "yellow"}


def counts(plan: Plan) -> dict[str, int]:
    """How many people are new, changed and removed."""
    found = collections.Counter(_sign(plan, one) for one in plan.changed)
    return {"new": found["+"], "changed": found["~"], "removed": found["-"]}


def counted(plan: Plan) -> str:
    """The same in words."""
    said = [f"{count} {name}" for name, count in counts(plan).items() if count]
    return f"people: {', '.join(said)}" if said else "nobody is new or changed"


def cards(count: int) -> str:
    """So many cards in words."""
    return "1 card" if count == 1 else f"{count} cards"


def say_plan(desk: Desk, plan: Plan, found: Sequence[Difference]) -> None:
    """Who is new, changed or removed; then, beside what is signed now, what shall be."""
    say_people(desk, plan)
    if found:
        say(f"beside what is signed, changeset {desk.history.number}:", "bold")
        desks.say_differences(desk, found, say_signed)


def say_people(desk: Desk, plan: Plan) -> None:
    """Who is new, changed or removed, a line each."""
    called, dates = desk.called, desks.dates_of(desk)
    for one in plan.changed:
        sign, before = _sign(plan, one), plan.before.get(one.id)
        now = _says(one, called, dates)
        if sign == "~" and before is not None:
            old = _says(before, called, dates)
            words = [
                f"{name} {old[name] or 'none'} -> {now[name] or 'none'}"
                for name in now
                if now[name] != old[name]
            ]
        else:
            words = [f"{name} {value}" for name, value in now.items() if value and name != "name"]
        say_signed(f"{sign} {(before or one).called}: {', '.join(words) or 'no cards'}")


def say_bad(file: str, bad: Sequence[BadCell]) -> None:
    """The lines that cannot be, one each."""
    for one in bad:
        say(f"wrong: {one.text(file)}", "red")


def say_pins(plan: Plan, pins_to: Path | None) -> None:
    """The PINs that were drawn, or where they are."""
    if plan.pins and pins_to is not None:
        say(f"wrote {pins_to}, {len(plan.pins)} PINs: tell their holders, then remove it")
    for person, digits in plan.pins if pins_to is None else ():
        say(f"the PIN of {person.called} is {digits}: it is not shown again")


def pins_table(plan: Plan) -> bytes:
    """The PINs that were drawn, as a CSV file."""
    lines = [f'"{person.called.replace(chr(34), chr(34) * 2)}",{pin}' for person, pin in plan.pins]
    return "\r\n".join(["name,pin", *lines, ""]).encode("utf-8-sig")


def say_signed(line: str) -> None:
    """A line of a diff, in the colour of its sign."""
    say(line, _STYLES.get(line[:1], ""))


def _sign(plan: Plan, person: Person) -> str:
    if person.removed is not None:
        return "-"
    return "~" if person.id in plan.before else "+"


def _says(person: Person, called: dict[int, str], dates) -> dict[str, str]:
    return {
        "name": person.name,
        "id": person.ref or "",
        "cards": " ".join(short(card) for card in person.of_kind(tag.CARD)),
        "PIN": "yes" if person.of_kind(tag.PIN) else "",
        "groups": "; ".join(called.get(one, str(one)) for one in sorted(person.groups)),
        "from": "" if person.first_day is None else format_day(person.first_day),
        "until": "" if person.ends is None else until(person.ends, dates),
        "phones": " ".join(f"{one.key[:8]}.." for one in person.phones if one.lost is None),
    }
