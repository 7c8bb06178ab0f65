"""Nonces for ECDSA with P-256 and SHA-256 that need no randomness, RFC 6979 section 3.2."""

from .curves import N_256
from .hmac import hmac_sha256
from .strict import p256_private_acceptable


def nonces(private: bytes, digest: bytes):
    """Yield nonces k, 32 bytes big-endian, 1 to n - 1; almost always the first one does.

    ``private`` has 32 bytes, ``digest`` is the SHA-256 of the message. Nothing here takes a time
    that depends on ``private``, but how many candidates were out of range: one in 2^32 is, and
    says nothing about those that follow.
    """
    # bits2octets: the digest is public, so is what is computed with it.
    e = (int.from_bytes(digest, "big") % N_256).to_bytes(32, "big")
    seed = bytes(private) + e
    v = b"\x01" * 32
    k = bytes(32)
    for step in (b"\0", b"\x01"):
        k = hmac_sha256(k, v + step + seed)
        v = hmac_sha256(k, v)
    while True:
        v = hmac_sha256(k, v)
        if p256_private_acceptable(v):
            yield v
        k = hmac_sha256(k, v + b"\0")
        v = hmac_sha256(k, v)
