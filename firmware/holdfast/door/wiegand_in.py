"""A Wiegand reader at a door: its frames lead to the CardReader, or are presented again."""

import asyncio

from micropython import const

from .keypad import Keypad
from .wiegand import Decoder

_LOOK_S = 0.02
_NAP_S = 0.005
# So much of each second may be spent on waiting for frames: who owns the line, which hangs on the
# wall outside, must not keep phones from being heard.
_WINDOW_MS = const(1000)
_PATIENCE_MS = const(200)
_NOISE = const(4)  # pulses or fewer are no attempt of anybody's to be answered
# Who has just been answered is not told to present again what they hold there still.
_ANSWERED_MS = const(2000)
_SHOWN_EVERY_MS = const(1000)
_IN_A_ROW = const(3)  # refused, which is a fault of reader or line
_TOLD_EVERY_MS = const(600000)
_PULSE_MS = const(100)  # a line that is low for longer is no pulse's


class WiegandFault(Exception):
    """What is wrong with a reader or its line; the text says it to who has to mend it."""


class WiegandIn:
    """Listens to the reader of one door.

    ``port`` is the hal's: ``take(pulse)`` calls ``pulse(line, at)`` for each that came since, in
    order; ``now()`` and ``diff(later, earlier)`` are its microseconds, ``are_exact`` whether its
    times are those of the pulses; ``lost`` counts pulses that it knows to be missing and
    ``clashes`` those on both lines at once; ``is_resting`` says that both lines are high, and
    ``is_active`` that a frame is under way.
    ``card_reader`` is the door's CardReader and ``deny()`` shows a no; ``ticks`` is the hal's
    monotonic clock, ``console`` shows each refusal and ``faults`` (Faults) hears of those that
    repeat.
    """

    def __init__(self, port, form, card_reader, deny, ticks, console, faults):
        self._port = port
        self._keypad_bits = form.keypad
        self._card_reader = card_reader
        self._deny = deny
        self._ticks = ticks
        self._console = console
        self._faults = faults
        self._decoder = Decoder(form, port.diff, port.are_exact)
        self._keypad = Keypad(ticks, card_reader.pin, deny)
        self._heed_pulse = self._pulse
        self._lost = port.lost
        self._clashes = port.clashes
        self._refused = 0  # in a row
        self._answered_until = self._shown_until = ticks.add(0)
        self._told_until = None  # a fault is not taken back before that
        self._low_since = None

    async def run(self):
        """Listen for ever."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self):
        """Heed what came since."""
        port = self._port
        # What is lost is missing among what is taken now, at the latest.
        if port.lost != self._lost:
            self._lost = port.lost
            self._heed(self._decoder.spoil("pulses were lost", port.now()))
        if port.clashes != self._clashes:
            self._clashes = port.clashes
            self._heed(self._decoder.spoil("both lines were low at once", port.now()))
        port.take(self._heed_pulse)
        self._heed(self._decoder.look(port.now()))
        self._keypad.look()
        self._look_at_lines()

    def _pulse(self, line, at):
        self._heed(self._decoder.pulse(line, at))

    def _heed(self, frame):
        if frame is None:
            return
        if frame.why is not None:
            self._refuse(frame)
            return
        self._refused = 0
        self._mended()
        if frame.key is not None:
            self._keypad.press(frame.key)
        else:
            self._card_reader.card(frame.number)
            self._answered_until = self._ticks.add(_ANSWERED_MS)

    def _refuse(self, frame):
        if self._keypad_bits and frame.pulses <= 2 * self._keypad_bits:
            self._keypad.spoil()
        if frame.pulses <= _NOISE or self._ticks.until(self._shown_until) > 0:
            return
        self._shown_until = self._ticks.add(_SHOWN_EVERY_MS)
        self._refused += 1
        try:
            if self._ticks.until(self._answered_until) <= 0:
                self._deny()
            # How many pulses, and not which: those are a card's number, or nearly.
            line = {"event": "present_again", "pulses": frame.pulses, "reason": frame.why}
            self._console.line(line)
        except Exception:
            pass  # a lamp, a console or memory that fails keeps no card from being read
        if self._refused >= _IN_A_ROW:
            self._fail(frame.why)

    def _fail(self, why):
        self._told_until = self._ticks.add(_TOLD_EVERY_MS)
        self._faults.heard("wiegand", WiegandFault(why))

    def _mended(self):
        # Bounded: who owns the line could fail and mend it all day, and each is an event.
        if self._told_until is not None and self._ticks.until(self._told_until) <= 0:
            self._told_until = None
            self._faults.heard("wiegand", None)

    def _look_at_lines(self):
        if self._port.is_resting:
            self._low_since = None
        elif self._low_since is None:
            self._low_since = self._ticks.add(_PULSE_MS)
        elif self._ticks.until(self._low_since) <= 0:
            self._fail("a line stays low: it is cut or shorted, or the reader has no power")
            self._low_since = None


class Patience:
    """For a Node's ``pause``: lets everybody have a turn, and waits for as long as a frame comes.

    On a board pulses wait, at most eight of them, for the step of work that goes on; one that is
    too long would lose some. ``lines`` is a list of what has ``is_active``: ports as
    WiegandIn's, and WiegandOut. At most 200 ms of each second are spent so. ``nap(seconds)`` is
    asyncio's sleep.
    """

    def __init__(self, lines, ticks, nap=asyncio.sleep):
        self.lines = lines
        self._ticks = ticks
        self._nap = nap
        self._window_ends = ticks.add(0)
        self._spent_ms = 0

    async def pause(self):
        """To be awaited between two steps of long work."""
        await self._nap(0)
        while self._is_active() and self._has_left():
            begun = self._ticks.add(0)
            await self._nap(_NAP_S)
            self._spent_ms -= self._ticks.until(begun)

    def _is_active(self):
        for line in self.lines:
            if line.is_active:
                return True
        return False

    def _has_left(self):
        if self._ticks.until(self._window_ends) <= 0:
            self._window_ends = self._ticks.add(_WINDOW_MS)
            self._spent_ms = 0
        return self._spent_ms < _PATIENCE_MS
