"""Ticks such as ``hal`` gives, of which each lasts longer: for a reader that runs as a process,
whose phones share a busy machine with it. MicroPython only.
"""

import time


class SlowTicks:
    """Milliseconds that last ``slowness`` of this machine's. Whatever the reader waits for by its
    ticks may take so much longer, by each of its limits alike.
    """

    def __init__(self, slowness: int):
        self._slowness = slowness

    def add(self, ms: int):
        """The tick ``ms`` milliseconds from now."""
        return time.ticks_add(time.ticks_ms(), ms * self._slowness)

    def until(self, tick: int) -> int:
        """Milliseconds until ``tick``; negative once it has passed."""
        return time.ticks_diff(tick, time.ticks_ms()) // self._slowness
