"""What a reader knows of the time, and how sure it may be: pure, the caller reads the clocks.

Three things, each weaker than the one before: the time, since somebody told it, carried on by the
board's clocks; a time before which it cannot be, the floor; and for how long the reader has been
up without the first. docs/decisions/009-clock.md says why it is done so.
"""

from micropython import const
from untrusted import InvalidInput

from .board import LEAST_PPM, MOST_PPM, UNMEASURED_PPM, BoardClock, drift
from .reading import (
    SOURCE_AUTHORITY,
    SOURCE_FLOOR,
    SOURCE_RTC,
    SOURCE_TOKEN,
    UNCHARGED,
    ClockReading,
)

GRACE_S = 36 * 3600
MAX_UNCERTAINTY_S = 900

SKEW_S = 300  # how far off the authority's computers may be
REACH_S = 400 * 86400  # past its last word, how far a token, a changeset or a peer is believed
AUTHORITY_REACH_S = 3650 * 86400  # the same for the authority itself

GRACE_QUANTUM_S = 1800  # of grace, charged on flash before it is used
# All is saved when the floor has risen by so much, as it does with uptime, or what was seen of the
# board's clock, as it has after a longer time without power.
FLOOR_STEP_S = 3600

_AHEAD_S = const(60)  # charge so long before it is needed, so that nobody at the door waits for it
_OFFSET_STEP_S = const(60)
_LATEST = 0xFFFFFFFF  # 2106: who says more has no clock
_SAVED_ENTRIES = const(8)


