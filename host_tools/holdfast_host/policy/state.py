"""What a site's changesets come to: the same rules as on a board, with every name in full."""

import dataclasses

from holdfast.access.policy import operations as ops
from holdfast.access.policy.revocation import Revocations

from .schedules import Hours

# What a reader does until it is told otherwise (firmware/holdfast/access/policy/policy.py).
_USUAL_LIMITS = {ops.GRACE_S: 36 * 3600, ops.RETENTION_S: 36 * 3600, ops.MAX_UNCERTAINTY_S: 900}


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Seven lists of hours, Monday first, and the hours of a holiday."""

    week: list[Hours]
    on_holidays: Hours


@dataclasses.dataclass
class State:
    """The policy after some changesets; times are in seconds since 1970.

    ``zones`` maps a zone to its doors, None for every door that is provisioned into it; ``groups``
    a number to ``[place, permission bits, schedule or None]``; ``grants`` the key of a card or PIN
    to its group and end; ``revocations`` a token's id to when it would expire. ``locked_down`` is
    True for all doors, else the places.
    """

    time_zone: list | None = None
    zones: dict[str, list[str] | None] = dataclasses.field(default_factory=dict)
    schedules: dict[str, Schedule] = dataclasses.field(default_factory=dict)
    holidays: list[int] = dataclasses.field(default_factory=list)
    groups: dict[int, list[list]] = dataclasses.field(default_factory=dict)
    grants: dict[bytes, tuple[int, int | None]] = dataclasses.field(default_factory=dict)
    revocations: dict[bytes, int] = dataclasses.field(default_factory=dict)
    watermark: int = 0
    locked_down: bool | frozenset[str] = frozenset()
    anchors: list[bytes] = dataclasses.field(default_factory=list)
    limits: dict[int, int] = dataclasses.field(default_factory=lambda: dict(_USUAL_LIMITS))

    def apply(self, operation: list) -> None:
        """Follow one ``operation``, which a reader has taken; but see ``set_revocations``."""
        code, *values = operation
        if code == ops.TIMEZONE:
            self.time_zone = operation
        elif code == ops.ZONE:
            self._zone(*values)
        elif code == ops.SCHEDULE:
            self._schedule(*values)
        elif code == ops.HOLIDAYS:
            self.holidays = values[0]
        elif code == ops.GROUP:
            _put(self.groups, values[0], values[1])
        elif code == ops.GRANT:
            _put(self.grants, values[0], False if values[1] is False else tuple(values[1:]))
        elif code == ops.LOCKDOWN:
            self._lockdown(*values)
        elif code == ops.ANCHORS:
            self.anchors = values[0]
        elif code == ops.LIMITS:
            self.limits.update(values[0])

    def set_revocations(self, revocations: Revocations) -> None:
        """Follow what a reader made of REVOKE and WATERMARK: it forgets what has expired."""
        self.revocations = dict(revocations)
        self.watermark = revocations.watermark

    def operations(self) -> list[list]:
        """Operations that bring an empty policy here, in a snapshot's order."""
        made: list[list] = [] if self.time_zone is None else [self.time_zone]
        made.append([ops.LIMITS, self.limits])
        if self.anchors:
            made.append([ops.ANCHORS, self.anchors])
        made += [[ops.ZONE, zone, doors] for zone, doors in sorted(self.zones.items())]
        for name, schedule in sorted(self.schedules.items()):
            made.append([ops.SCHEDULE, name, schedule.week, schedule.on_holidays])
        if self.holidays:
            made.append([ops.HOLIDAYS, self.holidays])
        if self.watermark:
            made.append([ops.WATERMARK, self.watermark])
        made += [[ops.REVOKE, cti, expires] for cti, expires in sorted(self.revocations.items())]
        if self.locked_down is True:
            made.append([ops.LOCKDOWN, True, None])
        elif self.locked_down:
            made.append([ops.LOCKDOWN, True, sorted(self.locked_down)])
        made += [[ops.GROUP, number, rights] for number, rights in sorted(self.groups.items())]
        made += [[ops.GRANT, key, *grant] for key, grant in sorted(self.grants.items())]
        return made

    def _zone(self, zone: str, doors: list[str] | bool | None) -> None:
        if doors is False:
            self.zones.pop(zone, None)
        else:
            self.zones[zone] = doors  # type: ignore[assignment]

    def _schedule(self, name: str, week, on_holidays: Hours | None = None) -> None:
        if week is False:
            self.schedules.pop(name, None)
        else:
            self.schedules[name] = Schedule(week, on_holidays or [])

    def _lockdown(self, on: bool, places: list[str] | None) -> None:
        if places is None:
            self.locked_down = True if on else frozenset()
        elif self.locked_down is not True:
            locked = frozenset(self.locked_down or ())
            self.locked_down = locked | set(places) if on else locked - set(places)


def _put(entries: dict, key, value) -> None:
    if value is False:
        entries.pop(key, None)
    else:
        entries[key] = value
