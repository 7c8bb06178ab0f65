"""Changes to the credential cache since its pages were written: sealed batches in one file.

A batch is in the file whole or not at all. LittleFS commits an append when the file is closed; on
a filesystem that may leave half of one behind, the half is at the end, was never acknowledged, and
is cut off. A whole batch that does not authenticate may be a revocation, so it is never skipped.
"""

import errno
import os
import struct

from micropython import const

from ..sealed import OVERHEAD, DamagedError
from .records import GRANT_WIDTH, RIGHT_WIDTH

MAX_BATCH = const(24576)  # bytes of records: a changeset of 65 cards in 8 groups each

_FRAME = const(4)  # length of what is sealed, and the same inverted
_HEADER = ">IHHHH"  # applied, grants, rights held; grant records, right records
_HEADER_BYTES = const(12)


class Batch:
    """Records to put, and what is held once they are.

    ``counted`` is how many grants have their uses kept then, None if that stays as it was.
    """

    def __init__(
        self, applied: int, grants_held: int, rights_held: int, grants, groups, counted=None
    ):
        self.applied = applied
        self.grants_held = grants_held
        self.rights_held = rights_held
        self.grants = grants
        self.groups = groups
        self.counted = counted

    def encode(self) -> bytes:
        """The plain text of a batch."""
        header = struct.pack(
            _HEADER,
            self.applied,
            self.grants_held,
            self.rights_held,
            len(self.grants) // GRANT_WIDTH,
            len(self.groups) // RIGHT_WIDTH,
        )
        plain = header + self.grants + self.groups
        return plain if self.counted is None else plain + self.counted.to_bytes(2, "big")


def batch_bytes(grants: int, rights: int) -> int:
    """What a batch of so many records adds to the file."""
    records = GRANT_WIDTH * grants + RIGHT_WIDTH * rights
    return _FRAME + OVERHEAD + _HEADER_BYTES + records


class Journal:
    """The batches in the file at ``path``, which belong to the pages with ``salt``."""

    def __init__(self, path: str, sealer, salt: bytes):
        self._path = path
        self._sealer = sealer
        self._salt = salt
        self._torn = False
        self.size = 0

    def batches(self):
        """Read every batch, oldest first. Raises DamagedError and OSError."""
        self.size = 0
        self._torn = False
        try:
            file = open(self._path, "rb")
        except OSError as error:
            if error.errno == errno.ENOENT:
                return
            raise
        with file:
            while True:
                sealed = self._next(file)
                if sealed is None:
                    return
                yield _decode(self._sealer.open(sealed, self._aad()))
                self.size += _FRAME + len(sealed)

    def append(self, batch: Batch):
        """Add a batch, durable on return. Raises OSError: then it may be in the file or not."""
        sealed = self._sealer.seal(batch.encode(), self._aad())
        frame = struct.pack(">HH", len(sealed), len(sealed) ^ 0xFFFF)
        if self._torn:
            self._cut()
        with open(self._path, "ab") as file:
            file.write(frame + sealed)
        self.size += _FRAME + len(sealed)

    def _next(self, file):
        frame = file.read(_FRAME)
        if not frame:
            return None
        if len(frame) == _FRAME:
            length, inverted = struct.unpack(">HH", frame)
            if length ^ inverted != 0xFFFF:
                raise DamagedError("journal: no batch at byte %d" % self.size)
            sealed = file.read(length)
            if len(sealed) == length:
                return sealed
        self._torn = True
        return None

    def _cut(self):
        whole = self._path + ".new"
        with open(self._path, "rb") as file:
            kept = file.read(self.size)
        with open(whole, "wb") as file:
            file.write(kept)
        os.rename(whole, self._path)
        self._torn = False

    def _aad(self):
        return b"HFC\x02journal" + self._salt + struct.pack(">I", self.size)


def _decode(plain) -> Batch:
    if len(plain) < _HEADER_BYTES:
        raise DamagedError("journal: a batch without a header")
    applied, grants_held, rights_held, grants, groups = struct.unpack_from(_HEADER, plain, 0)
    middle = _HEADER_BYTES + GRANT_WIDTH * grants
    end = middle + RIGHT_WIDTH * groups
    counted = None
    if len(plain) == end + 2:
        counted = plain[end] << 8 | plain[end + 1]
    elif len(plain) != end:
        raise DamagedError("journal: a batch of another length than it says")
    grants, groups = plain[_HEADER_BYTES:middle], plain[middle:end]
    return Batch(applied, grants_held, rights_held, grants, groups, counted)
