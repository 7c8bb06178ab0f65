"""The loop that serves one central: reads, answers, watches the time, and always lets go."""

import asyncio

from ..access import reason


class _Deadline:
    """When the central must have been heard again."""

    def __init__(self, ticks, limits):
        self._ticks = ticks
        self._limits = limits
        self._end = ticks.add(limits.lifetime_ms)
        self._due = ticks.add(limits.first_ms)
        self._stage = 0

    def heard(self, session):
        """Move on after the session took something valid; a partial message buys no time."""
        if session.in_handshake:
            stage, ms = 1, self._limits.handshake_ms
        elif session.heard:
            stage, ms = 2 + session.round_trips, self._limits.idle_ms
        else:
            return
        if stage != self._stage:
            self._stage = stage
            self._due = self._ticks.add(ms)

    def left_ms(self) -> int:
        return min(self._ticks.until(self._due), self._ticks.until(self._end))


async def serve(link, session, ticks, limits):
    """Run ``session`` over ``link`` until either side ends it.

    ``link`` has ``read()``, ``write(chunk)``, ``close()`` and ``chunk_size``; its OSErrors end the
    connection quietly. Returns (reason code or None, bytes in, bytes out).
    """
    deadline = _Deadline(ticks, limits)
    received = sent = 0
    try:
        while not session.closing:
            left = deadline.left_ms()
            if left <= 0:
                session.close_reason = reason.TOO_SLOW
                break
            try:
                chunk = await asyncio.wait_for(link.read(), left / 1000)
            except asyncio.TimeoutError:
                continue
            if not chunk:
                break
            received += len(chunk)
            answer = await session.receive(chunk)
            deadline.heard(session)
            await asyncio.wait_for(_write(link, answer), max(left, 1000) / 1000)
            sent += len(answer)
            session.answered()
    except asyncio.TimeoutError:
        session.close_reason = reason.TOO_SLOW
    except OSError:
        pass
    except MemoryError:
        # What this central made us hold is gone with the session; the reader goes on.
        session.ran_out_of_memory()
    finally:
        session.close()
        await let_go(link)
    return session.close_reason, received, sent


async def let_go(link):
    """Drop a central, whatever the radio says of it."""
    try:
        await link.close()
    except OSError:
        pass


async def _write(link, data):
    view = memoryview(data)
    for start in range(0, len(data), link.chunk_size):
        await link.write(view[start : start + link.chunk_size])
