"""Wrong clocks: a laptop's that is an hour ahead for one change, and a reader's, which is put
right by the site's authority.

Some rights here hold for half an hour from now and no longer: by a clock that had moved they
would be over.
"""

import dataclasses
from collections.abc import Callable, Iterator

from holdfast.access.clock import word
from holdfast.access.request import ADMINISTER, UNLOCK

from ..phone.carrier import Carrier, Refused
from ..phone.clock import Shown
from ..phone.wallet import Identity
from ..policy import changes, schedules
from .people import HOUR_S, SITE
from .result import Promise, Result
from .scenes import judge, visit_cold
from .stage import Stage

_HALF_HOUR = "this half hour"
_RIGHT_S = 60  # a machine that is busy may take long for a scene


def clocks(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    admin = stage.holder("caretaker", permissions=UNLOCK | ADMINISTER)
    hours = _half_hour(stage.now())
    soon_over = stage.holder("half an hour", expires=stage.now() + HOUR_S // 2)
    in_hours = stage.holder("in hours", schedule=_HALF_HOUR)
    ahead = stage.holder("issued ahead", issued_at=stage.now() + HOUR_S)

    def rules(state):
        return changes.set_schedule(state, _HALF_HOUR, hours, [])

    yield lambda: _on_line(stage, admin, "a change from a laptop an hour ahead", _bring(rules))
    yield _visit(stage, Promise("laptop ahead: in its hours", True, "granted"), in_hours)
    yield _visit(stage, Promise("laptop ahead: not yet over", True, "granted"), soon_over)
    yield _visit(stage, Promise("laptop ahead: issued there", False, "dated_ahead"), ahead)
    yield lambda: _on_line(stage, admin, "laptop ahead: the reader's clock", _look)

    def two_hours_ahead() -> Result:
        stage.restart(clock_ahead=2 * HOUR_S)
        promise = Promise("clock 2 h ahead: in its hours", False, "outside_schedule")
        return _visit(stage, promise, in_hours)()

    yield two_hours_ahead
    yield _visit(stage, Promise("clock 2 h ahead: over by it", False, "expired"), soon_over)
    yield lambda: _on_line(stage, admin, "clock 2 h ahead: told otherwise", _tell)
    resident = stage.holder("passer-by")
    yield lambda: _on_line(stage, resident, "clock put right by the authority", _put_right)
    yield _visit(stage, Promise("clock put right: in its hours", True, "granted"), in_hours)

    def after_a_power_cut() -> Result:
        stage.restart()
        return _visit(stage, Promise("clock put right: restarted", True, "granted"), soon_over)()

    yield after_a_power_cut


def _half_hour(now: int) -> list:
    begin, end = [(now // 60 + shift) % 1440 for shift in (-30, 31)]
    window = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (begin, end or 1))
    return schedules.parse_week([f"mon-sun {window}"])


def _visit(stage: Stage, promise: Promise, identity: Identity) -> Callable[[], Result]:
    def scene() -> Result:
        visit, log = visit_cold(stage, identity)
        return judge(promise, log, visit)

    return scene


# What a carrier does on its connection; what came of it, and what is wrong with that.
_Act = Callable[[Stage, Carrier], tuple[str, list[str]]]


def _on_line(stage: Stage, identity: Identity, title: str, act: _Act) -> Result:
    visit, _ = visit_cold(stage, identity)
    with stage.call() as link:
        what, problems = act(stage, Carrier(link, visit.kept()))
    ending = stage.log().ending
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


def _bring(rules: Callable) -> _Act:
    def act(stage: Stage, carrier: Carrier) -> tuple[str, list[str]]:
        said = [carrier.post_policy(raw) for raw in stage.change_policy(rules, ahead=HOUR_S)]
        problems = [] if said[-1:] == [stage.policy_standing()] else ["it is not in force"]
        return f"changeset {stage.policy_number()}", problems

    return act


def _look(stage: Stage, carrier: Carrier) -> tuple[str, list[str]]:
    return "right", _off(stage, carrier.time())


def _tell(stage: Stage, carrier: Carrier) -> tuple[str, list[str]]:
    try:
        carrier.put_time(stage.now(), 1)
    except Refused:
        return "not believed", []
    return "believed", ["one administrator moves a clock that the reader trusts by two hours"]


def _put_right(stage: Stage, carrier: Carrier) -> tuple[str, list[str]]:
    problems = [] if _off(stage, carrier.time()) else ["it was not wrong"]
    asked = carrier.ask_time()
    made = (asked.node, asked.nonce, asked.head, stage.now())
    raw = word.make(stage.authority.signing_key, SITE, *made)
    carrier.put_word(raw)
    try:
        carrier.put_word(raw)
        problems.append("the same word is taken twice")
    except Refused:
        pass
    return "right", problems + _off(stage, carrier.time())


def _off(stage: Stage, shown: Shown) -> list[str]:
    if shown.time is not None and abs(shown.time - stage.now()) <= _RIGHT_S:
        return []
    return [f"the clock shows {dataclasses.astuple(shown)}"]
