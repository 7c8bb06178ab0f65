"""Back to what the board was in the factory: its keys and all rules go. Loaded when it is asked.

Who asks puts a file on the board. At its next start it is refused while there are events that
nobody has acknowledged, unless it says that they may go. Once it has begun it goes to its end,
whatever cuts it: a file says so from before the first key goes until after the last rule has.
"""

import os

from flashlog import FlashLog
from micropython import const
from untrusted import InvalidInput

from ..access.events import event as kinds
from ..access.events import record as event_record
from . import files, places
from .events.chain import ChainStore
from .events.log import AUDIT_KEY, DEFAULT_CAPACITY, SEGMENT_BYTES
from .last_run import LastRun

REQUEST = "/factory-reset"  # empty, or what follows
DISCARD = b"discard-events"
BEGUN = "/factory-reset.begun"  # how many events are given up, in decimal digits

NONE = const(0)
ASKED = const(1)
DISCARDING = const(2)  # asked for, and events may go
ERASING = const(3)

_MOST = const(32)
# The device's key first: what it sealed is nobody's then.
_FILES = (
    "/device.key",
    "/device_p256.key",
    "/settings.sealed",
    "/settings.cbor",
    "/policy.cbor",
)
_LEFT = ".new"  # of a file that a cut left half written

# What a board says of itself: it comes with each start and each visit of a collector, and no
# board would ever be without.
_OWN = (
    kinds.LOG_STARTED,
    kinds.STARTED,
    kinds.FETCHED,
    kinds.COPIED,
    kinds.ACKNOWLEDGED,
    kinds.CLOCK_TRUSTED,
    kinds.CLOCK_LOST,
    kinds.CERTIFICATE_ENDING,
)


def standing(directory: str) -> int:
    """NONE, ASKED, DISCARDING or ERASING, by the files in ``directory``. Raises OSError."""
    if files.read(directory + BEGUN, _MOST) is not None:
        return ERASING
    asked = files.read(directory + REQUEST, _MOST)
    if asked is None:
        return NONE
    return DISCARDING if asked == DISCARD else ASKED


def waiting(directory: str, state: str) -> int:
    """How many events of doors and people lie in ``state`` that nobody has acknowledged.

    Of all places the board has been at. Where its key in ``directory`` does not fit to what is
    there, nothing counts as acknowledged. Raises OSError.
    """
    device_key = files.read(directory + _FILES[0], _MOST) or b""
    count = 0
    for path in places.all_of(state):
        if "events" in files.names(path):
            count += _waiting(path + "/events", device_key)
    return count


def carry_out(directory: str, state: str) -> tuple:
    """Do, or go on with, what was asked for: keys lie in ``directory``, what is remembered in
    ``state``. May be cut anywhere, and be done again.

    ``(True, how many events were given up)``, or ``(False, how many wait)``: then nobody asks any
    more, and all is as it was. Raises OSError.
    """
    now = standing(directory)
    if now != ERASING:
        events = waiting(directory, state)
        if events and now != DISCARDING:
            _remove(directory + REQUEST)
            return False, events
        files.write(directory + BEGUN, b"%d" % events)  # from here on there is no way back
    for name in _FILES:
        _remove(directory + name)
        _remove(directory + name + _LEFT)
    for path in places.all_of(state):
        places.remove(path)
    said = files.read(directory + BEGUN, _MOST) or b""
    events = int(said) if said.isdigit() else 0
    # What the next one who looks after the board finds in /status.
    _remove(directory + LastRun.FILE)
    LastRun(directory + LastRun.FILE).end("factory reset, %d events given up" % events)
    _remove(directory + REQUEST)
    _remove(directory + BEGUN)
    return True, events


def _waiting(path, device_key):
    audit_key = files.read(path + AUDIT_KEY, _MOST) or b""
    try:
        state = ChainStore(path + "/chain", device_key, audit_key).load()
        acked = 0 if state is None else state.acked
    except InvalidInput:
        acked = 0
    log = FlashLog(path + "/log", SEGMENT_BYTES, DEFAULT_CAPACITY // SEGMENT_BYTES)
    count = 0
    for at in range(log.first, log.next):
        try:
            record, _ = event_record.split(log.read(at))
            happened = event_record.decode(record)
            count += happened.number >= acked and happened.kind not in _OWN
        except KeyError:
            continue  # it lay in damage, of which an event tells
        except InvalidInput:
            count += 1
    return count


def _remove(path):
    if files.read(path, 0) is not None:
        os.remove(path)