class ClockState:
    """The reader's idea of the time.

    In every call ``uptime`` is the whole seconds since this start and ``rtc`` the board's own
    clock, or None if there is none; all times are in seconds since 1970. ``enrolled_at`` is when
    the authority signed the device's certificate; whoever enrolled the board set its clock, too.
    None if nobody knows.

    ``floor`` is the time before which it cannot be; it never falls. ``durable_floor`` is what
    flash holds of it.
    """

    def __init__(self, enrolled_at=None):
        self.floor = max(0, (enrolled_at or 0) - SKEW_S)
        self.durable_floor = 0
        self._attested = self.floor  # the last that the authority is known to have said
        self._board = BoardClock(enrolled_at, SKEW_S)
        self._grace_used = 0
        self._charged = 0  # what flash holds of it
        self._durable_seen = 0
        self._unsaved = False
        self._is_damaged = False
        # From here on, of this start only.
        self._max_uncertainty_s = MAX_UNCERTAINTY_S
        self._uptime = 0
        self._was_trusted = None
        self._floor_source = SOURCE_FLOOR
        self._floor_base = (0, self.floor)  # (uptime, floor)
        self._told = None  # (uptime, time, error, source) of the last that told the time
        self._known = (0, 0)  # (uptime, the earliest it can have been) of the last trusted time

    @classmethod
    def restored(cls, saved, enrolled_at=None):
        """The state that ``to_save`` described. Raises InvalidInput for anything else."""
        if not isinstance(saved, (tuple, list)) or len(saved) != _SAVED_ENTRIES:
            raise InvalidInput("clock: not %d entries" % _SAVED_ENTRIES)
        floor, attested, charged, synced_at, error, offset, seen, ppm = saved
        for value in (floor, attested, charged, error, seen):
            if not _is_whole(value):
                raise InvalidInput("clock: an entry is no time")
        if synced_at is not None and not _is_whole(synced_at):
            raise InvalidInput("clock: the last sync is no time")
        if offset is not None and (type(offset) is not int or not -_LATEST <= offset <= _LATEST):
            raise InvalidInput("clock: the offset is none")
        if type(ppm) is not int or not LEAST_PPM <= ppm <= MOST_PPM:
            raise InvalidInput("clock: the drift is none")
        state = cls(enrolled_at)
        state._attested = max(state._attested, attested)
        state._grace_used = charged
        board = state._board
        if synced_at is not None:
            board.synced_at, board.error = synced_at, error
        board.offset, board.seen, board.drift_ppm = offset, seen, ppm
        state.was_saved(saved)
        state._raise_floor(floor)
        if seen and synced_at is not None:
            state._known = (0, seen - board.uncertainty(seen))
        return state

    @classmethod
    def damaged(cls, enrolled_at=None):
        """A state whose memory cannot be read: every reading says so until the time is told."""
        state = cls(enrolled_at)
        state._is_damaged = True
        state._board.offset = None
        return state

    def reading(self, uptime: int, rtc, max_uncertainty_s: int = MAX_UNCERTAINTY_S):
        """The ClockReading to decide with now.

        Without a trusted clock its ``grace_used`` is UNCHARGED unless the grace in use is durable:
        do first what ``needs_saving`` asks for.
        """
        known = self._advance(uptime, rtc, max_uncertainty_s)
        if self._is_damaged:
            return ClockReading.damaged()
        if known is not None:
            now, uncertainty, source = known
            return ClockReading(max(now, self.floor), source, uncertainty)
        if not self.floor:
            return ClockReading.unknown()
        used = self._grace_used if self._grace_used < self._charged else UNCHARGED
        at, known = self._known
        up = self._uptime - at
        # What had ended at a time that was trusted does not begin again when the clock is lost.
        # Unlike the floor this comes down with the next sync, should that time have been wrong.
        earliest = max(self.floor, known + up - drift(up, UNMEASURED_PPM))
        return ClockReading(earliest, self._floor_source, 0, used)

    def synced(self, source: str, time: int, error_s: int, uptime: int, rtc) -> bool:
        """Somebody told the time in a protected message; False if that is not believed.

        ``source`` is SOURCE_AUTHORITY or SOURCE_PEER; ``error_s`` is by how much ``time`` may be
        off when this is called, the way of the message included.
        """
        if not _is_time(time) or type(error_s) is not int or error_s < 0:
            return False
        error = error_s + 1  # whole seconds
        known = self._advance(uptime, rtc, self._max_uncertainty_s)
        if time + error + SKEW_S < self.floor:
            return False
        if source == SOURCE_AUTHORITY:
            if self._attested and time > self._attested + AUTHORITY_REACH_S:
                return False
            self._attested = max(self._attested, time)
        elif time > self._attested + REACH_S:
            return False
        elif known is not None:
            # A peer taken off its wall must not move the clock of a door that has one.
            now, uncertainty, _ = known
            if abs(time - now) > uncertainty + error:
                return False
            if error >= uncertainty:
                self._refill()
                return True
        self._told = (self._uptime, time, error, source)
        self._known = (self._uptime, time - error)
        self._tell_board(time, error, rtc)
        self._raise_floor(time - error)
        self._refill()
        self._unsaved = self._unsaved or self._is_damaged
        self._is_damaged = False
        self._was_trusted = True
        return True

    def heard_token(self, credential, anchors, uptime: int, rtc) -> bool:
        """An authentic token was shown; True if it raised the floor.

        Only those signed with one of the ``anchors`` count: a guest's is made with a key that lies
        in every reader of the zone, and one that was taken off its wall could move all clocks.
        """
        if credential.issued_at is None or not credential.is_from(anchors):
            return False
        return self.heard_signed(credential.issued_at, uptime, rtc)

    def heard_signed(self, time: int, uptime: int, rtc) -> bool:
        """The authority signed something at ``time``: it is later now. True if that was news."""
        known = self._advance(uptime, rtc, self._max_uncertainty_s)
        if not _is_time(time):
            return False
        if known is not None and time > known[0]:
            now, uncertainty, source = known
            if time <= now + uncertainty + SKEW_S:
                time = now
            elif source == SOURCE_AUTHORITY:
                return False
        if known is None or time > known[0]:
            if time > max(self.floor, self._attested + REACH_S):
                return False
        self._attested = max(self._attested, time)
        if time <= self.floor:
            return False
        self._floor_source = SOURCE_TOKEN
        self._raise_floor(time)
        return True

    def needs_saving(
        self,
        uptime: int,
        rtc,
        grace_s: int = GRACE_S,
        max_uncertainty_s: int = MAX_UNCERTAINTY_S,
    ) -> bool:
        """Whether ``to_save`` should be made durable now: seldom, and before grace is used."""
        trusted = self._advance(uptime, rtc, max_uncertainty_s) is not None
        if self._is_damaged:
            return False
        if self._unsaved or self.floor - self.durable_floor >= FLOOR_STEP_S:
            return True
        if self._board.seen - self._durable_seen >= FLOOR_STEP_S:
            return True
        if trusted or not self.floor:
            return False
        return self._grace_used <= grace_s and self._must_charge()

    def to_save(self) -> tuple:
        """What must survive a restart: 8 integers, of which two may be None.

        Floor, last word of the authority, grace charged, last sync (time, error, offset of the
        board's clock), the latest time seen on that clock, drift in ppm.
        """
        charged = self._grace_used
        if not self._was_trusted:
            charged = self._charged
            if self._must_charge():
                charged = self._grace_used + GRACE_QUANTUM_S
        board = self._board
        return (
            self.floor,
            self._attested,
            charged,
            board.synced_at,
            board.error,
            board.offset,
            board.seen,
            board.drift_ppm,
        )

    def was_saved(self, saved):
        """``saved``, from ``to_save``, is durable now."""
        self.durable_floor = saved[0]
        self._charged = saved[2]
        self._durable_seen = saved[6]
        self._unsaved = False

    def _advance(self, uptime, rtc, max_uncertainty_s):
        """Go on to ``uptime``; (time, uncertainty, source), or None without a trusted clock."""
        elapsed = max(0, uptime - self._uptime)
        self._uptime += elapsed
        self._max_uncertainty_s = max_uncertainty_s
        if self.floor:
            at, floor = self._floor_base
            up = self._uptime - at
            self.floor = max(self.floor, floor + up - drift(up, UNMEASURED_PPM) - 1)
        if not self._board.keeps_pace(self._uptime, rtc):
            self._unsaved = not self._is_damaged
        known = self._told_time()
        shown = self._board_time(rtc)
        if known is None or (shown is not None and shown[1] < known[1]):
            known = shown
        if known is not None and known[1] > max_uncertainty_s:
            known = None
        if known is not None:
            self._board.believed(rtc)
            self._known = (self._uptime, known[0] - known[1])
        if not self._was_trusted and (self._was_trusted is not None or known is None):
            self._grace_used += elapsed
        self._was_trusted = known is not None
        return known

    def _told_time(self):
        if self._told is None:
            return None
        at, time, error, source = self._told
        up = self._uptime - at
        now = time + up
        uncertainty = error + drift(up, UNMEASURED_PPM)
        if now + uncertainty + SKEW_S < self.floor:
            return None
        return now, uncertainty, source

    def _board_time(self, rtc):
        shown = self._board.time(rtc)
        if shown is None or shown[0] + shown[1] < self.floor:
            return None
        return shown + (SOURCE_RTC,)

    def _tell_board(self, time, error, rtc):
        before = self._board.offset
        self._board.told(time, error, self._uptime, rtc)
        after = self._board.offset
        if before is None or after is None:
            self._unsaved = self._unsaved or before is not after
        elif abs(after - before) > _OFFSET_STEP_S:
            self._unsaved = True

    def _refill(self):
        self._unsaved = self._unsaved or self._charged > 0
        self._grace_used = 0

    def _raise_floor(self, time):
        if time > self.floor:
            self.floor = time
            self._floor_base = (self._uptime, time)

    def _must_charge(self):
        return self._charged - self._grace_used <= _AHEAD_S


def _is_whole(value):
    return type(value) is int and 0 <= value <= _LATEST


def _is_time(value):
    return _is_whole(value) and value > 0
