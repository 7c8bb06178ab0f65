"""Guests: what a zone's key is worth, and what is left of it once it was replaced."""

import dataclasses
from collections.abc import Callable, Iterator

from holdfast.access import reason
from holdfast.access.request import ADMINISTER, CARRY_EVENTS, UNLOCK

from ..phone.carrier import Carrier, Refused
from .people import DAY_S
from .result import Promise, Result
from .scenes import judge, visit_cold
from .stage import Stage

_HOURS = 8
_NOT_ALLOWED = reason.coarse_name(reason.coarse(reason.ACTION_NOT_ALLOWED))


def guests(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    yield lambda: _administers(stage)
    yield lambda: _rotated(stage)


def _administers(stage: Stage) -> Result:
    """Whoever takes the zone's key off a wall can make a guest of any rights: it only unlocks."""
    everything = UNLOCK | CARRY_EVENTS | ADMINISTER
    visit, _ = visit_cold(stage, stage.guest("climber", _HOURS, permissions=everything))
    told = None
    problems = [] if visit.granted else ["it does not even unlock"]
    with stage.call() as link:
        carrier = Carrier(link, visit.kept())
        for what, ask in (
            ("to see events", lambda: carrier.events()),
            ("to set the clock", lambda: carrier.put_time(stage.now() + DAY_S, 1)),
        ):
            try:
                ask()
                problems.append(f"it was let {what}")
            except Refused as refusal:
                told = refusal.text
                if told != _NOT_ALLOWED:
                    problems.append(f"asked {what}, it is told: {told}")
    ending = stage.log().ending
    return Result(
        Promise("guest token that would administer", False, "action_not_allowed"),
        False,
        None,  # the reader keeps what is asked at its door, not every request
        told,
        ending["round_trips"],
        ending["bytes_in"] + ending["bytes_out"],
        ending["public_key_operations"],
        tuple(problems),
    )


def _rotated(stage: Stage) -> Result:
    """A phone brings the zone's new key, sealed: guests of the old one stay out, at once."""
    before = stage.guest("guest of before", _HOURS)
    said: object = None
    problems = []
    visit, _ = visit_cold(stage, before)
    if not visit.granted:
        problems.append("the old token was no good before, either")
    visit, _ = visit_cold(stage, stage.holder("bringer"))
    with stage.call() as link:
        carrier = Carrier(link, visit.kept())
        said = None
        for raw in stage.rotate_zone():
            said = carrier.post_policy(raw)
        if said != stage.policy_standing():
            problems.append(f"the reader says that it is at {said}")
    stage.log()  # it is over
    visit, log = visit_cold(stage, before)
    if visit.granted or not log.last or log.last["reason"] != "bad_signature":
        problems.append(f"the old token: {log.last and log.last['reason']}")
    visit, log = visit_cold(stage, stage.guest("guest of now", _HOURS))
    result = judge(Promise("zone key replaced: only the new token", True, "granted"), log, visit)
    return dataclasses.replace(result, problems=(*result.problems, *problems))
