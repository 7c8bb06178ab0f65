"""HMAC with SHA-256, RFC 2104. MicroPython has the hash and not the MAC."""

import hashlib

from micropython import const

_BLOCK_BYTES = const(64)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32-byte code of ``data`` under ``key`` of any length."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    # As two numbers: a loop over 64 bytes would cost more than the hash itself. The 1 in front
    # keeps their length the same, and with it the time, when the key begins with zeros.
    padded = int.from_bytes(b"\x01" + bytes(key) + bytes(_BLOCK_BYTES - len(key)), "big")
    inner = hashlib.sha256(_masked(padded, b"\x36"))
    inner.update(data)
    outer = hashlib.sha256(_masked(padded, b"\x5c"))
    outer.update(inner.digest())
    return outer.digest()


def _masked(padded, byte):
    mask = int.from_bytes(byte * _BLOCK_BYTES, "big")
    return (padded ^ mask).to_bytes(_BLOCK_BYTES + 1, "big")[1:]
