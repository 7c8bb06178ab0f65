"""Counts, on the board, the longest step of each public-key function."""

import gc
from collections import namedtuple

from qemu_rv32 import instructions

import crypto

Longest = namedtuple("Longest", ("name", "steps", "instructions"))


def longest(name, *arguments):
    """Of all steps of one call of a function of the facade: how many, and the longest's count."""
    steps = getattr(crypto, name + "_steps")(*arguments)
    ended = []

    def step():
        try:
            next(steps)
        except StopIteration as end:
            ended.append(end.value)

    counts = []
    while not ended:
        gc.collect()
        counts.append(instructions(step))
    assert ended[0], name
    return Longest(name, len(counts), max(counts))


def main():
    crypto.load(True)  # as a node does at its start
    private, other, message = bytes(range(32)), bytes(range(1, 33)), bytes(150)
    edwards = crypto.ed25519_public_key(private)
    signed = crypto.ed25519_sign(private, message)
    p256 = crypto.p256_public_key(private)
    es256 = crypto.es256_sign(private, message)
    for call in (
        ("x25519_public_key", private),
        ("x25519", private, crypto.x25519_public_key(other)),
        ("x25519_pair", private, other, crypto.x25519_public_key(other)),
        ("ed25519_public_key", private),
        ("ed25519_sign", private, message),
        ("ed25519_verify", edwards, message, signed),
        ("p256_public_key", private),
        ("p256_ecdh", other, p256),
        ("p256_ecdh", other, p256[:32]),
        ("es256_sign", private, message),
        ("es256_verify", p256, message, es256),
    ):
        print("STEPS", *longest(*call))
