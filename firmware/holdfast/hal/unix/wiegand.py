"""The lines of a Wiegand reader and to a panel on the unix port: played, and told as JSON."""

import time

from micropython import const

_BETWEEN_US = const(1000)
_ACTIVE_US = const(25000)
_PAUSES_US = {" ": 100000, ".": 1000}  # beside 0 and 1


class PlayedWiegand:
    """A reader whose pulses are a text: ``0`` and ``1`` on their lines, 1 ms apart, ``x`` on both
    at once, a blank for 100 ms of silence and a dot for 1 ms.
    """

    are_exact = True
    is_resting = True

    def __init__(self):
        self._pulses = []  # (line, when)
        self._at = self.now()
        self.lost = 0
        self.clashes = 0

    def play(self, text: str) -> bool:
        """Let the reader send this after what it sends already; False if it cannot be read."""
        if any([mark not in "01x ." for mark in text]):
            return False
        if time.ticks_diff(self.now(), self._at) > 0:
            self._at = self.now()
        for mark in text:
            if mark in "01":
                self._pulses.append((int(mark), self._at))
            elif mark == "x":
                self.clashes += 1
            pause = _PAUSES_US.get(mark, _BETWEEN_US)
            self._at = time.ticks_add(self._at, pause)  # pyright: ignore[reportArgumentType]
        return True

    def take(self, pulse):
        """Call ``pulse(line, at)`` for each that came since, in order."""
        while self._pulses and time.ticks_diff(self.now(), self._pulses[0][1]) >= 0:
            pulse(*self._pulses.pop(0))

    def now(self) -> int:
        """The time of a pulse that comes now, in microseconds that wrap."""
        return time.ticks_us()  # pyright: ignore[reportReturnType]

    def diff(self, later: int, earlier: int) -> int:
        """Microseconds from the one to the other, less than some minutes apart."""
        return time.ticks_diff(later, earlier)

    @property
    def is_active(self) -> bool:
        """Whether a frame is under way."""
        if not self._pulses:
            return False
        return time.ticks_diff(self._pulses[0][1], self.now()) < _ACTIVE_US


class ToldWiegand:
    """Lines to a panel: every pulse is a line on the console, with the ``door`` of several."""

    def __init__(self, console, door=""):
        self._console = console
        self._door = {"door": door} if door else {}

    def pulse(self, line: int):
        """One pulse on D0 (0) or D1 (1)."""
        self._console.line(dict(self._door, hal="wiegand", line=line))
