"""One unlock as a person means it: the fast way if the door is known, the full way if need be."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol, Self

import coap

from ..errors import LinkClosed, UsageProblem
from .client import Asked, EchoChallenge, Outcome, Rejected, Wish, introduce
from .contexts import ContextStore, Session
from .wallet import Identity, Wallet

_CONTEXT_NOT_FOUND = b"Security context not found"  # RFC 8613 section 8.2


class Unanswered(LinkClosed):
    """The wish went to the door's own reader, and the connection ended before the answer came."""

    def __init__(self, closed: LinkClosed):
        super().__init__(
            f"the door was asked, and its answer is lost: {closed.cause}",
            "look at the door; if it is shut, try again",
        )


class Link(Protocol):
    """One connection to a reader, such as a TcpLink."""

    round_trips: int
    bytes_out: int
    bytes_in: int

    def request(self, message: coap.Message) -> coap.Message:
        """Send a request, wait for its response. Raises LinkClosed."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception) -> None: ...


@dataclasses.dataclass(frozen=True)
class Report:
    """What an unlock came to and what it cost, all its connections together.

    ``warm`` tells a kept context from a full handshake, ``suite`` is the cipher suite of that,
    None if it came to none. Of a ``protected`` answer the door is the author; any other may be
    anybody's, and is never a grant.
    """

    granted: bool
    reason: str
    strike_ms: int
    protected: bool
    warm: bool
    suite: int | None
    round_trips: int
    bytes_out: int
    bytes_in: int


def unlock(
    wallet: Wallet,
    connect: Callable[[], Link],
    door: str,
    wish: Wish,
    *,
    now: int,
    cold: bool = False,
    handshakes: int = 1,
    reached: Callable[[str], None] = lambda phase: None,
) -> Report:
    """Ask ``door`` to do what ``wish`` says, over connections that ``connect`` makes.

    A kept context is tried first unless ``cold``. If the reader knows it no more, or ends the
    connection, a full handshake follows, up to ``handshakes`` times if connections end in it: each
    has a new ephemeral key. After one the wish is sent once. ``now`` is in seconds since 1970.
    ``reached`` is told of the end of ``handshake`` and ``decision``.

    Raises Unanswered if the wish was sent and the answer is lost, LinkClosed or Impostor if it was
    not sent.
    """
    identities = wallet.identities()
    links: list[Link] = []
    with contextlib.ExitStack() as open_links:

        def dial() -> Link:
            open_links.close()  # two connections to one reader are one too many for a radio
            links.append(open_links.enter_context(connect()))
            return links[-1]

        link = dial()
        if not cold:
            try:
                for identity in identities:
                    outcome = warm_unlock(link, identity, door, wish, wallet.contexts, now=now)
                    if outcome is not None:
                        reached("decision")
                        return _report(outcome, links, warm=True, suite=identity.suite)
            except LinkClosed:
                link = dial()
            except Rejected as rejected:
                if rejected.response.payload != _CONTEXT_NOT_FOUND:
                    link = dial()
        while True:
            handshakes -= 1
            try:
                outcome, session, identity = cold_unlock(
                    link, identities, door, wish, now=now, reached=reached
                )
                break
            except Rejected as rejected:
                return _report(rejected, links, warm=False, suite=None)
            except LinkClosed as closed:
                if handshakes < 1 or isinstance(closed, Unanswered):
                    raise
            link = dial()
        reached("decision")
        if outcome.granted:
            wallet.contexts.keep(door, identity.token, session)
        return _report(outcome, links, warm=False, suite=identity.suite)


def cold_unlock(
    link: Link,
    identities: Sequence[Identity],
    door: str,
    wish: Wish,
    *,
    now: int,
    reached: Callable[[str], None] = lambda phase: None,
) -> tuple[Outcome, Session, Identity]:
    """Both sides prove themselves, the door answers; the session is for later unlocks of this one
    of the ``identities``. Raises Unanswered if the link ends after the wish was sent.
    """
    checked = introduce(link.request, identities, door, now)
    reached("handshake")
    asked = checked.ask(wish)
    try:
        response = link.request(asked.request)
    except LinkClosed as closed:
        raise Unanswered(closed) from closed
    outcome = asked.read(response)
    if isinstance(outcome, EchoChallenge):
        raise _not_answered()
    return outcome, checked.session, checked.identity


def warm_unlock(
    link: Link, identity: Identity, door: str, wish: Wish, contexts: ContextStore, *, now: int
) -> Outcome | None:
    """Ask under the context kept for ``door``, twice if the reader lost its memory of replays.

    None if there is no such context, or the reader is not to be believed any more.
    """
    echo = None
    for _ in range(2):
        context = contexts.take(door, identity.token, now, identity.revoked)
        if context is None:
            return None
        asked = Asked(context, door, wish, echo)
        outcome = asked.read(link.request(asked.request))
        if not isinstance(outcome, EchoChallenge):
            return outcome
        echo = outcome.echo
    raise _not_answered()


def _not_answered() -> UsageProblem:
    return UsageProblem("the reader asks again instead of answering", "try again with --cold")


def _report(
    result: Outcome | Rejected, links: list[Link], *, warm: bool, suite: int | None
) -> Report:
    protected = isinstance(result, Outcome)
    return Report(
        granted=protected and result.granted,
        reason=result.reason_text,
        strike_ms=result.strike_ms if protected else 0,
        protected=protected,
        warm=warm,
        suite=suite,
        round_trips=sum(link.round_trips for link in links),
        bytes_out=sum(link.bytes_out for link in links),
        bytes_in=sum(link.bytes_in for link in links),
    )
