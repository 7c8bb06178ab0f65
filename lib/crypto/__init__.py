"""The cryptography of Holdfast: one set of functions, one answer on every machine.

This facade checks arguments and counts public-key operations; a backend (:mod:`crypto.backend`)
computes. Where bytes are taken, a bytearray or memoryview does as well; bytes are returned. A key
of a wrong length raises InvalidKey, since keys come from files and peers; another argument of a
wrong size is the caller's mistake and a plain ValueError. Randomness is never taken here.

Public-key operations are long on a board: each has a twin ``NAME_steps``, a generator that yields
between pieces of the work (:mod:`crypto.steps`).

The portable backend does not handle secrets in constant time: see :mod:`crypto.portable`.
"""

import hashlib

from . import backend
from .aead import aes_ccm_decrypt, aes_ccm_encrypt
from .compare import equal
from .errors import AuthenticationError, InvalidKey
from .hkdf import hkdf_expand, hkdf_expand_steps, hkdf_extract, hkdf_prepared
from .hmac import hmac_sha256
from .public_key import (
    ed25519_prepare_steps,
    ed25519_public_key,
    ed25519_public_key_steps,
    ed25519_sign,
    ed25519_sign_steps,
    ed25519_verify,
    ed25519_verify_steps,
    es256_sign,
    es256_sign_steps,
    es256_verify,
    es256_verify_steps,
    p256_ecdh,
    p256_ecdh_steps,
    p256_public_key,
    p256_public_key_steps,
    public_key_operations,
    x25519,
    x25519_pair_steps,
    x25519_public_key,
    x25519_public_key_steps,
    x25519_steps,
)
from .steps import finish

__all__ = (
    "AuthenticationError",
    "InvalidKey",
    "aes_ccm_decrypt",
    "aes_ccm_encrypt",
    "backend_name",
    "backend_reason",
    "ed25519_prepare_steps",
    "ed25519_public_key",
    "ed25519_public_key_steps",
    "ed25519_sign",
    "ed25519_sign_steps",
    "ed25519_verify",
    "ed25519_verify_steps",
    "equal",
    "es256_sign",
    "es256_sign_steps",
    "es256_verify",
    "es256_verify_steps",
    "finish",
    "hkdf_expand",
    "hkdf_expand_steps",
    "hkdf_extract",
    "hkdf_prepared",
    "hmac_sha256",
    "load",
    "p256_ecdh",
    "p256_ecdh_steps",
    "p256_public_key",
    "p256_public_key_steps",
    "public_key_operations",
    "self_test",
    "sha256",
    "sha512",
    "x25519",
    "x25519_pair_steps",
    "x25519_public_key",
    "x25519_public_key_steps",
    "x25519_steps",
)


def backend_name() -> str:
    """Which backend computes: ``rv32`` or ``xtensa``, ``portable``, or ``cryptography``."""
    return backend.chosen.NAME


def backend_reason() -> str:
    """Why no machine code computes, or none that was tested; empty else, and on a computer."""
    return backend.reason


def load(p256: bool = False):
    """Load the machine code that a node needs, that of P-256 as well if ``p256``.

    For a start, as early as can be: on an ESP32 it lies in memory of the system, of which there is
    none left once Python's heap has grown. Raises MemoryError. On a computer, and where there is
    no machine code, it does nothing.
    """
    backend.load(p256)


def self_test(p256: bool = False) -> bool:
    """Compute known answers with the machine code, those of P-256 as well if ``p256``.

    If one is wrong the portable backend computes from now on, slow and right, and
    ``backend_reason`` says so. False if memory ended first: nothing is known yet, and whatever
    needs the machine code makes the test before, or raises MemoryError. For a start; on a
    computer, and where there is no machine code, it does nothing.
    """
    # Owed first, which takes no memory: what is never begun has not been passed.
    backend.owe(p256)
    try:
        finish(backend.self_test_steps(backend.owed))
    except MemoryError:
        return False
    return True


def sha256(data: bytes, *more) -> bytes:
    """The 32-byte SHA-256 digest, FIPS 180-4, of ``data`` and what follows it."""
    begun = hashlib.sha256(data)
    for piece in more:
        begun.update(piece)
    return begun.digest()


def sha512(data: bytes) -> bytes:
    """The 64-byte SHA-512 digest, FIPS 180-4."""
    if backend.owed is not None:
        finish(backend.self_test_steps(backend.owed))
    return backend.chosen.sha512(data)
