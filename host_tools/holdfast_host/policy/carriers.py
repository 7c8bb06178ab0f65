"""Carriers, each for one side of a door: from the present state to operations, or a refusal."""

from holdfast.access.policy import operations as ops
from holdfast.access.policy.rules import MAX_CARRIERS

from ..errors import UsageProblem
from .changes import Operations, require_doors
from .state import State

WAYS = {"in": 1, "out": 2}


def carry(state: State, node: str, door: str, way: int) -> Operations:
    """The device ``node`` carries for the ``door``, on the side ``way``, and for no other."""
    require_doors(state, [door])
    number = next(number for number, known in state.doors.items() if known == door)
    if state.carriers.get(node) == (number, way):
        return []
    if node not in state.carriers and len(state.carriers) >= MAX_CARRIERS:
        raise UsageProblem(
            f"{MAX_CARRIERS} devices carry for doors, and a node keeps no more",
            "take one out: holdfast policy carrier SITE ID --remove",
        )
    return [[ops.CARRIER, node, number, way]]


def remove(state: State, node: str) -> Operations:
    """The device ``node`` carries for no door any more."""
    return [[ops.CARRIER, node, False]] if node in state.carriers else []


def facts(state: State) -> dict[str, dict[str, str]]:
    """Who carries for which door and side, for a machine."""
    names = {way: name for name, way in WAYS.items()}
    return {
        node: {"door": state.doors[number], "side": names[way]}
        for node, (number, way) in sorted(state.carriers.items())
    }
