"""The AES block cipher: the seam between AES-CCM and what the interpreter has."""

import sys

from micropython import const

if sys.implementation.name == "micropython":
    from cryptolib import aes
else:
    from .hosted import aes

_MODE_ECB = const(1)
_MODE_CBC = const(2)


def encrypt_blocks(key, blocks: bytearray) -> bytearray:
    """Each 16-byte block of ``blocks`` encrypted for itself (ECB), in its place."""
    aes(key, _MODE_ECB).encrypt(blocks, blocks)
    return blocks


def chain_blocks(key, blocks: bytearray) -> bytes:
    """The last block of ``blocks`` encrypted in CBC mode from a zero IV, in place: CBC-MAC."""
    aes(key, _MODE_CBC, bytes(16)).encrypt(blocks, blocks)
    return bytes(blocks[-16:])
