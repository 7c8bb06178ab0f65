"""Time on the unix port: the machine's clock, and monotonic ticks."""

import time


class Clock:
    """Wall time in seconds since 1970, as an RTC would keep it, set ``ahead`` by so many."""

    def __init__(self, ahead: int = 0):
        self._ahead = ahead

    def seconds(self):
        """Whole seconds since 1970-01-01T00:00Z."""
        return int(time.time()) + self._ahead


class LostClock:
    """The clock of a board without a battery, after its power was cut."""

    def seconds(self):
        """None: nobody has set it."""
        return None


class Ticks:
    """Monotonic milliseconds that wrap: only differences mean anything."""

    def add(self, ms: int):
        """The tick ``ms`` milliseconds from now."""
        return time.ticks_add(time.ticks_ms(), ms)

    def until(self, tick: int) -> int:
        """Milliseconds until ``tick``; negative once it has passed."""
        return time.ticks_diff(tick, time.ticks_ms())
