"""Attackers at the door: recordings played back, noise, and connections that say nothing."""

import contextlib
import dataclasses
import random
from collections.abc import Callable, Iterator

import coap
from coap import signalling, stream

from ..errors import LinkClosed
from ..phone.client import Asked, Handshake, Rejected, Wish
from ..phone.contexts import Session
from ..phone.link import TcpLink, Transcript
from .result import Promise, Result
from .scenes import Visit, advanced, judge, visit_cold, visit_warm
from .stage import DOOR, Stage

_WISH = Wish()
_NOISE_SEED = 62435  # the same noise each time: what fails can be seen again
_RANDOM_TRIES = 8
_TRUNCATIONS = 12
_DROP_SECONDS = 15.0  # a message that never ends is waited for during 5 s


def attacks(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every attack in order, each as a call."""
    yield from _replays(stage)
    yield from _noise(stage)
    yield lambda: _silence(stage)


# Recordings. The whole of what a phone sent is played back, frame for frame.


def _replays(stage: Stage) -> Iterator[Callable[[], Result]]:
    recorded: dict[str, Transcript] = {}
    kept: list[Session] = []

    def cold_on_the_same_connection() -> Result:
        """Record a cold unlock, and send its last request again before the connection ends."""
        recorded["cold"] = transcript = Transcript()
        with stage.call(transcript) as link:
            handshake = Handshake(stage.holder("recorded"), DOOR)
            checked = handshake.read(link.request(handshake.request), stage.now())
            asked = checked.ask(_WISH)
            asked.read(link.request(asked.request))
            visit = _play(link, _messages(transcript)[-1:])
        return judge(
            _refusal("cold unlock replayed, same connection", "replayed"), stage.log(), visit
        )

    def warm_on_the_same_connection() -> Result:
        """The same with a warm unlock; its greeting, sent along a second time, does no harm."""
        recorded["warm"] = transcript = Transcript()
        visit, _ = visit_cold(stage, stage.holder("recorded"))
        kept.append(advanced(visit.kept()))
        with stage.call(transcript) as link:
            asked = Asked(visit.kept().context(), DOOR, _WISH)
            asked.read(link.request(asked.request))
            visit = _play(link, _messages(transcript))
        return judge(
            _refusal("warm unlock replayed, same connection", "replayed"), stage.log(), visit
        )

    def elsewhere(kind: str, where: str, why: str) -> Callable[[], Result]:
        def scene() -> Result:
            with stage.call() as link:
                visit = _play(link, _messages(recorded[kind]))
            return judge(_refusal(f"{kind} unlock replayed, {where}", why), stage.log(), visit)

        return scene

    def warm_after_a_restart() -> Result:
        """The reader knows the phone still, but not what it has heard: the recording it answers
        with a challenge that only the phone can read, and its repetition is called a replay.
        """
        with stage.call() as link:
            visit = _play(link, _messages(recorded["warm"]))
        log = stage.log()
        result = judge(_refusal("warm unlock replayed, reader restarted", "replayed"), log, visit)
        if log.challenges != 1:
            problem = f"{log.challenges} challenges instead of one"
            return dataclasses.replace(result, problems=(*result.problems, problem))
        return result

    def known_after_a_restart() -> Result:
        """The phone itself is asked once to show that its wish is new: no handshake."""
        visit, log = visit_warm(stage, kept[-1])
        promise = Promise("warm unlock, reader restarted", True, "granted")
        return judge(promise, log, visit, {"round_trips": 2, "public_key_operations": 0})

    yield cold_on_the_same_connection
    yield elsewhere("cold", "new connection", "replayed")
    yield warm_on_the_same_connection
    yield elsewhere("warm", "new connection", "replayed")
    stage.restart()
    yield elsewhere("cold", "reader restarted", "replayed")
    yield warm_after_a_restart
    yield known_after_a_restart


def _messages(transcript: Transcript) -> list[bytes]:
    """What the phone sent, message by message."""
    return [data for sent, data in transcript.entries if sent]


def _play(link: TcpLink, messages: list[bytes]) -> Visit:
    """Send recorded messages, each when the one before was answered, until the reader ends it."""
    visit = Visit(link)
    with contextlib.suppress(LinkClosed):
        for message in messages:
            link.send_bytes(message)
            response = link.receive()
            visit.granted = False
            visit.told = Rejected(response).reason_text
    return visit


# Noise. At each stage, in place of the message that is due: random bytes, the message with random
# bytes or too few as its payload, and the message cut off in the middle. The reader must drop each
# connection by itself, and afterwards let in a phone that it let in before.


def _noise(stage: Stage) -> Iterator[Callable[[], Result]]:
    for title, due in (
        ("noise for the greeting", _greeting),
        ("noise for message_1", _message_1),
        ("noise for message_3", _message_3),
        ("noise for a warm request", _warm_request),
    ):
        yield _noise_scene(stage, title, due)


def _noise_scene(stage: Stage, title: str, due) -> Callable[[], Result]:
    def scene() -> Result:
        visit, _ = visit_cold(stage, stage.holder("resident"))
        session = visit.kept()
        problems = []
        strikes = stage.strikes()
        tries = 0
        for mutate in _mutations(random.Random(_NOISE_SEED)):
            tries += 1
            session = advanced(session)
            with stage.call() as link:
                message = due(stage, link, session)
                with contextlib.suppress(LinkClosed):
                    link.send_bytes(mutate(message))
                if not _is_dropped(link):
                    problems.append(f"try {tries}: the connection was not dropped")
            log = stage.log()
            if log.last and log.last["granted"]:
                problems.append(f"try {tries}: granted")
        if stage.strikes() != strikes:
            problems.append("the strike moved")
        visit, log = visit_warm(stage, advanced(session))
        promise = Promise(f"{title} x{tries}, then warm", True, "granted")
        result = judge(promise, log, visit)
        return dataclasses.replace(result, problems=result.problems + tuple(problems))

    return scene


def _mutations(chance: random.Random) -> Iterator[Callable[[coap.Message], bytes]]:
    for _ in range(_RANDOM_TRIES):
        yield lambda message: chance.randbytes(len(stream.encode(message)))
        yield lambda message: _with_payload(message, chance.randbytes(len(message.payload)))
    for part in range(_TRUNCATIONS):
        yield lambda message, part=part: _with_payload(
            message, message.payload[: len(message.payload) * part // _TRUNCATIONS]
        )
    yield lambda message: stream.encode(message)[: len(message.payload) // 2]


def _with_payload(message: coap.Message, payload: bytes) -> bytes:
    return stream.encode(coap.Message(message.code, message.options, payload, message.token))


def _is_dropped(link: TcpLink) -> bool:
    while True:
        try:
            link.receive(_DROP_SECONDS)
        except LinkClosed as closed:
            return "in time" not in closed.cause


def _greeting(stage: Stage, link: TcpLink, session: Session) -> coap.Message:
    # What follows is the first message of the stream, and is no CSM.
    return Handshake(stage.holder("noise"), DOOR).request


def _message_1(stage: Stage, link: TcpLink, session: Session) -> coap.Message:
    _greet(link)
    return Handshake(stage.holder("noise"), DOOR).request


def _message_3(stage: Stage, link: TcpLink, session: Session) -> coap.Message:
    handshake = Handshake(stage.holder("noise"), DOOR)
    checked = handshake.read(link.request(handshake.request), stage.now())
    return checked.ask(_WISH).request


def _warm_request(stage: Stage, link: TcpLink, session: Session) -> coap.Message:
    _greet(link)
    return Asked(session.context(), DOOR, _WISH).request


def _greet(link: TcpLink) -> None:
    link.send_bytes(stream.encode(signalling.csm()))


def _silence(stage: Stage) -> Result:
    """A central that connects and says nothing is dropped by the reader's own clock."""
    with stage.call() as link:
        dropped = _is_dropped(link)
    result = judge(_refusal("a central that stays silent", "too_slow"), stage.log(), None)
    return result if dropped else dataclasses.replace(result, problems=("it was not dropped",))


def _refusal(title: str, why: str) -> Promise:
    return Promise(title, False, why)
