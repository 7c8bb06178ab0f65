"""What a person can change in a policy: each from the present state to operations, or a refusal.

No operations means that everything is so already.
"""

from collections.abc import Iterable, Sequence

from holdfast.access.policy import operations as ops
from holdfast.access.policy.revocation import MAX_REVOKED

from ..credentials import lifetime
from ..errors import UsageProblem
from ..site.names import require_known
from .schedules import Hours, format_day
from .state import Schedule, State

# What a reader's credential cache holds (firmware/holdfast/storage/cache/cache.py). One more,
# and every reader would stay at the changeset before, for good.
MOST_GRANTS = 10_000
MOST_RIGHTS = 8_192

Operations = list[list]


def set_time_zone(state: State, operation: list) -> Operations:
    """The site's clock follows the rule of a TIMEZONE ``operation``."""
    return [] if state.time_zone == operation else [operation]


def set_zone(state: State, zone: str, doors: Sequence[str] | None) -> Operations:
    """``zone`` is these ``doors``, or every door provisioned into it."""
    wanted = None if doors is None else sorted(set(doors))
    if zone in state.zones and state.zones[zone] == wanted:
        return []
    return [[ops.ZONE, zone, wanted]]


def set_schedule(state: State, name: str, week: list[Hours], on_holidays: Hours) -> Operations:
    """``name`` stands for these hours from now on."""
    if not any(week) and not on_holidays:
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
    return [[ops.SCHEDULE, name, False]]


def require_schedules(state: State, names: Iterable[str]) -> None:
    """Refuse a schedule that the policy does not have: whoever is bound to it would stay out."""
    for name in names:
        require_known(
            name, state.schedules, "schedule", "the policy", "make it: holdfast policy schedule"
        )


def set_holidays(state: State, days: Iterable[int]) -> Operations:
    """The whole list of holidays is ``days``, in any order."""
    wanted = sorted(set(days))
    if len(wanted) > ops.MAX_HOLIDAYS:
        raise UsageProblem(
            f"these would be {len(wanted)} holidays, and a reader keeps {ops.MAX_HOLIDAYS}",
            "remove those that are over, with --remove or --replace",
        )
    return [] if wanted == state.holidays else [[ops.HOLIDAYS, wanted]]


def remove_holidays(state: State, days: Iterable[int]) -> Operations:
    """These ``days`` are no holidays any more."""
    gone = set(days)
    for day in sorted(gone.difference(state.holidays)):
        raise UsageProblem(f"{format_day(day)} is no holiday", "see what is: holdfast policy show")
    return set_holidays(state, set(state.holidays) - gone)


def set_group(state: State, number: int, rights: list[list]) -> Operations:
    """Who is in group ``number`` has exactly these ``rights``."""
    require_schedules(state, [schedule for _, _, schedule in rights if schedule is not None])
    if state.groups.get(number) == rights:
        return []
    others = sum(max(1, len(some)) for group, some in state.groups.items() if group != number)
    if others + max(1, len(rights)) > MOST_RIGHTS:
        raise UsageProblem(
            f"the other groups have {others} rights, and a reader keeps {MOST_RIGHTS}",
            "remove groups that nobody needs, or put doors in zones",
        )
    return [[ops.GROUP, number, rights]]


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


def grant(
    state: State,
    keys: dict[bytes, str],
    group: int,
    until: int | None,
    *,
    now: int,
    replace: bool,
) -> Operations:
    """The cards or PINs with these ``keys`` are in ``group`` until ``until``.

    ``keys`` says for each how to call it in an error. If there is no room for them, those that
    have ended make way.
    """
    require_group(state, group)
    if until is not None and until <= now:
        raise UsageProblem(f"{lifetime.iso(until)} is over already", "check --until")
    made = []
    for key, name in keys.items():
        before = state.grants.get(key)
        if before == (group, until):
            continue
        if before is not None and not replace:
            raise UsageProblem(
                f"{name} is known already, in group {before[0]}, {until_text(before[1])}",
                "add --replace to give it this group and end instead",
            )
        made.append([ops.GRANT, key, group, until])
    return [*_made_way(state, {operation[1] for operation in made}, now), *made]


