"""Cards and PINs as people mean them: a first day, card and PIN together, three uses, a PIN that
calls for help. A phone brings what the policy says of them.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator

from holdfast.access import place
from holdfast.access.request import CARD, CARD_AND_PIN, PIN, UNLOCK

from ..policy import changes, grants
from ..policy.state import Grant
from .people import DAY_S
from .result import Promise, Result, judge_shown
from .stage import DOOR, Stage

_DOOR_GROUP = 11
_BOTH_GROUP = 12
_TOMORROWS = bytes.fromhex("04c0ffee01")
_ANNAS, _ANNAS_PIN, _HELP_PIN = bytes.fromhex("04c0ffee02"), "314159", "161803"
_BERTS, _BERTS_PIN = bytes.fromhex("04c0ffee03"), "271828"
_COURIERS = bytes.fromhex("04c0ffee04")
_USES = 3
_VISIT_S = 2.2  # a card that comes back sooner has not been away

Bring = Callable[[str, list[Callable]], Result]


def cards(stage: Stage, bring: Bring) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call; ``bring(title, rules)`` brings changesets."""
    today = stage.now() // DAY_S
    yield lambda: bring("first day, persons and uses, brought", _rules(stage, today))
    soon = Promise("a first day that is to come", False, "not_yet_valid")
    yield lambda: judge_shown(soon, stage.show(card=_TOMORROWS.hex()))
    begun = {"first_day": today - 1}
    yield lambda: bring("its first day put forward", [_given(stage, _TOMORROWS, **begun)])
    come = Promise("a first day that has come", True, "granted")
    yield lambda: judge_shown(come, stage.show(card=_TOMORROWS.hex()))
    yield from _together(stage)
    for number in range(_USES):
        title = f"use {number + 1} of {_USES}"
        yield _use(stage, Promise(title, True, "granted"), number + 1)
    yield _use(stage, Promise("no use is left", False, "uses_over"), _USES + 1)


def _together(stage: Stage) -> Iterator[Callable[[], Result]]:
    alone = Promise("card alone, where both are asked for", False, "second_needed")
    yield lambda: judge_shown(alone, stage.show(card=_ANNAS.hex()))
    both = Promise("card, then PIN", True, "granted")
    yield lambda: judge_shown(both, stage.show(pin=_ANNAS_PIN))
    first = Promise("PIN alone, where both are asked for", False, "second_needed")
    yield lambda: judge_shown(first, stage.show(pin=_ANNAS_PIN))
    turned = Promise("PIN, then card", True, "granted")
    yield lambda: judge_shown(turned, _show(stage, _ANNAS))

    def stolen() -> Result:
        _show(stage, _BERTS)
        return judge_shown(
            Promise("one's card, another's PIN", False, "other_person"), stage.show(pin=_ANNAS_PIN)
        )

    def turned_stolen() -> Result:
        stage.show(pin=_ANNAS_PIN)
        promise = Promise("another's PIN, one's card", False, "other_person")
        return judge_shown(promise, _show(stage, _BERTS))

    def help_me() -> Result:
        _show(stage, _ANNAS)
        said = stage.show(pin=_HELP_PIN)
        result = judge_shown(Promise("card, then duress PIN", True, "granted"), said)
        if any("duress" in name or name == "mark" for name in said):
            problem = "the console tells that it calls for help"
            return dataclasses.replace(result, problems=(*result.problems, problem))
        return result

    yield stolen
    yield turned_stolen
    yield help_me


def _show(stage: Stage, number: bytes) -> dict:
    """A card that was not there just before."""
    time.sleep(_VISIT_S)
    return stage.show(card=number.hex())


def _use(stage: Stage, promise: Promise, use: int) -> Callable[[], Result]:
    def scene() -> Result:
        said = _show(stage, _COURIERS)
        result = judge_shown(promise, said)
        if (said.get("use"), said.get("of")) != (use, _USES):
            problem = f"the event says use {said.get('use')} of {said.get('of')}"
            return dataclasses.replace(result, problems=(*result.problems, problem))
        return result

    return scene


def _given(stage: Stage, number: bytes, group: int = _DOOR_GROUP, kind: int = CARD, **fields):
    key = stage.lookup(kind, number)

    def change(state):
        wanted = Grant(**fields)
        return grants.grant(state, {key: "it"}, [group], wanted, now=stage.now(), replace=True)

    return change


def _rules(stage: Stage, today: int) -> list[Callable]:
    here = [place.DOOR, DOOR]
    both = UNLOCK | CARD_AND_PIN
    anna, bert = b"anna", b"bert"
    return [
        lambda state: changes.set_group(state, _DOOR_GROUP, [[here, UNLOCK, None]]),
        lambda state: changes.set_group(state, _BOTH_GROUP, [[here, both, None]]),
        _given(stage, _TOMORROWS, first_day=today + 2),
        _given(stage, _ANNAS, _BOTH_GROUP, person=anna),
        _given(stage, _ANNAS_PIN.encode(), _BOTH_GROUP, PIN, person=anna),
        _given(stage, _HELP_PIN.encode(), _BOTH_GROUP, PIN, person=anna, duress=True),
        _given(stage, _BERTS, _BOTH_GROUP, person=bert),
        _given(stage, _BERTS_PIN.encode(), _BOTH_GROUP, PIN, person=bert),
        _given(stage, _COURIERS, uses=_USES),
    ]
