"""A night shift into a holiday: whose hours are whose, where a night crosses into another day.

It is two in the morning wherever this site is: the scenes are the same at any real hour.
"""

from collections.abc import Callable, Iterator

from holdfast.access import place
from holdfast.access.policy import operations as ops
from holdfast.access.request import ADMINISTER, UNLOCK

from ..policy import changes, grants, schedules
from ..policy.state import Grant
from .people import DAY_S
from .result import Promise, Result
from .stage import DOOR, Stage
from .steps import bring, card_scene

_NIGHT_SHIFT = bytes.fromhex("04c0ffee0001")
_EARLY_SHIFT = bytes.fromhex("04c0ffee0002")
_SHIFTS = (
    (_NIGHT_SHIFT, 11, "night shift", "mon-sun 22:00-06:00"),
    (_EARLY_SHIFT, 12, "early shift", "mon-sun 01:00-09:00"),
)
_TWO = 120  # minutes
_DAY_MINUTES = 1440


def nights(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    carrier = stage.holder("foreman", permissions=UNLOCK | ADMINISTER)
    now = stage.now()
    offset, today = two_in_the_morning(now)
    begin = [
        lambda state: changes.set_time_zone(state, [ops.TIMEZONE, offset, None]),
        lambda state: changes.set_holidays(state, {today: 1}, now),
        *[rule for shift in _SHIFTS for rule in _shift(stage, *shift)],
    ]
    yield lambda: bring(stage, carrier, "02:00, and a holiday since midnight", begin)
    yield card_scene(stage, Promise("a night shift into a holiday", True, "granted"), _NIGHT_SHIFT)
    none = Promise("a shift that begins on the holiday", False, "holiday")
    yield card_scene(stage, none, _EARLY_SHIFT)
    yield lambda: bring(
        stage,
        carrier,
        "02:00, and the holiday is over",
        [lambda state: changes.set_holidays(state, {today - 1: 1}, now)],
    )
    gone = Promise("a night that would be a holiday's", False, "outside_schedule")
    yield card_scene(stage, gone, _NIGHT_SHIFT)
    yield card_scene(stage, Promise("the shift of the day after", True, "granted"), _EARLY_SHIFT)
    end = [
        lambda state: changes.set_time_zone(state, [ops.TIMEZONE, 0, None]),
        lambda state: changes.set_holidays(state, {}, now),
    ]
    yield lambda: bring(stage, carrier, "no holiday, and back to UTC", end)


def two_in_the_morning(now: int) -> tuple[int, int]:
    """The offset from UTC, in minutes, of the nearest place where it is two o'clock at ``now``
    (seconds since 1970), and which day it is there (days since 1970).
    """
    ahead = (_TWO - now // 60) % _DAY_MINUTES
    offset = ahead if ahead <= _DAY_MINUTES // 2 else ahead - _DAY_MINUTES
    return offset, (now + 60 * offset) // DAY_S


def _shift(stage: Stage, card: bytes, group: int, name: str, weekly: str) -> list[Callable]:
    week = schedules.parse_week([weekly])
    keys = {stage.card_key(card): "the card"}
    return [
        lambda state: changes.set_schedule(state, name, week, []),
        lambda state: changes.set_group(state, group, [[[place.DOOR, DOOR], UNLOCK, name]]),
        lambda state: grants.grant(state, keys, [group], Grant(), now=stage.now()),
    ]
