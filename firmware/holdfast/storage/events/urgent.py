"""Events that call for help go up before their turn. Loaded when somebody collects events."""

from micropython import const

from ...access.events import record as event_record
from ...access.events.record import EventError

_FAR = const(1024)  # events back
_LOOKED_UP = const(16)  # of those with a mark, the last ones: each may take a page of the cache
_HEADS = const(24)  # bytes in a batch besides the record: the code, and heads
_LABEL = b"\x18\x26\x48"  # label 38 and the head of 8 bytes


def search(log, calls_for_help):
    """Tell the ChainedLog which of its last events have a mark, and which of them call for help.

    After a start that is not known any more, and the marks are sealed: what the policy knows a PIN
    by tells it, as far as the event has that.

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


def pairs(log, number: int, room: int) -> list:
    """Two events of PINs after that number, in order, those that call for help first of all: the
    code of the event before, the raw record, and so on, within ``room`` bytes. Raises OSError.
    """
    numbers = [one for one in log.urgent[-2:] if one > number]
    for one in reversed(log.marked):
        if len(numbers) < 2 and one > number:
            numbers.append(one)
    found = []
    for one in sorted(numbers):
        try:
            pair = [log.code_of(one - 1), log.raw(one)]
        except EventError:
            continue  # acknowledged, or given up
        room -= len(pair[1]) + _HEADS
        if room >= 0:
            found.extend(pair)
    return found
