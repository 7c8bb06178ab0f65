"""What a person can change in a policy: each from the present state to operations, or a refusal.

No operations means that everything is so already. What cards and PINs have: see grants.py.
"""

from collections.abc import Iterable, Sequence

from holdfast.access.place import DOOR
from holdfast.access.policy import operations as ops
from holdfast.access.policy.revocation import MAX_REVOKED
from holdfast.access.policy.rules import MAX_DOORS
from holdfast.access.policy.schedule import MAX_HOLIDAYS

from ..credentials import lifetime
from ..credentials.dates import Dates
from ..errors import UsageProblem
from ..site.names import require_known
from .schedules import Hours, Kinds, format_holiday, upcoming
from .state import Place, Schedule, State, field, holiday_list, lockdown_operations

# What a reader's credential cache holds (firmware/holdfast/storage/cache/cache.py). One more,
# and every reader would stay at the changeset before, for good.
MOST_RIGHTS = 8_192

Operations = list[list]


def set_time_zone(state: State, operation: list) -> Operations:
    """The site's clock follows the rule of a TIMEZONE ``operation``."""
    return [] if state.time_zone == operation else [operation]


def add_door(state: State, name: str, zones: Iterable[str] = ()) -> Operations:
    """The site has a door of this ``name``, and it lies in ``zones``, besides those it is in."""
    wanted = list(dict.fromkeys(zones))
    require_zones(state, wanted)
    number = state.door_number(name)
    made: Operations = []
    if number is None:
        free = [number for number in range(MAX_DOORS) if number not in state.doors]
        if not free:
            raise UsageProblem(
                f"the site has {MAX_DOORS} doors, and its policy holds no more",
                "remove one that is gone: holdfast policy door --remove",
            )
        number = free[0]
        made.append([ops.DOOR, number, name])
    for zone in wanted:
        if number not in state.zones[zone]:
            made.append([ops.ZONE, zone, field(state.zones[zone] | {number})])
    return made


def add_new_doors(state: State, names: Iterable[str]) -> Operations:
    """The site has doors of these ``names``, besides those that it has."""
    wanted = [name for name in dict.fromkeys(names) if state.door_number(name) is None]
    free = [number for number in range(MAX_DOORS) if number not in state.doors]
    if len(wanted) > len(free):
        raise UsageProblem(
            f"a site has at most {MAX_DOORS} doors",
            "remove one that is gone: holdfast policy door --remove",
        )
    return [[ops.DOOR, *pair] for pair in zip(free, wanted, strict=False)]


def remove_door(state: State, name: str) -> Operations:
    """The site has no door of this ``name`` any more; refused while something names it."""
    require_doors(state, [name])
    number = state.door_number(name)
    named = [
        f"group {group}"
        for group, rights in sorted(state.groups.items())
        if any(place == [DOOR, name] for place, _, _ in rights)
    ]
    named += [f"zone {zone}" for zone in state.zones_of(name)]
    if number in state.modes:
        named.append(f"the schedule {state.modes[number][0]}, which unlocks it")
    named += [f"the carrier {node}" for node, (to, _) in state.carriers.items() if to == number]
    if named:
        raise UsageProblem(
            f"the door {name!r} is named by {', '.join(named)}",
            "take it out of these first, then remove it",
        )
    return [[ops.DOOR, number, False]]


def require_places(state: State, places: Iterable[Place]) -> None:
    """Refuse a door or zone that the policy does not have, with the nearest that it has."""
    for kind, name in places:
        if kind == DOOR:
            require_doors(state, [name])
        else:
            require_zones(state, [name])


def require_doors(state: State, names: Iterable[str]) -> None:
    """Refuse a door that the policy does not have."""
    for name in names:
        require_known(
            name, state.doors.values(), "door", "the policy", "add it: holdfast policy door"
        )


