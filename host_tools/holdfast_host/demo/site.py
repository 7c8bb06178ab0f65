"""A site on a LAN: what one node is told all doors know; its controller dies, and no door minds; a
key is taken back through a neighbour; the controller returns and learns all of it.

What is waited for is what the nodes say themselves, for as long as a busy machine may need.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from holdfast.access import place
from holdfast.access.request import UNLOCK

from ..phone.wallet import Identity
from ..policy import changes, grants
from ..policy.state import Grant
from . import command, site_outside
from .command import Ended
from .result import Promise, Result, judge_shown
from .site_events import events
from .site_stage import CONTROLLER, READERS, SiteStage
from .steps import card_scene, visit_scene

_CARD = bytes.fromhex("04f00d0001")
_OTHER = bytes.fromhex("04f00d0002")  # one that was there just before is not heard again
_GROUP = 31
_SECONDS = 300.0  # after which nothing will come any more
_FRONT, _ANNEX = READERS  # of which the first is told nothing by any command


def site(stage: SiteStage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    yield from _together(stage)
    resident = stage.holder("resident")
    yield from site_outside.outside(stage, _OTHER, resident)
    holder = stage.holder("newcomer")
    yield from _alone(stage, holder, resident)
    yield from _again(stage, holder)
    yield from events(stage)
    yield lambda: _nodes(stage)
    yield lambda: _nothing_wrong(stage)


def _together(stage: SiteStage) -> Iterator[Callable[[], Result]]:
    """Each node was enrolled before the next one's door was in the policy, but for the last."""
    front = stage.entrances[_FRONT]
    yield lambda: _follow(stage, "a controller and two readers meet", stage.entrances)
    unknown = Promise("a new card, of which nobody was told", False, "unknown_card")
    yield card_scene(front, unknown, _CARD)

    def published() -> Result:
        rights = [[[place.DOOR, one.door], UNLOCK, None] for one in stage.entrances.values()]
        keys = {stage.card_key(one): "a card" for one in (_CARD, _OTHER)}
        stage.change_policy(
            lambda state: changes.set_group(state, _GROUP, rights),
            lambda state: grants.grant(state, keys, [_GROUP], Grant(), now=stage.now()),
        )
        return _published(stage, "its change, published to one node")

    yield published
    yield lambda: _card_at(stage, "the card, at every door", stage.entrances)


def _alone(
    stage: SiteStage, holder: Identity, resident: Identity
) -> Iterator[Callable[[], Result]]:
    """Without the controller, whose power is cut."""
    front = stage.entrances[_FRONT]
    begin: dict[str, int] = {}

    def killed() -> Result:
        begin.update(stage.marks())
        stage.controller.kill()
        promise = Promise("the controller is killed: the card", True, "granted")
        return judge_shown(promise, front.show(card=_OTHER.hex()))

    yield killed
    yield lambda: _shown(stage, "the readers notice, and show red", begin, False, "red")
    yield from site_outside.alone(stage, begin, resident)
    yield lambda: _card_at(stage, "red, and the card opens all the same", READERS)
    yield visit_scene(front, Promise("a new holder, while it is away", True, "granted"), holder)

    def revoked() -> Result:
        token = stage.read(holder)
        stage.change_policy(
            lambda state: changes.revoke(state, token.cti, token.expires, stage.now())
        )
        result = _published(stage, "the holder revoked, through one peer", READERS)
        if stage.met() != {_ANNEX}:
            return _with(result, [f"commands went to {', '.join(sorted(stage.met()))}"])
        return result

    yield revoked
    refused = Promise("revoked: at the door that was not told", False, "revoked")
    yield visit_scene(front, refused, holder)
    yield lambda: _what_is_wrong(stage)


def _again(stage: SiteStage, holder: Identity) -> Iterator[Callable[[], Result]]:
    begin: dict[str, int] = {}

    def returned() -> Result:
        begin.update(stage.marks())
        stage.controller.start()
        return _shown(stage, "the controller returns, and red ends", begin, True, "white")

    yield returned
    yield lambda: _follow(stage, "it has learnt what it missed", [CONTROLLER])
    plant = stage.entrances[CONTROLLER]
    yield visit_scene(plant, Promise("revoked: at its own door", False, "revoked"), holder)
    title = "revoked: outside at that door"
    yield site_outside.visit(stage.outside, Promise(title, False, "revoked"), holder)
    yield from site_outside.again(stage, begin, _CARD)


def _published(stage: SiteStage, title: str, at: Iterable[str] | None = None) -> Result:
    """``holdfast policy publish`` to one node; all those ``at`` follow it, or all there are."""
    ended = stage.command("policy", "publish", at=(_ANNEX,))
    told = [one["node"] for one in ended.said.get("published", [])]
    problems = list(command.problems(ended))
    if told != [_ANNEX]:
        problems.append(f"it was published to {', '.join(told) or 'nobody'}")
    return _with(_follow(stage, title, stage.entrances if at is None else at), problems)


