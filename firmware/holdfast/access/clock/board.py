"""How the board's own clock stands to the time: its offset, its drift, whether it can be believed.

It is never set. What it is off by is learnt when somebody tells the time, and kept.
"""

from micropython import const

# Drift in parts per million: until it is measured, and the bounds of what a measurement may say.
UNMEASURED_PPM = 100
LEAST_PPM = 20
MOST_PPM = 1000

_MILLION = const(1000000)
_MEASURED_OVER_S = const(600)
_NEARLY_RIGHT_S = const(86400)
_READ_S = const(1)  # two clocks read in whole seconds, one after the other


class BoardClock:
    """A clock that goes on through restarts, or not: what its readings are worth.

    ``synced_at`` is the time when it was last compared with a clock that knows, give or take
    ``error``, in seconds since 1970; None if never. ``offset`` is to be added to it, None if it is
    not to be believed. ``seen`` is the latest time it was believed to show.
    """

    def __init__(self, synced_at=None, error: int = 0):
        self.synced_at = synced_at
        self.error = error
        self.offset = 0
        self.seen = 0
        self.drift_ppm = UNMEASURED_PPM
        self._base = None  # (uptime, rtc) of this start that it must go on from

    def keeps_pace(self, uptime: int, rtc) -> bool:
        """Whether it went on with the uptime, and over the restart. If not, it was set, or lost
        its battery, and is believed again only after the time has been told.
        """
        if rtc is None or self.offset is None:
            return True
        if self._base is None:
            # This start came after all that was seen before it; a clock that began anew with it
            # does not know that.
            least = rtc + self.offset - uptime - drift(uptime, MOST_PPM) - _READ_S
            if abs(self.offset) <= _NEARLY_RIGHT_S:
                # One that tells the time by itself does not begin anew with the time: it may have
                # been seen a moment before a reset.
                least += 2 * (drift(uptime, MOST_PPM) + _READ_S) + 1
            kept = least > self.seen
            self._base = (uptime, rtc)
        else:
            at, base = self._base
            passed = uptime - at
            kept = abs(rtc - base - passed) <= drift(passed, MOST_PPM) + _READ_S
        if not kept:
            self.offset = None
        return kept

    def time(self, rtc):
        """(time, uncertainty), or None if this clock knows nothing."""
        if rtc is None or self.offset is None or self.synced_at is None:
            return None
        now = rtc + self.offset
        return now, self.uncertainty(now)

    def uncertainty(self, now: int) -> int:
        """By how many seconds it may be off when it shows ``now``, having been compared once."""
        return self.error + 1 + drift(max(0, now - (self.synced_at or 0)), self.drift_ppm)

    def believed(self, rtc):
        """What it shows is trusted now: from here it cannot go back."""
        if rtc is not None and self.offset is not None:
            self.seen = max(self.seen, rtc + self.offset)

    def told(self, time: int, error: int, uptime: int, rtc):
        """It was ``time``, give or take ``error``, when this clock showed ``rtc``."""
        self._measure(time, error, rtc)
        self.synced_at = time
        self.error = error
        self.offset = None if rtc is None else time - rtc
        self.seen = time
        self._base = None if rtc is None else (uptime, rtc)

    def _measure(self, time, error, rtc):
        shown = self.time(rtc)
        if shown is None or self.synced_at is None:
            return
        elapsed = shown[0] - self.synced_at
        if elapsed < _MEASURED_OVER_S:
            return
        off, errors = abs(time - shown[0]), error + self.error + 1
        least = max(0, off - errors) * _MILLION // elapsed
        most = (off + errors) * _MILLION // elapsed + 1
        if least > MOST_PPM:
            return  # no drift: one of the two was set
        if least > self.drift_ppm:
            self.drift_ppm = min(most, MOST_PPM)
        elif 2 * most < self.drift_ppm:  # twice, because the next season is warmer or colder
            self.drift_ppm = max(2 * most, LEAST_PPM)


def drift(elapsed: int, ppm: int) -> int:
    """By how many seconds a clock may have gone wrong over ``elapsed`` of them."""
    return elapsed * ppm // _MILLION + 1
