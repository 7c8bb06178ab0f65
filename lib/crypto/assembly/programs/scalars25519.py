"""Numbers modulo L, the order of Ed25519's base point, for ``modular``; constant time.

A hash of 64 bytes is two cells, low and high. In Montgomery form, R being 2^256, it is

    (low + high R) R = low R^2 / R + high R^3 / R

REDUCE  Before: HASH, two cells. After: RESULT, the hash modulo L.
SIGN    Before: HASH; A and R, less than 2^256 and less than L. After: RESULT, R + HASH A.
"""

from .. import isa
from ..model256 import Order
from .edwards25519 import L

MODULE = "programs_ed25519_scalars"

at = isa.Bank("modulus", "minus_inverse", "r_squared", "r_cubed", "unit", "result", "a", "r")
at.more(t=1, hash=2)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.ed25519` needs."""
    return {
        "TABLE": _table(),
        "BANK": at.size,
        "HASH": at.hash,
        "A": at.a,
        "R": at.r,
        "RESULT": at.result,
        "REDUCE": reduce(),
        "SIGN": sign(),
    }


def _table():
    r_cubed, unit = 2**768 % L, 1
    return Order(L).constants() + b"".join(n.to_bytes(32, "little") for n in (r_cubed, unit))


def _hash(program):
    """The hash modulo L, in Montgomery form."""
    program.load(at.modulus, 0, 5)
    program.mul(at.t, at.hash, at.r_squared)
    program.mul(at.result, at.hash + isa.CELL, at.r_cubed)
    program.add(at.result, at.result, at.t)


def reduce() -> bytes:
    program = isa.Program()
    _hash(program)
    program.mul(at.result, at.result, at.unit)
    program.end()
    return program.code()


def sign() -> bytes:
    program = isa.Program()
    _hash(program)
    program.mul(at.result, at.a, at.result)  # not in Montgomery form
    program.add(at.result, at.result, at.r)
    program.end()
    return program.code()
