"""The request to exit: nobody is locked in.

It knows an input, a strike and ticks, and nothing of policy, log, clock or memory of any kind: so
nothing that any of these does can keep it from releasing.
"""

from micropython import const

_STUCK_MS = const(60000)  # so long nobody leans on a button
_RETRIES = const(100)  # looks; whoever wanted out then has gone, or has pressed again
_LONGEST_MS = const(1000)  # that counts of the time between two looks


class Exit:
    """Releases ``strike`` for ``ms`` when somebody presses ``button``, and as long as it is held.

    ``button`` is an input of the hal: ``read()`` is True while it is pressed, and
    ``watch(callback)`` has ``callback()`` called when that changes, from an interrupt where there
    is one. ``strike`` has ``pulse(ms)``, ``ticks`` is the hal's monotonic clock. ``look(ms)`` is
    to be called many times a second, with the milliseconds since the last time: it does what no
    interrupt does. Nothing here raises, whatever fails.

    A button that is held releases the door for as long as it is: who stands behind one that sticks
    has no other way to ask. That is told (``is_stuck``) and ends by no timer.
    """

    def __init__(self, button, strike, ticks, ms: int):
        self._button = button
        self._strike = strike
        self._ticks = ticks
        self._ms = ms
        self._until = None  # when what was asked for ends; None if it is over
        self._retries = 0
        self._held_ms = 0
        self.count = 0  # how often the door was released that was not at that time
        self.error = None  # what the button or the strike raised last, None once they work

    def start(self):
        """Release from now on; also for who presses already."""
        try:
            self._button.watch(self.changed)
        except Exception as failed:
            self.error = failed  # it is looked at all the same
        self.changed()

    def changed(self):
        """It may be pressed: release, if it still is. Shorter than the way here is no press."""
        if self._is_pressed():
            self._release()

    def look(self, ms: int):
        """Prolong what is held, and try again what the strike refused."""
        left = self.left_ms
        if left <= 0:
            self._until = None  # ticks come round again after days
        if self._is_pressed():
            if self._held_ms < _STUCK_MS:
                self._held_ms += min(ms, _LONGEST_MS)
            if 2 * left < self._ms:
                self._release()
        else:
            self._held_ms = 0
            if self._retries > 0:
                self._retries -= 1
                self._release(self._retries)

    def again(self):
        """Release for the rest, after somebody else has secured the strike."""
        left = self.left_ms
        if left > 0:
            try:
                self._strike.pulse(left)
            except Exception as failed:
                self.error = failed
                self._retries = _RETRIES

    @property
    def left_ms(self) -> int:
        """For how long the door is released for who wants out; 0 or less if it is not."""
        return 0 if self._until is None else self._ticks.until(self._until)

    @property
    def is_stuck(self) -> bool:
        """Whether it has been held for a minute, and still is."""
        return self._held_ms >= _STUCK_MS

    def _is_pressed(self):
        try:
            return self._button.read()
        except Exception as failed:
            self.error = failed
            return False

    def _release(self, retries=_RETRIES):
        is_new = self.left_ms <= 0
        try:
            self._strike.pulse(self._ms)
            # After the strike: whoever is interrupted here is taken for shorter than it is.
            self._until = self._ticks.add(self._ms)
        except Exception as failed:
            self.error = failed
            self._retries = retries
            return
        self.error = None
        self._retries = 0
        if is_new:
            self.count += 1
