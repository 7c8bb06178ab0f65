"""Nonces for ECDSA with P-256 and SHA-256 that need no randomness, RFC 6979 section 3.2."""

from .curves import N_256
from .hmac import hmac_sha256
from .strict import p256_private_acceptable


def nonce_steps(private: bytes, digest: bytes, refused: int = 0):
    """The nonce k for a ``private`` key and a ``digest``: 32 bytes big-endian, 1 to n - 1.

    ``digest`` is the SHA-256 of the message, 32 bytes. ``refused`` is how many nonces gave no
    signature, because r or s was 0: those are left out. Steps as in :mod:`crypto.steps`. Nothing
    here takes a time that depends on ``private``, but how many candidates were out of range: one
    in 2^32 is, and says nothing about those that follow.
    """
    # bits2octets: the digest is public, so is what is computed with it.
    e = (int.from_bytes(digest, "big") % N_256).to_bytes(32, "big")
    seed = bytes(private) + e
    v = b"\x01" * 32
    k = bytes(32)
    for step in (b"\0", b"\x01"):
        k = hmac_sha256(k, v + step + seed)
        v = hmac_sha256(k, v)
        yield
    while True:
        v = hmac_sha256(k, v)
        if p256_private_acceptable(v):
            if not refused:
                return v
            refused -= 1
        k = hmac_sha256(k, v + b"\0")
        v = hmac_sha256(k, v)
        yield
