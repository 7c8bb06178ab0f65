"""Counts, on the board, what a private-key operation takes for each of many keys."""

import gc
from array import array

from qemu_rv32 import instructions

import crypto


def counts(keys, name, *rest):
    """The count of ``name(key, *rest)`` for each of ``keys``, 32 bytes each, one after another."""
    function = _pair if name == "x25519_pair" else getattr(crypto, name)
    key = bytearray(32)
    # Nothing here takes memory that it did not have before: where free memory is found, and how
    # soon, must be the same whatever the keys are.
    found = array("I", bytes(len(keys) >> 3))
    function(b"\x01" * 32, *rest)
    for i in range(len(found)):
        for j in range(32):
            key[j] = keys[32 * i + j]
        gc.collect()
        found[i] = instructions(function, key, *rest)
    return found


def _pair(key, public):
    return crypto.finish(crypto.x25519_pair_steps(key, key, public))


def main(path, name, *rest):
    """Print the backend, and the counts for the keys in a file."""
    with open(path, "rb") as file:
        keys = file.read()
    print("COUNTS", crypto.backend_name(), " ".join([str(n) for n in counts(keys, name, *rest)]))
