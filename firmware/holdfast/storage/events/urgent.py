"""Which events call for help, after a start: it is not known any more, and their marks are sealed.

What the policy knows a PIN by tells it, as far as the event has that.
"""

from micropython import const

from ...access.events import record as event_record
from ...access.events.record import EventError

_FAR = const(1024)  # events back
_LOOKED_UP = const(16)  # of those with a mark, the last ones: each may take a page of the cache
_LABEL = b"\x18\x26\x48"  # label 38 and the head of 8 bytes


def search(log, calls_for_help):
    """Tell the ChainedLog which of its last events have a mark, and which of them call for help.

    ``calls_for_help(fields)`` says whether those of an event are of a duress PIN.
    """
    found = []
    for raw in log.since(_FAR):
        if _LABEL not in raw:
            continue
        try:
            happened = event_record.decode(event_record.split(raw)[0])
        except EventError:
            continue
        if "mark" in happened.fields and happened.number >= log.state.kept:
            found.append((happened.number, happened.fields))
            if len(found) > _LOOKED_UP:
                found.pop(0)
    known = log.urgent + log.marked
    urgent, marked = [], []
    for number, fields in found:
        if number not in known:
            is_one = calls_for_help is not None and calls_for_help(fields)
            (urgent if is_one else marked).append(number)
    log.urgent = urgent + log.urgent
    log.marked = marked[-2:] + log.marked
