"""A site's rules as sealed bytes, from which the log of changesets goes on."""

import errno
import os

from ...access.policy.key_ring import KeyRing
from ...access.policy.rules import SiteRules
from .. import files, let_go
from ..sealed import OVERHEAD, DamagedError

MAX_BYTES = 16384
RECENT = 8  # bytes of a changeset's hash that are kept to know it again
MAX_RECENT = 64
NEXT = "next"  # a snapshot's policy, from just before the cache is swapped until just after


class Held:
    """What a node keeps of the policy: the SiteRules ``rules``, its KeyRing ``ring``, and the
    first 8 bytes of the hashes of the last 64 changesets, ``recent``, the newest last.
    """

    def __init__(self, rules: SiteRules, ring: KeyRing, recent: bytes = b""):
        self.rules = rules
        self.ring = ring
        self.recent = recent


class StateFiles:
    """Sealed rules in ``directory``; ``blank`` is a Held that knows nothing, ``place`` the bytes
    that the node, and what it rests on, are told by.
    """

    def __init__(self, directory: str, sealer, blank: Held, place: bytes):
        self._directory = directory
        self._sealer = sealer
        self._blank = blank
        self._aad = b"holdfast policy" + place

    def load(self, name: str):
        """(Held, least, position) as they were saved, or None if there is no file.

        Raises DamagedError for anything but what this node wrote; OSError.
        """
        sealed = files.read(self._path(name), MAX_BYTES + OVERHEAD)
        if sealed is None:
            return None
        if len(sealed) > MAX_BYTES + OVERHEAD:
            raise DamagedError("policy: larger than %d bytes" % MAX_BYTES)
        from . import encoding

        try:
            *held, least, position = encoding.decode(
                self._sealer.open(sealed, self._aad), self._blank.rules
            )
        finally:
            let_go(encoding)
        return Held(*held), least, position

    def save(self, name: str, held: Held, least: int, position: int):
        """Write the file whole or not at all. Raises OSError."""
        from . import encoding

        data = encoding.encode(held.rules, held.ring, held.recent, least, position)
        let_go(encoding)
        files.write(self._path(name), self._sealer.seal(data, self._aad))

    def rename(self, name: str, other: str):
        """Let the file ``name`` take the place of ``other`` at once. Raises OSError."""
        os.rename(self._path(name), self._path(other))

    def remove(self, name: str):
        """Remove the file if it is there. Raises OSError."""
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _path(self, name):
        return self._directory + "/" + name
