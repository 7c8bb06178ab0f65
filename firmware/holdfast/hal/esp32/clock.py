"""Time on an ESP32: the chip's own clock, which a power cut loses, and monotonic ticks."""

import time

from micropython import const

EARLIEST = const(1767225600)  # 2026-01-01T00:00Z: before this was written it never is
_2000 = const(946684800)  # the port's year 0, in seconds since 1970


class Clock:
    """The chip's RTC. It goes on through a reset, and begins in 2000 after a power cut."""

    def __init__(self):
        self._ahead = _2000 if time.gmtime(0)[0] == 2000 else 0

    def seconds(self):
        """Whole seconds since 1970-01-01T00:00Z; None if nobody has set it."""
        now = int(time.time()) + self._ahead
        return now if now >= EARLIEST else None


class Ticks:
    """Monotonic milliseconds that wrap: only differences mean anything."""

    def add(self, ms: int):
        """The tick ``ms`` milliseconds from now."""
        return time.ticks_add(time.ticks_ms(), ms)

    def until(self, tick: int) -> int:
        """Milliseconds until ``tick``; negative once it has passed."""
        return time.ticks_diff(tick, time.ticks_ms())
