"""The scale that a board's time is told on: its own clock with what that is off by, or its uptime.

The board's clock is never set. What it is off by is learnt when somebody tells the time, and kept.
"""

from micropython import const

# Drift in parts per million: until it is measured, and the bounds of what a measurement may say.
UNMEASURED_PPM = 100
LEAST_PPM = 20
MOST_PPM = 1000

_MILLION = const(1000000)
_NEARLY_RIGHT_S = const(86400)
_BEGAN_ANEW_S = const(400 * 86400)
_READ_S = const(1)  # two clocks read in whole seconds, one after the other


class BoardClock:
    """Seconds that go on through this start, and through restarts if the board's clock does.

    ``offset`` is to be added to that clock, None if it is not to be believed; ``seen`` the latest
    that the scale was at while it was trusted. ``step`` is by how many seconds the board's clock
    was found ahead of where the uptime says that it should be, 0 while it keeps pace.
    """

    def __init__(self, offset: int | None = 0):
        self.offset = offset
        self.seen = 0
        self.drift_ppm = UNMEASURED_PPM
        self.step = 0
        self._last = None  # (uptime, scale) of this start, None while nothing tells the time
        self._base = None  # (uptime, what the board's clock showed), for its pace
        self._is_by_uptime = True

    @property
    def ppm(self) -> int:
        """How fast what the scale goes by may go wrong."""
        return max(self.drift_ppm, UNMEASURED_PPM) if self._is_by_uptime else self.drift_ppm

    def read(self, uptime: int, rtc):
        """Where the scale is at, None if nothing tells."""
        self.step = 0
        if rtc is None or self.offset is None:
            return self._by_uptime(uptime)
        shown = rtc + self.offset
        if self._last is None:
            return self._first(uptime, shown)
        if self._keeps_pace(uptime, shown):
            self._is_by_uptime = False
            self._last = (uptime, shown)
            return shown
        scale = self._by_uptime(uptime)
        self.step = shown - scale
        return scale

    def durable_offset(self):
        """The offset that a restart may believe, or None."""
        if self.offset is None or self.step:
            return None
        if self._last is None and self._base is not None:
            # It was refused. Behind by so much that it cannot catch up unseen, it may be right
            # again the next time, if it tells the time by itself.
            behind = self.seen - self._base[1]
            if abs(self.offset) > _NEARLY_RIGHT_S or behind < _BEGAN_ANEW_S:
                return None
        return self.offset

    def put(self, scale: int, uptime: int, rtc):
        """The scale is at ``scale`` now, and goes on from here."""
        self.offset = None if rtc is None else scale - rtc
        self._last = self._base = (uptime, scale)
        self._is_by_uptime = rtc is None
        self.step = 0
        self.seen = scale

    def follow_uptime(self, uptime: int, scale: int):
        """Take the step of the board's clock for what it is: a step."""
        if self.offset is not None:
            self.offset -= self.step
        self._base = (uptime, scale)
        self.step = 0

    def adopt(self, uptime: int, rtc, scale: int) -> bool:
        """Go by a board's clock that turned up while the scale went by uptime; True if it did."""
        if rtc is None or self.offset is not None:
            return False
        self.offset = scale - rtc
        self._base = (uptime, scale)
        return True

    def believed(self, scale: int):
        """The time on the scale is trusted: from here it cannot go back."""
        self.seen = max(self.seen, scale)

    def _by_uptime(self, uptime):
        self._is_by_uptime = True
        if self._last is None:
            return None
        at, scale = self._last
        return scale + uptime - at

    def _keeps_pace(self, uptime, shown):
        at, base = self._base or (uptime, shown)
        passed = uptime - at
        return abs(shown - base - passed) <= drift(passed, MOST_PPM) + _READ_S

    def _first(self, uptime, shown):
        """This start came after all that was seen before it; a clock that began anew with it does
        not know that.
        """
        if self._base is not None and self._keeps_pace(uptime, shown):
            return None  # it is the clock that was refused
        self._base = (uptime, shown)
        least = shown - uptime - drift(uptime, MOST_PPM) - _READ_S
        if abs(self.offset or 0) <= _NEARLY_RIGHT_S:
            # One that tells the time by itself does not begin anew with the time: it may have
            # been seen a moment before a reset.
            least += 2 * (drift(uptime, MOST_PPM) + _READ_S) + 1
        if least <= self.seen:
            return None
        self._is_by_uptime = False
        self._last = (uptime, shown)
        return shown


def drift(elapsed: int, ppm: int) -> int:
    """By how many seconds a clock may have gone wrong over ``elapsed`` of them."""
    return elapsed * ppm // _MILLION + 1


def measured(ppm: int, off: int, errors: int, elapsed: int) -> int:
    """The drift in ppm after a clock was ``off`` by so many seconds, give or take ``errors``,
    over ``elapsed`` of them; as it was before, where that tells nothing.
    """
    least = max(0, off - errors) * _MILLION // elapsed
    most = (off + errors) * _MILLION // elapsed + 1
    if least > MOST_PPM:
        return ppm  # no drift: one of the two was set
    if least > ppm:
        return min(most, MOST_PPM)
    if 2 * most < ppm:  # twice, because the next season is warmer or colder
        return max(2 * most, LEAST_PPM)
    return ppm
