"""One state out of several branches of a policy, in which whatever one of them took back is gone.

Of what two branches had in common when they parted, what either has let go stays gone; what one
has changed is as it says; what both have changed becomes the less of the two. Every revocation,
watermark, suspension and lockdown of any branch stands. Pure.
"""

import copy
import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.revocation import MAX_REVOKED
from holdfast.access.policy.rules import MAX_DOORS

from ..errors import UsageProblem
from . import branches
from .branches import Branch
from .state import Grant, State

Map = dict[Any, Any]


@dataclasses.dataclass(frozen=True)
class Merged:
    """The ``state`` that holds from now on. ``gone`` are pairs of a card's key and a group that
    one branch gives and another has taken back, ``contested`` what was changed twice.
    """

    state: State
    gone: list[tuple[bytes, int]]
    contested: list[str]


def merged(found: Sequence[Branch], now: int) -> Merged:
    """What the branches ``found`` come to, the first of which is the copy in hand; ``now`` is in
    seconds since 1970.
    """
    _require_one_lookup(found)
    states = [one.state for one in found]
    # Of two branches, what they had in common: a State, None if nobody can tell.
    common = {
        (i, j): _common(found[i], found[j])
        for i, j in itertools.combinations(range(len(found)), 2)
    }
    contested: list[str] = []

    def of(what: str, view: Callable[[State], Map], less: Callable[[list], Any]) -> Map:
        ends = [view(state) for state in states]
        before = [
            (i, j, {**ends[i], **ends[j]} if state is None else view(state))
            for (i, j), state in common.items()
        ]
        made, twice = _merged(ends, before, less)
        contested.extend(f"{what} {_text(key)}" for key in twice)
        return made

    state = copy.deepcopy(states[0])
    state.doors = _doors(states)
    named = {name: number for number, name in state.doors.items()}
    state.schedules = of("schedule", lambda one: one.schedules, _first)
    inside = of("zone", _inside, _first)
    zones = dict.fromkeys(zone for one in states for zone in one.zones)
    state.zones = {
        zone: frozenset(named[door] for other, door in inside if other == zone) for zone in zones
    }
    state.groups = of("group", lambda one: one.groups, _rights)
    modes = of("door", _modes, _first)
    state.modes = {named[door]: mode for door, mode in modes.items()}
    carriers = of("carrier", _carriers, _first)
    state.carriers = {node: (named[door], way) for node, (door, way) in carriers.items()}
    granted = of("card", branches.pairs, _grant)
    every = [branches.pairs(one) for one in states]
    state.grants = {}
    for (key, group), grant in granted.items():
        if group in state.groups:
            is_suspended = any(
                key_of in one and one[key_of].suspended
                for one in every
                for key_of in [(key, group)]
            )
            grant = dataclasses.replace(grant, suspended=grant.suspended or is_suspended)
            state.grants.setdefault(key, {})[group] = grant
    left = branches.pairs(state)
    gone = sorted({pair for one in every for pair in one if pair not in left})
    _take_back(state, states, now)
    _lock(state, states, named)
    _keys(state, states)
    return Merged(state, gone, [one for one in contested if not one.startswith("card ")])


def _common(one: Branch, other: Branch) -> State | None:
    number = branches.parting(one, other)
    chain = one.chain or other.chain
    if number is None or chain is None:
        return None
    return branches.until(chain, number).state


def _merged(ends: list[Map], before: list, less: Callable[[list], Any]) -> tuple[Map, list]:
    made, twice = {}, []
    for key in dict.fromkeys(key for end in ends for key in end):
        if any(
            key in common and (key not in ends[i] or key not in ends[j]) for i, j, common in before
        ):
            continue
        values = [end[key] for end in ends if key in end]
        old = [common[key] for _, _, common in before if key in common]
        changed = _unlike([one for one in values if one not in old] or values)
        made[key] = changed[0] if len(changed) == 1 else less(changed)
        if len(changed) > 1:
            twice.append(key)
    return made, twice


