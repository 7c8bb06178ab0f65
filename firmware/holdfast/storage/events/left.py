"""The events of a place that the board has left: they stay until somebody has them, in a share."""

from flashlog import FlashLog
from micropython import const

from .. import files
from .log import AUDIT_KEY, DEFAULT_CAPACITY, SEGMENT_BYTES, EventLog

SHARE = const(8)  # of the room for events, one part


def keep(directory: str, device_key: bytes, random_bytes, capacity: int = 0, segment: int = 0):
    """Bring the events in ``directory`` within their share: the newest stay.

    Gives how many there are that nobody has acknowledged. What had to go is told by an event in
    that log, which goes on when the board comes back to the place, and which whoever opens it (an
    EventLog with ``is_left``) can collect and acknowledge. Writes nothing if there is nothing to
    do. ``device_key`` is the device's private one. Raises OSError.
    """
    capacity = capacity or DEFAULT_CAPACITY // SHARE
    segment = segment or SEGMENT_BYTES
    audit_key = files.read(directory + AUDIT_KEY, 32)
    if audit_key is None or len(audit_key) != 32:
        # Nobody could tell whose events these are, or what is missing: room is all they get.
        log = FlashLog(directory + "/log", segment, max(2, capacity // segment))
        while log.size > log.capacity:
            log.drop_oldest()
        return log.next - log.first
    log = EventLog(directory, audit_key, device_key, random_bytes, capacity, segment, True)
    return log.head[0] + 1 - log.kept


def opened(directory: str, audit_key: bytes, device_key: bytes, random_bytes) -> EventLog:
    """The log in ``directory``, to be collected and acknowledged within its share. OSError."""
    return EventLog(
        directory,
        audit_key,
        device_key,
        random_bytes,
        DEFAULT_CAPACITY // SHARE,
        SEGMENT_BYTES,
        True,
    )
