"""Time that passes as soon as nothing else is to be done: for hours in a moment, and the same each
run. MicroPython only.
"""

import asyncio
import time

_AHEAD = 10**9


class SimulatedTime(asyncio.core.IOQueue):
    """Asyncio's time, and ticks such as ``hal`` gives.

    Tasks may wait for a ThreadSafeFlag, which somebody of the same thread sets, and for nothing
    else of the outside.
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
        # A poll would sleep for a moment each time.
        is_set = [flag for _, _, flag in self.map.values() if flag.state]
        for flag in is_set:
            asyncio.core._task_queue.push(self.map[id(flag)][0])
            self._dequeue(flag)
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