def _unlike(values: list) -> list:
    found: list = []
    for one in values:
        if one not in found:
            found.append(one)
    return found


def _first(values: list) -> Any:
    """What the copy in hand says, or else the first that says something."""
    return values[0]


def _rights(values: list[list]) -> list:
    """What all of them open."""
    return [one for one in values[0] if all(one in other for other in values[1:])]


def _grant(values: list[Grant]) -> Grant:
    """The least of what they say."""
    return dataclasses.replace(
        values[0],
        end=min((one.end for one in values if one.end is not None), default=None),
        first_day=max(
            (one.first_day for one in values if one.first_day is not None), default=None
        ),
        suspended=any(one.suspended for one in values),
        uses=min((one.uses for one in values if one.uses is not None), default=None),
        duress=any(one.duress for one in values),
    )


def _inside(state: State) -> Map:
    """Which doors lie in which zone, by their names."""
    return {
        (zone, state.doors[number]): True
        for zone, doors in state.zones.items()
        for number in sorted(doors)
        if number in state.doors
    }


def _modes(state: State) -> Map:
    return {state.doors[number]: mode for number, mode in state.modes.items()}


def _carriers(state: State) -> Map:
    return {node: (state.doors[door], way) for node, (door, way) in state.carriers.items()}


def _doors(states: Sequence[State]) -> dict[int, str]:
    """All doors, those of the first with the numbers that they have there."""
    doors = dict(states[0].doors)
    for state in states[1:]:
        for name in state.doors.values():
            if name not in doors.values():
                free = [number for number in range(MAX_DOORS) if number not in doors]
                if not free:
                    raise UsageProblem(
                        f"the copies have more than {MAX_DOORS} doors together",
                        "remove one that is gone: holdfast policy door --remove",
                    )
                doors[free[0]] = name
    return doors


def _take_back(state: State, states: Sequence[State], now: int) -> None:
    for other in states[1:]:
        state.revoked.raise_watermark(other.revoked.watermark)
        state.revoked.until(other.revoked.dropped)
    for other in states[1:]:
        for cti, entry in sorted(other.revoked.entries.items()):
            if len(state.revoked.living(now)) >= MAX_REVOKED and cti not in state.revoked.entries:
                state.revoked.raise_watermark(now)  # more than a reader keeps: all of before
                continue
            state.revoked.add(cti, entry.end, entry.issued_at, now)


def _lock(state: State, states: Sequence[State], named: dict[str, int]) -> None:
    state.is_locked = any(one.is_locked for one in states)
    places = [place for one in states for place in one.locked_places]
    # Of a zone that is locked down also the doors that it had where that was said.
    inside = [door for one in states for zone in one.locked_zones for door in one.doors_in(zone)]
    doors = [name for kind, name in places if kind == DOOR] + inside
    zones = [name for kind, name in places if kind == ZONE]
    state.locked_doors = frozenset() if state.is_locked else frozenset(named[one] for one in doors)
    state.locked_zones = frozenset() if state.is_locked else frozenset(zones)


def _keys(state: State, states: Sequence[State]) -> None:
    """The newest key of each zone, with all that brings it to its nodes."""
    for other in states[1:]:
        for zone, number in other.keys.numbers.items():
            state.keys.numbers[zone] = max(number, state.keys.numbers.get(zone, 0))
        state.keys.sealed += [one for one in other.keys.sealed if one not in state.keys.sealed]
    state.keys.tidy(state.zones)


def _require_one_lookup(found: Sequence[Branch]) -> None:
    other = next((one for one in found if one.state.lookup != found[0].state.lookup), None)
    if other is not None:
        raise UsageProblem(
            f"{', '.join(other.who)} knows cards by another lookup key than this copy: it was"
            " replaced in one of the two only",
            "restore the copy in which it was replaced last, and recover there",
        )


def _text(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
