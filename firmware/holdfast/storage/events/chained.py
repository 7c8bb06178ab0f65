"""Records on flash, each with its code, and the key that goes forward with them.

The record is the commit. The key follows it, when there is time (``move_key``) and before the
next record at the latest: after a power cut, or an error, between the two, the key of the last
record is still there, and opening the log, or the next event, moves it on.
"""

import errno

from flashlog import FlashLog
from micropython import const
from untrusted import InvalidInput

from ...access.events import event as kinds
from ...access.events import record as event_record
from ...access.events.record import EventError
from .chain import ChainState

_URGENT = const(4)


class ChainedLog:
    """A FlashLog of ``segments`` of ``segment_bytes`` and the ``state`` of its chain.

    ``load`` or ``begin`` comes first. Numbers of events and of the FlashLog differ by what was
    lost with an earlier FlashLog.
    """

    def __init__(self, directory: str, segment_bytes: int, segments: int, store):
        self._log = FlashLog(directory, segment_bytes, segments, stays_open=True)
        self._store = store
        self._is_behind = False  # the file still has the key of an event that is recorded
        self._is_unsure = False  # writing failed, and something may be there or not
        self._offset = 0  # of numbers to the FlashLog's
        self.state = ChainState(bytes(32), bytes(32), 0, 0)
        self.gone = 0  # events that the state knows and the log has lost
        self.urgent = []  # numbers of the last events that call for help,
        self.marked = []  # and of those with a mark that do not
        self.uncounted = -1  # number of the event whose use is to be counted; -1: it is gone

    @property
    def damaged(self) -> int:
        """How many damaged places were found at opening."""
        return self._log.damaged

    @property
    def is_over(self) -> bool:
        """Whether there is more than the capacity: it was larger once."""
        return self._log.size > self._log.capacity

    @property
    def is_empty(self) -> bool:
        """Whether there is no event to give up."""
        return self._log.first == self._log.next

    @property
    def lost(self) -> int:
        """How many events are given up that nobody else has."""
        state = self.state
        return max(0, state.kept - max(state.acked, state.copied))

    def per_cent(self) -> int:
        """How much of the capacity is used."""
        return self._log.size * 100 // self._log.capacity

    # Opening

    def load(self) -> bool:
        """Go on where the chain stands; False if there is none, or the records do not fit it.

        Raises OSError.
        """
        try:
            state = self._store.load()
        except InvalidInput:
            return False
        if state is None:
            return False
        self.state = state
        try:
            self.auditor_key()
        except InvalidInput:
            return False  # nothing could be acknowledged in this chain
        if not self._roll_forward():
            return False
        if self.state.uncounted and self.uncounted < 0:
            self.uncounted = self._last_use()
        last = self._last_number()
        found = state.kept if last is None else max(last + 1, state.kept)
        if state.next > state.base:
            self.gone = max(0, state.next - found)
        return True

    def begin(self, root: bytes, key: bytes, auditor_key: bytes):
        """Start a chain after whatever is there, from its public ``root`` and first ``key``; what
        is acknowledged in it is made with ``auditor_key``. Raises OSError.
        """
        old = self.state
        log = self._log
        first = self._number_from(log.first)
        last = self._last_number()
        if first is None or last is None:
            first = base = max(old.next, log.next)
        else:
            base = max(old.next, last + 1)
        kept = max(first, old.kept)
        state = ChainState(root, key, base, kept, old.before if kept == old.kept else None)
        if old.next:
            state.acked = min(old.acked, kept)
            state.copied = min(old.copied, base)
            state.untold = old.untold
        if last is not None:
            # Whether the old chain's last use is counted nobody knows; to count it twice is none.
            self.uncounted = self._last_use()
            state.uncounted = self.uncounted >= 0
        self._store.begin(state, auditor_key)
        self._is_behind = False
        self.state = state
        self._offset = base - log.next

    def _last_use(self):
        from .used import last_use  # not at a start but after a power cut at the wrong moment

        return last_use(self)

    def _roll_forward(self):
        """Take up records that are ahead of the key; False if they are not its."""
        state = self.state
        log = self._log
        sequence = log.next
        while sequence > log.first:
            number = self._number_at(sequence - 1)
            if number is None or number < state.next:
                break
            sequence -= 1
        is_ahead = sequence < log.next
        while sequence < log.next:
            raw = log.read(sequence)
            if self._number_at(sequence) != state.next:
                return False
            if not event_record.is_authentic(raw, state.key, state.code):
                return False
            record, code = event_record.split(raw)
            state.advance(event_record.next_key(state.key), code)
            happened = event_record.decode(record)
            self._told(happened.kind, happened.fields)
            sequence += 1
        if is_ahead:
            self._save(state)
        self._offset = state.next - log.next
        return True

    def _number_at(self, sequence):
        """Number of the event at a place in the FlashLog; None if there is none."""
        try:
            return event_record.number_of(self._log.read(sequence))
        except (KeyError, EventError):
            return None

    def _number_from(self, sequence):
        """Number of the first event from there on; None if there is none."""
        while sequence < self._log.next:
            number = self._number_at(sequence)
            if number is not None:
                return number
            sequence += 1
        return None

    def _last_number(self):
        sequence = self._log.next - 1
        while sequence >= self._log.first:
            number = self._number_at(sequence)
            if number is not None:
                return number
            sequence -= 1
        return None

    # Writing

    def write(self, kind: int, fields: dict) -> int:
        """Record the next event; its number. Raises LogFull and ValueError: it is not recorded.

        Raises OSError: it is recorded or not, and the log will find out before the next one. The
        key on flash stays that of this event until ``move_key``, or until the next one, which is
        not recorded if the key cannot be moved on.
        """
        if self._is_unsure:
            self._find_out()
        self.move_key()
        state = self.state
        number = state.next
        if self.gone:
            # Whoever checks the chain cannot have the code that this event follows.
            fields = dict(fields)
            fields["before"] = state.code
        calls_for_help = fields.get("mark")
        if calls_for_help is not None:
            # Sealed before it is anywhere: under a key that only the auditor has soon after.
            fields = dict(fields)
            fields["mark"] = event_record.mark(state.key, calls_for_help)
        record = event_record.encode(number, kind, fields)
        code = event_record.code(state.key, state.code, record)
        key = event_record.next_key(state.key)
        self._is_unsure = True
        self._log.append(record + code)
        self._is_unsure = False
        self._is_behind = True
        state.advance(key, code)
        self._told(kind, fields)
        if calls_for_help is not None:
            urgent = self.urgent if calls_for_help else self.marked
            urgent.append(number)
            if len(urgent) > _URGENT:
                urgent.pop(0)
        return number

    def move_key(self):
        """Put the key of the next event in the place of that of the last. Raises OSError."""
        if self._is_behind:
            self._save(self.state)

    def is_settled(self) -> bool:
        """Whether no use of a grant is to be counted that an event tells of. Raises OSError."""
        if self._is_unsure:
            self._find_out()
        return not self.state.uncounted

    def _find_out(self):
        """Whether the last record came to flash although writing it failed. Raises OSError."""
        self._log.release(0)  # releases nothing, but looks at what is there
        if not self._roll_forward():
            raise OSError(errno.EIO)
        self._is_unsure = False

    def _told(self, kind, fields):
        """What the event that was recorded last makes known."""
        self.gone = 0
        if fields.get("of") is not None and fields.get("reason_code") == 0:
            self.state.uncounted = True
            self.uncounted = self.state.next - 1
        if kind == kinds.OVERWRITTEN:
            self.state.untold = False
        elif kind == kinds.LOG_NEARLY_FULL:
            self.state.warned = True
        elif kind == kinds.STORAGE_FAULT:
            self.state.damaged = self._log.damaged

    def _save(self, state):
        self._store.save(state)
        self._is_behind = False

    # Letting go

    def auditor_key(self) -> bytes:
        """What this chain's acknowledgements are made with. Raises DamagedError and OSError."""
        return self._store.auditor_key(self.state.root)

    def acknowledge(self, number: int, code: bytes):
        """The auditor has the events up to ``number``, which has this ``code``.

        Raises OSError: then it is as it was.
        """
        state = self.state.copy()
        state.acked = number + 1
        state.copied = max(number + 1, state.copied)
        if number >= state.kept:
            state.kept = number + 1
            state.before = code
        self._save(state)
        self.state = state

    def copied(self, number: int):
        """Somebody has the events up to ``number``. Raises OSError: then it is as it was."""
        state = self.state.copy()
        state.copied = number + 1
        self._save(state)
        self.state = state

    def release(self) -> bool:
        """Give back the room of segments that need not be kept; whether some went. OSError."""
        first = self._log.first
        before = self.state.kept
        if self.state.uncounted:
            before = max(0, min(before, self.uncounted))
        self._log.release(self._find(before))
        return self._log.first > first

    def give_up_oldest(self):
        """Decide to lose the oldest segment; ``drop_given_up`` does it. Raises OSError.

        What nobody else has is lost, which an event must tell. Decided first, so that the code of
        its last event, which the one after it follows, and what is lost are known after a power
        cut in between.
        """
        number, code = self._end_of_oldest()
        if number >= self.state.kept:
            state = self.state.copy()
            state.untold = state.untold or number >= state.copied
            state.kept = number + 1
            state.before = code
            self._save(state)
            self.state = state

    def drop_given_up(self):
        """Drop the oldest segments, as long as none of their events need be kept."""
        log = self._log
        while log.first < log.next and self._end_of_oldest()[0] < self.state.kept:
            log.drop_oldest()

    def _end_of_oldest(self):
        """``(number, code)`` of the last event in the oldest segment; code None if damaged."""
        last = self._log.second - 1
        number = self._number_at(last)
        if number is None:
            return last + self._offset, None
        return number, event_record.split(self._log.read(last))[1]

    # Reading

    def oldest(self) -> int:
        """Number of the oldest event that is there; of the next one, if none is."""
        number = self._number_from(self._log.first)
        return self.state.next if number is None else number

    def raw(self, number: int) -> bytes:
        """The raw record of an event. Raises EventError if it is not there, and OSError."""
        sequence = self._find(number)
        if self._number_at(sequence) != number:
            raise EventError("there is no event %d" % number)
        return self._log.read(sequence)

    def since(self, count=None):
        """The last ``count`` raw records, or all there are, oldest first."""
        first = self._log.first
        start = first if count is None else max(first, self._log.next - count)
        for _, raw in self._log.records(start):
            yield raw

    def code_of(self, number: int) -> bytes:
        """The code of an event. Raises EventError if it is not there, and OSError."""
        state = self.state
        if number == state.next - 1:
            return state.code
        if number == state.kept - 1 and state.before is not None:
            return state.before
        return event_record.split(self.raw(number))[1]

    def before(self, records: list):
        """``(number, code)`` of the event before the first of these; None if it is not known.

        Where nothing follows it is the last one, whether that is kept or not.
        """
        state = self.state
        if not records and state.next:
            return state.next - 1, state.code
        try:
            number = event_record.number_of(records[0]) - 1
            return (number, self.code_of(number)) if number >= 0 else None
        except (IndexError, EventError):
            return None

    def last_of(self, records: list):
        """Number of the last of these that has one; None if there is none."""
        for raw in reversed(records):
            try:
                return event_record.number_of(raw)
            except EventError:
                continue
        return None

    def after(self, number: int):
        """Raw records after ``number``; if the next is gone, those from ``kept`` on."""
        sequence = self._find(number + 1)
        if self._number_at(sequence) != number + 1:
            sequence = self._find(max(number + 1, self.state.kept))
        for _, raw in self._log.records(sequence):
            yield raw

    def _find(self, number):
        """Where the first event from ``number`` on stands in the FlashLog."""
        log = self._log
        sequence = number - self._offset
        if sequence >= log.next:
            return log.next
        if sequence > log.first and self._number_at(sequence) == number:
            return sequence
        # The first of all, or an offset has changed, or it is damaged: look from the beginning.
        for sequence, raw in log.records():
            try:
                if event_record.number_of(raw) >= number:
                    return sequence
            except EventError:
                continue
        return log.next
