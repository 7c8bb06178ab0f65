"""An office door that stands unlocked from the first granted entry on, until somebody locks the
site down.
"""

import dataclasses
from collections.abc import Callable, Iterator

from holdfast.access.request import ADMINISTER, UNLOCK

from ..phone.carrier import Carrier
from ..phone.wallet import Identity
from ..policy import changes, modes
from .entrance import Log
from .people import DAY_S
from .result import Promise, Result
from .scenes import Visit, judge, visit_cold
from .stage import DOOR, Stage

_OFFICE = "office"
_STRANGERS_CARD = "04deadbeef"
_SECONDS = 30.0
_FAR_LONGER_S = 2.0  # than a grant releases the strike


def standing(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    carrier = stage.holder("office carrier", permissions=UNLOCK | ADMINISTER)
    yield lambda: _before(stage, carrier)
    yield lambda: _first(stage)
    yield lambda: _stranger(stage)
    yield lambda: _lockdown(stage, carrier)


def _before(stage: Stage, carrier: Identity) -> Result:
    """It is within office hours, and nobody has been let in yet."""
    # A window that began twelve hours ago and ends in twelve.
    begin = (stage.now() % DAY_S // 60 + 720) % 1440
    hours = [[[begin, begin + 1440]]] * 7
    visit = _carrier_comes(stage, carrier)
    _, problems = _bring(
        stage,
        visit,
        lambda state: changes.set_schedule(state, _OFFICE, hours, []),
        lambda state: modes.unlock(state, DOOR, _OFFICE, True),
    )
    strikes = stage.strikes()
    promise = Promise("office hours, nobody is there yet", False, "unknown_card")
    result = _card(promise, stage.show(card=_STRANGERS_CARD))
    return _with(result, problems + _moved(stage, strikes))


def _first(stage: Stage) -> Result:
    """Whoever is let in first unlocks the door for all, for longer than a grant lasts."""
    begin = len(stage.reader.events)
    visit, log = visit_cold(stage, stage.holder("first in the office"))
    result = judge(Promise("the first entry unlocks the door", True, "granted"), log, visit)
    problems = []
    if stage.reader.wait(_is("unlocked_by_schedule"), since=begin, timeout=_SECONDS) is None:
        problems.append("no event says that it stands unlocked")
    return _with(result, problems + _secured(stage, begin))


def _stranger(stage: Stage) -> Result:
    """Light and event are a no; the strike is not theirs."""
    begin = len(stage.reader.events)
    promise = Promise("a stranger at the open door", False, "unknown_card")
    result = _card(promise, stage.show(card=_STRANGERS_CARD))
    return _with(result, _secured(stage, begin))


def _lockdown(stage: Stage, carrier: Identity) -> Result:
    """It is secured first and told then; afterwards it is a door like any other again."""
    begin = len(stage.reader.events)
    visit, _ = visit_cold(stage, carrier)
    problems = _secured(stage, begin)  # the carrier's own grant is over then
    begin = len(stage.reader.events)
    log, more = _bring(stage, visit, lambda state: changes.lock_down(state, True, []))
    ended = stage.reader.wait(_is("locked_by_schedule"), since=begin, timeout=_SECONDS)
    why = ended["detail"] if ended else None
    if why != "lockdown":
        more.append(f"the end of it says: {why}")
    kinds = [_is_secured(said) or said.get("event") for said in stage.reader.events[begin:]]
    if True not in kinds or kinds.index(True) > kinds.index("locked_by_schedule"):
        more.append("it is not secured before it is told")
    strikes = stage.strikes()
    _, still_more = _bring(
        stage,
        visit,
        lambda state: changes.lock_down(state, False, []),
        lambda state: modes.lock(state, DOOR),
    )
    ending = log.ending
    return Result(
        Promise("a lockdown secures it at once", True, "lockdown"),
        None,
        why,
        None,
        ending["round_trips"],
        ending["bytes_in"] + ending["bytes_out"],
        ending["public_key_operations"],
        (*problems, *more, *still_more, *_moved(stage, strikes)),
    )


def _carrier_comes(stage: Stage, carrier: Identity) -> Visit:
    """And goes in: what follows happens at a door that is secured again."""
    begin = len(stage.reader.events)
    visit, _ = visit_cold(stage, carrier)
    stage.reader.wait(_is_secured, since=begin, timeout=_SECONDS)
    return visit


def _bring(stage: Stage, visit: Visit, *rules: Callable) -> tuple[Log, list[str]]:
    """A phone brings each changeset; the reader's log of that, and what went wrong."""
    problems = []
    with stage.call() as link:
        carrier = Carrier(link, visit.kept())
        for rule in rules:
            for raw in stage.change_policy(rule):
                said = carrier.post_policy(raw)
                if said != stage.policy_standing():
                    problems.append(f"the reader says that it is at {said}")
        visit.session = carrier.session
    return stage.log(), problems


def _card(promise: Promise, said: dict) -> Result:
    problems = []
    if (said["granted"], said["reason"]) != (promise.granted, promise.reason):
        problems.append(f"{said['reason']}, not {promise.reason}")
    return Result(promise, said["granted"], said["reason"], None, 0, 0, 0, tuple(problems))


def _secured(stage: Stage, begin: int) -> list[str]:
    """What is wrong if the strike is secured from place ``begin`` of the reader's log on."""
    said = stage.reader.wait(_is_secured, since=begin, timeout=_FAR_LONGER_S)
    return [] if said is None else ["the strike was secured"]


def _with(result: Result, problems: list[str]) -> Result:
    return dataclasses.replace(result, problems=(*result.problems, *problems))


def _moved(stage: Stage, strikes: int) -> list[str]:
    return [] if stage.strikes() == strikes else ["the strike was released"]


def _is(kind: str) -> Callable[[dict], bool]:
    return lambda said: said.get("event") == kind


def _is_secured(said: dict) -> bool:
    return said.get("hal") == "strike" and said.get("active") is False
