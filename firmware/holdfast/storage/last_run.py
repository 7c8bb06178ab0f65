"""How the run before this one ended: what somebody asks who comes to a board that was away."""

import cbor
from micropython import const
from untrusted import InvalidInput

from ..access import status
from . import files

UNKNOWN = "reset or power cut"

_TEXT = const(80)  # characters
_ROOM = const(256)
_MOST = const(0xFFFFFFFF)


class LastRun:
    """Kept in the file at ``path``: [how many runs an error ended, what ended the last one].

    An empty text there is a run that goes on: whoever finds it after a start knows that nothing
    but a reset or the lack of power ended it. No text holds what an exception says, which may be
    of a person or a key. Nothing here raises for a file that is damaged or flash that fails.
    """

    FILE = "/last_run"  # in the folder of the device's key

    def __init__(self, path: str):
        self._path = path
        self._crashes, self._ended_by = _read(path)

    def told(self) -> dict:
        """What is known of the runs before this one, as ``/status`` has it (access/status.py)."""
        told: dict[int, object] = {status.CRASHES: self._crashes}
        if self._ended_by is not None:
            told[status.ENDED_BY] = self._ended_by
        return told

    def begin(self):
        """A run begins; what is told goes on to be of those before it."""
        if self._ended_by != UNKNOWN:
            self._write(self._crashes, "")

    def end(self, why: str):
        """This run ends because somebody wanted it to."""
        self._write(self._crashes, why)

    def crash(self, error: str, place: str):
        """An ``error``, the name of an exception, ends this run at ``place``, "file:line"."""
        self._write(min(self._crashes + 1, _MOST), "%s at %s" % (error, place or "?"))

    def _write(self, crashes, text):
        try:
            files.write(self._path, cbor.encode([crashes, text[:_TEXT]]), False)
        except (OSError, MemoryError):
            pass  # then it is not known, and nothing rests on it


def _read(path):
    try:
        raw = files.read(path, _ROOM)
        kept = None if raw is None else cbor.decode(raw, max_depth=2, max_items=8)
    except (OSError, InvalidInput):
        return 0, None
    if not isinstance(kept, list) or len(kept) != 2:
        return 0, None
    crashes, text = kept
    if type(crashes) is not int or not 0 <= crashes <= _MOST or not isinstance(text, str):
        return 0, None
    return crashes, text or UNKNOWN
