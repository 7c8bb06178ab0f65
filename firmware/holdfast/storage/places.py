"""Where a board has been: what it keeps of the place it left, and what goes.

Durable state lies in a folder named by root and node. A board that becomes another node, or one
of another site, begins a new one. Of the folders it left one stays, with its events alone and
within their share, until somebody has acknowledged them; so that the new place has its room.
"""

import os

from . import files
from .events import left
from .events.log import AUDIT_KEY

_NAME = 16  # hexadecimal digits
_EVENTS = "events"


def tidy(directory: str, ours: str, device_key: bytes, random_bytes) -> int:
    """Leave of all places in ``directory`` but ``ours`` what is described above.

    Gives how many events of a place had to go that nobody had acknowledged, because the board was
    moved again. May be cut anywhere, and be done again. Raises OSError.
    """
    lost = 0
    places = []
    for name in files.names(directory):
        if name != ours and _is_place(name):
            path = directory + "/" + name
            # The place that was left last still has more than its events.
            rest = [one for one in files.names(path) if one != _EVENTS]
            places.append((not rest, path, rest))
    places.sort()
    is_kept = False
    for _, path, rest in places:
        for name in rest:
            remove(path + "/" + name)
        waiting = 0
        if _EVENTS in files.names(path):
            waiting = left.keep(path + "/" + _EVENTS, device_key, random_bytes)
        if is_kept or not waiting:
            lost += waiting
            remove(path)
        else:
            is_kept = True
    return lost


def left_events(directory: str, ours: str, audit_key: bytes, device_key: bytes, random_bytes):
    """The EventLog of the place that was left, or None if there is none of this auditor's.

    Another site's events are not this one's to see. Raises OSError.
    """
    for name in files.names(directory):
        path = directory + "/" + name + "/" + _EVENTS
        if name != ours and _is_place(name) and files.read(path + AUDIT_KEY, 32) == audit_key:
            return left.opened(path, audit_key, device_key, random_bytes)
    return None


def all_of(directory: str) -> list:
    """The folders of all places in ``directory``, by their paths. Raises OSError."""
    return [directory + "/" + name for name in files.names(directory) if _is_place(name)]


def _is_place(name):
    return len(name) == _NAME and all(digit in "0123456789abcdef" for digit in name)


def remove(path):
    """Remove a file, or a folder with all in it. Raises OSError."""
    if os.stat(path)[0] & 0x4000:
        for name in files.names(path):
            remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)
