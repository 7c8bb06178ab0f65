"""Events that tell of a use of a grant, looked for among all there are."""

from ...access.events import record as event_record
from ...access.events.record import EventError


def last_use(log) -> int:
    """Number of the last event in the ChainedLog ``log`` that tells of a use; -1 if none does.

    Reads all there are. Raises OSError.
    """
    number = -1
    for raw in log.since():
        try:
            happened = event_record.decode(event_record.split(raw)[0])
        except EventError:
            continue
        fields = happened.fields
        if fields.get("of") is not None and fields.get("reason_code") == 0:
            number = happened.number
    return number
