"""What the reader remembers: cards, hours and revocations, brought by a phone; a clock and power
that are lost; and at the end its events, fetched and proven.
"""

import dataclasses
from collections.abc import Callable, Iterator

from holdfast.access import place
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.request import ADMINISTER, CARRY_EVENTS, UNLOCK

from ..events.check import DURESS
from ..phone.carrier import Carrier
from ..phone.wallet import Identity
from ..policy import changes, grants
from ..policy.state import Grant
from .cards import cards
from .people import DAY_S
from .result import Promise, Result, judge_shown
from .scenes import judge, visit_cold
from .stage import DOOR, Stage
from .steps import bring as _bring
from .steps import card_scene as _card_scene
from .steps import line as _line
from .steps import visit_scene as _visit_scene

_CARD = bytes.fromhex("04a1b2c3d4e5f6")
_NIGHT_CARD = bytes.fromhex("04ffffffffffff")
_GROUP = 1
_NIGHT_GROUP = 2
_OPEN = "opening hours"
_CLOSED = "other days"
_WHOLE_DAY = [[0, 1440]]
_POWER_CUTS = 8
_SECONDS = 30.0


def memory(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    carrier = stage.holder("carrier", permissions=UNLOCK | CARRY_EVENTS | ADMINISTER)
    resident = stage.holder("tenant")
    yield _card_scene(stage, Promise("card nobody knows", False, "unknown_card"), _CARD)
    yield lambda: _bring(stage, carrier, "policy, brought by a phone", _rules(stage))
    yield _card_scene(stage, Promise("card of the policy", True, "granted"), _CARD)
    closed = Promise("card outside its hours", False, "outside_schedule")
    yield _card_scene(stage, closed, _NIGHT_CARD)
    yield _visit_scene(
        stage, Promise("phone in its hours", True, "granted"), stage.holder("day", schedule=_OPEN)
    )
    yield _visit_scene(
        stage,
        Promise("phone outside its hours", False, "outside_schedule"),
        stage.holder("night", schedule=_CLOSED),
    )
    yield _visit_scene(stage, Promise("before it is revoked", True, "granted"), resident)
    yield lambda: _bring(
        stage, carrier, "revocation, brought by a phone", [_revocation(stage, resident)]
    )
    yield _visit_scene(stage, Promise("after it was revoked", False, "revoked"), resident)
    yield from cards(stage, lambda title, rules: _bring(stage, carrier, title, rules))
    yield from _without_clock(stage, carrier)
    yield lambda: _power_cuts(stage)
    yield lambda: _events(stage, carrier)


def _rules(stage: Stage) -> list[Callable]:
    here = [place.DOOR, DOOR]
    today = (stage.now() // DAY_S + 3) % 7  # Monday is 0, and 1970 began on a Thursday
    near = {(today + shift) % 7 for shift in (-1, 0, 1)}
    far = [[] if day in near else _WHOLE_DAY for day in range(7)]

    def cards(state):
        keys = {stage.card_key(_CARD): "the card"}
        return grants.grant(state, keys, [_GROUP], Grant(), now=stage.now())

    def night_cards(state):
        keys = {stage.card_key(_NIGHT_CARD): "the card"}
        return grants.grant(state, keys, [_NIGHT_GROUP], Grant(), now=stage.now())

    return [
        lambda state: changes.set_schedule(state, _OPEN, [_WHOLE_DAY] * 7, []),
        lambda state: changes.set_schedule(state, _CLOSED, far, []),
        lambda state: changes.set_group(state, _GROUP, [[here, UNLOCK, _OPEN]]),
        lambda state: changes.set_group(state, _NIGHT_GROUP, [[here, UNLOCK, _CLOSED]]),
        cards,
        night_cards,
    ]


def _revocation(stage: Stage, identity: Identity) -> Callable:
    token = stage.read(identity)
    return lambda state: changes.revoke(state, token.cti, token.expires, stage.now())


def _without_clock(stage: Stage, carrier: Identity) -> Iterator[Callable[[], Result]]:
    """The power was cut and the clock is gone: what is known is only how late it is at least."""
    now = stage.now()
    expired = stage.holder("long ago", issued_at=now - 60 * DAY_S, expires=now - 2 * DAY_S)
    # Of yesterday: what was issued after the last that a reader knows it does not take for begun.
    bound = stage.holder("bound", schedule=_OPEN, issued_at=now - DAY_S)
    resident = stage.holder("by grace", issued_at=now - DAY_S)

    def by_grace() -> Result:
        stage.restart(has_clock=False)
        visit, log = visit_cold(stage, resident)
        result = judge(Promise("clock lost: a resident", True, "granted"), log, visit)
        if not (log.last or {}).get("by_grace"):
            problem = "the event does not say that it was by grace"
            return dataclasses.replace(result, problems=(*result.problems, problem))
        return result

    yield by_grace
    uncertain = Promise("clock lost: bound to hours", False, "clock_uncertain")
    yield _visit_scene(stage, uncertain, bound)
    yield _visit_scene(stage, Promise("clock lost: expired", False, "expired"), expired)

    def told() -> Result:
        stage.restart()
        visit, _ = visit_cold(stage, carrier)
        with stage.call() as link:
            Carrier(link, visit.kept()).put_time(stage.now(), 1)
        return _line("clock told by an administrator", "believed", stage.log(), [])

    yield told
    yield _visit_scene(stage, Promise("clock told: bound to hours", True, "granted"), bound)


def _power_cuts(stage: Stage) -> Result:
    """Power fails in the middle of a write, each time at another one; then all is as it was."""
    title = f"power cut in a write x{_POWER_CUTS}, then card"
    problems = []
    shown: dict = {}
    for writes in range(_POWER_CUTS):
        begin = len(stage.reader.events)
        stage.reader.put(power_cut_after=writes)
        # Two cards: one that is still there is not heard again.
        stage.reader.put(card=_CARD.hex())
        stage.reader.put(card=_NIGHT_CARD.hex())
        if stage.reader.wait(_is_without_power, since=begin, timeout=_SECONDS) is None:
            problems.append(f"the power was not cut at write {writes}")
        stage.restart()
        shown = stage.show(card=_CARD.hex())
        if not shown["granted"]:
            problems.append(f"after a cut at write {writes}: {shown['reason']}")
    result = judge_shown(Promise(title, True, "granted"), shown)
    return dataclasses.replace(result, problems=(*result.problems, *problems))


def _is_without_power(said: dict) -> bool:
    return said.get("hal") == "power"


def _events(stage: Stage, identity: Identity) -> Result:
    """Whoever may carry events fetches all; whoever has the auditor's key proves them."""
    visit, _ = visit_cold(stage, identity)
    batches: list[bytes] = []
    last = -1
    problems = []
    with stage.call() as link:
        carrier = Carrier(link, visit.kept())
        while True:
            after = None if last < 0 else last
            batch = event_batch.decode(carrier.events(after))[0]
            batches.append(batch.encode())
            if not batch.records:
                break
            last = event_record.number_of(batch.records[-1])
        report = stage.check_events(b"".join(batches))
        if report.checked is None:
            problems.append("no event is proven")
        else:
            carrier.acknowledge(stage.acknowledgement(report.checked))
    stage.proven = [shown.event for shown in report.events if shown.proven]
    log = stage.log()
    # The scene with a duress PIN, and no other, is found by the auditor's key.
    duress = [finding for finding in report.findings if finding.kind == DURESS]
    problems += [finding.text for finding in report.findings if finding not in duress]
    if len(duress) != 1:
        problems.append(f"{len(duress)} events call for help, not 1")
    if report.proven != last + 1:
        problems.append(f"{report.proven} events are proven, of {last + 1}")
    granted = sum(_is_grant(shown.event) for shown in report.events)
    # Where the power was cut, an answer may have been kept and not told any more.
    if not 0 <= granted - stage.grants() <= _POWER_CUTS:
        problems.append(f"{granted} grants are kept, and {stage.grants()} were told")
    return _line("events fetched and proven", f"{report.proven} events", log, problems)


def _is_grant(happened: event_record.Event) -> bool:
    return happened.kind == event.ACCESS and not happened.fields.get("reason_code")
