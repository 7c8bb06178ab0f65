"""What scenes are made of that change the policy first, or hold a card to the reader."""

from collections.abc import Callable

from ..phone.carrier import Carrier
from ..phone.wallet import Identity
from .entrance import Entrance, Log
from .result import Promise, Result, judge_shown
from .scenes import judge, visit_cold
from .stage import Stage


def card_scene(entrance: Entrance, promise: Promise, number: bytes) -> Callable[[], Result]:
    """The card with this ``number`` is held to the reader."""
    return lambda: judge_shown(promise, entrance.show(card=number.hex()))


def visit_scene(entrance: Entrance, promise: Promise, identity: Identity) -> Callable[[], Result]:
    """A phone comes for the first time."""

    def scene() -> Result:
        visit, log = visit_cold(entrance, identity)
        return judge(promise, log, visit)

    return scene


def bring(stage: Stage, identity: Identity, title: str, rules: list[Callable]) -> Result:
    """A phone brings each changeset, and the reader says which number it is at then."""
    problems = []
    visit, _ = visit_cold(stage, identity)
    with stage.call() as link:
        carrier = Carrier(link, visit.kept())
        for rule in rules:
            for raw in stage.change_policy(rule):
                said = carrier.post_policy(raw)
                if said != stage.policy_standing():
                    problems.append(f"the reader says that it is at {said}")
    log = stage.log()
    return line(title, f"changeset {stage.policy_number()}", log, problems)


def line(title: str, what: str, log: Log, problems: list[str]) -> Result:
    """A scene that opens nothing: ``what`` came of it, and what a connection took for it."""
    ending = log.ending
    return Result(
        Promise(title, True, what),
        None,
        what,
        None,
        ending["round_trips"],
        ending["bytes_in"] + ending["bytes_out"],
        ending["public_key_operations"],
        tuple(problems),
    )
