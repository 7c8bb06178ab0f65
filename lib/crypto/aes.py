"""The AES block cipher: the seam between AES-CCM and what the interpreter has."""

import sys

from micropython import const

if sys.implementation.name == "micropython":
    from cryptolib import aes
else:
    from .hosted import aes

_MODE_ECB = const(1)
_MODE_CBC = const(2)


def single(key):
    """A cipher whose ``encrypt(blocks, out)`` encrypts each 16-byte block for itself (ECB)."""
    return aes(key, _MODE_ECB)


def chaining(key):
    """The same in CBC mode from a zero IV, one call after the other: the last block is CBC-MAC."""
    return aes(key, _MODE_CBC, bytes(16))
