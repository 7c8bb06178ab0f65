"""A board on a cable that is made one of a site: files go over the cable, and what its console
says is what it says (docs/boards.md).
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence

import crypto
from cose import Key

from ..errors import UsageProblem
from ..policy.history import History
from ..site.keys import Keys
from .board import NO_WORD, Enrolled, Running, introduced
from .cable import BoardRefusal, Cable
from .process import parsed
from .reset import BEGUN, DISCARD, REQUEST
from .settings import SEALED, SETTINGS

START_SECONDS = 300.0  # as its watchdog has it; a policy of thousands of grants takes minutes

_MOST_EVENTS = 1000
_LONGEST_LINE = 1 << 16
_PROMPT = b"MicroPython "  # begins what is said before the prompt: the program has ended
_ENDS = ("ready", "unprovisioned", "safe_mode", "stopped")

# The private key stays on the board: only who has it makes of the other one what is shared.
_PROVE = """
from holdfast.roles.proof import proof
print(*[part.hex() for part in proof(%r, %r)])
"""

_SET_CLOCK = "import machine\nmachine.RTC().datetime(%r)"


class CabledBoard:
    """The board at the end of ``cable``, with its firmware; its files lie in ``/``."""

    def __init__(self, cable: Cable):
        self._cable = cable
        self._is_stopped = False

    def introduce(self) -> Enrolled:
        """As of Board. Its own clock is set to this machine's time first.

        Refuses a board that has settings: they would be in force.
        """
        if any(self.read(name) is not None for name in (SETTINGS, SEALED)):
            raise UsageProblem(
                f"the board at {self._cable.device} is enrolled already",
                "take another one, or erase its flash: keys and events that are not home are gone"
                " then",
            )
        at = time.gmtime()
        day = (at.tm_year, at.tm_mon, at.tm_mday, at.tm_wday)
        self._cable.run(_SET_CLOCK % ((*day, at.tm_hour, at.tm_min, at.tm_sec, 0),))
        begun = time.time()
        running = self._started()
        heard = time.time()
        said = running.said("unprovisioned")
        try:
            return introduced(said or {}, begun, heard)
        except NO_WORD as error:
            raise running.failure(0) from error

    def read(self, name: str) -> bytes | None:
        """As of Board."""
        self._stop()
        return self._cable.read("/" + name)

    def write(self, name: str, data: bytes) -> None:
        """As of Board."""
        self._stop()
        self._cable.write("/" + name, data)

    def remove(self, name: str) -> None:
        """As of Board."""
        self._stop()
        self._cable.remove("/" + name)

    def rehearse(
        self, changed: Mapping[str, bytes]
    ) -> contextlib.AbstractContextManager[Running] | None:
        """As of Board: there is one flash, and what is in force on it stays so until it takes
        other settings.
        """
        return None

    @contextlib.contextmanager
    def start(self) -> Iterator[Running]:
        """As of Board; it runs on afterwards."""
        running = self._started()
        if running.said("ready") is None:
            raise running.failure(0)
        yield running

    def has(self, *names: str) -> bool:
        """Whether one of these files of its is there."""
        self._stop()
        found = self._cable.hashes(["/" + name for name in names])
        return any(digest is not None for digest in found.values())

    def proven_key(self) -> bytes | None:
        """The public X25519 key whose private one lies on the board, which has just used it on a
        challenge; None if it has none, or no firmware to use it with.
        """
        self._stop()
        secret, nonce = os.urandom(32), os.urandom(16)
        try:
            said = self._cable.run(_PROVE % (crypto.x25519_public_key(secret), nonce)).split()
            key, proof = map(bytes.fromhex, said)
        except (BoardRefusal, ValueError):
            return None
        try:
            shared = crypto.x25519(secret, key)
        except crypto.InvalidKey:
            return None
        return key if crypto.equal(crypto.sha256(shared + nonce), proof) else None

    def is_resetting(self) -> bool:
        """Whether it erases its keys and rules at its next start, or is in the middle of it."""
        return self.has(REQUEST, BEGUN)

    def reset(self) -> None:
        """Have it erase its keys, its rules and its events; begun, it goes on at each start."""
        if not self.has(BEGUN):
            self.write(REQUEST, DISCARD)
        running = self._started()
        if running.said("unprovisioned") is None:
            raise running.failure(0)

    def _stop(self) -> None:
        if not self._is_stopped:
            self._cable.enter()
            self._is_stopped = True

    def _started(self) -> "_CabledRunning":
        self._stop()
        self._is_stopped = False
        self._cable.restart()
        events = []
        for line in self._cable.lines(START_SECONDS):
            if line.startswith(_PROMPT):
                break
            event = parsed(line[:_LONGEST_LINE])
            events.append(event)
            if event.get("event") in _ENDS or len(events) > _MOST_EVENTS:
                break
        return _CabledRunning(self._cable.device, events)


class _CabledRunning:
    def __init__(self, device: str, events: Sequence[dict]):
        self._device = device
        self.events = events

    def said(self, kind: str) -> dict | None:
        """The first event of this ``kind``."""
        return next((one for one in self.events if one.get("event") == kind), None)

    def failure(self, since: int) -> UsageProblem:
        """As of Running."""
        where = f"the board at {self._device}"
        for event in self.events[since:]:
            kind, why = event.get("event"), event.get("reason")
            if kind == "settings_refused":
                return UsageProblem(f"{where} refuses its settings: {why}", "enrol it again")
            if kind == "safe_mode":
                return UsageProblem(
                    f"{where} is in safe mode, {event.get('why')}: {why}", str(event.get("next"))
                )
        texts = [one["text"] for one in self.events[since:] if one.get("event") == "text"]
        texts = [text.strip() for text in texts if text.strip()]
        return UsageProblem(
            f"{where} does not run this firmware: {(texts or ['it said nothing'])[-1]}",
            "send it the firmware again (docs/boards.md)",
        )

    def tell_time(self, door: str, opened: Keys, history: History, authority_key: Key) -> None:
        """As of Running: over a cable nothing but its own clock is set, which was done."""
        raise UsageProblem(
            f"the board at {self._device} goes by another time than this machine",
            f"bring it the time: holdfast phone carry PHONE_DIR --door {door}",
        )
