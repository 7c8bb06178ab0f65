"""Operands that look for lost carries: edges, words of all zeros and all ones, and random ones."""

import os
import random

TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\xfe\xff\xff\xff", b"\0\0\0\x80")


def number(rng: random.Random, edges: tuple[int, ...]) -> int:
    """A number below 2^256."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(edges)
    if kind < 0.65:
        return int.from_bytes(b"".join(rng.choice(_WORDS) for _ in range(8)), "little")
    return rng.getrandbits(256)


def cells(bank: bytes) -> list[int]:
    """The numbers in the cells of a bank."""
    return [int.from_bytes(bank[i : i + 32], "little") for i in range(0, len(bank), 32)]


def bank_of(*numbers: int) -> bytearray:
    return bytearray(b"".join(value.to_bytes(32, "little") for value in numbers))
