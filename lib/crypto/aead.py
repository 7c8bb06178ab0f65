"""AES-CCM, RFC 3610: what the facade checks before a backend computes."""

from . import backend
from .errors import AuthenticationError, InvalidKey


def aes_ccm_encrypt(
    key: bytes, nonce: bytes, plaintext: bytes, aad: bytes, tag_length: int = 8, into=None
):
    """AES-CCM (RFC 3610, SP 800-38C): the ciphertext, as long as ``plaintext``, and the tag.

    ``key`` has 16 or 32 bytes, ``nonce`` 7 to 13 and never repeats under a key; ``tag_length`` is
    even, 4 to 16. A nonce of n bytes leaves 15 - n for the length of ``plaintext``: 65,535 bytes
    at most with a nonce of 13. With ``into``, a bytearray or a memoryview of one, both go to its
    beginning instead and take no memory; the plaintext may lie there too, at the beginning or
    further on. None is returned. Raises InvalidKey and ValueError, also for too short an ``into``.
    """
    limit = _limit(key, nonce, tag_length)
    if len(plaintext) >= limit:
        raise ValueError("plaintext too long for a nonce of %d bytes" % len(nonce))
    if into is not None and len(into) < len(plaintext) + tag_length:
        raise ValueError("no room for the ciphertext")
    return backend.chosen.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length, into)


def aes_ccm_decrypt(
    key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes, tag_length: int = 8, into=None
):
    """The plaintext of what :func:`aes_ccm_encrypt` made with the same arguments, as bytes.

    With ``into``, a bytearray or a memoryview of one, the plaintext goes to its beginning instead
    and takes no memory; the ciphertext may lie there too, at the beginning or further on. None is
    returned. Raises AuthenticationError for any other ``ciphertext``, of whatever length, and
    gives no byte of it away; InvalidKey and ValueError as there, and for too short an ``into``.
    """
    limit = _limit(key, nonce, tag_length)
    if not tag_length <= len(ciphertext) < limit + tag_length:
        raise AuthenticationError("no ciphertext has %d bytes here" % len(ciphertext))
    if into is not None and len(into) < len(ciphertext) - tag_length:
        raise ValueError("no room for the plaintext")
    return backend.chosen.aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length, into)


def _limit(key, nonce, tag_length):
    """The length at which a plaintext is too long."""
    if len(key) != 16 and len(key) != 32:
        raise InvalidKey("an AES key has 16 or 32 bytes, not %d" % len(key))
    if not 7 <= len(nonce) <= 13:
        raise ValueError("a CCM nonce has 7 to 13 bytes, not %d" % len(nonce))
    if not 4 <= tag_length <= 16 or tag_length & 1:
        raise ValueError("a CCM tag has 4, 6, ... 16 bytes, not %d" % tag_length)
    return 1 << 8 * (15 - len(nonce))
