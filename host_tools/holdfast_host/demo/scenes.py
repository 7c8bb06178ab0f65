"""Who comes to the door, and how each visit must end.

A scene takes the stage, does something to the reader over its link, and gives its Result: what the
reader answered and logged, held against what was promised.
"""

import dataclasses
from collections.abc import Callable, Iterator

from holdfast.access import place

from ..phone.client import Asked, EchoChallenge, Rejected, Wish, introduce
from ..phone.contexts import Session
from ..phone.link import TcpLink, Transcript
from ..phone.wallet import Identity
from .entrance import Entrance, Log
from .people import DAY_S
from .result import Promise, Result, told_word
from .stage import Stage

_WISH = Wish()


@dataclasses.dataclass
class Visit:
    """A phone at the door: the link it is on, and what it keeps for the next time."""

    link: TcpLink
    session: Session | None = None
    told: str | None = None
    granted: bool | None = None

    def kept(self) -> Session:
        """The session for the next time; there is one if the reader finished the handshake."""
        if self.session is None:
            raise RuntimeError("the reader did not finish the handshake")
        return self.session


def scenes(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call, so that a caller can show it as it happens."""
    resident = stage.holder("resident")
    kept: list[Session] = []

    def cold() -> Result:
        visit, log = visit_cold(stage, resident)
        if visit.session is not None:
            kept.append(visit.session)
        return judge(Promise("cold unlock", True, "granted"), log, visit, {"round_trips": 2})

    def warm() -> Result:
        visit, log = visit_warm(stage, kept[-1])
        kept[-1] = advanced(kept[-1])
        promise = Promise("warm unlock", True, "granted")
        return judge(promise, log, visit, {"round_trips": 1, "public_key_operations": 0})

    yield cold
    yield warm
    now = stage.now()
    cellar = (place.DOOR, "cellar")
    for title, identity, granted, why in (
        ("first-time holder", stage.holder("newcomer"), True, "granted"),
        (
            "expired",
            stage.holder("former", issued_at=now - 30 * DAY_S, expires=now - 1),
            False,
            "expired",
        ),
        (
            "not yet valid",
            stage.holder("future", not_before=now + DAY_S),
            False,
            "not_yet_valid",
        ),
        ("wrong door", stage.holder("elsewhere", places=[cellar]), False, "wrong_door"),
        ("forged signature", stage.forger("forger"), False, "bad_signature"),
        ("token of another site", stage.foreigner("foreigner"), False, "other_site"),
        ("stolen token without its key", stage.thief(resident), False, "not_holder"),
        ("guest token, 24 hours", stage.guest("visitor", 24), True, "granted"),
        ("guest token made for longer", stage.guest("overstayer", 25), False, "guest_too_long"),
    ):
        yield _cold_scene(stage, Promise(title, granted, why), identity)


def _cold_scene(stage: Stage, promise: Promise, identity: Identity) -> Callable[[], Result]:
    def scene() -> Result:
        visit, log = visit_cold(stage, identity)
        return judge(promise, log, visit)

    return scene


def visit_cold(
    entrance: Entrance, *identities: Identity, transcript: Transcript | None = None
) -> tuple[Visit, Log]:
    """A full handshake and the wish to open, as any phone does it that has these ``identities``,
    the preferred one first.
    """
    with entrance.call(transcript) as link:
        visit = Visit(link)
        try:
            checked = introduce(link.request, identities, entrance.door, entrance.now())
            asked = checked.ask(_WISH)
            visit.session = checked.session
            _hear(visit, asked)
        except Rejected as refusal:
            _rejected(visit, refusal)
    return visit, entrance.log()


def visit_warm(
    entrance: Entrance, session: Session, transcript: Transcript | None = None
) -> tuple[Visit, Log]:
    """One protected request under a context kept from before; again if the reader asks for it."""
    with entrance.call(transcript) as link:
        visit = Visit(link, session)
        try:
            challenge = _hear(visit, Asked(session.context(), entrance.door, _WISH))
            if challenge is not None:
                visit.session = session = advanced(session)
                _hear(visit, Asked(session.context(), entrance.door, _WISH, challenge.echo))
        except Rejected as refusal:
            _rejected(visit, refusal)
    return visit, entrance.log()


def advanced(session: Session) -> Session:
    """The session after one more message."""
    return dataclasses.replace(session, sequence_number=session.sequence_number + 1)


def _hear(visit: Visit, asked: Asked) -> EchoChallenge | None:
    outcome = asked.read(visit.link.request(asked.request))
    if isinstance(outcome, EchoChallenge):
        return outcome
    visit.granted = outcome.granted
    visit.told = told_word(outcome.granted, outcome.reason)
    return None


def _rejected(visit: Visit, refusal: Rejected) -> None:
    visit.granted = False
    visit.told = refusal.reason_text


def judge(promise: Promise, log: Log, visit: Visit | None, exact: dict | None = None) -> Result:
    """The line for a connection: the reader's log against ``promise``, the phone's count and
    ``exact``.

    ``exact`` maps ``round_trips`` or ``public_key_operations`` to the value it must have.
    """
    last, ending = log.last, log.ending
    problems = []
    granted = last["granted"] if last else None
    why = last["reason"] if last else ending["reason"]
    if granted is not promise.granted and not (granted is None and not promise.granted):
        problems.append("the reader decided otherwise")
    if why != promise.reason:
        problems.append(f"the reason is {why}, not {promise.reason}")
    result = Result(
        promise,
        granted if last else False,
        why,
        visit.told if visit else None,
        ending["round_trips"],
        ending["bytes_in"] + ending["bytes_out"],
        (last or {}).get("public_key_operations", ending["public_key_operations"]),
    )
    if visit is not None:
        if visit.granted is not promise.granted:
            problems.append("the phone was told otherwise")
        # What is sent to a reader that has dropped the connection, it does not count.
        counted = (ending["bytes_in"], ending["bytes_out"])
        if ending["reason"] is None and counted != (visit.link.bytes_out, visit.link.bytes_in):
            problems.append("phone and reader count different bytes")
    for name, value in (exact or {}).items():
        if getattr(result, name) != value:
            problems.append(f"{name} is {getattr(result, name)}, not {value}")
    return dataclasses.replace(result, problems=tuple(problems))
