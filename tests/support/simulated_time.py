"""Time that passes as soon as nothing else is to be done: for hours in a moment, and the same each
run. MicroPython only.
"""

import asyncio
import time

_AHEAD = 10**9


class SimulatedTime(asyncio.core.IOQueue):
    """Asyncio's time, and ticks such as ``hal`` gives.

    What waits for the outside (a socket, a flag that another thread sets) is looked after as ever,
    but no time is left to it.
    """

    def __init__(self):
        super().__init__()
        # Milliseconds. What is to run at once is queued by the machine's own time: so all of that
        # lies behind.
        self.now = time.ticks_ms() + _AHEAD

    @classmethod
    def install(cls):
        """The time of all tasks from now on, the same at each call."""
        if not isinstance(asyncio.core._io_queue, cls):
            made = asyncio.core._io_queue = cls()
            asyncio.core.ticks = lambda: made.now
        return asyncio.core._io_queue

    def wait_io_event(self, dt):
        super().wait_io_event(0)
        waiting = asyncio.core._task_queue.peek()
        if waiting is not None:
            self.now = max(self.now, waiting.ph_key)
        elif dt < 0:
            raise RuntimeError("nothing will ever happen again")

    def add(self, ms):
        """The tick ``ms`` milliseconds from now."""
        return self.now + ms

    def until(self, tick):
        """Milliseconds until ``tick``."""
        return tick - self.now
