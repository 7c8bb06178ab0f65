"""An unlock by radio: the reader is looked for, and the phone's own unlock goes over the link."""

import dataclasses
import time
from collections.abc import Callable

from ...errors import LinkClosed, UsageProblem
from ..client import Impostor, Wish
from ..unlock import Report, unlock
from ..wallet import Wallet
from .bluetooth import NoBluetooth
from .radio import Radio, RadioLink
from .readers import Reader

_DIALS = 3  # a connection by radio often fails at once and succeeds a moment later
_HANDSHAKES = 2
_PATIENCE_SECONDS = 30.0  # after which no other reader is begun with


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
    to be the door's, and answers. If that one's answer is lost, that is the end. Raises
    NoBluetooth, Unanswered, or what was wrong with a reader that was tried.
    """
    site = wallet.identity().site
    candidates = radio.find(site, door, choice.seconds, choice.address)
    phases.reached("found")
    unproven: tuple[Reader, Report] | None = None
    problems: list[UsageProblem] = []
    for number, reader in enumerate(candidates):
        if number and phases.elapsed > _PATIENCE_SECONDS:
            break
        try:
            report = unlock(
                wallet,
                _dialler(radio, reader, choice.chunk, phases),
                door,
                wish,
                now=now,
                cold=cold,
                handshakes=_HANDSHAKES,
                reached=phases.reached,
            )
        except NoBluetooth:
            raise
        except UsageProblem as problem:
            if phases.last == "handshake":
                raise  # it is the door's own reader, which was asked: the wish is not repeated
            problems.append(problem)
            phases.reached("lost" if isinstance(problem, LinkClosed) else "refused")
            continue
        if report.protected:
            return reader, report
        unproven = unproven or (reader, report)
        phases.reached("refused")
    if unproven is not None:
        return unproven
    raise next((one for one in problems if isinstance(one, Impostor)), problems[0])


def _dialler(radio: Radio, reader: Reader, chunk: int, phases: Phases) -> Callable[[], RadioLink]:
    def dial() -> RadioLink:
        for _ in range(_DIALS - 1):
            try:
                return radio.connect(reader, chunk, phases.reached)
            except LinkClosed:
                phases.reached("lost")
        return radio.connect(reader, chunk, phases.reached)

    return dial
