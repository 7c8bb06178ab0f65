"""What the time can be, by the clocks that carry it: an outer interval and an inner one.

Both lie on the board's scale and age by drift.
"""

from micropython import const
from untrusted import InvalidInput

from .board import BoardClock, drift, measured
from .reading import SKEW_S

_MEASURED_OVER_S = const(600)
_LATEST = const(0xFFFFFFFF)  # 2106
_NO_SPAN = (None, None, None)


class Intervals:
    """``outer`` is what the authority, enrolment and the board's clock since then allow, ``inner``
    what peers and administrators make of it: where on the scale it was learnt, and least and most
    that the time was ahead of that; None if there is none.

    ``enrolled_at`` and ``offset`` are as for a ClockState. Intervals of time are pairs (earliest,
    latest) in seconds since 1970. ``scale`` is where the scale is at, after ``look``, None while
    no clock carries the time.
    """

    def __init__(self, enrolled_at, offset):
        self.board = BoardClock(offset)
        self.outer: tuple | None = None
        self.inner: tuple | None = None
        if enrolled_at is not None and offset is not None:
            self.outer = self.inner = (enrolled_at, -SKEW_S, SKEW_S)
        self.scale = None
        self._uptime = 0
        self._rtc = None

    def restore(self, offset, saved):
        """Go on from the ``offset`` and what ``saved`` was. Raises InvalidInput, half way."""
        self.outer, self.inner = _span(saved[:3]), _span(saved[3:])
        self.board.offset = offset

    def saved(self) -> tuple:
        """Both as six integers, or None."""
        return (self.outer or _NO_SPAN) + (self.inner or _NO_SPAN)

    def look(self, uptime: int, rtc):
        """Go on to ``uptime`` and what the board's clock shows."""
        self._uptime = uptime
        self._rtc = rtc
        self.scale = self.board.read(uptime, rtc)

    def known(self, floor: int):
        """What the time can be, None if nobody knows, or the floor contradicts it."""
        if self.scale is None or self.inner is None:
            return None
        ppm = self.board.ppm
        earliest, latest = _aged(self.inner, self.scale, ppm)
        if self.outer is not None:
            least, most = _aged(self.outer, self.scale, ppm)
            earliest, latest = max(earliest, least), min(latest, most)
        # The authority's computers may be a little fast, and the floor with them.
        if latest + SKEW_S < floor or earliest > latest:
            return None
        return earliest, latest

    def allowed(self, floor: int, reach: int) -> tuple:
        """What anybody but the authority can say: inside the outer interval, and where there is
        none from the floor to ``reach``.
        """
        earliest, latest = floor - SKEW_S, reach
        if self.scale is not None and self.outer is not None:
            step = self.board.step
            least, most = _aged(self.outer, self.scale, self.board.ppm)
            least, most = least + min(0, step), most + max(0, step)
            # What the floor contradicts is no knowledge.
            if most >= earliest:
                earliest, latest = max(earliest, least), most
        return earliest, latest

    def stepped(self, known: tuple, most_uncertain: int):
        """``known`` after the board's clock made a step that costs no trust, else None.

        The uptime says that it was a step; if it is the uptime that missed something, the board's
        clock is right. So it is from the one to the other.
        """
        step, scale = self.board.step, self.scale
        known = known[0] + min(0, step), known[1] + max(0, step)
        if scale is None or middle(known)[1] > most_uncertain:
            return None
        self.outer = _wider(self.outer, step)
        self.inner = _wider(self.inner, step)
        self.board.follow_uptime(self._uptime, scale)
        return known

    def believed(self):
        """The time is trusted now."""
        if self.scale is not None:
            self.board.believed(self.scale)
            self.board.adopt(self._uptime, self._rtc, self.scale)

    def narrow(self, interval: tuple, floor: int, reach: int) -> bool:
        """It is in ``interval``, which ``allowed`` holds; True if the scale begins anew for it."""
        scale = self.scale
        begins = scale is None or self.board.step != 0
        if scale is None or begins:
            outer = None
            if scale is not None and self.outer is not None:
                outer = self.allowed(floor, reach)
            scale = self._put_scale(interval)
            self.outer = outer and _on_scale(scale, outer)
        self.inner = _on_scale(scale, interval)
        return begins

    def replace(self, interval: tuple):
        """It is in ``interval``, whatever was thought before."""
        self._measure(interval)
        self.outer = self.inner = _on_scale(self._put_scale(interval), interval)

    def at_seen(self) -> int:
        """The earliest that it was when the time was last trusted; 0 if it never was."""
        if self.inner is None or not self.board.seen:
            return 0
        return _aged(self.inner, self.board.seen, self.board.drift_ppm)[0]

    def _measure(self, interval):
        """How fast the board's clock goes wrong, from one word of the authority to the next."""
        board = self.board
        scale, outer = self.scale, self.outer
        if scale is None or outer is None or board.step or self._rtc is None:
            return
        at, least, most = outer
        elapsed = scale - at
        if elapsed < _MEASURED_OVER_S:
            return
        now, error = middle(interval)
        off = abs(now - scale - (least + most) // 2)
        errors = error + (most - least) // 2 + 1
        board.drift_ppm = measured(board.drift_ppm, off, errors, elapsed)

    def _put_scale(self, interval):
        scale, _ = middle(interval)
        self.scale = scale
        self.board.put(scale, self._uptime, self._rtc)
        return scale


def middle(interval: tuple) -> tuple:
    """(the time, by how many seconds it may be off)."""
    earliest, latest = interval
    now = (earliest + latest) // 2
    return now, latest - now


def is_offset(value) -> bool:
    """Whether one clock can be so many seconds ahead of another."""
    return type(value) is int and -_LATEST <= value <= _LATEST


def is_whole(value) -> bool:
    """Whether it is a number of seconds since 1970, before 2106: who says more has no clock."""
    return type(value) is int and 0 <= value <= _LATEST


def _on_scale(scale, interval):
    return scale, interval[0] - scale, interval[1] - scale


def _aged(span, scale, ppm):
    """(earliest, latest) when the scale is at ``scale``."""
    at, least, most = span
    lost = drift(max(0, scale - at), ppm)
    return scale + least - lost, scale + most + lost


def _wider(span, step):
    if span is None:
        return None
    at, least, most = span
    return at, least + min(0, step), most + max(0, step)


def _span(saved):
    at, least, most = saved
    if at is None and least is None and most is None:
        return None
    if not (is_whole(at) and is_offset(least) and is_offset(most) and least <= most):
        raise InvalidInput("clock: an interval is none")
    return at, least, most
