"""From what cards and PINs shall have to the operations that make it so. Pure."""

from collections.abc import Mapping

from holdfast.access.policy import operations as ops

from ..errors import UsageProblem
from .changes import Operations, require_group
from .grants import made_way
from .state import Grant, State

# What each card or PIN (by its key) shall have of each group, and nothing else.
Wanted = Mapping[bytes, Mapping[int, Grant]]


def differences(state: State, wanted: Wanted) -> dict[bytes, dict[int, tuple]]:
    """What is otherwise than ``wanted``: of each key, by group, what it has and what it shall have
    (a Grant, or None for nothing).
    """
    found: dict[bytes, dict[int, tuple]] = {}
    for key, after in wanted.items():
        before = state.grants.get(key, {})
        changed = {
            group: (before.get(group), after.get(group))
            for group in sorted({*before, *after})
            if before.get(group) != after.get(group)
        }
        if changed:
            found[key] = changed
    return found


def operations(state: State, wanted: Wanted, now: int) -> Operations:
    """The operations that make ``wanted`` true. Those that have ended make way if they must."""
    taken: Operations = []
    given: Operations = []
    for key, changed in differences(state, wanted).items():
        if len(wanted[key]) > ops.MAX_GROUPS:
            raise UsageProblem(
                f"somebody would be in more than {ops.MAX_GROUPS} groups, which no reader keeps",
                "make a group with the rights of two",
            )
        for group, (_, after) in changed.items():
            if after is None:
                taken.append([ops.GRANT, key, group, False])
            else:
                require_group(state, group)
                given.append(after.operation(key, group))
    made = [*taken, *given]  # first what goes: at no moment more than fits
    return [*made_way(state, made, now), *made]
