"""Ephemeral keys made ahead, so that a phone does not wait for one."""

import crypto

_PRIVATE_LENGTH = 32


class EphemeralKeys:
    """Keeps one X25519 key pair ready; each is handed out once and then forgotten."""

    def __init__(self, random_bytes):
        self._random_bytes = random_bytes
        self._ready = None

    def prepare(self):
        """Make the next pair unless one is ready; for when nobody waits."""
        if self._ready is None:
            self._ready = self._make()

    def take(self) -> tuple:
        """A fresh (private, public) pair, 32 bytes each: the one kept ready, or one made now."""
        pair, self._ready = self._ready or self._make(), None
        return pair

    def _make(self):
        private = self._random_bytes(_PRIVATE_LENGTH)
        return private, crypto.x25519_public_key(private)
