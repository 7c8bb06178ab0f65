"""X25519 of the base point 9, by the tables of Ed25519: half of what the ladder takes.

Both curves are one (RFC 7748 section 4.1): u = (1 + y) / (1 - y), and 9 belongs to B. A clamped
scalar k is a multiple of 8, and below 2^255: k B = 8 (k / 8) B, where k / 8 is small enough for
:mod:`.ed25519_base`.

BEGIN  Before: the clamped scalar in SCALAR, all else zero. After: an eighth of it there, as
       MULTIPLY of :mod:`.ed25519_base` takes it, and all else zero still.
END    After MULTIPLY. After: u, canonical, in RESULT.
"""

from .. import isa
from . import edwards25519 as curve
from .ed25519_base import at

MODULE = "programs_x25519_base"

EIGHTH = pow(8, -1, curve.P)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.x25519_base` needs beside the constants of Ed25519's."""
    return {"TABLE": EIGHTH.to_bytes(isa.CELL, "little"), "BEGIN": begin(), "END": end()}


def begin() -> bytes:
    """k / 8 modulo p is the number k / 8, since 8 divides k."""
    program = isa.Program()
    program.load(at.t, 0)
    program.mul(at.scalar, at.scalar, at.t)
    program.freeze(at.scalar, at.scalar)
    program.copy(at.t, at.constant_zero)
    program.end()
    return program.code()


def end() -> bytes:
    """Z + Y over Z - Y. They are never 0: 8 (k / 8) B is neither neutral nor of order 2."""
    program = isa.Program()
    for _ in range(3):
        curve.double(program, at)
    program.sumdif(at.h, at.z, at.y)
    curve.invert(program, at.g, at.e, [at.f, at.t, at.s])
    program.mul(at.x, at.h, at.g)
    program.freeze(at.x, at.x)
    program.end()
    return program.code()
