"""The two lines of a Wiegand reader on the ESP32's pins.

A board has one where pins.json says what it sends: ``"WIEGAND_D0": {"format": "26,keypad8"}``;
nothing of this is loaded where there is none (roles/esp32_doors.py, roles/wiegand.py).

The reader pulls its lines up to 5 V: each comes to its pin through a divider, 10 k and 18 k to
ground, so that a line that is cut is low, which is told. Any pin that can interrupt will do, also
one that has no pull-up of its own, but none of the chip's strapping pins.
"""

import time
from array import array

from machine import Pin

from micropython import const

_RING = const(64)  # pulses that the job has not taken: more than it ever leaves
_ACTIVE_US = const(25000)  # after its last pulse a frame is over, or as slow as none may be
_DEAF_US = const(250000)  # for so long after a flood


class WiegandPort:
    """Notes each falling edge on D0 and D1 without allocating: what, and when it was noted.

    The port schedules a pin's callbacks into the interpreter, in a queue of eight that it shares
    with all others: while a step of work goes on pulses wait there, so that the times are late
    (``are_exact``), and those beyond eight are lost without a word. What is lost makes a frame too
    short; door/wiegand.py refuses that. ``lost`` counts what found the ring full: no reader sends
    so much, and so the pins interrupt no more for a while, since whoever owns the line must not
    take all of the interpreter's time. ``clashes`` counts calls that found both lines low.
    """

    are_exact = False

    def __init__(self, d0, d1):
        # A time, and of D1 its complement: a big integer would be an allocation.
        self._ring = array("i", [0] * _RING)
        self._head = 0  # where the next one goes; written by callbacks alone
        self._tail = 0
        self._last = 0
        self._is_quiet = True  # nothing came for so long that ticks may have come round
        self._is_deaf = False
        self.lost = 0
        self.clashes = 0
        for pin in (d0, d1):
            pin.init(Pin.IN, None)
        self._d0 = d0
        self._d1 = d1
        self._hear()

    def _hear(self):
        self._is_deaf = False
        falling = Pin.IRQ_FALLING
        self._d0.irq(self._zero, falling)
        self._d1.irq(self._one, falling)

    def _zero(self, _pin):
        at = time.ticks_us()
        self._note(at, at)

    def _one(self, _pin):
        at = time.ticks_us()
        self._note(~at, at)  # pyright: ignore[reportOperatorIssue]

    def _note(self, entry, at):
        self._last = at
        self._is_quiet = False
        # Both, and not the other one alone: this call may be as late as its next pulse.
        if not self._d0.value() and not self._d1.value():
            self.clashes += 1
        following = (self._head + 1) % _RING
        if following == self._tail:
            self.lost += 1
            self._is_deaf = True
            self._d0.irq(None)
            self._d1.irq(None)
        else:
            self._ring[self._head] = entry
            self._head = following

    def take(self, pulse):
        """Call ``pulse(line, at)`` for each that came since, in order."""
        while self._tail != self._head:
            entry = self._ring[self._tail]
            self._tail = (self._tail + 1) % _RING
            if entry < 0:
                pulse(1, ~entry)
            else:
                pulse(0, entry)
        since = time.ticks_diff(time.ticks_us(), self._last)
        if since >= _ACTIVE_US:
            self._is_quiet = True
        if self._is_deaf and since >= _DEAF_US:
            self._hear()

    def now(self) -> int:
        """The time of a pulse that comes now, in microseconds that wrap."""
        return time.ticks_us()  # pyright: ignore[reportReturnType]

    def diff(self, later: int, earlier: int) -> int:
        """Microseconds from the one to the other, less than some minutes apart."""
        return time.ticks_diff(later, earlier)

    @property
    def is_active(self) -> bool:
        """Whether a frame is under way."""
        if self._is_quiet or self._is_deaf:
            return False
        return time.ticks_diff(time.ticks_us(), self._last) < _ACTIVE_US

    @property
    def is_resting(self) -> bool:
        """Whether both lines are high, as they are between pulses."""
        return bool(self._d0.value() and self._d1.value())
