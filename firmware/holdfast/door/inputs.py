"""Inputs as a door hears them: a contact that bounces is no door that moves."""

from micropython import const

_SAME = const(2)  # looks that must agree


class Steady:
    """What ``source``, an input of the hal, has said at two looks in a row.

    ``is_on`` is None before the first ``look()``, which is believed at once. A ``source`` that
    fails leaves it as it was; ``error`` is what it raised, None once it works.
    """

    def __init__(self, source):
        self._source = source
        self._agreed = 0
        self.is_on = None
        self.error = None

    def look(self):
        """Ask once; at most a fiftieth of a second apart it is steady against any bounce."""
        try:
            is_on = bool(self._source.read())
        except Exception as failed:
            self.error = failed
            return
        self.error = None
        self._agreed = 0 if is_on == self.is_on else self._agreed + 1
        if self._agreed >= _SAME or self.is_on is None:
            self.is_on = is_on
            self._agreed = 0


class Budget:
    """How often what anybody can bring about is kept: ``at_once``, and one more each
    ``every_ms``.

    A contact that flaps must not wear out the flash, nor push out what nobody has fetched yet.
    """

    def __init__(self, at_once: int, every_ms: int):
        self._at_once = at_once
        self._every_ms = every_ms
        self._spent = 0
        self._ms = 0
        self.unkept = 0  # since one was kept

    def pass_time(self, ms: int):
        """So many milliseconds went by."""
        if self._spent:
            self._ms += ms
            while self._ms >= self._every_ms and self._spent:
                self._ms -= self._every_ms
                self._spent -= 1
        else:
            self._ms = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is kept now."""
        return self._spent >= self._at_once

    def kept(self):
        """One was kept."""
        self._spent += 1
        self.unkept = 0
