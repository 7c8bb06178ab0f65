"""What a person can change in what cards and PINs have: from the present state to operations.

A grant is a pair of a card or PIN, known by its key, and a group.
"""

import dataclasses
from collections.abc import Collection, Iterable

from holdfast.access.policy import operations as ops

from ..credentials.dates import Dates
from ..errors import UsageProblem
from .changes import Operations, require_group, the_one_door
from .schedules import format_day
from .state import Grant, State

# What a reader's credential cache holds (firmware/holdfast/storage/cache/cache.py). One more,
# and every reader would stay at the changeset before, for good.
MOST_GRANTS = 10_000

Names = dict[bytes, str]  # the key of a card or PIN, and how to call it in an error


def grant(
    state: State,
    keys: Names,
    groups: Iterable[int],
    wanted: Grant,
    *,
    now: int,
    add: bool = False,
    replace: bool = False,
) -> Operations:
    """The cards or PINs with these ``keys`` are in ``groups``, and have ``wanted`` of each.

    One that is known already and has something else is refused: with ``add`` it gets these groups
    besides, with ``replace`` these and no others. It stays the same person's, unless ``wanted``
    says whose it is. If there is no room, those that have ended make way.
    """
    dates = Dates(state.time_zone)
    numbers = list(dict.fromkeys(groups))
    for number in numbers:
        require_group(state, number)
        _require_countable(state, number, wanted)
    if wanted.end is not None and wanted.end <= now:
        raise UsageProblem(f"{dates.end_text(wanted.end)} is over already", "check --until")
    made: Operations = []
    for key, name in keys.items():
        before = state.grants.get(key, {})
        mine = _of_person(wanted, before)
        given = [number for number in numbers if before.get(number) != mine]
        others = [number for number in sorted(before) if number not in numbers]
        if not replace and any(number in before for number in given):
            raise _known(name, before, dates, "add --replace to give it this instead")
        if not replace and others and given and not add:
            raise _known(
                name, before, dates, "add --add to give it this besides, --replace instead"
            )
        if len(numbers) + (0 if replace else len(others)) > ops.MAX_GROUPS:
            raise UsageProblem(
                f"{name} would be in more than {ops.MAX_GROUPS} groups, which no reader keeps",
                "take it out of one, or make a group with the rights of two",
            )
        if replace:  # first: at no moment in more groups than fit
            made += [[ops.GRANT, key, number, False] for number in others]
        made += [mine.operation(key, number) for number in given]
    return [*made_way(state, made, now), *made]


def amend(state: State, keys: Names, groups: Collection[int], **fields) -> Operations:
    """What the cards or PINs with these ``keys`` have of ``groups``, or of all without any, has
    these ``fields`` (of Grant) from now on.
    """
    made: Operations = []
    for key, name in keys.items():
        before = _held(state, key, name, groups)
        for number, grant in before.items():
            after = dataclasses.replace(grant, **fields)
            if after != grant:
                made.append(after.operation(key, number))
    return made


def take_back(state: State, keys: Names, groups: Collection[int] = ()) -> Operations:
    """The cards or PINs with these ``keys`` are not in ``groups`` any more, or in none."""
    made: Operations = []
    for key, name in keys.items():
        held = _held(state, key, name, groups)
        if held == state.grants[key]:
            made.append([ops.GRANT, key, False])
        else:
            made += [[ops.GRANT, key, number, False] for number in held]
    return made


def person_of(state: State, key: bytes, name: str, drawn: bytes) -> tuple[bytes, Operations]:
    """The tag of the person whose card or PIN this is, and what gives it that tag.

    That is ``drawn``, 4 random bytes, if it has none yet.
    """
    for grant in _held(state, key, name, ()).values():
        if grant.person is not None:
            return grant.person, []
    return drawn, amend(state, {key: name}, (), person=drawn)


def grant_text(grant: Grant, dates: Dates) -> str:
    """How long and how a grant holds, for a person, by the site's ``dates``."""
    texts = ["without end" if grant.end is None else dates.end_text(grant.end)]
    if grant.first_day is not None:
        texts.insert(0, f"from {format_day(grant.first_day)} on")
    if grant.uses is not None:
        texts.append(f"for {grant.uses} uses")
    if grant.person is not None:
        texts.append(f"of person {grant.person.hex()}")
    if grant.suspended:
        texts.append("suspended")
    if grant.duress:
        texts.append("a duress PIN")
    return ", ".join(texts)


def _of_person(wanted: Grant, before: dict[int, Grant]) -> Grant:
    known = [grant.person for grant in before.values() if grant.person is not None]
    if wanted.person is not None or not known:
        return wanted
    return dataclasses.replace(wanted, person=known[0])


def _require_countable(state: State, number: int, wanted: Grant) -> None:
    if wanted.uses is not None and the_one_door(state.groups[number]) is None:
        raise UsageProblem(
            f"group {number} has not exactly one door, and no door knows what others counted",
            "give a group that has one --door and no --zone, or leave out --uses",
        )


def _known(name: str, before: dict[int, Grant], dates: Dates, advice: str) -> UsageProblem:
    listed = "; ".join(
        f"in group {number}, {grant_text(grant, dates)}"
        for number, grant in sorted(before.items())
    )
    return UsageProblem(f"{name} is known already, {listed}", advice)


def _held(state: State, key: bytes, name: str, groups: Collection[int]) -> dict[int, Grant]:
    before = state.grants.get(key)
    if before is None:
        raise UsageProblem(f"{name} is not known", "check it; nothing was changed")
    for number in groups:
        if number not in before:
            listed = ", ".join(map(str, sorted(before)))
            raise UsageProblem(
                f"{name} is not in group {number} (it is in: {listed})", "check the group"
            )
    return {
        number: grant for number, grant in sorted(before.items()) if number in groups
    } or before


def made_way(state: State, made: Operations, now: int) -> Operations:
    """What makes room for the GRANTs that are ``made``: those that have ended at ``now`` go.

    Raises UsageProblem if even then there is no room.
    """
    given = {(key, number) for _, key, number, *_ in made}
    taken = {(one[1], one[2]) for one in made if one[3] is False}
    kept = sum(
        (key, number) not in given for key, groups in state.grants.items() for number in groups
    )
    wanted = len(given) - len(taken)
    if kept + wanted <= MOST_GRANTS:
        return []
    ended = [
        (key, number)
        for key, groups in state.grants.items()
        for number, grant in groups.items()
        if (key, number) not in given and grant.end is not None and grant.end <= now
    ]
    if kept - len(ended) + wanted > MOST_GRANTS:
        raise UsageProblem(
            f"a reader keeps {MOST_GRANTS} grants of a group to a card or PIN, of which"
            f" {kept - len(ended)} are taken; there is no room for {wanted} more",
            "remove those that nobody uses: holdfast policy card --remove",
        )
    return [[ops.GRANT, key, number, False] for key, number in ended]
