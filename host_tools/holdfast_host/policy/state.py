"""What a site's changesets come to: the same rules as on a board, with every name in full."""

import dataclasses
from collections.abc import Iterable, Sequence

from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import limits
from holdfast.access.policy import operations as ops

from .revocations import Revocations
from .schedules import Hours, Kinds
from .sealed_keys import SealedKeys

Place = tuple[int, str]  # DOOR or ZONE, and its name

_LOCKED_AT_ONCE = 8  # places in one operation: eight of the longest names are half a changeset


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Seven lists of hours, Monday first, and those of holidays, kind 1 first, up to four."""

    week: list[Hours]
    on_holidays: list[Hours]


@dataclasses.dataclass(frozen=True)
class Grant:
    """What a card or PIN has of a group: until ``end`` (seconds since 1970, None for ever), from
    local day ``first_day`` on (days since 1970), unless ``suspended``.

    ``person`` are the 4 bytes that a person's card and PIN share, ``uses`` how often it opens, if
    that is counted; ``duress`` is a PIN typed under threat.
    """

    end: int | None = None
    first_day: int | None = None
    suspended: bool = False
    person: bytes | None = None
    uses: int | None = None
    duress: bool = False

    @classmethod
    def of(cls, end: int | None, rare: dict | None = None) -> "Grant":
        """The Grant that an operation GRANT says."""
        said = rare or {}
        return cls(
            end,
            said.get(ops.FIRST_DAY),
            said.get(ops.SUSPENDED, False),
            said.get(ops.PERSON),
            said.get(ops.USES),
            said.get(ops.DURESS, False),
        )

    def operation(self, key: bytes, group: int) -> list:
        """The operation that gives it to ``key``."""
        rare = {
            ops.FIRST_DAY: self.first_day,
            ops.SUSPENDED: self.suspended or None,
            ops.PERSON: self.person,
            ops.USES: self.uses,
            ops.DURESS: self.duress or None,
        }
        said = {label: value for label, value in rare.items() if value is not None}
        return [ops.GRANT, key, group, self.end, *([said] if said else [])]


@dataclasses.dataclass
class State:
    """The policy after some changesets; times are in seconds since 1970.

    ``doors`` maps numbers to names, ``zones`` a zone to the numbers of its doors; ``holidays`` a
    day (days since 1970, or month and day of every year) to its kind; ``groups`` a number to
    ``[[kind, name of a place], permission bits, schedule or None]``; ``grants`` the key of a card
    or PIN to what it has of each group. All doors are locked down, or the doors of those numbers
    and the zones. ``modes`` maps a door's number to the schedule that unlocks it, and whether only
    from the first grant on; ``carriers`` a node to the number of its door and the way.
    """

    time_zone: list | None = None
    limits: dict[int, int] = dataclasses.field(default_factory=limits.usual)
    anchors: list[bytes] = dataclasses.field(default_factory=list)
    doors: dict[int, str] = dataclasses.field(default_factory=dict)
    zones: dict[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    keys: SealedKeys = dataclasses.field(default_factory=SealedKeys)
    schedules: dict[str, Schedule] = dataclasses.field(default_factory=dict)
    holidays: Kinds = dataclasses.field(default_factory=dict)
    groups: dict[int, list[list]] = dataclasses.field(default_factory=dict)
    grants: dict[bytes, dict[int, Grant]] = dataclasses.field(default_factory=dict)
    revoked: Revocations = dataclasses.field(default_factory=Revocations)
    is_locked: bool = False
    locked_doors: frozenset[int] = frozenset()
    locked_zones: frozenset[str] = frozenset()
    modes: dict[int, tuple[str, int]] = dataclasses.field(default_factory=dict)
    carriers: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)

    @property
    def lookup(self) -> int:
        """The number of the lookup key that grants are kept under; 0 for that of the settings."""
        return self.keys.lookup

    @property
    def pairs(self) -> int:
        """How many grants there are: pairs of a card or PIN and a group."""
        return sum(map(len, self.grants.values()))

    @property
    def locked_places(self) -> list[Place]:
        """The doors and zones that are locked down by themselves."""
        doors = [(DOOR, self.doors[number]) for number in self.locked_doors]
        return sorted(doors + [(ZONE, zone) for zone in self.locked_zones])

    def door_number(self, name: str) -> int | None:
        """The number of the door of this name."""
        for number, known in self.doors.items():
            if known == name:
                return number
        return None

    def doors_in(self, zone: str) -> list[str]:
        """The names of the doors in a ``zone`` that is known."""
        return sorted(self.doors[number] for number in self.zones[zone])

    def zones_of(self, door: str) -> list[str]:
        """The zones that a ``door`` lies in."""
        number = self.door_number(door)
        return sorted(zone for zone, doors in self.zones.items() if number in doors)

    def apply(self, operations: Iterable[list], issued_at: int) -> None:
        """Follow the ``operations`` of one changeset, which a reader has taken."""
        for operation in operations:
            code, *values = operation
            if code == ops.TIMEZONE:
                self.time_zone = operation
            elif code == ops.REVOKE:
                self.revoked.add(*values, now=issued_at)
            elif code in _OF_KEYS:
                self.keys.take(operation)
            else:
                _FOLLOW[code](self, *values)
        self.keys.tidy(self.zones)

    def operations(self) -> list[list]:
        """Operations that bring an empty policy here, in a snapshot's order."""
        made: list[list] = [] if self.time_zone is None else [self.time_zone]
        made.append([ops.LIMITS, dict(self.limits)])
        if self.anchors:
            made.append([ops.ANCHORS, self.anchors])
        made += [[ops.DOOR, number, name] for number, name in sorted(self.doors.items())]
        made += [[ops.ZONE, zone, field(doors)] for zone, doors in sorted(self.zones.items())]
        made += self.keys.operations()
        for name, schedule in sorted(self.schedules.items()):
            made.append([ops.SCHEDULE, name, schedule.week, schedule.on_holidays])
        if self.holidays:
            made.append([ops.HOLIDAYS, holiday_list(self.holidays)])
        if self.revoked.watermark:
            made.append([ops.WATERMARK, self.revoked.watermark])
        if self.revoked.dropped:
            made.append([ops.DROPPED, self.revoked.dropped])
        for cti, entry in sorted(self.revoked.entries.items()):
            made.append([ops.REVOKE, cti, entry.end, entry.issued_at])
        if self.is_locked:
            made.append([ops.LOCKDOWN, True, None])
        made += lockdown_operations(True, self.locked_places)
        for number, (schedule, late) in sorted(self.modes.items()):
            made.append([ops.DOOR_MODE, number, schedule, late])
        made += [[ops.CARRIER, node, *where] for node, where in sorted(self.carriers.items())]
        made += [[ops.GROUP, number, rights] for number, rights in sorted(self.groups.items())]
        for key, groups in sorted(self.grants.items()):
            made += [grant.operation(key, group) for group, grant in sorted(groups.items())]
        return made

    def _limits(self, said: dict[int, int]) -> None:
        self.limits.update(said)

    def _anchors(self, keys: list[bytes]) -> None:
        self.anchors = keys

    def _door(self, number: int, name: str | bool) -> None:
        if not isinstance(name, str):
            self.doors.pop(number, None)
            self.modes.pop(number, None)
            for node in [node for node, (to, _) in self.carriers.items() if to == number]:
                del self.carriers[node]
            self.locked_doors -= {number}
            self.zones = {zone: doors - {number} for zone, doors in self.zones.items()}
        else:
            self.doors[number] = name

    def _zone(self, zone: str, doors: bytes | bool) -> None:
        if isinstance(doors, bytes):
            self.zones[zone] = numbers(doors)
            return
        self.zones.pop(zone, None)
        self.locked_zones -= {zone}
        self.keys.forget_zone(zone)

    def _schedule(self, name: str, week, on_holidays: list[Hours] | None = None) -> None:
        if week is False:
            self.schedules.pop(name, None)
        else:
            self.schedules[name] = Schedule(week, on_holidays or [])

    def _holidays(self, days: list[list]) -> None:
        self.holidays = {tuple(day) if isinstance(day, list) else day: kind for day, kind in days}

    def _group(self, number: int, rights) -> None:
        _put(self.groups, number, rights)

    def _grant(self, key: bytes, group, end=None, rare: dict | None = None) -> None:
        if group is False:
            self.grants.pop(key, None)
        elif end is False:
            self.grants.get(key, {}).pop(group, None)
            if not self.grants.get(key):
                self.grants.pop(key, None)
        else:
            self.grants.setdefault(key, {})[group] = Grant.of(end, rare)

    def _watermark(self, time: int) -> None:
        self.revoked.raise_watermark(time)

    def _dropped(self, time: int) -> None:
        self.revoked.until(time)

    def _lockdown(self, on: bool, places: list[list] | None) -> None:
        if places is None:
            self.is_locked, self.locked_doors, self.locked_zones = on, frozenset(), frozenset()
        elif not self.is_locked:
            doors = {self.door_number(name) for kind, name in places if kind == DOOR}
            zones = {name for kind, name in places if kind == ZONE}
            if on:
                self.locked_doors |= doors  # type: ignore[assignment]
                self.locked_zones |= zones
            else:
                self.locked_doors -= doors
                self.locked_zones -= zones

    def _mode(self, number: int, schedule, from_first_grant: int = 0) -> None:
        _put(self.modes, number, schedule and (schedule, from_first_grant))

    def _carrier(self, node: str, number, way: int = 0) -> None:
        _put(self.carriers, node, False if number is False else (number, way))


