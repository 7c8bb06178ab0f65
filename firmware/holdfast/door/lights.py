"""Light and buzzer of a carrier: they follow what the node that decides says."""

import asyncio

from micropython import const

_LOOK_S = 0.1
_DECIDING_MS = const(10000)  # for which somebody is heard, whatever is not answered


class Lights:
    """Shows by ``indicator`` (Indicator) what it is told; ``ticks`` is the hal's."""

    def __init__(self, indicator, ticks):
        self._indicator = indicator
        self._ticks = ticks
        self._at_rest = "offline"
        self._state = None
        self._until = None

    def start(self):
        """Nobody has answered yet; once a start."""
        self._show("offline", None)

    def told(self, state: str, ms: int):
        """Show a state of the Indicator for ``ms``; for 0 it is what is shown at rest."""
        if state == "deciding":
            self._show(state, self._ticks.add(ms or _DECIDING_MS))
        elif ms:
            self._show(state, self._ticks.add(ms), state != self._state)
        else:
            self._at_rest = state
            # A yes is shown to its end, and a no.
            if self._until is None or self._state == "deciding":
                self._show(state, None)

    def away(self, is_asked: bool, ms: int = 900):
        """Who decides does not answer; ``is_asked``: to somebody who stands here."""
        self._at_rest = "offline"
        if is_asked:
            self._show("refused", self._ticks.add(ms))
        elif self._until is None or self._state == "deciding":
            self._show("offline", None)

    async def run(self):
        """Bring what is shown back to rest; runs for ever."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self):
        """To be called ten times a second."""
        if self._until is not None and self._ticks.until(self._until) <= 0:
            self._show(self._at_rest, None)

    def _show(self, state, until, again=False):
        is_shown = self._state == state and not again
        self._state = state
        self._until = until
        if not is_shown:
            self._indicator.show(state)
