"""The time from somebody who can prove nothing, such as an NTP server: a hint, and no more.

Loaded by a node that asks one.
"""

import asyncio

from micropython import const

from ..access.events.event import CLOCK_REFUSED, CLOCK_SET

_EVERY_S = const(3600)
_AGAIN_S = const(60)


class TimeHint:
    """``await ask()`` gives ``(seconds since 1970, by how many it may be off)``, or None, for the
    clock of ``node``. It raises nothing but OSError. ``nap(seconds)`` is asyncio's sleep.

    What is known already bounds what is believed: a clock that is trusted is made surer within
    its own interval, and one that is not is left to who can be believed. So whoever answers, or
    stands in between, moves no clock to where it could not have been.
    """

    def __init__(self, node, ask, nap=asyncio.sleep):
        self._node = node
        self._ask = ask
        self._nap = nap

    async def run(self):
        """Ask now and then, and ever more seldom of who does not answer. Runs for ever."""
        pause = _AGAIN_S
        while True:
            found = None
            try:
                found = await self._ask()
                if found is not None:
                    self.heard(*found)
            except OSError:
                found = None  # nobody there, or no clock that could be set
            await self._nap(pause if found is None else _EVERY_S)
            pause = min(2 * pause, _EVERY_S) if found is None else _AGAIN_S

    def heard(self, time: int, error_s: int) -> bool:
        """Somebody says that it is ``time``, off by at most ``error_s``; whether the clock goes by
        it. Raises OSError.
        """
        node = self._node
        timekeeper = node.timekeeper
        clock = timekeeper.read()
        if not clock.is_trusted(node.stores.rules.max_uncertainty_s):
            return False
        is_possible = error_s >= 0 and abs(time - clock.now) <= error_s + clock.uncertainty
        # To make it surer is no event, and to say what cannot be is one.
        if is_possible and timekeeper.told(time, error_s):
            if timekeeper.is_moved:
                fields = {"by": "hint", "old_time": clock.now, "new_time": time}
                node.recorder.note(CLOCK_SET, fields, anybody=True)
            return True
        fields = {"by": "hint", "old_time": clock.now}
        if 0 < time < 1 << 32:
            fields["new_time"] = time
        node.recorder.note(CLOCK_REFUSED, fields, anybody=True)
        return False
