"""Outputs on pins, whose pulses end by the RMT: in time while the interpreter is blocked."""

import time

from esp32 import RMT
from machine import Pin, Timer

from micropython import const

# 80 MHz / 250: 320 ticks a millisecond, of which one duration of the RMT holds 32,767.
_CLOCK_DIV = const(250)
# A channel's own memory has 48 words of two durations (64 on the first ESP32), of which the end
# takes one: so what is played is there as a whole, and no interrupt has to bring more of it.
_DURATIONS = const(90)
_PART_MS = const(9000)  # 90 durations of 32,000 ticks
_NEAR_MS = const(8)  # before a part's end the next one is asked for, which waits for it
_LOOK_MS = const(250)  # at most: a callback finds no place in a queue of eight that is full
_LATE_MS = const(50)  # after which an RMT that still plays is not believed
_CHANNELS = const(8)


class Output:
    """An output at ``pin`` (Pin) that is active for a while and then by itself no more, such as a
    strike's relay; ``active`` is the level, 0 or 1, at which it is.

    Made, the pin has the other level, and had it before it was an output. Between a reset and then
    it is an input, which a resistor outside must hold at that level.

    The end of a pulse is the RMT's, which plays it from its own memory. What is longer than 9 s,
    or was prolonged, goes on in parts, each asked for by a timer's callback: where the interpreter
    is blocked then, it ends too early and not too late. ``is_timed`` says that there is no channel
    left: then the end is a timer's callback and waits for the interpreter.
    """

    def __init__(self, pin, active: int = 1):
        self._pin = pin
        self._idle = not active
        self._secure(False)
        self._levels = [bool(active)] * _DURATIONS
        self._timer = Timer(-1)
        self._look = self._looked  # a bound method takes memory each time it is asked for
        self._rmt = None
        self._silent: list = [None, None]  # channels that play on and lead nowhere
        self._is_on = False
        self._is_busy = False
        self._wanted = 0
        self._ends_at = 0
        self._part_ends_at = 0
        self.is_timed = True
        self._attach()

    def pulse(self, ms: int):
        """Be active for ``ms`` milliseconds from now, or for longer if that was asked before.

        Raises OSError or MemoryError while there is nothing to end it with: then it goes on as it
        was, or is over at once.
        """
        if self._is_busy:
            self._wanted = max(self._wanted, ms)  # by a callback, in the middle of another pulse
            return
        if ms <= 0:
            return
        self._is_busy = True
        try:
            now = time.ticks_ms()
            ends_at = time.ticks_add(now, ms)
            if self._is_on and time.ticks_diff(self._ends_at, now) > 0:
                if time.ticks_diff(self._ends_at, ends_at) < 0:
                    self._go_on(now, ends_at)
                return
            try:
                self._ends_at = ends_at
                if self._rmt is None:
                    self._attach()
                self._begin(ms)
            except BaseException:
                self._cut()
                raise
        finally:
            self._is_busy = False
            wanted = self._wanted
            if wanted:
                self._wanted = 0
                self.pulse(wanted)

    def end(self):
        """Be inactive, at once and without needing memory; harmless to repeat."""
        if self._rmt is None or not self._rmt.wait_done():
            self._cut()
        self._is_on = False

    def _secure(self, hold):
        # The level comes before the direction.
        self._pin.init(Pin.OUT, value=self._idle, hold=hold)

    def _cut(self):
        # A GPIO again, and what the RMT plays leads nowhere. Its channel is left to play out: on
        # the first ESP32, to stop it waits for its end with interrupts off, which their watchdog
        # does not suffer (ESP-IDF before 5.5.2).
        self._secure(False)
        self._is_on = False
        rmt = self._rmt
        self._rmt = None
        if rmt is not None:
            self._silent[1 if self._silent[0] else 0] = rmt

    def _attach(self):
        """Have the pin be a channel's of the RMT, if one is left."""
        self.is_timed = True
        # A channel that is made, or given back, moves the pin for a moment: the pad holds the
        # secured level meanwhile.
        self._secure(True)
        try:
            for place, rmt in enumerate(self._silent):
                if rmt is not None and rmt.wait_done():
                    self._silent[place] = None
                    rmt.deinit()
            if None in self._silent:
                self._rmt = self._channel()
                self.is_timed = self._rmt is None
        finally:
            if self._rmt is None:
                self._secure(True)  # to give one back has ended its being an output
            self._pin.init(hold=False)

    def _channel(self):
        for number in range(_CHANNELS):  # which older ports ask for, and newer ones ignore
            try:
                rmt = RMT(number, pin=self._pin, clock_div=_CLOCK_DIV, idle_level=self._idle)
            except (OSError, ValueError):
                continue
            # It has its idle level after what it played first. This also takes the memory that a
            # pulse needs.
            rmt.write_pulses(1, [self._idle] * _DURATIONS)
            while not rmt.wait_done():
                pass
            return rmt
        return None

    def _begin(self, ms):
        self._is_on = True
        if self._rmt is None:
            self._watch(min(ms, _LOOK_MS))
            self._pin.value(not self._idle)
            return
        self._play(time.ticks_ms(), ms)

    def _play(self, begins_at, ms):
        part = min(ms, _PART_MS)
        self._part_ends_at = time.ticks_add(begins_at, part)
        self._watch(part + _LATE_MS if part == ms else _LOOK_MS)
        ticks = -(-part * 32 // 9)  # each duration's
        self._rmt.write_pulses(ticks, self._levels)  # pyright: ignore[reportOptionalMemberAccess]

    def _go_on(self, now, ends_at):
        """Go on for longer than was asked for before."""
        if self._rmt is not None:
            self._watch_part(time.ticks_diff(self._part_ends_at, now))
        self._ends_at = ends_at

    def _watch_part(self, left):
        self._watch(max(1, min(left - _NEAR_MS, _LOOK_MS)))

    def _watch(self, ms):
        # Not once: a callback that found no place in the queue comes again.
        self._timer.init(mode=Timer.PERIODIC, period=ms, callback=self._look)

    def _looked(self, timer):
        """The timer's callback, in the interpreter's time. Takes no memory."""
        if self._is_busy:
            return
        now = time.ticks_ms()
        left = time.ticks_diff(self._ends_at, now)
        is_played = self._rmt is not None
        if not self._is_on or left <= (-_LATE_MS if is_played else 0):
            timer.deinit()
            self.end()
            return
        if not is_played:
            self._watch(min(left, _LOOK_MS))
            return
        part_left = time.ticks_diff(self._part_ends_at, now)
        if part_left >= left:
            self._watch(max(1, left + _LATE_MS))
        elif part_left > _NEAR_MS:
            self._watch_part(part_left)
        else:
            # The rest waits for the end of the part, if that is not over.
            begins_at = self._part_ends_at if part_left > 0 else now
            self._play(begins_at, time.ticks_diff(self._ends_at, begins_at))
