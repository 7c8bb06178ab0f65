"""From one state of a policy to another, in operations that a reader follows. Pure."""

from collections.abc import Mapping
from typing import TypeVar

from holdfast.access.policy import operations as ops

from .branches import pairs
from .changes import Operations
from .state import State, field, lockdown_operations

_Key = TypeVar("_Key", int, str)


def operations(before: State, after: State) -> Operations:
    """What makes ``after`` of ``before``. It takes back before it gives: at no moment is there
    more than in one of the two.
    """
    made = _taken_back(before, after)
    made += [[ops.DOOR, *one] for one in sorted(after.doors.items() - before.doors.items())]
    made += [
        [ops.ZONE, zone, field(doors)]
        for zone, doors in sorted(after.zones.items())
        if before.zones.get(zone) != doors
    ]
    made += _locked(before, after)
    made += [one for one in after.keys.sealed if one not in before.keys.sealed]
    numbers = after.keys.numbers.items() - before.keys.numbers.items()
    made += [[ops.ZONE_SWITCH, *one] for one in sorted(numbers)]
    made += [
        [ops.SCHEDULE, name, one.week, one.on_holidays]
        for name, one in sorted(after.schedules.items())
        if before.schedules.get(name) != one
    ]
    made += _moved(ops.DOOR_MODE, before.modes, after.modes)
    made += _moved(ops.CARRIER, before.carriers, after.carriers)
    made += [
        [ops.GROUP, number, rights]
        for number, rights in sorted(after.groups.items())
        if before.groups.get(number) != rights
    ]
    given, had = pairs(after), pairs(before)
    made += [one.operation(*pair) for pair, one in sorted(given.items()) if had.get(pair) != one]
    made += [
        [ops.SCHEDULE, name, False]
        for name in sorted(before.schedules.keys() - after.schedules.keys())
    ]
    return made


def _taken_back(before: State, after: State) -> Operations:
    made: Operations = []
    if after.revoked.watermark > before.revoked.watermark:
        made.append([ops.WATERMARK, after.revoked.watermark])
    if after.revoked.dropped > before.revoked.dropped:
        made.append([ops.DROPPED, after.revoked.dropped])
    made += [
        [ops.REVOKE, cti, one.end, one.issued_at]
        for cti, one in sorted(after.revoked.entries.items())
        if before.revoked.entries.get(cti) != one
    ]
    left = pairs(after)
    made += [[ops.GRANT, *pair, False] for pair in sorted(pairs(before)) if pair not in left]
    made += [[ops.GROUP, one, False] for one in sorted(before.groups.keys() - after.groups.keys())]
    return made


def _moved(code: int, old: Mapping[_Key, tuple], new: Mapping[_Key, tuple]) -> Operations:
    gone = [[code, key, False] for key in old if key not in new]
    return gone + [[code, key, *one] for key, one in new.items() if old.get(key) != one]


def _locked(before: State, after: State) -> Operations:
    if after.is_locked:
        return [] if before.is_locked else [[ops.LOCKDOWN, True, None]]
    return lockdown_operations(True, sorted(set(after.locked_places) - set(before.locked_places)))
