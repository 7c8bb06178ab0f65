"""A few faults and where they happened, over restarts: what a board met while nobody looked."""

import cbor
from micropython import const
from untrusted import InvalidInput

from . import files

_KEPT = const(8)
_TEXT = const(40)  # bytes each
_ROOM = const(1536)


class FaultLog:
    """The last eight different faults, in the file at ``path``.

    Each is ``[piece, error, place, count]``: what failed, the name of the exception, "file:line",
    and how often since it was first met. It is written for a fault that is new and then each
    time its count doubles, so that one that repeats does not wear out the flash. Nothing here
    raises for a file that is damaged or flash that fails.
    """

    def __init__(self, path: str):
        self._path = path
        self._faults = None

    def all(self) -> list:
        """Lists as above, oldest first."""
        if self._faults is None:
            self._faults = _read(self._path)
        return self._faults

    def note(self, piece: str, error: str, place: str):
        """This happened now."""
        faults = self.all()
        what = [_cut(piece), _cut(error), _cut(place)]
        count = 1
        for fault in faults:
            if fault[:3] == what:
                count = fault[3] = fault[3] + 1
        if count == 1:
            faults.append([what[0], what[1], what[2], 1])
            del faults[:-_KEPT]
        if count & count - 1:
            return
        try:
            files.write(self._path, cbor.encode(faults))
        except OSError:
            pass  # known until the next restart


def _read(path):
    try:
        raw = files.read(path, _ROOM)
        faults = [] if raw is None else cbor.decode(raw, max_depth=3, max_items=64)
    except (OSError, InvalidInput):
        return []
    if not isinstance(faults, list) or len(faults) > _KEPT:
        return []
    for fault in faults:
        if not isinstance(fault, list) or len(fault) != 4 or type(fault[3]) is not int:
            return []
        if not all([isinstance(text, str) for text in fault[:3]]):
            return []
    return faults


def _cut(text):
    return text[-_TEXT:]
