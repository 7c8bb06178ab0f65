"""What was asked at a door, decided again by the firmware's own code: under the policy of then, or
under another one. Pure.

What an event does not tell, and another policy would ask, is tried both ways: where that makes no
difference the answer stands, where it does the event cannot be decided again, and that is said.
"""

import dataclasses
import functools
from collections.abc import Iterator

from holdfast.access import reason
from holdfast.access.clock.reading import UNCHARGED, ClockReading
from holdfast.access.decide import decide
from holdfast.access.events import again
from holdfast.access.events import event as kinds
from holdfast.access.events.record import Event
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.rules import ZONE_ENTRY, SiteRules
from holdfast.access.policy.view import DoorView
from holdfast.access.request import CARD, PIN, UNLOCK, CardRequest, Request
from holdfast.access.tag import NAME_TAG

from ..policy.past import DRAFT, Past

_SIGNER = 8  # bytes of a key that stand for it in an event
_NO_ZONE = bytes(6)

# With a PIN that nobody keeps: whatever it was, these are the answer.
_WHATEVER_PIN = (
    *(reason.PIN_LOCKED, reason.POLICY_MISSING, reason.DOOR_UNKNOWN, reason.GRANTED),
    *(reason.UNKNOWN_CARD, reason.KNOWLEDGE_TOO_OLD, reason.NO_SUCH_DOOR, reason.WRONG_DOOR),
    *(reason.HOLIDAY, reason.OUTSIDE_SCHEDULE, reason.NOT_YET_VALID, reason.SUSPENDED),
    *(reason.USES_OVER, reason.EXPIRED, reason.ACTION_NOT_ALLOWED),
)

_SCOPE = "which zones its token named, and this door's are others"
_GRACE = "how much grace was used, and its clock would not be trusted"
_PIN = "its PIN: one that opened nothing is not kept"
_USES = "how often it was used before, and its uses would be counted"
_LOOKUP = "its card's key under the lookup key of that policy"


@dataclasses.dataclass(frozen=True)
class Answer:
    """``granted``, the exact reason ``code``, and whether by grace."""

    granted: bool
    code: int
    by_grace: bool

    @property
    def text(self) -> str:
        """In words."""
        name = reason.name(self.code).replace("_", " ")
        return f"{name}, by grace" if self.by_grace else name


@dataclasses.dataclass(frozen=True)
class Again:
    """What an event ``was`` answered, and is ``now``; None if that cannot be said, because the
    event ``lacks`` something.
    """

    was: Answer
    now: Answer | None
    lacks: str = ""

    @property
    def differs(self) -> bool:
        """Whether the answer is another."""
        return self.now is not None and self.now != self.was