def require_zones(state: State, names: Iterable[str]) -> None:
    """Refuse a zone that the policy does not have."""
    for name in names:
        require_known(name, state.zones, "zone", "the policy", "add it: holdfast site add-zone")


def set_zone(state: State, zone: str, doors: Iterable[str] | None = None) -> Operations:
    """``zone`` is exactly these ``doors``; none if there are none."""
    names = list(doors or ())
    require_doors(state, names)
    wanted = frozenset(number for number, name in state.doors.items() if name in names)
    if state.zones.get(zone) == wanted:
        return []
    return [[ops.ZONE, zone, field(wanted)]]


def set_schedule(
    state: State, name: str, week: list[Hours], on_holidays: list[Hours]
) -> Operations:
    """``name`` stands for these hours from now on."""
    if not any(week) and not any(on_holidays):
        raise UsageProblem(
            f"the schedule {name!r} would have no hours", "give --weekly or --on-holidays"
        )
    if state.schedules.get(name) == Schedule(week, on_holidays):
        return []
    return [[ops.SCHEDULE, name, week, on_holidays]]


def remove_schedule(state: State, name: str) -> Operations:
    """Nobody's hours are called ``name`` any more."""
    require_schedules(state, [name])
    for number, rights in sorted(state.groups.items()):
        if any(schedule == name for _, _, schedule in rights):
            raise UsageProblem(
                f"group {number} is bound to the schedule {name!r}",
                "give the group other rights first: holdfast policy group",
            )
    for number, (schedule, _) in sorted(state.modes.items()):
        if schedule == name:
            raise UsageProblem(
                f"the schedule {name!r} unlocks the door {state.doors[number]!r}",
                "give the door another one first: holdfast policy unlocked",
            )
    return [[ops.SCHEDULE, name, False]]


def require_schedules(state: State, names: Iterable[str]) -> None:
    """Refuse a schedule that the policy does not have: whoever is bound to it would stay out."""
    for name in names:
        require_known(
            name, state.schedules, "schedule", "the policy", "make it: holdfast policy schedule"
        )


def set_holidays(state: State, holidays: Kinds, now: int) -> Operations:
    """The whole list of holidays is this, a day with its kind.

    Those that are over at ``now`` (seconds since 1970) are left out: no reader keeps room for
    them, and no change is signed for their sake.
    """
    wanted = upcoming(holidays, now)
    if len(wanted) > MAX_HOLIDAYS:
        raise UsageProblem(
            f"these would be {len(wanted)} holidays, and a reader keeps {MAX_HOLIDAYS}",
            "give those that come every year without the year, as 12-25, or leave out the last",
        )
    if wanted == upcoming(state.holidays, now):
        return []
    return [[ops.HOLIDAYS, holiday_list(wanted)]]


def remove_holidays(state: State, days: Iterable, now: int) -> Operations:
    """These ``days`` are no holidays any more."""
    gone = set(days)
    for day in gone:
        if day not in state.holidays:
            raise UsageProblem(
                f"{format_holiday(day)} is no holiday", "see what is: holdfast policy show"
            )
    kept = {day: kind for day, kind in state.holidays.items() if day not in gone}
    return set_holidays(state, kept, now)


def set_group(state: State, number: int, rights: list[list]) -> Operations:
    """Who is in group ``number`` has exactly these ``rights``."""
    require_schedules(state, [schedule for _, _, schedule in rights if schedule is not None])
    require_places(state, [(kind, name) for (kind, name), _, _ in rights])
    if state.groups.get(number) == rights:
        return []
    if the_one_door(rights) is None and any(
        groups[number].uses for groups in state.grants.values() if number in groups
    ):
        raise UsageProblem(
            f"group {number} has cards whose uses are counted, and only one door can count",
            "leave it one --door, or give those cards another group first",
        )
    others = sum(max(1, len(some)) for group, some in state.groups.items() if group != number)
    if others + max(1, len(rights)) > MOST_RIGHTS:
        raise UsageProblem(
            f"the other groups have {others} rights, and a reader keeps {MOST_RIGHTS}",
            "remove groups that nobody needs, or put doors in zones",
        )
    return [[ops.GROUP, number, rights]]


