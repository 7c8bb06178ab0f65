"""What a node knows of the time, and how sure it may be: pure, the caller reads the clocks.

Time is an interval. The *outer* one is what the authority, enrolment and the board's own clock
since then allow; the *inner* one, never outside of it, is narrowed by peers and administrators.
Both age by drift. Beside them stand a time before which it cannot be, the floor, and for how long
the node has been up without a trusted clock. docs/decisions/009-clock.md says why it is so.
"""

from micropython import const
from untrusted import InvalidInput

from .board import LEAST_PPM, MOST_PPM, UNMEASURED_PPM, drift
from .intervals import Intervals, is_offset, is_whole, middle
from .reading import (
    SKEW_S,
    SOURCE_AUTHORITY,
    SOURCE_FLOOR,
    SOURCE_RTC,
    SOURCE_TOKEN,
    UNCHARGED,
    ClockReading,
)

GRACE_S = 36 * 3600
MAX_UNCERTAINTY_S = 900

REACH_S = 400 * 86400  # past its last word, how far a token, a changeset or a peer is believed

GRACE_QUANTUM_S = 1800  # of grace, charged on flash before it is used
# All is saved when the floor has risen by so much, as it does with uptime, or what was seen of the
# board's clock, as it has after a longer time without power.
FLOOR_STEP_S = 3600

_AHEAD_S = const(60)  # charge so long before it is needed, so that nobody at the door waits for it
_MOVED_S = const(60)  # what is less is kept with the next save only
_SAVED_ENTRIES = const(13)


