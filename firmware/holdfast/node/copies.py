"""A node's own event log as its uplink sees it: what the collector lacks, and what it has."""

from micropython import const
from untrusted import InvalidInput

from ..access.events import record as event_record
from ..access.events.event import ACKNOWLEDGED, ACKNOWLEDGEMENT_REFUSED, COPIED
from ..access.events.record import EventError

ROOM = const(1024)  # bytes of a batch

_ONE = const(1024)  # bytes that hold one record
_HEAD = const(4)  # bytes of CBOR before a certificate


class Copies:
    """What sync.uplink.Uplink takes for its log.

    ``events()`` gives the EventLog or raises OSError, ``recorder`` and ``uptime()``, in seconds,
    are the node's, and ``collector`` is the id of who copies; ``certificate()`` gives the CWT of
    the key that the events are proven with. A log that cannot be opened has no events for now.
    """

    def __init__(self, events, recorder, uptime, collector: str, certificate):
        self._events = events
        self._recorder = recorder
        self._uptime = uptime
        self._collector = collector
        self._certificate = certificate

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

    def batch(self, after: int, is_first: bool) -> bytes:
        """The events after that number. Raises OSError."""
        if not is_first:
            return self._events().batch(after, ROOM, self._uptime())
        from ..access.events import batch as batches  # once a start

        certificate = self._certificate()
        room = ROOM - len(certificate) - _HEAD
        (batch,) = batches.decode(self._events().batch(after, room, self._uptime()))
        batch.certificate = certificate
        return batch.encode()

    def acknowledge(self, word: bytes):
        """The auditor's word, which the collector was given for this node. Raises nothing."""
        fields = {"by": self._collector}
        try:
            log = self._events()
            acked = log.acked
            try:
                log.acknowledge(word)
            finally:
                # Also if its room could not be given back: the mark is on flash.
                if log.acked > acked:
                    fields["last"] = log.acked - 1
                    self._recorder.note(ACKNOWLEDGED, fields)
        except InvalidInput as error:
            fields["detail"] = str(error)
            self._recorder.note(ACKNOWLEDGEMENT_REFUSED, fields, anybody=True)
        except OSError:
            pass  # the collector says it again

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
