"""The loop that serves one central: reads, answers, watches the time, and always lets go."""

import asyncio

from ..access import reason


class Deadline:
    """When the central of ``origin`` must have shown who it is, and shown it again.

    ``first_ms`` in all until it has. ``is_last`` says that it took the last free connection.
    ``is_over`` once it has ended the connection.
    """

    def __init__(self, ticks, limits, origin, is_last: bool):
        self._ticks = ticks
        self._limits = limits
        self._origin = origin
        self._is_last = is_last
        self._is_stopped = False
        self._end = ticks.add(limits.lifetime_ms)
        self._left = limits.first_ms  # at ``_since``, but for the lifetime
        self._since = ticks.add(0)
        self._proofs = 0
        self.is_over = False
        self.is_ended = False  # the connection, by whomever

    def left_ms(self) -> int:
        """Milliseconds, 0 or less once it is over."""
        if self._is_stopped:
            return max(1, self._left)
        left = self._left + self._ticks.until(self._since)
        return min(left, self._ticks.until(self._end))

    def idle_ms(self) -> int:
        """Milliseconds since it was last answered, 0 while it is."""
        return 0 if self._is_stopped else -self._ticks.until(self._since)

    def first_byte(self):
        """The central has said something."""
        if self._is_last:
            self._is_last = False
            self._left = min(self.left_ms(), self._limits.last_ms)
            self._since = self._ticks.add(0)

    def stop(self):
        """The node has something to do for it now: time that is not the central's."""
        self._left = self.left_ms()
        self._is_stopped = True

    def go_on(self):
        """The central is to move. It has new time if a request of its was decrypted."""
        if self._origin.proofs != self._proofs:
            self._proofs = self._origin.proofs
            self._left = self._limits.idle_ms
        self._since = self._ticks.add(0)
        self._is_stopped = False

    async def watch(self, task):
        """Cancel ``task``, which serves the central, when it is over; until ``is_ended``."""
        while not self.is_ended:
            try:
                left = self.left_ms()
                if left <= 0:
                    self.is_over = True
                    task.cancel()
                    return
                nap = asyncio.sleep(left / 1000)
            except MemoryError:
                nap = asyncio.sleep(1)  # which takes none
            try:
                await nap
            except MemoryError:
                pass  # for the cancellation that came: ``is_ended`` says it, too


async def serve(link, session, deadline):
    """Run ``session`` over ``link`` until either side ends it.

    ``link`` has ``read()``, ``write(chunk)``, ``close()`` and ``chunk_size``; its OSErrors end the
    connection quietly. Returns (bytes in, bytes out).
    """
    received = sent = 0
    watching = None
    try:
        # One task for all of the connection: a time limit made for each read could itself be what
        # memory ends in, and leave the read behind.
        watching = asyncio.create_task(deadline.watch(asyncio.current_task()))
        while not session.closing:
            chunk = await link.read()
            if not chunk:
                break
            if not received:
                deadline.first_byte()
            received += len(chunk)
            deadline.stop()
            answer = await session.receive(chunk)
            deadline.go_on()
            await _write(link, answer)
            sent += len(answer)
            session.answered()
            if watching.done():  # memory ended in it
                watching = asyncio.create_task(deadline.watch(asyncio.current_task()))
    except asyncio.CancelledError:
        if not deadline.is_over:
            raise
        session.close_reason = reason.TOO_SLOW
    except OSError:
        pass
    except MemoryError:
        # What this central made us hold is gone with the session; the node goes on.
        session.ran_out_of_memory()
    finally:
        # The link before all else: whatever fails after it, no central holds it any more.
        let_go(link)
        session.close()
        deadline.is_ended = True
        if watching is not None:
            watching.cancel()
    return received, sent


def let_go(link):
    """Drop a central, whatever the radio says of it. Takes no memory."""
    try:
        link.close()
    except OSError:
        pass


async def _write(link, data):
    view = memoryview(data)
    start = 0
    while start < len(data):
        # Asked once for each chunk: over the air it grows while one is written.
        end = start + link.chunk_size
        await link.write(view[start:end])
        start = end
