"""A door with inputs: contact, exit button, tamper, fire; loaded for a door that has some."""

import asyncio

from micropython import const

from ..access.events.event import (
    CONTACT,
    FIRE,
    FORCED,
    HELD_OPEN,
    NOT_PASSED,
    PASSED,
    REX,
    TAMPER,
)
from . import monitor
from .exit import Exit
from .inputs import Budget, Steady
from .monitor import Monitor

_LOOK_EVERY_MS = const(50)
_SOUND_EVERY_MS = const(2000)
_AT_ONCE = const(32)
_EVERY_MS = const(300000)
_EXIT_EVERY_MS = const(60000)  # people leave more often than doors are forced
_OUT = const(2)  # the event's ``way``

# What is to be told, by the bits of a Monitor and those after them, in this order: the kind of the
# event and what else it says.
_TOLD = (
    (PASSED, None, None),
    (NOT_PASSED, None, None),
    (FORCED, None, None),
    (HELD_OPEN, None, None),
    (CONTACT, True, "open at the start"),
    (CONTACT, False, None),
    (REX, None, None),
    (REX, True, "held"),
    (REX, False, "let go"),
    (TAMPER, True, None),
    (TAMPER, False, None),
    (FIRE, True, None),
    (FIRE, False, None),
)
_EXITED = const(64)
_STUCK = const(128)
_LET_GO = const(256)
_TAMPERED = const(512)  # and 1024 that it is over
_FIRE = const(2048)  # and 4096

# What is wrong, as bits that go over the wire.
IS_FORCED = const(1)
IS_HELD = const(2)
IS_TAMPERED = const(4)
IS_FIRE = const(8)
IS_EXIT_STUCK = const(16)


class Watched:
    """The door ``name`` with what ``inputs`` gives: ``contact``, ``rex``, ``tamper`` and ``fire``
    to inputs of the hal (door/exit.py says what one is), each where there is one.

    ``strike``, ``doorway`` and ``ticks`` are the door's, ``recorder`` is the node's; each piece
    that fails is told to ``faults`` (Faults). A request to exit releases for ``strike_ms``; the
    door may be open for ``held_ms``, 0 for what is usual.
    The fire input is reported, and nothing else is made of it: a lock is released in its supply.
    """

    def __init__(self, name, strike_ms, inputs, strike, doorway, ticks, recorder, faults, held_ms):
        self._name = name
        self._doorway = doorway
        self._ticks = ticks
        self._recorder = recorder
        self._faults = faults
        self._steady = {}
        for what in ("contact", "tamper", "fire"):
            source = inputs.get(what)
            if source is not None:
                self._steady[what] = Steady(source)
        self._monitor = Monitor(held_ms or monitor.HELD_MS)
        self.exit = None
        if inputs.get("rex") is not None:
            self.exit = Exit(inputs["rex"], strike, ticks, strike_ms)
        self._exits = 0  # of which an event was to be told
        self._due = 0  # bits of what is to be told
        self._wrong = 0
        self._since_start = 0  # all that was wrong
        self._last = ticks.add(0)
        self._sound_in_ms = 0
        self._budgets = {}

    def start(self):
        """From now on who wants out gets out; the rest is for ``run``."""
        if self.exit is not None:
            self.exit.start()

    @property
    def status(self) -> list:
        """``[state, what is wrong, what was since the start]``: of monitor.py, and bits."""
        return [self._monitor.state, self._wrong, self._since_start]

    async def run(self):
        """Look for ever, whatever fails."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_EVERY_MS / 1000)

    def look(self):
        """Let out who wants to, first of all; then see what there is, show it, and keep it."""
        ms = max(0, -self._ticks.until(self._last))
        self._last = self._ticks.add(0)
        if self.exit is not None:
            self.exit.look(ms)
        try:
            self._see(ms)
            self._show(ms)
            self._tell(ms)
            error = None
        except MemoryError:
            return  # what is due stays due
        except Exception as failed:
            error = failed
        self._faults.heard("inputs", error)

    def _see(self, ms):
        exits = exit_ms = 0
        if self.exit is not None:
            exits, exit_ms = self.exit.count, self.exit.left_ms
            if exits != self._exits:
                self._due |= _EXITED
                self._exits = exits
            self._changed(IS_EXIT_STUCK, self.exit.is_stuck, _STUCK, _LET_GO)
            self._faults.heard("rex", self.exit.error)
        for what in self._steady:
            steady = self._steady[what]
            steady.look()
            self._faults.heard(what, steady.error)
        self._changed(IS_TAMPERED, self._is_on("tamper"), _TAMPERED, _TAMPERED << 1)
        self._changed(IS_FIRE, self._is_on("fire"), _FIRE, _FIRE << 1)
        doorway = self._doorway
        self._due |= self._monitor.look(
            ms,
            self._is_on("contact"),
            doorway.grants,
            doorway.granted_ms,
            exits,
            exit_ms,
            doorway.unlocked_ms > 0,
        )
        state = self._monitor.state
        self._changed(IS_FORCED, state == monitor.FORCED)
        self._changed(IS_HELD, state == monitor.HELD)

    def _is_on(self, what):
        steady = self._steady.get(what)
        return None if steady is None else steady.is_on

    def _changed(self, bit, is_wrong, begins=0, ends=0):
        if is_wrong:
            if not self._wrong & bit:
                self._due |= begins
                self._wrong |= bit
                self._since_start |= bit
        elif self._wrong & bit:
            self._due |= ends
            self._wrong &= ~bit

    def _show(self, ms):
        wrong = self._wrong
        alarm = None
        if wrong & IS_FORCED:
            alarm = "forced"
        elif wrong & (IS_HELD | IS_EXIT_STUCK):
            alarm = "held"
        elif wrong & IS_TAMPERED:
            alarm = "tamper"
        self._sound_in_ms -= ms
        if alarm != self._doorway.alarm or (alarm and self._sound_in_ms <= 0):
            self._sound_in_ms = _SOUND_EVERY_MS
            self._doorway.show_alarm(alarm)

    def _tell(self, ms):
        for kind in self._budgets:
            self._budgets[kind].pass_time(ms)
        place = 0
        while self._due >> place:
            bit = 1 << place
            if self._due & bit:
                kind, is_on, detail = _TOLD[place]
                self._note(kind, is_on, detail)
                # After its effect: what met the end of memory is told the next time.
                self._due &= ~bit
            place += 1

    def _note(self, kind, is_on, detail):
        fields = {"door": self._name}
        if is_on is not None:
            fields["on"] = is_on
        if detail is not None:
            fields["detail"] = detail
        if kind == REX:
            fields["way"] = _OUT
        if kind == PASSED or kind == NOT_PASSED:
            self._recorder.note(kind, fields)  # there is one at most for each grant
            return
        budget = self._budgets.get(kind)
        if budget is None:
            every_ms = _EXIT_EVERY_MS if kind == REX else _EVERY_MS
            budget = self._budgets[kind] = Budget(_AT_ONCE, every_ms)
        if budget.is_spent:
            budget.unkept += 1
            return
        if budget.unkept:
            fields["count"] = budget.unkept
        self._recorder.note(kind, fields)
        budget.kept()
