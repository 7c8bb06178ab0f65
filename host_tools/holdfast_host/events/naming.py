"""Who was it: from what an event says, a key or a holder, to the person of that moment. Pure.

An event is told as ``words.told`` gives it. A card that went from one person to another was the
older one's when the event happened; where the reader was not sure of the time both are named.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..register.owners import Owner, at

_UNSURE = ("floor", "token", "none")  # the event was then, or later


@dataclasses.dataclass(frozen=True)
class Names:
    """Owners by the key, 8 bytes, that readers know a card or PIN by; (number, name) of people by
    the holder in their credentials; names of doors by what events have in their place.
    """

    cards: Mapping[bytes, Sequence[Owner]] = dataclasses.field(default_factory=dict)
    holders: Mapping[str, tuple[int, str]] = dataclasses.field(default_factory=dict)
    doors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cards_have_names: bool = False  # there is a register, and who is not in it is unknown

    def people(self, said: Mapping[str, object]) -> list[tuple[int, str]]:
        """Whose it was, (number, name) each; several if nobody can tell, none if nobody's."""
        holder = said.get("holder")
        if isinstance(holder, str) and holder in self.holders:
            return [self.holders[holder]]
        return list(dict.fromkeys((one.person, one.name) for one in self._owners(said)))

    def named(self, said: Mapping[str, object]) -> dict[str, object]:
        """The event with its door by name, if that is known, and ``person``: the name, or names
        with "or" between them; ``formerly`` if it was given back before.
        """
        shown = dict(said)
        if said.get("door") in self.doors:
            shown["door"] = self.doors[str(said["door"])]
        found = self.people(said)
        if self.cards_have_names and isinstance(said.get("card"), str) and not found:
            shown["short"] = short(str(said["card"]))
        if found:
            shown["person"] = " or ".join(name for _, name in found)
            owners, when = self._owners(said), said.get("time")
            if len(owners) == 1 and isinstance(when, int) and not said.get("granted"):
                returned = owners[0].returned
                if returned is not None and returned <= when:
                    shown["formerly"] = True
        return shown

    def _owners(self, said: Mapping[str, object]) -> list[Owner]:
        card, when = said.get("card"), said.get("time")
        owners = list(self.cards.get(bytes.fromhex(card), ())) if isinstance(card, str) else []
        if not isinstance(when, int):
            return owners
        then = at(owners, when)
        found = [] if then is None else [then]
        if said.get("clock") in _UNSURE:
            found += [one for one in owners if one.given > when]
        return found


def short(card: str) -> str:
    """What a card is called that nobody has: the same each time, of the key that events show."""
    return f"#{card[:6]}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Which events are asked for: those of the people of these numbers or of this holder or card,
    at this door, since this time, before that one, with this reason, or late. None asks for no
    such thing.
    """

    people: Collection[int] | None = None
    word: str | None = None
    door: str | None = None
    since: int | None = None
    until: int | None = None
    reason: str | None = None
    late: bool = False

    def takes(self, said: Mapping[str, object], names: Names) -> bool:
        """Whether that one is asked for."""
        if self.people is not None or self.word is not None:
            is_theirs = any(number in (self.people or ()) for number, _ in names.people(said))
            words = (said.get("holder"), said.get("card"))
            if not is_theirs and (self.word is None or self.word not in words):
                return False
        door = said.get("door")
        if self.door is not None and self.door not in (door, names.doors.get(str(door))):
            return False
        if self.since is not None or self.until is not None:
            when = said.get("time")
            if not isinstance(when, int) or when < (self.since or 0):
                return False
            if self.until is not None and when >= self.until:
                return False
        if self.reason is not None and self.reason not in (said.get("reason"), said.get("kind")):
            return False
        return not self.late or bool(said.get("late"))


def columns(shown: Iterable[Mapping[str, object]]) -> list[str]:
    """The names of all that the events say, the usual ones first: for a table of them."""
    first = ["number", "time", "door", "kind", "reason", "granted", "person", "holder", "card"]
    found = dict.fromkeys(name for said in shown for name in said)
    return [*first, *(name for name in found if name not in first)]
