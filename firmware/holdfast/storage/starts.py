"""How many starts in a row did not last: a board that crashes again and again must not go on."""

import cbor
from micropython import const
from untrusted import InvalidInput

from . import files

LASTS_S = const(300)  # a run of so long was no crash at the start

_ENOUGH = const(4)
_ROOM = const(16)


class Starts:
    """Kept in the file at ``path``: a CBOR number. Nothing here raises for a file that is damaged
    or flash that fails: then no start has failed yet, and a board that cannot write counts none.
    """

    def __init__(self, path: str):
        self._path = path
        self.failed = _read(path)

    @property
    def is_enough(self) -> bool:
        """Whether four starts in a row did not last."""
        return self.failed >= _ENOUGH

    def begin(self, is_deliberate: bool):
        """A start begins. One that somebody wanted, by the power or at the console, begins the
        count anew.
        """
        if is_deliberate:
            self.failed = 0
        self._write(min(self.failed + 1, _ENOUGH))

    def lasted(self):
        """This start has lasted, or ends as it should."""
        self.failed = 0
        self._write(0)

    def _write(self, count):
        try:
            if _read(self._path) != count:
                files.write(self._path, cbor.encode(count))
        except (OSError, MemoryError):
            pass


def _read(path):
    try:
        raw = files.read(path, _ROOM)
        count = 0 if raw is None else cbor.decode(raw)
    except (OSError, InvalidInput):
        return 0
    return count if type(count) is int and 0 <= count <= _ENOUGH else 0
