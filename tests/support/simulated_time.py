"""Time for MicroPython's asyncio that goes on only where nobody has anything to do."""

import asyncio
import time


class SimulatedTime:
    """From its making on, the asyncio of this process sleeps without waiting.

    ``ms`` is what has passed, asleep; ``ticks_ms()`` what a clock would show. There is no going
    back, so a process has one, and none of its tasks may wait for a socket.
    """

    def __init__(self):
        self.ms = 0
        core = asyncio.core  # pyright: ignore[reportAttributeAccessIssue]
        core.ticks = self.ticks_ms
        core._io_queue = self

    def ticks_ms(self) -> int:
        """Milliseconds, those in which something was computed included."""
        return time.ticks_add(time.ticks_ms(), self.ms)

    def wait_io_event(self, ms):
        """What asyncio calls while all tasks sleep, the next of them for ``ms`` more."""
        if ms < 0:
            raise RuntimeError("every task waits for something that does not come")
        self.ms += ms
