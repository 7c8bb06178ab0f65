"""At a doorway with a contact and an exit button: who was granted and went in, who did not, a door
that is held open, one that is forced, and that nobody is locked in.
"""

from collections.abc import Callable, Iterator

from holdfast.access import place
from holdfast.access.request import ADMINISTER, UNLOCK

from ..policy import changes, grants
from ..policy.state import Grant
from .result import Promise, Result
from .stage import DOOR, Stage
from .steps import bring, card_scene

_CARD = bytes.fromhex("04d00ecafe")
_GROUP = 21
_HELD_MS = 1500
_SECONDS = 30.0


def doorway(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call; the reader has its inputs as long."""
    keys = {stage.card_key(_CARD): "the card"}
    rules = [
        lambda state: changes.set_group(state, _GROUP, [[[place.DOOR, DOOR], UNLOCK, None]]),
        lambda state: grants.grant(state, keys, [_GROUP], Grant(), now=stage.now()),
    ]
    carrier = stage.holder("doorkeeper", permissions=UNLOCK | ADMINISTER)
    stage.restart(inputs=("contact", "rex"), held_ms=_HELD_MS)
    yield lambda: bring(stage, carrier, "a door with a contact, and its card", rules)
    yield lambda: _scene(stage, "granted, and went in", "passed", card=True, opens=True)
    yield lambda: _scene(stage, "the door stays open", "held_open", shuts=True)
    yield lambda: _scene(stage, "granted, and nobody went in", "not_passed", card=True)
    yield lambda: _scene(stage, "opened by force", "forced", opens=True, shuts=True)
    locked = [lambda state: changes.lock_down(state, True, [])]
    yield lambda: bring(stage, carrier, "a lockdown, brought", locked)
    yield card_scene(stage, Promise("locked down: the card", False, "locked_down"), _CARD)
    yield lambda: _exit(stage)
    unlocked = [lambda state: changes.lock_down(state, False, [])]
    yield lambda: _end(stage, bring(stage, carrier, "the lockdown is over", unlocked))


def _scene(
    stage: Stage,
    title: str,
    kind: str,
    card: bool = False,
    opens: bool = False,
    shuts: bool = False,
) -> Result:
    """What is done to the door, and the event ``kind`` that must come of it."""
    begin = len(stage.reader.events)
    if card:
        stage.reader.put(card=_CARD.hex())
    if opens:
        stage.reader.put(contact=True)
    problems = []
    if stage.reader.wait(_is(kind), since=begin, timeout=_SECONDS) is None:
        problems.append("no event says so")
    if shuts:
        stage.reader.put(contact=False)
        if stage.reader.wait(_is("contact"), since=begin, timeout=_SECONDS) is None:
            problems.append("no event says that it is shut again")
    kinds = [said.get("event") for said in stage.reader.events[begin:]]
    for other in {"passed", "not_passed", "forced"} - {kind}:
        if other in kinds:
            problems.append(f"an event says {other}")
    return _result(title, card or None, kind, problems)


def _exit(stage: Stage) -> Result:
    """Released first, and told then."""
    begin = len(stage.reader.events)
    moves = [said for said in stage.reader.events[:begin] if said.get("hal") == "strike"]
    if moves and moves[-1]["active"]:
        # For who brought the lockdown: only a strike that is secured can be seen to be released.
        stage.reader.wait(_is_secured, since=begin, timeout=_SECONDS)
        begin = len(stage.reader.events)
    stage.reader.put(rex=True)
    stage.reader.put(rex=False)
    problems = []
    if stage.reader.wait(_is("rex"), since=begin, timeout=_SECONDS) is None:
        problems.append("no event says so")
    kinds = [_is_released(said) or said.get("event") for said in stage.reader.events[begin:]]
    if True not in kinds or kinds.index(True) > kinds.index("rex"):
        problems.append("it is not released before it is told")
    if stage.reader.wait(_is_secured, since=begin, timeout=_SECONDS) is None:
        problems.append("the strike is not secured again")
    return _result("locked down: the exit button", None, "rex", problems)


def _end(stage: Stage, result: Result) -> Result:
    stage.restart(inputs=(), held_ms=None)
    return result


def _result(title: str, granted: bool | None, kind: str, problems: list[str]) -> Result:
    return Result(Promise(title, True, kind), granted, kind, None, 0, 0, 0, tuple(problems))


def _is(kind: str) -> Callable[[dict], bool]:
    return lambda said: said.get("event") == kind


def _is_released(said: dict) -> bool:
    return said.get("hal") == "strike" and said.get("active") is True


def _is_secured(said: dict) -> bool:
    return said.get("hal") == "strike" and said.get("active") is False
