"""HMAC with SHA-256, RFC 2104. MicroPython has the hash and not the MAC."""

import hashlib

from micropython import const

_BLOCK_BYTES = const(64)
_HALF_BYTES = const(32)
# Half of a block, as a number.
_INNER = 0x3636363636363636363636363636363636363636363636363636363636363636
_OUTER = 0x5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32-byte code of ``data`` under ``key`` of any length."""
    length = len(key)
    if length > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
        length = _HALF_BYTES
    # Nearly every key has 32 bytes at most: then the other half of the block is known.
    is_short = length <= _HALF_BYTES
    size = _HALF_BYTES if is_short else _BLOCK_BYTES
    # As a number: a loop over the bytes would cost more than the hash itself. The 1 in front keeps
    # its length the same, and with it the time, when the key begins with zeros.
    padded = int.from_bytes(b"\x01" + bytes(key) + bytes(size - length), "big")
    inner = _begun(padded, _INNER, is_short)
    inner.update(data)
    outer = _begun(padded, _OUTER, is_short)
    outer.update(inner.digest())
    return outer.digest()


def _begun(padded, mask, is_short):
    """The hash of a whole block, of which ``mask`` is half: of the key with the mask over it."""
    if is_short:
        begun = hashlib.sha256((padded ^ mask).to_bytes(_HALF_BYTES + 1, "big")[1:])
        begun.update(mask.to_bytes(_HALF_BYTES, "big"))
        return begun
    mask |= mask << 8 * _HALF_BYTES
    return hashlib.sha256((padded ^ mask).to_bytes(_BLOCK_BYTES + 1, "big")[1:])
