"""The door as a state machine: ready, deciding, refused, released, and back to ready by itself."""

import asyncio

from .indicator import REFUSED_MS


class Doorway:
    """Drives one ``strike`` and one ``indicator``; ``ticks`` is the hal's monotonic clock.

    Answers are given by plain calls that take effect before they return; ``run`` brings the door
    back to rest. A refusal never shortens another person's grant.
    """

    def __init__(self, strike, indicator, ticks):
        self._strike = strike
        self._indicator = indicator
        self._ticks = ticks
        self._rest_at = None
        self._changed = asyncio.Event()
        indicator.show("ready")

    def deciding(self):
        """Someone is being heard; an answer to someone else is shown to its end."""
        if not self._strike.released and self._rest_at is None:
            self._show("deciding")

    def grant(self, strike_ms: int):
        """Release the strike for ``strike_ms`` from now, or for longer if it already is."""
        due = self._ticks.add(strike_ms)
        if self._strike.released and self._ticks.until(self._rest_at) > strike_ms:
            due = self._rest_at
        # First of all: a strike that opens must have its end, whatever fails after it.
        self._due(due)
        self._strike.release()
        self._show("granted")

    def refuse(self):
        """Say no, once for all who are refused while it is said; the strike stays as it is."""
        if not self._strike.released:
            is_said = self._rest_at is not None
            self._due(self._ticks.add(REFUSED_MS))
            if not is_said:
                self._show("refused")

    def rest(self):
        """Nobody is being heard any more, and nothing was answered."""
        if not self._strike.released and self._rest_at is None:
            self._due(None)
            self._show("ready")

    def close(self):
        """Secure the strike at once; for the end of the program, whatever ended it."""
        self._rest_at = None
        self._strike.secure()

    async def run(self):
        """Bring the door back to rest whenever its time is up; runs for ever."""
        while True:
            self._changed.clear()
            if self._rest_at is None:
                await self._changed.wait()
                continue
            left = self._ticks.until(self._rest_at)
            if left > 0:
                try:
                    await asyncio.wait_for(self._changed.wait(), left / 1000)
                except asyncio.TimeoutError:
                    pass
                continue
            self.close()
            self._show("ready")

    def _due(self, rest_at):
        self._rest_at = rest_at
        self._changed.set()

    def _show(self, state):
        try:
            self._indicator.show(state)
        except MemoryError:
            pass  # a light that could not be switched must not stop the door
