"""The door as a state machine: ready, deciding, refused, granted, and back to ready by itself.

Beside all of these it may stand unlocked, by schedule.
"""

import asyncio

from .indicator import REFUSED_MS

_LOOK_EVERY_MS = 100


class Doorway:
    """Drives one ``strike`` and one ``indicator``; ``ticks`` is the hal's monotonic clock.

    ``strike`` has ``pulse(ms)``, which releases it from now on for so long, or for longer if that
    was asked before, and ``end()``, which secures it at once and takes no memory. The end of a
    pulse is the hal's own: nothing here has to happen for it, and nothing that fails here moves
    it.

    Answers are given by plain calls that take effect before they return; ``run`` brings back to
    rest what is shown. A refusal never shortens another person's grant.
    """

    is_offline = False  # shown while nobody is answered: its controller is not there

    def __init__(self, strike, indicator, ticks):
        self._strike = strike
        self._indicator = indicator
        self._ticks = ticks
        self.is_faulty = False  # it failed again and again, and stays secured for a while
        self._state = "ready"
        self._rest_at = None  # when the state is over; None for one that lasts
        self._unlocked_until = None  # when the strike's pulse ends by which it stands unlocked
        self.grants = 0  # how many there were
        self.alarm = None  # what is shown while nobody is answered
        self.exit = None  # the Exit of a door that has one
        self._changed = asyncio.Event()

    def start(self):
        """Secure the strike, first of all, and show that the door is ready; once a start."""
        self.close()
        self._indicator.show("ready")

    def deciding(self, ms=None):
        """Someone is being heard, until ``rest`` or for ``ms``; an answer to someone else is shown
        to its end.
        """
        self._look()
        if self._state == "ready" or self._state == "deciding":
            self._begin("deciding", None if ms is None else self._ticks.add(ms))

    def grant(self, strike_ms: int):
        """Release the strike for ``strike_ms`` from now, or for longer if it already is.

        Raises what the strike does: then it is as it was, or ends in time.
        """
        self._look()
        due = self._ticks.add(strike_ms)
        if self._state == "granted" and self._ticks.until(self._rest_at) > strike_ms:
            due = self._rest_at
        self._strike.pulse(strike_ms)
        self.grants += 1
        self._begin("granted", due, True)

    @property
    def granted_ms(self) -> int:
        """For how long it is released yet for who was granted; 0 or less if it is not."""
        return self._ticks.until(self._rest_at) if self._state == "granted" else 0

    @property
    def at_rest(self) -> str:
        """The state of the Indicator while nobody is answered."""
        if self.alarm is not None:
            return self.alarm
        if self.is_faulty:
            return "fault"
        if self._unlocked_until is not None:
            return "unlocked"
        return "offline" if self.is_offline else "ready"

    @property
    def shown(self) -> tuple:
        """``(state of the Indicator, milliseconds that it lasts yet)``; 0 for one that lasts."""
        self._look()
        if self._state == "ready":
            return self.at_rest, 0
        left = 0 if self._rest_at is None else max(1, self._ticks.until(self._rest_at))
        return self._state, left

    def refuse(self):
        """Say no, once for all who are refused while it is said; the strike stays as it is."""
        self._look()
        if self._state != "granted":
            self._begin("refused", self._ticks.add(REFUSED_MS))

    def unlock(self, ms: int):
        """Stand unlocked for ``ms`` from now: asked again before that is over, without a break;
        too late, it is locked instead.

        Raises what the strike does: then it is as it was, or ends in time.
        """
        self._look()
        before = self._unlocked_until
        # Asked before the strike is: whoever stands still in between must not take the pulse for
        # longer than it is.
        until = self._ticks.add(ms)
        self._strike.pulse(ms)
        self._unlocked_until = until
        if before is None:
            if self._state == "ready":
                self._begin("ready", None, True)
        elif self._ticks.until(before) <= 0:
            self.lock()  # it was over meanwhile: this is no renewal but another beginning

    @property
    def unlocked_ms(self) -> int:
        """For how long it stands unlocked without being asked again; 0 or less if it does not."""
        return 0 if self._unlocked_until is None else self._ticks.until(self._unlocked_until)

    def lock(self):
        """Stand unlocked no longer. Who was let in meanwhile has the rest of their time, as they
        have it of any door; so has who wants out. Raises what the strike does then, and is
        secured.
        """
        self._look()
        left = self.granted_ms
        if self.exit is not None:
            left = max(left, self.exit.left_ms)
        held = self.unlocked_ms
        self._unlocked_until = None
        if held >= left:
            self._strike.end()
            if left > 0:
                self._strike.pulse(left)
        if self._state == "ready":
            self._begin("ready", None, True)

    def show_alarm(self, alarm):
        """Show ``alarm``, a state of the Indicator, whenever nobody is answered, until it is None;
        called again, with its sound once more.
        """
        self._look()
        self.alarm = alarm
        if self._state == "ready":
            self._begin("ready", None, True)

    def rest(self):
        """Nobody is being heard any more, and nothing was answered."""
        self._look()
        if self._state == "deciding":
            self._begin("ready", None)

    def close(self):
        """Secure the strike at once, whatever goes on; takes no memory and shows nothing."""
        self._state = "ready"
        self._rest_at = None
        self._unlocked_until = None
        self._strike.end()

    async def run(self):
        """Bring what is shown back to rest when its time is up; runs for ever.

        It may be ended and run again at any time: all that it goes by is kept outside of it.
        """
        while True:
            self._look()
            if self._rest_at is None:
                self._changed.clear()
                await self._changed.wait()
            else:
                # In short naps: what is shown next may be over sooner.
                left = self._ticks.until(self._rest_at)
                await asyncio.sleep(max(0, min(left, _LOOK_EVERY_MS)) / 1000)

    def _look(self):
        if self._rest_at is not None and self._ticks.until(self._rest_at) <= 0:
            self._begin("ready", None)

    def _begin(self, state, rest_at, again=False):
        is_shown = self._state == state and not again
        self._state = state
        self._rest_at = rest_at
        self._changed.set()
        if not is_shown:
            self._indicator.show(self.at_rest if state == "ready" else state)
