"""A reader outside that carries: opened by the node inside, and worth nothing to a thief."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

from ..errors import LinkClosed
from ..phone.client import Rejected, Wish, introduce
from ..phone.wallet import Identity
from .outside import TRIES, Outside
from .result import Promise, Result
from .site_stage import CARRIER, SiteStage
from .steps import card_scene, visit_scene

_SECONDS = 300.0  # after which nothing will come any more
_STRANGER = "0badcafe"
_NOBODY = "does not answer"  # is what it says in the clear without the node inside


def outside(stage: SiteStage, card: bytes, holder: Identity) -> Iterator[Callable[[], Result]]:
    """While the controller is there: the holder of a ``card``, and a ``holder`` with a phone."""
    yield lambda: _presence(stage, "outside, a reader that carries", 0, True, "white")
    yield card_scene(stage.outside, Promise("outside: the card", True, "granted"), card)
    yield visit(stage.outside, Promise("outside: a phone", True, "granted"), holder)


def alone(
    stage: SiteStage, begin: Mapping[str, int], holder: Identity
) -> Iterator[Callable[[], Result]]:
    """Without the controller: it decides nothing, and says so. ``begin`` are how many lines each
    had said before.
    """
    title = "outside: red as well"
    yield lambda: _presence(stage, title, begin[CARRIER], False, "red")
    yield lambda: _told_no(stage, holder)


def again(
    stage: SiteStage, begin: Mapping[str, int], card: bytes
) -> Iterator[Callable[[], Result]]:
    """The controller is back, and somebody has made a copy of the reader outside."""
    title = "outside: white again"
    yield lambda: _presence(stage, title, begin[CARRIER], True, "white")
    yield from _cloned(stage)
    title = "outside: the card, as before"
    yield card_scene(stage.outside, Promise(title, True, "granted"), card)


def visit(entrance: Outside, promise: Promise, identity: Identity) -> Callable[[], Result]:
    """A phone comes for the first time, and again if nobody has decided anything."""
    scene = visit_scene(entrance, promise, identity)

    def patient() -> Result:
        for _ in range(TRIES - 1):
            try:
                result = scene()
            except (LinkClosed, RuntimeError):
                continue
            if _NOBODY not in (result.told or ""):
                return result
        return scene()

    return patient


def _cloned(stage: SiteStage) -> Iterator[Callable[[], Result]]:
    """With all that its memory holds the thief has neither a card nor a key that opens."""
    inside = stage.outside.inside
    clone = Outside(stage.clone(), inside)
    begin, opened = len(inside.reader.events), inside.strikes()

    def is_two(said: dict) -> bool:
        return said.get("event") == "two_carriers" and said.get("by") == CARRIER

    def appears() -> Result:
        problems = []
        clone.reader.start()
        if clone.reader.wait(_says(True), timeout=_SECONDS) is None:
            problems.append("the clone does not reach the controller")
        # The one on the wall goes on: whoever is heard after the other shows that there are two.
        stage.outside.reader.put(card=_STRANGER)
        if inside.reader.wait(is_two, since=begin, timeout=_SECONDS) is None:
            problems.append("the controller does not say that there are two")
        return _line("outside: a thief has cloned it", "two_carriers", problems)

    def opens_nothing() -> Result:
        try:
            forged = Promise("by the clone: a forged key", False, "bad_signature")
            result = visit(clone, forged, stage.forger("thief"))()
            if inside.strikes() != opened:
                problems = (*result.problems, "the strike has moved")
                return dataclasses.replace(result, problems=problems)
            return result
        finally:
            clone.reader.stop()

    yield appears
    yield card_scene(
        clone, Promise("by the clone: a card", False, "unknown_card"), bytes.fromhex(_STRANGER)
    )
    yield opens_nothing


def _presence(stage: SiteStage, title: str, begin: int, present: bool, colour: str) -> Result:
    """It says whether the controller is there, and its light is steady then."""
    problems = []
    reader = stage.outside.reader
    if reader.wait(_says(present), since=begin, timeout=_SECONDS) is None:
        problems.append("it does not say so")

    def shows(said: dict) -> bool:
        light = said.get("hal"), said.get("colour"), said.get("effect")
        return light == ("led", colour, "steady")

    if reader.wait(shows, since=begin, timeout=_SECONDS) is None:
        problems.append("it does not show it")
    return _line(title, colour, problems)


def _told_no(stage: SiteStage, holder: Identity) -> Result:
    """A phone that comes meanwhile has its no in the clear, with the reason in words."""
    entrance, problems, told = stage.outside, [], "nothing"
    with entrance.call() as link:
        try:
            introduce(link.request, [holder], entrance.door, entrance.now()).ask(Wish())
            problems.append("somebody let it in")
        except Rejected as refusal:
            told = refusal.reason_text
        except LinkClosed as ended:
            problems.append(str(ended))
    promise = Promise("outside: a phone, meanwhile", False, "no controller")
    return Result(promise, False, "no controller", told, 0, 0, 0, tuple(problems))


def _says(present: bool) -> Callable[[dict], bool]:
    return lambda said: said.get("event") == "controller" and said["present"] is present


def _is_access(said: dict) -> bool:
    return said.get("event") == "access"


def _line(title: str, what: str, problems: list[str]) -> Result:
    return Result(Promise(title, True, what), None, what, None, 0, 0, 0, tuple(problems))
