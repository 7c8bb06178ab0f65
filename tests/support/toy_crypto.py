"""A backend whose public-key operations take a moment, for tests that need thousands of them.

Diffie-Hellman in the numbers below 2^255 - 19, where MicroPython counts in C, and signatures that
anybody could make. AES, SHA-256 and SHA-512 are the real ones. Nothing of it is secure.
"""

import crypto
from crypto import portable
from crypto.curves import P_25519

NAME = "portable"  # no machine code, which a self-test would hold against known answers

aes_ccm_encrypt = portable.aes_ccm_encrypt
aes_ccm_decrypt = portable.aes_ccm_decrypt
sha512 = portable.sha512


def _small(digest):
    """A digest below the order of the curve and below its prime."""
    return digest[:31] + b"\x0f"


def x25519_steps(private, public):
    base = int.from_bytes(public, "little") % P_25519
    yield
    return pow(base, int.from_bytes(private, "little"), P_25519).to_bytes(32, "little")


def ed25519_public_key_steps(private):
    yield
    return _small(crypto.sha256(b"public" + bytes(private)))


def ed25519_sign_steps(private, message):
    public = yield from ed25519_public_key_steps(private)
    return _signature(public, message)


def ed25519_verify_steps(public, message, signature):
    yield
    return bytes(signature) == _signature(public, message)


def _signature(public, message):
    digest = crypto.sha256(bytes(public) + bytes(message))
    return _small(digest) + _small(crypto.sha256(digest))
