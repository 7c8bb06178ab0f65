"""An unlock by radio: the reader is looked for, and the phone's own unlock goes over the link."""

import dataclasses
import time
from collections.abc import Callable

from ...errors import LinkClosed, UsageProblem
from ..client import Wish
from ..link import ANSWER_SECONDS
from ..unlock import Report, unlock
from ..wallet import Wallet
from .bluetooth import NoBluetooth
from .radio import Radio, RadioLink
from .readers import Reader

_PATIENCE_SECONDS = 60.0  # after which no other try is begun


@dataclasses.dataclass(frozen=True)
class Try:
    """What one reader gets: so many ``dials`` a connection (which by radio often fails at once and
    succeeds a moment later), ``handshakes``, and so many seconds for an answer until it has proven
    to be the door's.
    """

    dials: int
    handshakes: int
    answer_seconds: float


# Nobody waits long for the first of several while he may be a stranger.
_TRIES = (Try(1, 1, 5.0), Try(2, 2, ANSWER_SECONDS))


class Phases:
    """How far an unlock came, and what each phase took, in seconds of ``clock``.

    ``tell``, which may be set, is called with each: found, connected, ready (services known,
    subscribed), handshake, decision; lost where a connection ended and another is tried, refused
    where a reader was none for this door.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.passed: list[tuple[str, float]] = []
        self.tell: Callable[[str], None] = lambda phase: None
        self._clock = clock
        self._begin = self._last = clock()

    @property
    def last(self) -> str:
        """The phase that was reached last, empty if none was."""
        return self.passed[-1][0] if self.passed else ""

    @property
    def elapsed(self) -> float:
        """Since the beginning."""
        return self._clock() - self._begin

    def reached(self, phase: str) -> None:
        """``phase`` is over."""
        now = self._clock()
        self.passed.append((phase, now - self._last))
        self._last = now
        self.tell(phase)


@dataclasses.dataclass(frozen=True)
class Choice:
    """How the reader is chosen: looked for so many ``seconds``, at one ``address`` or by what
    readers say; written to ``chunk`` bytes at a time at most.
    """

    seconds: float
    address: str | None
    chunk: int


def unlock_by_radio(
    radio: Radio,
    wallet: Wallet,
    door: str,
    wish: Wish,
    choice: Choice,
    phases: Phases,
    *,
    now: int,
    cold: bool = False,
) -> tuple[Reader, Report]:
    """The reader of ``door`` that answered, and what it answered.

    One after the other is tried, since what they say may be anybody's word: until one is proven
    to be the door's, and answers. If that one's answer is lost, that is the end. Those that were
    lost before are tried again. Raises NoBluetooth, Unanswered, or what was wrong with a reader.
    """
    site = wallet.identity().site
    left = radio.find(site, door, choice.seconds, choice.address)
    phases.reached("found")
    unproven: tuple[Reader, Report] | None = None
    problems: list[UsageProblem] = []
    for one_try in _TRIES:
        lost: list[Reader] = []
        for reader in left:
            if phases.elapsed > _PATIENCE_SECONDS:
                break
            visit = _Visit(radio, reader, choice.chunk, one_try, phases)
            try:
                report = unlock(
                    wallet,
                    visit.dial,
                    door,
                    wish,
                    now=now,
                    cold=cold,
                    handshakes=one_try.handshakes,
                    reached=visit.reached,
                )
            except NoBluetooth:
                raise
            except UsageProblem as problem:
                if phases.last == "handshake":
                    raise  # it is the door's own reader, which was asked: no wish goes to another
                problems.append(problem)
                is_lost = isinstance(problem, LinkClosed)
                phases.reached("lost" if is_lost else "refused")
                if is_lost:
                    lost.append(reader)
                continue
            if report.protected:
                return reader, report
            unproven = unproven or (reader, report)
            phases.reached("refused")
        left = lost
    if unproven is not None:
        return unproven
    raise next((one for one in problems if not isinstance(one, LinkClosed)), problems[-1])


class _Visit:
    """The links to one reader, in one try."""

    def __init__(self, radio: Radio, reader: Reader, chunk: int, one_try: Try, phases: Phases):
        self._radio = radio
        self._reader = reader
        self._chunk = chunk
        self._try = one_try
        self._phases = phases
        self._link: RadioLink | None = None

    def dial(self) -> RadioLink:
        """A new link. Raises LinkClosed."""
        for _ in range(self._try.dials - 1):
            try:
                return self._dial()
            except LinkClosed:
                self._phases.reached("lost")
        return self._dial()

    def _dial(self) -> RadioLink:
        link = self._radio.connect(self._reader, self._chunk, self._phases.reached)
        link.answer_seconds = self._try.answer_seconds
        self._link = link
        return link

    def reached(self, phase: str) -> None:
        """The handshake is done, or the decision is here."""
        self._phases.reached(phase)
        if self._link is not None:
            self._link.answer_seconds = ANSWER_SECONDS
