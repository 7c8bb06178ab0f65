"""The cryptography of Holdfast: one set of functions, one answer on every machine.

This facade checks arguments and counts public-key operations; a backend (:mod:`crypto.backend`)
computes. Where bytes are taken, a bytearray or memoryview does as well; bytes are returned. A key
of a wrong length raises InvalidKey, since keys come from files and peers; another argument of a
wrong size is the caller's mistake and a plain ValueError. Randomness is never taken here.

Only the hosted backend handles secrets in constant time: see :mod:`crypto.portable`.
"""

import hashlib

from micropython import const

from . import strict
from .backend import backend
from .compare import equal
from .errors import AuthenticationError, CryptoError, InvalidKey
from .hkdf import hkdf_expand, hkdf_extract
from .hmac import hmac_sha256

__all__ = (
    "AuthenticationError",
    "CryptoError",
    "InvalidKey",
    "aes_ccm_decrypt",
    "aes_ccm_encrypt",
    "backend_name",
    "ed25519_public_key",
    "ed25519_sign",
    "ed25519_verify",
    "equal",
    "es256_verify",
    "hkdf_expand",
    "hkdf_extract",
    "hmac_sha256",
    "public_key_operations",
    "sha256",
    "sha512",
    "x25519",
    "x25519_public_key",
)

_KEY_BYTES = const(32)
_BASE_U = b"\x09" + bytes(31)

_public_key_operations = 0


def backend_name() -> str:
    """Which backend computes: ``"portable"`` or ``"cryptography"``."""
    return backend.NAME


def public_key_operations() -> int:
    """How many calls of x25519*, ed25519* and es256* this process has made so far."""
    return _public_key_operations


def sha256(data: bytes) -> bytes:
    """The 32-byte SHA-256 digest, FIPS 180-4."""
    return hashlib.sha256(data).digest()


def sha512(data: bytes) -> bytes:
    """The 64-byte SHA-512 digest, FIPS 180-4."""
    return backend.sha512(data)


def aes_ccm_encrypt(
    key: bytes, nonce: bytes, plaintext: bytes, aad: bytes, tag_length: int = 8
) -> bytes:
    """AES-CCM (RFC 3610, SP 800-38C): the ciphertext, as long as ``plaintext``, and the tag.

    ``key`` has 16 or 32 bytes, ``nonce`` 7 to 13 and never repeats under a key; ``tag_length`` is
    even, 4 to 16. A nonce of n bytes leaves 15 - n for the length of ``plaintext``: 65,535 bytes
    at most with a nonce of 13. Raises InvalidKey and ValueError.
    """
    limit = _ccm_limit(key, nonce, aad, tag_length)
    if len(plaintext) >= limit:
        raise ValueError("plaintext too long for a nonce of %d bytes" % len(nonce))
    return backend.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length)


def aes_ccm_decrypt(
    key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes, tag_length: int = 8
) -> bytes:
    """The plaintext of what :func:`aes_ccm_encrypt` made with the same arguments.

    Raises AuthenticationError for any other ``ciphertext``, of whatever length, and gives no byte
    of it away; InvalidKey and ValueError as there.
    """
    limit = _ccm_limit(key, nonce, aad, tag_length)
    if not tag_length <= len(ciphertext) < limit + tag_length:
        raise AuthenticationError("no ciphertext has %d bytes here" % len(ciphertext))
    return backend.aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length)


def _ccm_limit(key, nonce, aad, tag_length):
    """The length at which a plaintext is too long."""
    if len(key) != 16 and len(key) != 32:
        raise InvalidKey("an AES key has 16 or 32 bytes, not %d" % len(key))
    if not 7 <= len(nonce) <= 13:
        raise ValueError("a CCM nonce has 7 to 13 bytes, not %d" % len(nonce))
    if not 4 <= tag_length <= 16 or tag_length & 1:
        raise ValueError("a CCM tag has 4, 6, ... 16 bytes, not %d" % tag_length)
    return 1 << 8 * (15 - len(nonce))


def ed25519_public_key(private: bytes) -> bytes:
    """The 32-byte public key of a 32-byte ``private`` key, RFC 8032 5.1.5. Raises InvalidKey."""
    _check_key(private)
    _count()
    return backend.ed25519_public_key(private)


def ed25519_sign(private: bytes, message: bytes) -> bytes:
    """The 64-byte signature of ``message``, RFC 8032 section 5.1.6. Raises InvalidKey."""
    _check_key(private)
    _count()
    return backend.ed25519_sign(private, message)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is one of ``message`` under ``public``, RFC 8032 section 5.1.7.

    False for a key or signature of any wrong length or form: see :mod:`crypto.strict`.
    """
    _count()
    return strict.ed25519_acceptable(public, signature) and backend.ed25519_verify(
        public, message, signature
    )


def x25519_public_key(private: bytes) -> bytes:
    """The 32-byte public key of a 32-byte ``private`` key, RFC 7748 6.1. Raises InvalidKey."""
    _check_key(private)
    _count()
    return backend.x25519(private, _BASE_U)


def x25519(private: bytes, public: bytes) -> bytes:
    """The 32-byte secret shared with the owner of ``public``, RFC 7748 section 6.1.

    Raises InvalidKey for a wrong length, and for a ``public`` of small order: the secret would be
    all zero, known to everybody.
    """
    _check_key(private)
    _check_key(public)
    _count()
    shared = backend.x25519(private, public)
    if equal(shared, bytes(_KEY_BYTES)):
        raise InvalidKey("X25519 public key of small order")
    return shared


def es256_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (r || s) is one of ``message`` under ``public`` (x || y), FIPS 186-5.

    Both have 64 bytes, big-endian. False for any wrong length or form: see :mod:`crypto.strict`.
    """
    _count()
    return strict.es256_acceptable(public, signature) and backend.es256_verify(
        public, message, signature
    )


def _check_key(key):
    if len(key) != _KEY_BYTES:
        raise InvalidKey("a key of this curve has %d bytes, not %d" % (_KEY_BYTES, len(key)))


def _count():
    global _public_key_operations
    _public_key_operations += 1