class ClockState:
    """The node's idea of the time.

    In every call ``uptime`` is the whole seconds since this start and ``rtc`` the board's own
    clock, or None if there is none; all times are in seconds since 1970. ``enrolled_at`` is when
    the authority signed the device's certificate, None if nobody knows; whoever enrolled the board
    found that ``offset`` seconds are to be added to its clock, None: that it tells no time.

    ``floor`` is the time before which it cannot be; nothing lowers it but the authority's fresh
    word. ``durable_floor`` is what flash holds of it. ``dated_ahead`` is the date that was heard
    last, if it lay ahead of a trusted clock, else 0; ``is_moved`` whether the time told last was
    none that was thought possible before.
    """

    def __init__(self, enrolled_at=None, offset: int | None = 0):
        self.floor = max(0, (enrolled_at or 0) - SKEW_S)
        self.durable_floor = 0
        self.dated_ahead = 0
        self.is_moved = False
        self.was_known = False  # before this start, for all that flash says
        self._attested = self.floor  # the last that the authority is known to have said
        self._discredited = 0  # dates up to here were heard, and found ahead of the time
        self._intervals = Intervals(enrolled_at, offset)
        self._grace_used = 0
        self._charged = 0  # what flash holds of it
        self._durable_seen = 0
        self._unsaved = False
        self._is_damaged = False
        # From here on, of this start only.
        self._far = 0  # the latest date that was too far ahead to be believed
        self._max_uncertainty_s = MAX_UNCERTAINTY_S
        self._uptime = 0
        self._rtc = None
        self._was_trusted = None
        self._looked = None  # (uptime, rtc, max_uncertainty_s) of the last look,
        self._found = None  # and what it found, as long as nothing was heard since
        self._source = SOURCE_RTC
        self._floor_source = SOURCE_FLOOR
        self._floor_base = (0, self.floor)  # (uptime, floor)
        self._known = (0, 0)  # (uptime, the earliest it can have been) of the last trusted time

    @classmethod
    def restored(cls, saved, enrolled_at=None, offset: int | None = 0):
        """The state that ``to_save`` described; ``enrolled_at`` and ``offset`` count as for a new
        one if the board was enrolled since. Raises InvalidInput for anything else.
        """
        if not isinstance(saved, (tuple, list)) or len(saved) != _SAVED_ENTRIES:
            raise InvalidInput("clock: not %d entries" % _SAVED_ENTRIES)
        floor, attested, charged, discredited, seen, ppm, kept = saved[:7]
        for value in (floor, attested, charged, discredited, seen):
            if not is_whole(value):
                raise InvalidInput("clock: an entry is no time")
        if kept is not None and not is_offset(kept):
            raise InvalidInput("clock: the offset is none")
        if type(ppm) is not int or not LEAST_PPM <= ppm <= MOST_PPM:
            raise InvalidInput("clock: the drift is none")
        # What was corrected since does not count again with each start.
        state = cls(enrolled_at if (enrolled_at or 0) > discredited else None, offset)
        state._attested = max(state._attested, attested)
        state._discredited = discredited
        state._grace_used = charged
        intervals = state._intervals
        found = intervals.saved()
        intervals.restore(kept, saved[7:])
        intervals.board.seen, intervals.board.drift_ppm = seen, ppm
        earliest = intervals.at_seen()
        if earliest:
            state.was_known = True
            state._known = (0, earliest)
        if found[0] is not None and found[0] > seen:
            intervals.restore(offset, found)
        state.was_saved(saved)
        state._raise_floor(floor)
        return state

    @classmethod
    def damaged(cls, enrolled_at=None):
        """A state whose memory cannot be read: every reading says so until the time is told."""
        state = cls(enrolled_at, None)
        state._is_damaged = True
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
            now, uncertainty = middle(known)
            return ClockReading(max(now, self.floor), self._source, uncertainty)
        if not self.floor:
            return ClockReading.unknown()
        used = self._grace_used if self._grace_used < self._charged else UNCHARGED
        at, known = self._known
        up = self._uptime - at
        # What had ended at a time that was trusted does not begin again when the clock is lost.
        # Unlike the floor this comes down when the time is told, should that one have been wrong.
        earliest = max(self.floor, known + up - drift(up, UNMEASURED_PPM))
        return ClockReading(earliest, self._floor_source, 0, used)

    def synced(self, source: str, time: int, error_s: int, uptime: int, rtc) -> bool:
        """Somebody told the time in a protected message; False if that cannot be.

        ``error_s`` is by how much ``time`` may be off when this is called, the way of the message
        included. What SOURCE_PEER says, a node or an administrator, stays inside the outer
        interval; what SOURCE_AUTHORITY says is ``corrected``.
        """
        self.is_moved = False
        if not _is_time(time) or not is_whole(error_s):
            return False
        error = error_s + 1  # whole seconds
        if source == SOURCE_AUTHORITY:
            return self.corrected(time - error, time + error, uptime, rtc)
        self._advance(uptime, rtc, self._max_uncertainty_s)
        intervals, reach = self._intervals, self._attested + REACH_S
        earliest, latest = intervals.allowed(self.floor, reach)
        earliest, latest = max(earliest, time - error), min(latest, time + error)
        if earliest > latest:
            return False
        before = intervals.known(self.floor)
        if before is not None:
            if before[0] <= latest and before[1] >= earliest:
                earliest, latest = max(before[0], earliest), min(before[1], latest)
            else:
                # Somebody is wrong, and nobody knows who: what the authority said holds.
                self.is_moved = True
                moved = abs(earliest + latest - before[0] - before[1]) // 2
                if moved > _MOVED_S:
                    self._unsaved = True
        if intervals.narrow((earliest, latest), self.floor, reach):
            self._unsaved = True
        self._heard(source, earliest)
        return True

    def corrected(self, earliest: int, latest: int, uptime: int, rtc) -> bool:
        """The authority says, and knows, that it is from ``earliest`` to ``latest``: its word was
        made for this very question. It puts right whatever was thought, the floor included.

        Gives False, and changes nothing, for what is no time.
        """
        if not _is_time(latest) or type(earliest) is not int or not 0 <= earliest <= latest:
            return False
        self._advance(uptime, rtc, self._max_uncertainty_s)
        self.is_moved = True
        # What a power cut may have taken of the floor was heard, too.
        heard = max(self._discredited, self._far, self._attested, self.floor + FLOOR_STEP_S)
        self._discredited = heard if heard > latest else 0
        self._intervals.replace((earliest, latest))
        self._attested = self.floor = earliest
        self._floor_base = (self._uptime, earliest)
        self._floor_source = SOURCE_FLOOR
        self._unsaved = True
        self._heard(SOURCE_AUTHORITY, earliest)
        return True

    def heard_token(self, credential, anchors, uptime: int, rtc) -> bool:
        """An authentic token was shown; True if it raised the floor.

        Only those signed with one of the ``anchors`` count: a guest's is made with a key that lies
        in every node of the zone, and one that was taken off its wall could move all clocks.
        """
        self.dated_ahead = 0
        if credential.issued_at is None or not credential.is_from(anchors):
            return False
        return self.heard_signed(credential.issued_at, uptime, rtc)

    def heard_signed(self, time: int, uptime: int, rtc) -> bool:
        """The authority signed something at ``time``: it is later now. True if that was news.

        Beside a trusted clock a date that lies ahead of it tells of the computer it was made on.
        """
        known = self._advance(uptime, rtc, self._max_uncertainty_s)
        self.dated_ahead = 0
        if not _is_time(time):
            return False
        if known is not None:
            if time > known[1] + SKEW_S:
                self.dated_ahead = time
                if time > self._discredited:
                    self._discredited = time
                    self._unsaved = True
                return False
            time = min(time, known[0])
        elif time > max(self.floor, self._attested + REACH_S):
            self._far = max(self._far, time)
            return False
        elif self.floor < time <= self._discredited:
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
        if self._intervals.board.seen - self._durable_seen >= FLOOR_STEP_S:
            return True
        if trusted or not self.floor:
            return False
        return self._grace_used <= grace_s and self._must_charge()

    def to_save(self) -> tuple:
        """What must survive a restart: 13 integers, of which the last seven may be None.

        Floor, last word of the authority, grace charged, dates discredited up to, the latest seen
        on the scale, drift in ppm, the board's offset; then the outer interval and the inner one,
        each where on the scale it was learnt and least and most that the time was ahead of that.
        """
        charged = self._grace_used
        if not self._was_trusted:
            charged = self._charged
            if self._must_charge():
                charged = self._grace_used + GRACE_QUANTUM_S
        board = self._intervals.board
        return (
            self.floor,
            self._attested,
            charged,
            self._discredited,
            board.seen,
            board.drift_ppm,
            board.durable_offset(),
        ) + self._intervals.saved()

    def was_saved(self, saved):
        """``saved``, from ``to_save``, is durable now."""
        self.durable_floor = saved[0]
        self._charged = saved[2]
        self._durable_seen = saved[4]
        self._unsaved = False

    def _advance(self, uptime, rtc, max_uncertainty_s):
        """Go on to ``uptime``; (earliest, latest), or None without a trusted clock."""
        # Whoever comes to a door is asked about three times in the same second.
        look = (uptime, rtc, max_uncertainty_s)
        if look == self._looked:
            return self._found
        elapsed = max(0, uptime - self._uptime)
        self._uptime += elapsed
        self._rtc = rtc
        self._max_uncertainty_s = max_uncertainty_s
        if self.floor:
            at, floor = self._floor_base
            up = self._uptime - at
            self.floor = max(self.floor, floor + up - drift(up, UNMEASURED_PPM) - 1)
        intervals = self._intervals
        board = intervals.board
        offset = board.durable_offset()
        intervals.look(self._uptime, rtc)
        known = intervals.known(self.floor)
        if known is not None:
            if board.step:
                known = intervals.stepped(known, max_uncertainty_s)
            elif middle(known)[1] > max_uncertainty_s:
                known = None
        if known is not None:
            intervals.believed()
            self._known = (self._uptime, known[0])
        if board.durable_offset() != offset:
            self._unsaved = True
        if not self._was_trusted and (self._was_trusted is not None or known is None):
            self._grace_used += elapsed
        self._was_trusted = known is not None
        self._looked, self._found = look, known
        return known

    def _heard(self, source, earliest):
        """The time is told."""
        self._looked = None
        self._source = source
        self._known = (self._uptime, earliest)
        if self._is_damaged:
            self._is_damaged = False
            self._unsaved = True
        # An interval too wide to be trusted is no clock, and fills no grace.
        known = self._advance(self._uptime, self._rtc, self._max_uncertainty_s)
        if known is not None:
            if self._charged:
                self._unsaved = True
            self._grace_used = 0

    def _raise_floor(self, time):
        if time > self.floor:
            self._looked = None
            self.floor = time
            self._floor_base = (self._uptime, time)

    def _must_charge(self):
        return self._charged - self._grace_used <= _AHEAD_S


def _is_time(value):
    return is_whole(value) and value > 0
