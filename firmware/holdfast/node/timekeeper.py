"""The reader's time: what the domain concludes from the board's clocks, and keeps on flash."""

import asyncio

from micropython import const
from untrusted import InvalidInput

from ..access.clock.board import UNMEASURED_PPM, drift
from ..access.clock.reading import SOURCE_PEER
from ..access.clock.state import ClockState
from ..access.events.event import CLOCK_LOST, CLOCK_TRUSTED, DATED_AHEAD

# How often time is looked at when nobody comes: ticks wrap after days, and grace is charged ahead.
_LOOK_EVERY_S = const(20)
_LINK_S = const(30)
_LATEST = const(0xFFFFFFFF)  # 2106


class Timekeeper:
    """Reads ``clock`` and ``ticks`` of the hardware; ``store()`` opens the ClockStore.

    ``rules()`` gives the SiteRules in force, whose limits hold; ``enrolled_at`` is when the
    authority signed the device's certificate (seconds since 1970, or None), ``offset`` what was
    found then that is to be added to ``clock``. ``fault(error)`` is told when the clock cannot be
    read or saved, and with None once it can: until it was read it is a damaged one.
    """

    def __init__(self, clock, ticks, store, rules, enrolled_at, fault, offset=0):
        self._clock = clock
        self._ticks = ticks
        self._open_store = store
        self._store = None
        self._rules = rules
        self._fault = fault
        self._tick = ticks.add(0)
        self.uptime_ms = 0  # as ``uptime()`` found it last
        self._enrolled_at = enrolled_at
        self._offset = offset
        self._was_trusted = None
        self._ahead = {}  # what was dated ahead of the time: [its date, whether that is told]
        self._state = ClockState.damaged(enrolled_at)

    def uptime(self) -> int:
        """Whole seconds since the start; must be asked more often than ticks wrap."""
        elapsed = -self._ticks.until(self._tick)
        if elapsed > 0:
            self._tick = self._ticks.add(0)
            self.uptime_ms += elapsed
        return self.uptime_ms // 1000

    def read(self):
        """The ClockReading to decide with. Saves first what a decision may rest on."""
        self._load()
        rules = self._rules()
        uptime, rtc = self._now()
        self._save_if_due(rules, uptime, rtc)
        return self._state.reading(uptime, rtc, rules.max_uncertainty_s)

    def heard_token(self, credential):
        """An authentic token was shown: it is later than its issue."""
        self._load()
        self._state.heard_token(credential, self._rules().anchors, *self._now())
        if self._state.dated_ahead:
            self._is_ahead("token")

    def heard_signed(self, time: int, what: str):
        """The authority signed ``what``, such as a changeset, at ``time``."""
        self._load()
        # By the site's limits from the first look on: what is heard beside a clock that is trusted
        # counts otherwise than beside one that is not.
        self._save_if_due_now()
        self._state.heard_signed(time, *self._now())
        if self._state.dated_ahead:
            self._is_ahead(what)

    def told(self, time: int, error_s: int) -> bool:
        """Whoever may says that it is ``time``, off by at most ``error_s``; can that be?

        ``is_moved`` tells whether it was thought impossible until then. Raises OSError while it
        cannot be read what time it was: time must not go back behind that.
        """
        self._must_be_read()
        # How long the message was on its way nobody knows; the link ends what takes longer.
        error_s += _LINK_S
        is_believed = self._state.synced(SOURCE_PEER, time, error_s, *self._now())
        if is_believed:
            self._save_if_due_now()
        return is_believed

    @property
    def is_moved(self) -> bool:
        """Whether the time told last was none that was thought possible before."""
        return self._state.is_moved

    def corrected(self, time: int, age: int):
        """The authority said that it is ``time``, when asked at most ``age`` seconds ago.

        Raises OSError: then it is not for good, and is to be asked again.
        """
        self._must_be_read()
        latest = time + age + drift(age, UNMEASURED_PPM) + 1
        self._state.corrected(time, latest, *self._now())
        if not self._save_if_due_now():
            raise OSError("the clock cannot be saved")

    def news(self) -> list:
        """What has happened to the clock since the last time, as (kind of event, fields)."""
        told = []
        clock = self.read()
        trusted = clock.is_trusted(self._rules().max_uncertainty_s)
        before = self._was_trusted
        if before is None:
            before = trusted or self._state.was_known
        if trusted != before:
            told.append((CLOCK_TRUSTED if trusted else CLOCK_LOST, {}))
        self._was_trusted = trusted
        for what, entry in self._ahead.items():
            if not entry[1]:
                entry[1] = True
                told.append((DATED_AHEAD, {"detail": what, "new_time": entry[0]}))
        return told

    def _is_ahead(self, what):
        date = self._state.dated_ahead
        if what not in self._ahead or self._ahead[what][0] != date:
            self._ahead[what] = [date, False]

    async def run(self):
        """Look at the time now and then. Runs for ever."""
        while True:
            try:
                self._load()
                self._save_if_due_now()
            except MemoryError:
                pass  # there will be some the next time
            await asyncio.sleep(_LOOK_EVERY_S)

    def _now(self):
        rtc = self._clock.seconds()
        if rtc is not None and not 0 <= rtc <= _LATEST:
            rtc = None  # a broken clock; what it says must not be believed, nor kept
        return self.uptime(), rtc

    def _must_be_read(self):
        self._load()
        if self._store is None:
            raise OSError("the clock cannot be read")

    def _load(self):
        if self._store is not None:
            return
        try:
            store = self._open_store()
            self._state = _restored(store, self._enrolled_at, self._offset)
            self._store = store
            self._fault(None)
        except OSError as error:
            self._fault(error)

    def _save_if_due_now(self):
        return self._save_if_due(self._rules(), *self._now())

    def _save_if_due(self, rules, uptime, rtc):
        """Whether flash has all that it must."""
        if self._store is None:
            return False
        state = self._state
        if not state.needs_saving(uptime, rtc, rules.grace_s, rules.max_uncertainty_s):
            return True
        saved = state.to_save()
        try:
            self._store.save(saved)
        except OSError as error:
            # Grace that is not charged on flash is none: the reading will say so.
            self._fault(error)
            return False
        state.was_saved(saved)
        self._fault(None)
        return True


def _restored(store, enrolled_at, offset):
    try:
        saved = store.load()
        if saved is None:
            return ClockState(enrolled_at, offset)
        return ClockState.restored(saved, enrolled_at, offset)
    except InvalidInput:
        return ClockState.damaged(enrolled_at)
