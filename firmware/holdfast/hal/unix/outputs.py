"""Outputs of a board without pins: every change of state is a line on the console."""

import _thread
import time

from micropython import const

_DIGITS = const(14)  # of milliseconds: three thousand years
# A collection of garbage in another thread interrupts a sleep, and each rounds it up a little:
# so the end is waited for in pieces, the last ones short.
_NAP_MS = const(20)
_NEAR_MS = const(4)


class Output:
    """An output that is active for a while and then by itself no more, such as a strike's relay.

    Each change is told with ``ms``, the output's own monotonic clock when it switched. The end is
    a thread's, which asks for no memory: it comes in time while the interpreter computes, waits or
    collects garbage. It is there only as long as the output is active, since each collection
    waits for it.
    """

    def __init__(self, console, name: str):
        self._console = console
        self._active = None
        self._is_timed = False
        self._ends_at = 0
        self._lock = _thread.allocate_lock()
        # Made now: a strike must be secured also when there is no memory left to say so.
        self._on, self._off = [_line(console, name, active) for active in (True, False)]

    def pulse(self, ms: int):
        """Be active for ``ms`` milliseconds from now, or for longer if that was asked before.

        Raises OSError or MemoryError while there is nothing to end it or to tell it with: then it
        goes on as it was, or is over at once.
        """
        with self._lock:
            now = time.ticks_ms()
            ends_at = time.ticks_add(now, ms)
            if self._active and time.ticks_diff(self._ends_at, ends_at) >= 0:
                return
            before = self._ends_at if self._active else now
            self._ends_at = ends_at
            try:
                if not self._is_timed:
                    _thread.start_new_thread(self._keep_time, ())
                    self._is_timed = True
                if not self._active:
                    self._active = True
                    self._tell(self._on, now)
            except BaseException:
                self._ends_at = before
                raise

    def end(self):
        """Be inactive, at once and without needing memory; harmless to repeat."""
        with self._lock:
            self._switch_off()

    def _keep_time(self):
        while True:
            left = time.ticks_diff(self._ends_at, time.ticks_ms())
            if left <= 0:
                with self._lock:
                    if time.ticks_diff(self._ends_at, time.ticks_ms()) <= 0:
                        self._is_timed = False
                        self._switch_off()
                        return
                continue  # it was prolonged meanwhile
            time.sleep_ms(1 if left <= _NEAR_MS else min(left - _NEAR_MS, _NAP_MS))

    def _switch_off(self):
        self._ends_at = time.ticks_ms()
        if self._active is not False:
            self._active = False
            try:
                self._tell(self._off, self._ends_at)
            except OSError:
                pass  # nobody reads the console: the output has switched all the same

    def _tell(self, line, ms):
        at = len(line) - 2
        for place in range(at - 1, at - 1 - _DIGITS, -1):
            line[place] = 48 + ms % 10 if ms or place == at - 1 else 32
            ms //= 10
        self._console.write(line)


def _line(console, name, active) -> bytearray:
    line = console.prepare({"hal": name, "active": active})
    return bytearray((line[:-2] + ', "ms": ' + " " * _DIGITS + "}\n").encode())


class Led:
    """The reader's LED, or a door's of this ``name``."""

    def __init__(self, console, name: str = "led"):
        self._console = console
        self._name = name
        self._shown = None

    def show(self, colour: str, effect: str):
        """Show a colour with an effect; only a change is told."""
        if (colour, effect) != self._shown:
            self._console.line({"hal": self._name, "colour": colour, "effect": effect})
            self._shown = (colour, effect)


class Buzzer:
    """The reader's buzzer, or a door's of this ``name``."""

    def __init__(self, console, name: str = "buzzer"):
        self._console = console
        self._name = name

    def beep(self, count: int):
        """Sound ``count`` short beeps."""
        self._console.line({"hal": self._name, "beeps": count})
