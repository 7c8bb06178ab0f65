"""What a report counts, event by event: numbers are kept, and of events only a few. Pure."""

import collections
import dataclasses
import heapq
from collections.abc import Callable, Mapping, Sequence

from ..check import Finding

HOUR_S = 3600
MOST_LISTED = 25
MOST_DOORS = 1024  # which events can name before a policy with 256 doors stands in doubt
MOST_CARDS = 1000

Told = Mapping[str, object]


@dataclasses.dataclass
class Door:
    """What happened at one door: by hour of the day, granted and refused, and what the door knew
    of the policy: the changeset at its last decision, how old that was then, and how long at most
    it decided without one that was signed already. Times in seconds.
    """

    name: str
    hours: list[int] = dataclasses.field(default_factory=lambda: [0] * 24)
    granted: int = 0
    refused: int = 0
    last: int | None = None
    changeset: int | None = None
    age_s: int | None = None
    behind_s: int = 0

    @property
    def visits(self) -> int:
        """Decisions of both kinds."""
        return self.granted + self.refused


@dataclasses.dataclass
class Node:
    """The log of one node: its events from ``first`` to ``last``, how many are proven, and what
    was found; ``is_checked`` says whether anybody looked.
    """

    name: str
    first: int | None = None
    last: int | None = None
    count: int = 0
    proven: int = 0
    is_checked: bool = False
    findings: Sequence[Finding] = ()


class Latest:
    """The newest of some events, from whichever log they come."""

    def __init__(self):
        self._kept: list[tuple[int, int, Told]] = []
        self._count = 0

    def append(self, said: Told) -> None:
        """One more."""
        when = said.get("time")
        self._count += 1
        entry = (when if isinstance(when, int) else -1, self._count, said)
        if len(self._kept) < MOST_LISTED:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    def newest_first(self) -> list[Told]:
        """They."""
        return [said for _, _, said in sorted(self._kept, reverse=True)]


class Figures:
    """All that a report shows. ``local`` makes local seconds of a time, ``issued`` has the time of
    each changeset, the first one's first.
    """

    def __init__(self, local: Callable[[int], int], issued: Sequence[int] = ()):
        self._local = local
        self._issued = issued
        self.hours: dict[int, list[int]] = {}  # local hours since 1970: granted, refused
        self.doors: dict[str, Door] = {}
        self.reasons: collections.Counter[str] = collections.Counter()
        self.marks: collections.Counter[str] = collections.Counter()
        self.refusals = Latest()
        self.alarms = Latest()
        self.unknown: collections.Counter[str] = collections.Counter()
        self.nodes: list[Node] = []
        self.people: set[str] = set()
        self.count = self.timeless = 0
        self.first: int | None = None
        self.last: int | None = None

    def take(self, said: Told) -> None:
        """One event, in words and names."""
        self.count += 1
        when = said.get("time")
        if isinstance(when, int):
            self.first = when if self.first is None else min(self.first, when)
            self.last = when if self.last is None else max(self.last, when)
        else:
            self.timeless += 1
        for mark in ("late", "by_grace", "duress"):
            self.marks[mark] += bool(said.get(mark))
        if said["kind"] in _ALARMS or said.get("duress"):
            self.alarms.append(said)
        if "granted" in said:
            self._decision(said, when if isinstance(when, int) else None)

    def _decision(self, said: Told, when: int | None) -> None:
        granted = bool(said["granted"])
        door = self._door(str(said.get("door", "no door")))
        if granted:
            door.granted += 1
        else:
            door.refused += 1
            self.reasons[str(said.get("reason"))] += 1
            self.refusals.append(said)
        if "person" in said and len(self.people) < MOST_CARDS * 10:
            self.people.add(str(said["person"]))
        card = said.get("card")
        if said.get("short") and not granted and len(self.unknown) < MOST_CARDS:
            self.unknown[str(card)] += 1
        if when is None:
            return
        hour = self._local(when) // HOUR_S
        self.hours.setdefault(hour, [0, 0])[not granted] += 1
        door.hours[hour % 24] += 1
        self._knowledge(door, said.get("changeset"), when)

    def _door(self, name: str) -> Door:
        if name not in self.doors and len(self.doors) >= MOST_DOORS:
            name = "other doors"
        return self.doors.setdefault(name, Door(name))

    def _knowledge(self, door: Door, number: object, when: int) -> None:
        if not isinstance(number, int) or not 0 <= number <= len(self._issued):
            return
        if number < len(self._issued):
            door.behind_s = max(door.behind_s, when - self._issued[number])
        if door.last is None or when >= door.last:
            door.last, door.changeset = when, number
            door.age_s = max(0, when - self._issued[number - 1]) if number else None

    @property
    def granted(self) -> int:
        """Visits that were let in."""
        return sum(door.granted for door in self.doors.values())

    @property
    def refused(self) -> int:
        """Visits that were not."""
        return sum(door.refused for door in self.doors.values())

    @property
    def gaps(self) -> int:
        """What is not as it should be in the chains."""
        return sum(len(node.findings) for node in self.nodes)

    def timeline(self) -> tuple[int, list[tuple[int, int, int]]]:
        """How many hours a bar is wide, and (local hour it begins, granted, refused) for each, at
        most 96, without a hole.
        """
        if not self.hours:
            return 1, []
        begin, end = min(self.hours), max(self.hours)
        width = next((one for one in _WIDTHS if (end - begin) // one + 2 <= _BARS), None)
        if width is None:
            width = 24 * (-(-(end - begin) // (24 * (_BARS - 2))))
        shift = _MONDAY if width == 168 else 0
        start = (begin + shift) // width * width - shift
        bars = [[start + place * width, 0, 0] for place in range((end - start) // width + 1)]
        for hour, (granted, refused) in self.hours.items():
            bar = bars[(hour - start) // width]
            bar[1] += granted
            bar[2] += refused
        return width, [(hour, granted, refused) for hour, granted, refused in bars]


_BARS = 96
_WIDTHS = (1, 2, 4, 24, 168)
_MONDAY = 72  # hours: 1970 began on a Thursday
_ALARMS = (
    *("forced", "held_open", "tamper", "fire", "carrier_tamper", "two_carriers", "overwritten"),
    *("storage_fault", "policy_refused", "lan_refused", "copies_lost", "clock_lost"),
)