def _made_way(state: State, wanted: set[bytes], now: int) -> Operations:
    others = {key: until for key, (_, until) in state.grants.items() if key not in wanted}
    if len(others) + len(wanted) <= MOST_GRANTS:
        return []
    ended = [key for key, until in others.items() if until is not None and until <= now]
    if len(others) - len(ended) + len(wanted) > MOST_GRANTS:
        raise UsageProblem(
            f"a reader keeps {MOST_GRANTS} cards and PINs, of which {len(others) - len(ended)} are"
            f" taken; there is no room for {len(wanted)} more",
            "remove those that nobody uses: holdfast policy card --remove",
        )
    return [[ops.GRANT, key, False] for key in ended]


def until_text(until: int | None) -> str:
    """When a card or PIN ends, for a person."""
    return "without end" if until is None else f"until {lifetime.iso(until)}"


def take_back(state: State, keys: dict[bytes, str]) -> Operations:
    """The cards or PINs with these ``keys`` are unknown from now on."""
    for key, name in keys.items():
        if key not in state.grants:
            raise UsageProblem(f"{name} is not known", "check it; nothing was changed")
    return [[ops.GRANT, key, False] for key in keys]


def revoke(state: State, cti: bytes, expires: int | None, now: int) -> Operations:
    """The token with the id ``cti``, which would expire at ``expires``, opens nothing.

    None if nobody knows when: then it is revoked for as long as any token lives.
    """
    before = state.revocations.get(cti)
    if expires is None:
        expires = now + lifetime.LONGEST_DAYS * 86400 if before is None else before
    if expires <= now:
        raise UsageProblem(
            f"the credential {cti.hex()} expired {lifetime.iso(expires)}",
            "nothing has to be done: it opens nothing",
        )
    if before is not None and before >= expires:
        return []
    kept = sum(end > now for known, end in state.revocations.items() if known != cti)
    if kept >= MAX_REVOKED:
        raise UsageProblem(
            f"{kept} revoked credentials have not expired, and a reader keeps {MAX_REVOKED}",
            "take back all that were issued before a date: holdfast policy watermark; then issue"
            " those anew that shall open",
        )
    return [[ops.REVOKE, cti, expires]]


def raise_watermark(state: State, at: int, now: int) -> Operations:
    """Every token issued before ``at`` opens nothing."""
    if at > now:
        raise UsageProblem(
            f"{lifetime.iso(at)} is not yet, and a watermark never falls: whatever is issued until"
            " then would open nothing",
            "give a date that has been, or now",
        )
    if at < state.watermark:
        raise UsageProblem(
            f"the watermark is at {lifetime.iso(state.watermark)} already, and never falls",
            "issue new credentials to those who should have one",
        )
    return [] if at == state.watermark else [[ops.WATERMARK, at]]


def lock_down(state: State, on: bool, places: Sequence[str]) -> Operations:
    """Lock down all doors, or those of ``places``; or end that."""
    locked = state.locked_down
    if not places:
        return [] if locked is on or (not on and not locked) else [[ops.LOCKDOWN, on, None]]
    if locked is True:
        if on:
            return []
        raise UsageProblem(
            "the whole site is locked down, so no part of it can be open",
            "end that first, without --door and --zone, and lock down the other places",
        )
    locked_places = frozenset(locked or ())
    wanted = set(places) - locked_places if on else set(places) & locked_places
    return [[ops.LOCKDOWN, on, sorted(wanted)]] if wanted else []


def set_limits(state: State, limits: dict[int, int]) -> Operations:
    """Those of the site's limits that are given become these."""
    if not limits:
        raise UsageProblem("no limit is given", "see holdfast policy limits --help")
    wanted = {**state.limits, **limits}
    return [] if wanted == state.limits else [[ops.LIMITS, wanted]]
