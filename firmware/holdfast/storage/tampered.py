"""Which carriers were tampered with, over a restart: one small file, sealed.

docs/flash_format.md has the bytes.
"""

from micropython import const

from ..access.tag import NAME_TAG
from . import files
from .sealed import OVERHEAD, DamagedError

_MOST = const(32)  # carriers
_AAD = b"holdfast tampered"


class TamperedStore:
    """In ``directory``, which ``write`` makes if it is not there."""

    def __init__(self, directory: str, sealer):
        self._directory = directory
        self._path = directory + "/tampered"
        self._sealer = sealer

    def read(self) -> list:
        """The tags (6 bytes each) that were written last. Raises OSError, and DamagedError."""
        most = _MOST * NAME_TAG + OVERHEAD
        sealed = files.read(self._path, most)
        if sealed is None:
            return []
        if len(sealed) > most:
            raise DamagedError("too long for carriers' tags")
        packed = self._sealer.open(sealed, _AAD)
        if len(packed) % NAME_TAG:
            raise DamagedError("no carriers' tags")
        return [packed[at : at + NAME_TAG] for at in range(0, len(packed), NAME_TAG)]

    def write(self, tags: list):
        """Keep the last 32 of these in the place of those before, whole or not at all.

        Raises OSError.
        """
        files.make_directory(self._directory)
        files.write(self._path, self._sealer.seal(b"".join(tags[-_MOST:]), _AAD))
