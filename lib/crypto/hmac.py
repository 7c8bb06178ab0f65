"""HMAC with SHA-256, RFC 2104. MicroPython has the hash and not the MAC."""

import hashlib

from micropython import const

_BLOCK_BYTES = const(64)
_HALF_BYTES = const(32)
# Half of a block, as a number.
_INNER = 0x3636363636363636363636363636363636363636363636363636363636363636
_OUTER = 0x5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c
# What the other half is, of a key that is no longer.
_INNER_REST = b"66666666666666666666666666666666"
_OUTER_REST = b"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32-byte code of ``data`` under ``key`` of any length."""
    inner, outer = pads(key)
    return code(inner, outer, (data,))


def pads(key) -> tuple:
    """The inner and the outer block of ``key``, 64 bytes each, for any number of ``code``."""
    length = len(key)
    if length > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
        length = _HALF_BYTES
    # As a number: a loop over the bytes would cost more than the hash itself. The 1 in front keeps
    # its length the same, and with it the time, when the key begins with zeros.
    if length <= _HALF_BYTES:
        # Nearly every key: then the other half of each block is known.
        key = b"\x01" + key
        if length < _HALF_BYTES:
            key += bytes(_HALF_BYTES - length)
        padded = int.from_bytes(key, "big")
        return (
            (padded ^ _INNER).to_bytes(_HALF_BYTES + 1, "big")[1:] + _INNER_REST,
            (padded ^ _OUTER).to_bytes(_HALF_BYTES + 1, "big")[1:] + _OUTER_REST,
        )
    padded = int.from_bytes(b"\x01" + bytes(key) + bytes(_BLOCK_BYTES - length), "big")
    return _whole(padded, _INNER), _whole(padded, _OUTER)


def _whole(padded, mask):
    mask |= mask << 8 * _HALF_BYTES
    return (padded ^ mask).to_bytes(_BLOCK_BYTES + 1, "big")[1:]


def code(inner, outer, pieces) -> bytes:
    """The code of all ``pieces`` under the key of these ``pads``."""
    begun = hashlib.sha256(inner)
    for piece in pieces:
        begun.update(piece)
    ended = hashlib.sha256(outer)
    ended.update(begun.digest())
    return ended.digest()