def field(doors: Iterable[int]) -> bytes:
    """The bit field of these doors: bit 0 is the first byte's lowest, no zeros at its end."""
    whole = sum(1 << number for number in set(doors))
    return whole.to_bytes((whole.bit_length() + 7) // 8, "little")


def numbers(field: bytes) -> frozenset[int]:
    """The doors of a bit field."""
    whole = int.from_bytes(field, "little")
    return frozenset(number for number in range(whole.bit_length()) if whole >> number & 1)


def holiday_list(holidays: Kinds) -> list[list]:
    """What an operation HOLIDAYS says for these: yearly ones last, each in order."""
    days = [[day, kind] for day, kind in holidays.items() if isinstance(day, int)]
    yearly = [[list(day), kind] for day, kind in holidays.items() if not isinstance(day, int)]
    return sorted(days) + sorted(yearly)


def lockdown_operations(on: bool, places: Sequence[Place]) -> list[list]:
    """Operations that lock down these ``places``, or end that; each fits in a changeset."""
    listed = [list(place) for place in places]
    return [
        [ops.LOCKDOWN, on, listed[begin : begin + _LOCKED_AT_ONCE]]
        for begin in range(0, len(listed), _LOCKED_AT_ONCE)
    ]


def _put(entries: dict, key, value) -> None:
    if value is False:
        entries.pop(key, None)
    else:
        entries[key] = value


_OF_KEYS = (ops.ZONE_KEY, ops.ZONE_SWITCH, ops.LOOKUP)

_FOLLOW = {
    ops.LIMITS: State._limits,
    ops.ANCHORS: State._anchors,
    ops.DOOR: State._door,
    ops.ZONE: State._zone,
    ops.SCHEDULE: State._schedule,
    ops.HOLIDAYS: State._holidays,
    ops.GROUP: State._group,
    ops.GRANT: State._grant,
    ops.WATERMARK: State._watermark,
    ops.DROPPED: State._dropped,
    ops.LOCKDOWN: State._lockdown,
    ops.DOOR_MODE: State._mode,
    ops.CARRIER: State._carrier,
}
