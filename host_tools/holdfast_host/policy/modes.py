"""Doors that stand unlocked by schedule: from the present state to operations, or a refusal."""

from holdfast.access.policy import operations as ops
from holdfast.access.policy.rules import MAX_MODES

from ..errors import UsageProblem
from .changes import Operations, require_doors, require_schedules
from .state import State


def unlock(state: State, door: str, schedule: str, from_first_grant: bool) -> Operations:
    """The ``door`` stands unlocked in the hours of ``schedule``, at once or from the first granted
    entry on.
    """
    number = _number(state, door)
    require_schedules(state, [schedule])
    mode = (schedule, int(from_first_grant))
    if state.modes.get(number) == mode:
        return []
    if number not in state.modes and len(state.modes) >= MAX_MODES:
        raise UsageProblem(
            f"{MAX_MODES} doors stand unlocked by schedule, and a reader keeps no more",
            "take one out: holdfast policy unlocked SITE DOOR --remove",
        )
    return [[ops.DOOR_MODE, number, *mode]]


def lock(state: State, door: str) -> Operations:
    """The ``door`` stands unlocked by no schedule any more."""
    number = _number(state, door)
    return [[ops.DOOR_MODE, number, False]] if number in state.modes else []


def text(mode: tuple[str, int]) -> str:
    """How a door stands unlocked, for a person."""
    schedule, from_first_grant = mode
    return f"in {schedule}" + (", from the first granted entry on" if from_first_grant else "")


def facts(mode: tuple[str, int]) -> dict[str, object]:
    """How a door stands unlocked, for a machine."""
    return {"schedule": mode[0], "from_first_grant": bool(mode[1])}


def _number(state: State, door: str) -> int:
    require_doors(state, [door])
    return next(number for number, known in state.doors.items() if known == door)
