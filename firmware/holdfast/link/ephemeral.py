"""Ephemeral keys made ahead, so that a phone does not wait for one."""

import asyncio

import crypto

_PRIVATE_LENGTH = 32


class EphemeralKeys:
    """Keeps one X25519 key pair ready; each is handed out once and then forgotten."""

    def __init__(self, random_bytes):
        self._random_bytes = random_bytes
        self._ready = None
        self._wanted = asyncio.Event()
        self._wanted.set()

    def take(self) -> tuple:
        """A fresh (private, public) pair, 32 bytes each: the one kept ready, or one made now."""
        pair = self._ready or self._make()
        self._ready = None
        self._wanted.set()
        return pair

    async def run(self, is_idle):
        """Make the next pair whenever none is ready and ``is_idle()``; runs for ever."""
        while True:
            await self._wanted.wait()
            if self._ready is None:
                while not is_idle():
                    await asyncio.sleep(0.02)
                self._ready = self._make()
            self._wanted.clear()

    def _make(self):
        private = self._random_bytes(_PRIVATE_LENGTH)
        return private, crypto.x25519_public_key(private)
