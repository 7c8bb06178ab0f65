"""How many wrong PINs there were, over a restart: one small file a door, sealed.

docs/flash_format.md has the bytes.
"""

from micropython import const

from ..access.tag import name_tag
from . import files
from .sealed import OVERHEAD, DamagedError

_MAX_PLAIN = const(171)
_AAD = b"holdfast attempts"


class AttemptsStore:
    """Of the door of this name; in ``directory``, which ``write`` makes if it is not there."""

    def __init__(self, directory: str, door: str, sealer):
        self._directory = directory
        tag = name_tag(door)
        self._path = directory + "/attempts-" + tag.hex()
        self._aad = _AAD + tag
        self._sealer = sealer

    def read(self):
        """What was written last, None if nothing ever was. Raises OSError, and DamagedError."""
        sealed = files.read(self._path, _MAX_PLAIN + OVERHEAD)
        if sealed is None:
            return None
        if len(sealed) > _MAX_PLAIN + OVERHEAD:
            raise DamagedError("too long to be attempts")
        return self._sealer.open(sealed, self._aad)

    def write(self, packed: bytes):
        """Keep at most 171 bytes in the place of those before, whole or not at all.

        Raises OSError.
        """
        files.make_directory(self._directory)
        files.write(self._path, self._sealer.seal(packed, self._aad))
