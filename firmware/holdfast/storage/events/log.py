"""The events of a node: numbered, chained, kept until the auditor acknowledges them."""

import errno

import crypto
from flashlog import LogFull
from micropython import const
from untrusted import InvalidInput

from ...access import reason
from ...access.events import event as kinds
from ...access.events import record as event_record
from ...access.events.record import EventError
from .. import files
from .chain import ChainStore
from .chained import ChainedLog
from .reserve import Reserve

# With what frames and pointers add, a segment fills eight littlefs blocks of 4096 bytes.
SEGMENT_BYTES = const(32704)
DEFAULT_CAPACITY = const(30 * 32704)
AUDIT_KEY = "/audit"  # the file that says whose log it is, for when the board has left the place

_TIMES = ("time", "clock", "uncertainty", "uptime")
_NEARLY_FULL = const(90)  # per cent
_ROOM_AGAIN = const(80)
_NO_SPACE = const(28)  # ENOSPC, which MicroPython has no name for
_TRIES = const(6)  # for an event, and one that says what was given up for it
_SAVE_EVERY = const(16)  # events, as long as there is no room for the reserve
_RECORD_HEAD = const(3)  # bytes that a record takes in a batch besides its own, at most


class EventLog:
    """The log in ``directory``, of at most about ``capacity`` bytes.

    ``audit_key`` is the auditor's public X25519 key and ``device_key`` the device's private one,
    32 bytes each. Events are given up by whole segments, of which there are at least two: first
    acknowledged ones, then those that somebody has copied, then others. A full flash counts as a
    full log, and a reserve on it is for events alone, unless the log ``is_left``: of a place that
    the board has left. Opened with a smaller capacity than it once had, it keeps the newest
    events. The first event of all is LOG_STARTED.
    ``fault`` is EVENT_LOG_FAILED, else 0, if something recorded is gone at opening: the log works
    all the same, and an event, STORAGE_FAULT, says what. Raises OSError if the storage fails:
    then nothing can be recorded, and the log must be opened again.
    """

    def __init__(
        self,
        directory: str,
        audit_key: bytes,
        device_key: bytes,
        random_bytes,
        capacity: int = DEFAULT_CAPACITY,
        segment_bytes: int = SEGMENT_BYTES,
        is_left: bool = False,
    ):
        self.fault = 0
        self._audit_key = audit_key
        self._device_key = device_key
        self._random_bytes = random_bytes
        self.is_left = is_left
        self.calls_for_help: object = None  # tells whether an event's fields are of a duress PIN
        self._is_searched = False
        self._has_room = True  # perhaps, for the reserve
        files.make_directory(directory)
        self._reserve = Reserve(directory + "/reserve")
        if is_left:
            self._reserve.spend()
        store = ChainStore(directory + "/chain", device_key, audit_key)
        segments = max(2, capacity // segment_bytes)
        self._log = ChainedLog(directory + "/log", segment_bytes, segments, store)
        self._with_room(self._name, directory + AUDIT_KEY)
        self._first_of_start = self._with_room(self._open)
        self._save_reserve()

    @property
    def head(self) -> tuple:
        """``(number, code)`` of the last event."""
        state = self._log.state
        return state.next - 1, state.code

    @property
    def root(self) -> tuple:
        """``(number, ephemeral public key)`` of the event that began the present chain."""
        state = self._log.state
        return state.base, state.root

    @property
    def kept(self) -> int:
        """Number of the first event that is not acknowledged and not given up."""
        return self._log.state.kept

    @property
    def acked(self) -> int:
        """Number of the first event that is not acknowledged."""
        return self._log.state.acked

    @property
    def oldest(self) -> int:
        """Number of the oldest event that is there; of the next one, if none is."""
        return self._log.oldest()

    def append(self, kind: int, fields: dict) -> int:
        """Record an event, durably; its number. ``fields`` as for access/events/record.encode.

        ``flush`` is owed, when there is time: until then flash has the key of this event.
        If there is no room, in the log or on flash, the oldest segment is given up, and
        OVERWRITTEN says how many events were, and up to which, since the last acknowledgement.
        Raises ValueError as encode does: nothing is recorded; and OSError: it is recorded whole,
        or not at all.
        """
        number = self._append(kind, fields)
        try:
            self._warn(fields)
        except OSError:
            pass  # the event itself is recorded; the warning follows the next one
        return number

    def after(self, number: int, max_bytes: int) -> list:
        """Raw records of the events after ``number`` in order, ``max_bytes`` of them in a batch.

        Events that were acknowledged may be missing or not. Raises OSError.
        """
        found = []
        for raw in self._log.after(number):
            max_bytes -= len(raw) + _RECORD_HEAD
            if max_bytes < 0:
                break
            found.append(raw)
        return found

    def batch(self, number: int, max_bytes: int, uptime=None) -> bytes:
        """The same as a collector gets it (access/events/batch.py), at most ``max_bytes`` of it.

        ``uptime`` is in seconds since the reader started. Raises OSError.
        """
        return self.served(number, max_bytes, uptime)[0]

    def served(self, number: int, max_bytes: int, uptime=None) -> tuple:
        """``(batch, number of its last event)``; None for the number if there are no events."""
        # Not before somebody collects events.
        from ...access.events.batch import Batch
        from . import urgent as urgent_events

        head = self.head
        now = (self._first_of_start, uptime)
        room = max_bytes - len(Batch(self.root, head, head, now).encode())
        if not self._is_searched:
            self._is_searched = True
            urgent_events.search(self._log, self.calls_for_help)
        urgent = urgent_events.pairs(self._log, number, room // 2)
        room -= sum([len(raw) + _RECORD_HEAD for raw in urgent])
        records = self.after(number, room)
        last = self._log.last_of(records)
        # In their turn now: nobody wants them twice.
        while urgent and last is not None and event_record.number_of(urgent[1]) <= last:
            del urgent[:2]
        before = self._log.before(records)
        encoded = Batch(self.root, before, head, now, records, None, urgent).encode()
        return encoded, last

    def acknowledge(self, raw: bytes):
        """Let all events go that the auditor's word ``raw`` is about
        (access/events/acknowledgement.py); an old one changes nothing.

        Raises EventError (InvalidInput) if it is none, of another log or of an event that was
        never here, and OSError: the events are then kept or not, and the same may be said again.
        """
        from ...access.events import acknowledgement  # not before one comes

        log = self._log
        try:
            key = log.auditor_key()
        except InvalidInput as error:
            raise OSError(str(error))
        number, code = acknowledgement.verify(raw, key, log.state.root)
        if number + 1 < log.state.acked:
            return
        if number >= log.state.kept - 1 and not crypto.equal(log.code_of(number), code):
            raise EventError("event %d has another code" % number)
        if number >= log.state.kept and log.state.untold:
            self._append(None, {})
        if number >= log.state.acked:
            self._with_room(log.acknowledge, number, code)
        log.release()
        self._save_reserve()

    def copied(self, number: int, code: bytes, tell):
        """Somebody has copied all events up to ``number``, which has this ``code``: they may go
        after those that are acknowledged. What is not new changes nothing.

        ``tell()`` records who says so: before that it does not count. Raises EventError if no
        event of this log is that, what ``tell`` raises, and OSError.
        """
        log = self._log
        if number < max(log.state.kept, log.state.copied):
            return
        if not crypto.equal(log.code_of(number), code):
            raise EventError("event %d has another code" % number)
        tell()
        self._with_room(log.copied, number)

    def copied_up_to(self) -> int:
        """Number of the last event that is marked as copied, -1 without one."""
        return self._log.state.copied - 1

    # Uses of grants that count

    def uncounted(self):
        """Fields of the granted event whose use of a grant may not be counted yet, None if there
        is none. Raises OSError, also if that event is gone.
        """
        log = self._log
        if log.is_settled():
            return None
        try:
            return event_record.decode(event_record.split(log.raw(log.uncounted))[0]).fields
        except EventError:
            raise OSError(errno.EIO)

    def counted(self):
        """That use is counted, durably; on flash with the next key."""
        self._log.state.uncounted = False

    # Writing

    def flush(self):
        """Forget the last event's key on flash too. Raises nothing: the next event does it else,
        or is not recorded.
        """
        try:
            self._log.move_key()
        except (OSError, MemoryError):
            pass
        if self._has_room or self._log.state.next % _SAVE_EVERY == 0:
            self._save_reserve()

    def _append(self, kind, fields):
        """Record what is due, and then an event, unless ``kind`` is None: its number, or 0."""
        for _ in range(_TRIES):
            try:
                if self._log.state.untold:
                    self._tell_lost(fields)
                return 0 if kind is None else self._log.write(kind, fields)
            except LogFull:
                self._give_up_oldest()
            except OSError as error:
                if error.errno != _NO_SPACE:
                    raise
                self._make_room()
        raise OSError(_NO_SPACE)

    def _tell_lost(self, fields):
        log = self._log
        log.drop_given_up()
        said = _times(fields)
        said.update({"count": log.lost, "last": log.state.kept - 1})
        log.write(kinds.OVERWRITTEN, said)

    def _make_room(self):
        """Nothing is left on flash: others fill it, or it is smaller than the log may grow."""
        if self._log.release():
            self._has_room = True
        elif not self._reserve.spend():
            self._give_up_oldest()

    def _give_up_oldest(self):
        if self._log.is_empty:
            raise OSError(_NO_SPACE)
        self._log.give_up_oldest()
        self._log.drop_given_up()
        self._has_room = True

    def _with_room(self, function, *arguments):
        """Call ``function``, and with the reserve's room if there is no other."""
        try:
            return function(*arguments)
        except OSError as error:
            if error.errno != _NO_SPACE or not self._reserve.spend():
                raise
            return function(*arguments)

    def _save_reserve(self):
        if not self.is_left:
            self._reserve.save()
            self._has_room = False

    def _warn(self, fields):
        used = self._log.per_cent()
        if not self.is_left and not self._reserve.is_there:
            used = 100  # of what there is
        state = self._log.state
        if used < _ROOM_AGAIN:
            state.warned = False
        elif used >= _NEARLY_FULL and not state.warned:
            self._append(kinds.LOG_NEARLY_FULL, _times(fields))

    # Opening

    def _name(self, path):
        if files.read(path, 32) != self._audit_key:
            files.write(path, self._audit_key)

    def _open(self):
        """The number of the first event that is not of an earlier start."""
        log = self._log
        goes_on = log.load()
        if not goes_on:
            log.begin(*self._new_root())
        state = log.state
        first = state.next
        if goes_on and log.gone:
            said = {"count": log.gone, "detail": "events are gone from storage"}
            self._fault(said)
        if state.next == state.base:
            self._append(kinds.LOG_STARTED, {"root": state.root})
        if state.next == state.base + 1 and state.base:
            self._fault({"detail": "the chain could not be continued"})
        if log.damaged > state.damaged:
            said = {"count": log.damaged - state.damaged, "detail": "storage is damaged"}
            self._fault(said)
        while log.is_over and not log.is_empty:
            self._give_up_oldest()
        if log.state.untold:
            self._append(None, {})
        self.flush()
        log.release()
        return first

    def _new_root(self):
        """A new chain's ephemeral public key, its first key and what acknowledgements are made
        with; its private key is forgotten here.
        """
        ephemeral = self._random_bytes(event_record.KEY_LENGTH)
        keys = event_record.board_keys(ephemeral, self._device_key, self._audit_key)
        return (crypto.x25519_public_key(ephemeral),) + keys

    def _fault(self, said):
        self.fault = reason.EVENT_LOG_FAILED
        self._append(kinds.STORAGE_FAULT, said)


def _times(fields):
    return {name: fields.get(name) for name in _TIMES}