def the_one_door(rights: Sequence[Sequence]) -> str | None:
    """The door that is all these ``rights`` are at, if it is one, and named by itself."""
    places = [place for place, _, _ in rights]
    if len(places) != 1 or places[0][0] != DOOR:
        return None
    return places[0][1]


def remove_group(state: State, number: int) -> Operations:
    """There is no group ``number``: its cards and PINs open nothing."""
    require_group(state, number)
    return [[ops.GROUP, number, False]]


def require_group(state: State, number: int) -> None:
    """Refuse a group that the policy does not have."""
    if number not in state.groups:
        known = ", ".join(map(str, sorted(state.groups))) or "none yet"
        raise UsageProblem(
            f"the policy has no group {number} (it has: {known})",
            "check the number, or make it: holdfast policy group",
        )


def revoke(
    state: State, cti: bytes, expires: int | None, now: int, issued_at: int | None = None
) -> Operations:
    """The token with the id ``cti``, which would expire at ``expires``, opens nothing.

    None if nobody knows when: then it is revoked for as long as any token lives. ``issued_at`` is
    None likewise: then no watermark ever makes room of it.
    """
    before = state.revoked.entries.get(cti)
    if expires is None:
        expires = now + lifetime.LONGEST_DAYS * 86400 if before is None else before.end
    if expires <= now:
        raise UsageProblem(
            f"the credential {cti.hex()} expired {Dates(state.time_zone).text(expires)}",
            "nothing has to be done: it opens nothing",
        )
    if before is not None:
        issued_at = before.issued_at if issued_at is None else issued_at
        is_covered = before.issued_at is None or (issued_at or 0) <= before.issued_at
        if before.end >= expires and is_covered:
            return []
    elif len(state.revoked.living(now)) >= MAX_REVOKED:
        raise UsageProblem(
            f"{MAX_REVOKED} revoked credentials have not expired, and a reader keeps no more",
            "take back all that were issued before a date: holdfast policy watermark; then issue"
            " those anew that shall open",
        )
    return [[ops.REVOKE, cti, expires, issued_at]]


def raise_watermark(state: State, at: int, now: int) -> Operations:
    """Every token issued before ``at`` opens nothing."""
    dates = Dates(state.time_zone)
    if at > now:
        raise UsageProblem(
            f"{dates.text(at)} is not yet, and a watermark never falls: whatever is issued until"
            " then would open nothing",
            "give a date that has been, or now",
        )
    if at < state.revoked.watermark:
        raise UsageProblem(
            f"the watermark is at {dates.text(state.revoked.watermark)} already, and never falls",
            "issue new credentials to those who should have one",
        )
    return [] if at == state.revoked.watermark else [[ops.WATERMARK, at]]


def lock_down(state: State, on: bool, places: Sequence[Place]) -> Operations:
    """Lock down all doors, or those of ``places``; or end that."""
    if not places:
        is_so = state.is_locked if on else not (state.is_locked or state.locked_places)
        return [] if is_so else [[ops.LOCKDOWN, on, None]]
    require_places(state, places)
    if state.is_locked:
        if on:
            return []
        raise UsageProblem(
            "the whole site is locked down, so no part of it can be open",
            "end that first, without --door and --zone, and lock down the other places",
        )
    locked = set(state.locked_places)
    wanted = set(places) - locked if on else set(places) & locked
    return lockdown_operations(on, sorted(wanted))


def set_limits(state: State, limits: dict[int, int]) -> Operations:
    """Those of the site's limits that are given become these."""
    if not limits:
        raise UsageProblem("no limit is given", "see holdfast policy limits --help")
    wanted = {**state.limits, **limits}
    return [] if wanted == state.limits else [[ops.LIMITS, wanted]]