class Replay:
    """Decides again by the policy of the number ``by`` in the ``past`` (DRAFT for the draft); by
    that of each event's own moment if it is None.
    """

    def __init__(self, past: Past, by: int | None = None):
        self._past = past
        self._by = by
        self._view = functools.lru_cache(4096)(self._made_view)
        self._has_new_keys = functools.lru_cache(1024)(past.has_new_keys)

    def again(self, happened: Event) -> Again | None:
        """The event decided again; None if it is of no decision."""
        fields = happened.fields
        if happened.kind != kinds.ACCESS or "reason_code" not in fields:
            return None
        code = fields["reason_code"]
        was = Answer(code == reason.GRANTED, code, fields.get("by_grace", False))
        number, door = fields.get("changeset"), fields.get("door")
        if number is None or door is None:
            return Again(was, None, "by which changeset it was decided, or at which door")
        if number == DRAFT or not self._past.knows(number):
            return Again(was, None, f"changeset {number}, which this site has not got")
        then = self._view(number, door, None)
        request, clock, why = again.request_of(happened, then)
        if why:
            return Again(was, None, why)
        if self._by is None or self._by == number:
            return Again(was, self._decide(request, then, clock, number))
        return self._by_another(happened, was, request, clock, then)

    def _by_another(self, happened: Event, was: Answer, request, clock, then: DoorView) -> Again:
        number, target = then.rules.number, self._by
        assert target is not None
        # How old the knowledge was is the door's matter, and stays as it was.
        issued_at = then.rules.issued_at if number else None
        view = self._view(target, then.door, issued_at)
        answers: dict[Answer, str] = {}
        for one, reading, unsure in _variants(request, clock, then, view):
            answers.setdefault(self._decide(one, view, reading, target), unsure)
        if len(answers) > 1:
            return Again(was, None, list(answers.values())[-1])
        (now,) = answers
        lacks = self._unsure(happened, request, now, then, view)
        return Again(was, None, lacks) if lacks else Again(was, now)

    def _unsure(
        self, happened: Event, request, now: Answer, then: DoorView, view: DoorView
    ) -> str:
        """What of a card or PIN the answer hangs on and the event does not tell."""
        if not isinstance(request, CardRequest):
            return ""
        if then.rules.lookup != view.rules.lookup:
            is_sure = now.code in (reason.POLICY_MISSING, reason.DOOR_UNKNOWN, reason.PIN_LOCKED)
            return "" if is_sure else _LOOKUP
        if not now.granted and request.is_uncounted and request.used is None:
            return _USES
        fields = happened.fields
        is_kept = "card" in fields and (fields["shown"] in (CARD, PIN) or "second" in fields)
        if is_kept or now.code in _WHATEVER_PIN:
            return ""
        was_unknown = fields["reason_code"] == reason.WRONG_PIN and request.second is None
        target = self._by or 0
        if was_unknown and not self._has_new_keys(then.rules.number, target):
            return ""  # nobody has had it then, and nobody has it now
        return _PIN

    def _decide(self, request, view: DoorView, clock: ClockReading, number: int) -> Answer:
        decision = decide(request, view, self._past.cache(number), clock)
        return Answer(decision.granted, decision.reason, decision.by_grace)

    def _made_view(self, number: int, door: bytes, issued_at: int | None) -> DoorView:
        rules = self._past.rules(number)
        if issued_at is not None and rules.number:
            rules = rules.changed(issued_at=issued_at)
        return DoorView(rules, door)  # type: ignore[arg-type] # a tag stands for the name


def _variants(request, clock: ClockReading, then: DoorView, view: DoorView) -> Iterator[tuple]:
    """Every (request, reading, what is unsure) that the event may mean under another policy, the
    one that it meant first.
    """
    readings = [(clock, "")]
    limit = view.rules.max_uncertainty_s
    if clock.is_trusted(then.rules.max_uncertainty_s) and not clock.is_trusted(limit):
        used = ClockReading(clock.now, clock.source, clock.uncertainty, UNCHARGED)
        readings.append((used, _GRACE))
    requests = [(request, "")]
    if isinstance(request, Request):
        credential = request.credential
        if len(credential.authority or b"") == _SIGNER:
            for anchor in view.rules.anchors:
                if anchor.x[:_SIGNER] == credential.authority:
                    credential.authority = anchor.x
        requests += [(one, _SCOPE) for one in _scopes(request, then, view)]
    for one, unsure in requests:
        for reading, also in readings:
            yield one, reading, unsure or also


def _scopes(request: Request, then: DoorView, view: DoorView) -> Iterator[Request]:
    """The same with every scope that the token may have where the door's zones are others."""
    before, after = set(then.zone_tags()), set(view.zone_tags())
    known = _zones(then.rules), _zones(view.rules)
    recorded = then.permissions(request.credential)
    if before == after and (known[0] == known[1] or recorded & UNLOCK):
        return
    worth = {recorded}
    if after - before:
        worth |= {recorded | bits for bits in (UNLOCK, 2, 4, UNLOCK | 4)}
    if before - after:
        worth |= {one & bits for one in set(worth) for bits in (0, UNLOCK, 2, 4)}
    for bits in sorted(worth):
        for is_unknown in (False, True):
            scope = [(DOOR, view.door, bits)] if bits else []
            scope += [(ZONE, _NO_ZONE, UNLOCK)] if is_unknown else []
            yield _with_scope(request, scope)


def _with_scope(request: Request, scope: list) -> Request:
    other = object.__new__(type(request.credential))
    vars(other).update(vars(request.credential), scope=scope)
    return Request(other, request.door, request.action, request.intent, request.user_verified)


def _zones(rules: SiteRules) -> set[bytes]:
    return {
        rules.zones[at : at + NAME_TAG] for at in range(0, len(rules.zones), ZONE_ENTRY)
    }
