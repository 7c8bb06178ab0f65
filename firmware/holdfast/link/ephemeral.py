"""Ephemeral keys made ahead, so that a phone does not wait for one."""

import crypto
from micropython import const
from untrusted import InvalidInput

from .origin import Origin

_PRIVATE_LENGTH = const(32)
_PUBLIC_LENGTH = const(32)
_P256 = const(2)  # the cipher suite; what else there is has X25519


class EphemeralKeys:
    """Keeps one key pair ready for each of the cipher ``suites``.

    A pair is (private, public), 32 bytes each: the public half of P-256 is x alone. Each is handed
    out once and then forgotten.
    """

    def __init__(self, random_bytes, suites=(0,)):
        self._random_bytes = random_bytes
        self._suites = suites
        self._ready = {}

    @property
    def missing(self):
        """A suite that has no pair ready, or None."""
        for suite in self._suites:
            if suite not in self._ready:
                return suite
        return None

    async def prepare(self, engine, is_idle, signer=b""):
        """Make what is missing by ``engine``, while ``is_idle()`` says that nobody is there, and
        what verifies signatures of the public key ``signer`` sooner.
        """
        # One at a time, and none more once a phone is there: it waits for the one that is being
        # made, which may be what it needs.
        nobody = Origin(0)
        try:
            while is_idle() and self.missing is not None:
                await engine.run(self.prepare_steps(self.missing), nobody, True)
            if is_idle():
                await engine.run(crypto.ed25519_prepare_steps(signer), nobody, True)
        except (MemoryError, InvalidInput):
            pass  # memory, or random bytes that make a key: the next time

    def prepare_steps(self, suite: int):
        """Make the next pair for ``suite`` unless one is ready; for when nobody waits."""
        if suite not in self._ready:
            self._ready[suite] = yield from self._make_steps(suite)

    def take_steps(self, suite: int):
        """A fresh pair: the one kept ready, or one made now."""
        pair = self._ready.pop(suite, None)
        if pair is None:
            pair = yield from self._make_steps(suite)
        return pair

    def _make_steps(self, suite):
        private = self._random_bytes(_PRIVATE_LENGTH)
        if suite != _P256:
            return private, (yield from crypto.x25519_public_key_steps(private))
        try:
            public = yield from crypto.p256_public_key_steps(private)
        except crypto.InvalidKey:  # one in 2^32 is not below the order
            private = self._random_bytes(_PRIVATE_LENGTH)
            public = yield from crypto.p256_public_key_steps(private)
        return private, public[:_PUBLIC_LENGTH]