def _follow(stage: SiteStage, title: str, names: Iterable[str]) -> Result:
    """The nodes of these ``names`` say that they follow the last changeset of the site."""
    number = stage.number

    def follows(said: dict) -> bool:
        if said.get("event") == "ready":
            return said["policy"][0] == number
        return said.get("event") == "policy_applied" and said["changeset"] == number

    problems = [
        f"{name} does not follow changeset {number}"
        for name in names
        if stage.entrances[name].reader.wait(follows, timeout=_SECONDS) is None
    ]
    return _line(title, f"changeset {number}", problems)


def _card_at(stage: SiteStage, title: str, names: Iterable[str]) -> Result:
    """The card is held to the reader of each; the last one's decision, unless another fails."""
    results = []
    for name in names:
        said = stage.entrances[name].show(card=_CARD.hex())
        results.append(judge_shown(Promise(title, True, "granted"), said))
    return next((one for one in results if not one.kept), results[-1])


def _shown(
    stage: SiteStage, title: str, begin: dict[str, int], is_present: bool, colour: str
) -> Result:
    """All readers say whether the controller is there, and their lights are steady then."""

    def tells(said: dict) -> bool:
        return said.get("event") == "controller" and said["present"] is is_present

    def shows(said: dict) -> bool:
        light = said.get("hal"), said.get("colour"), said.get("effect")
        return light == ("led", colour, "steady")

    problems = []
    for name, reader in stage.readers.items():
        if reader.wait(tells, since=begin[name], timeout=_SECONDS) is None:
            problems.append(f"{name} does not say so")
        if reader.wait(shows, since=begin[name], timeout=_SECONDS) is None:
            problems.append(f"{name} does not show it")
    return _line(title, colour, problems)


def _what_is_wrong(stage: SiteStage) -> Result:
    """``holdfast doctor`` names who does not answer, and who misses it."""
    ended = stage.command("doctor", at=tuple(stage.entrances))
    faults = _faults(ended)
    problems = list(command.problems(ended, 1))
    if faults[:1] != [("port", stage.place_of(CONTROLLER))]:
        problems.append(f"the worst that it finds is {faults[:1]}")
    if sorted(faults[1:]) != sorted(("neighbours", name) for name in READERS):
        problems.append(f"it finds {faults[1:]} besides")
    told = f"nobody is at {stage.place_of(CONTROLLER)}"
    return _line("holdfast doctor, meanwhile", f"{len(faults)} faults", problems, told)


def _nodes(stage: SiteStage) -> Result:
    """``holdfast nodes``: who each is, what it follows, and whether it has its controller."""
    ended = stage.command("nodes", at=tuple(stage.entrances))
    problems = list(command.problems(ended))
    found = {one["node"]: one for one in ended.said.get("nodes", [])}
    if set(found) != set(stage.entrances):
        problems.append(f"it shows {', '.join(sorted(found)) or 'nobody'}")
    for name, one in found.items():
        role = "controller" if name == CONTROLLER else "reader"
        if (one["role"], one["policy"]) != (role, "same"):
            problems.append(f"{name} is a {one['role']}, and its policy is {one['policy']}")
        status = one["status"] or {}
        if status.get("policy") != stage.number:
            problems.append(f"{name} is at changeset {status.get('policy')}")
        if name in READERS and status.get("controller") != {"id": CONTROLLER, "present": True}:
            problems.append(f"{name} says of its controller: {status.get('controller')}")
    told = f"all at changeset {stage.number}"
    return _line("holdfast nodes", f"{len(found)} nodes", problems, told)


def _nothing_wrong(stage: SiteStage) -> Result:
    """Of this computer's own networks it may find anything."""
    ended = stage.command("doctor", at=tuple(stage.entrances))
    problems = list(command.problems(ended))
    found = [one for one in ended.said.get("findings", []) if one["about"] in stage.entrances]
    problems += [f"{one['about']}: {one['text']}" for one in found]
    return _line("holdfast doctor", "no faults", problems, "nothing is wrong with any node")


def _faults(ended: Ended) -> list[tuple[str, str]]:
    found = ended.said.get("findings", [])
    return [(one["check"], one["about"]) for one in found if one["severity"] == "fault"]


def _line(title: str, what: str, problems: list[str], told: str | None = None) -> Result:
    return Result(Promise(title, True, what), None, what, told, 0, 0, 0, tuple(problems))


def _with(result: Result, problems: list[str]) -> Result:
    return dataclasses.replace(result, problems=(*result.problems, *problems))
