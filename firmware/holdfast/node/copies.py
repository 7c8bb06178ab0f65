"""A node's own event log as its uplink sees it: what the collector lacks, and what it has."""

from micropython import const

from ..access.events import record as event_record
from ..access.events.event import COPIED
from ..access.events.record import EventError

ROOM = const(1024)  # bytes of a batch

_ONE = const(512)  # bytes that hold one record


class Copies:
    """What sync.uplink.Uplink takes for its log.

    ``events()`` gives the EventLog or raises OSError, ``recorder`` and ``uptime()``, in seconds,
    are the node's, and ``collector`` is the id of who copies. A log that cannot be opened has no
    events for now.
    """

    def __init__(self, events, recorder, uptime, collector: str):
        self._events = events
        self._recorder = recorder
        self._uptime = uptime
        self._collector = collector

    def head(self) -> tuple:
        """``(number, code)`` of the last event, -1 without one."""
        try:
            return self._events().head
        except OSError:
            return -1, b""

    def copied(self) -> int:
        """Number of the last event that is marked as copied, -1 without one."""
        try:
            return self._events().copied_up_to()
        except OSError:
            return -1

    def batch(self, after: int) -> bytes:
        """The events after that number. Raises OSError."""
        return self._events().batch(after, ROOM, self._uptime())

    def has(self, number: int, code: bytes) -> bool:
        """Whether this is an event of this log, or may have been one."""
        try:
            log = self._events()
            last, last_code = log.head
            if number >= last:
                return number == last and code == last_code
            found = log.after(number - 1, _ONE)
            if not found or event_record.number_of(found[0]) != number:
                return True  # gone: nobody knows
            return event_record.split(found[0])[1] == code
        except (EventError, OSError):
            return True

    def mark(self, number: int, code: bytes) -> int:
        """Mark them as copied up to there; the number of the event that says so, -1 if nothing was
        new. Raises OSError.
        """
        told = [-1]

        def tell():
            told[0] = self._recorder.require(COPIED, {"by": self._collector, "last": number})

        try:
            self._events().copied(number, code, tell)
        except EventError as error:
            raise OSError(str(error))
        return told[0]
