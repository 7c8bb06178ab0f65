"""A door that stands unlocked by its schedule; loaded for a door that has one."""

from micropython import const

from ..access import reason
from ..access.events.event import LOCKED_BY_SCHEDULE, UNLOCKED_BY_SCHEDULE
from ..access.standing import refusal, until, window

# How long the strike is released at a time. The next pulse prolongs it when half is over, so that
# nothing switches; an interpreter that is dead leaves the door secured when the last one ends.
_PULSE_S = const(10)
# After what ended it before its hours did. Each time costs two events.
_PAUSE_MS = const(10000)
_STRIKE_PAUSE_MS = const(300000)

_NOT_RENEWED = "not renewed in time"
_FAULT = "fault of the door"


class Standing:
    """Unlocks the door of an AccessPoint by its mode, and secures it again.

    ``doorway`` is the Doorway to move, ``timekeeper`` and ``recorder`` as in an AccessPoint,
    ``ticks`` the hal's, ``faults`` (Faults) is told of a strike that fails. Nothing is durable: a
    door that waits for a grant does so after each start.

    The event that it stands unlocked is on flash before the strike is released for it; that of
    its end follows the securing, and says why in ``detail``.
    """

    def __init__(self, access_point, doorway, timekeeper, recorder, ticks, faults):
        self._access_point = access_point
        self._doorway = doorway
        self._timekeeper = timekeeper
        self._recorder = recorder
        self._ticks = ticks
        self._faults = faults
        self._window = 0  # that somebody was let in in; 0 for none
        self._view = None  # of the last look
        self._is_told = False  # it stands unlocked by an event, whose end is no event yet
        self._not_before = None  # when it may be unlocked again; None for at once

    def granted(self, view, clock):
        """Somebody was let in by the DoorView ``view`` at the time of the ClockReading."""
        mode = view.mode()
        if mode is not None and mode[0]:
            self._window = max(self._window, window(view, clock))

    def look(self):
        """Unlock or secure the door, or go on. To be called each second, and whenever something
        changed.

        Raises MemoryError; then it is to be called again, and the strike ends by itself.
        """
        view = self._access_point.moment()[0]
        clock = self._timekeeper.read()
        doorway = self._doorway
        code = refusal(view, clock)
        seconds = 0
        if not code and not doorway.is_faulty:
            mode = view.mode()
            seconds = until(view, clock, self._window if mode[0] else None)
            if not seconds:
                self._window = 0
        # Whole seconds of a clock that may have gone on for almost another: never too long.
        ms = 1000 * min(_PULSE_S, seconds - 1)
        if self._is_told:
            left = doorway.unlocked_ms
            if ms <= 0:
                self._lock(self._why(view, code))
            elif left <= 0:
                self._lock(_FAULT if doorway.is_faulty else _NOT_RENEWED)
            elif left < 500 * _PULSE_S and left < ms:
                self._release(ms)
        elif ms > 0 and self._is_time():
            self._unlock(ms)
        if code:
            self._window = 0
        self._view = view

    def _unlock(self, ms):
        try:
            self._recorder.require(UNLOCKED_BY_SCHEDULE, {"door": self._access_point.name})
        except OSError:
            self._pause(_PAUSE_MS)  # nobody enters unseen: it stays secured
            return
        self._is_told = True
        self._release(ms)

    def _release(self, ms):
        try:
            self._doorway.unlock(ms)
            error = None
        except MemoryError:
            raise
        except Exception as failed:
            error = failed
        self._faults.heard("strike", error)
        if error is not None:
            self._lock(_FAULT)
            self._pause(_STRIKE_PAUSE_MS)

    def _lock(self, why):
        self._doorway.lock()
        if why:
            self._pause(_PAUSE_MS)
            self._window = 0
        fields = {"door": self._access_point.name, "detail": why or "end of hours"}
        self._recorder.note(LOCKED_BY_SCHEDULE, fields)
        self._is_told = False

    def _why(self, view, code):
        if self._doorway.is_faulty:
            return _FAULT
        if view.rules.fault:
            return "policy damaged"
        if code == reason.LOCKED_DOWN:
            return "lockdown"
        if code == reason.CLOCK_UNCERTAIN:
            return "clock lost"
        return None if view is self._view else "policy changed"

    def _pause(self, ms):
        self._not_before = self._ticks.add(ms)

    def _is_time(self):
        if self._not_before is not None and self._ticks.until(self._not_before) <= 0:
            self._not_before = None  # ticks come round again after days
        return self._not_before is None
