"""What lies on flash encrypted and authenticated, under keys that only this board has."""

import cbor
import crypto
from micropython import const
from untrusted import InvalidInput

OVERHEAD = const(21)  # bytes that sealing adds: nonce and tag
FRONT = const(13)  # of these before the text: the nonce

_TAG = const(8)


class DamagedError(InvalidInput):
    """Something on flash is not what this board once sealed there."""


def derive(private_key: bytes, label: str, place: bytes, length: int = 16) -> bytes:
    """A key for the purpose ``label``, of ``length`` bytes (HKDF-SHA-256, RFC 5869).

    The same for the same device key, 32 bytes, which it does not reveal, and the same ``place``,
    root and node: what was sealed at another site, or as another node, does not open.
    """
    prk = crypto.hkdf_extract(b"holdfast storage", private_key)
    return crypto.hkdf_expand(prk, cbor.encode([label, place]), length)


class Sealer:
    """AES-CCM-16-64-128 (RFC 3610, RFC 9053 section 4.2) under a 16-byte ``key``.

    The nonce is random: a counter would come back to an old value with a power cut, and then
    encrypt twice under one nonce. At 10,000 seals a day it repeats in ten years with a chance
    below 2^-52.
    """

    def __init__(self, key: bytes, random_bytes):
        self._key = key
        self._random_bytes = random_bytes

    def seal(self, plain, aad: bytes) -> bytes:
        """Nonce, ciphertext and tag. ``aad`` says what and where it is, so that no piece passes
        for another.
        """
        nonce = self._random_bytes(FRONT)
        return nonce + crypto.aes_ccm_encrypt(self._key, nonce, plain, aad, tag_length=_TAG)

    def seal_in_place(self, plain: bytearray, aad: bytes):
        """Put nonce, ciphertext and tag where the plaintext lies in ``plain``, after the 13 bytes
        of the nonce and before the 8 of the tag: OVERHEAD bytes that are free.
        """
        nonce = self._random_bytes(FRONT)
        text = memoryview(plain)[FRONT:]
        crypto.aes_ccm_encrypt(self._key, nonce, text[:-_TAG], aad, _TAG, text)
        plain[:FRONT] = nonce

    def open(self, sealed, aad: bytes) -> bytes:
        """What was sealed with the same ``aad``. Raises DamagedError."""
        return self._open(sealed, aad, None)

    def open_in_place(self, sealed: bytearray, aad: bytes):
        """Put what was sealed at the beginning of ``sealed`` itself, OVERHEAD bytes shorter.

        Raises DamagedError: then nothing of it is there.
        """
        self._open(sealed, aad, sealed)

    def _open(self, sealed, aad, into):
        if len(sealed) < OVERHEAD:
            raise DamagedError("too short to have been sealed")
        nonce, ciphertext = bytes(sealed[:FRONT]), memoryview(sealed)[FRONT:]
        try:
            return crypto.aes_ccm_decrypt(self._key, nonce, ciphertext, aad, _TAG, into)
        except crypto.AuthenticationError:
            raise DamagedError("not what this board sealed")
