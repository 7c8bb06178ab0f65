"""Ed25519's verification: S B - k A, which is R of a good signature, encoded (RFC 8032 5.1.7).

All numbers are public, and the time depends on them. Three programs, for the driver to run in
turn, every one less than a step:

DECODE  A from its encoding, and the terms of -A, -3 A, ... -15 A.
        Before: Y (the encoding without its top bit), word 1 of SIGN (that bit), K and S.
        After: the masks at SQUARE and MINUS_SQUARE, one of which is set if there is such a point,
        and at X_IS_ZERO: there is no x = 0 with the sign 1.
COMBINE Bits of k and s from the top, as many as word 0 of the loop cell says, from the position in
        its word 1 down. Before the first run, the point is the neutral one by itself.
ENCODE  After: y and x canonical in their cells.
"""

from .. import isa
from . import edwards25519 as curve

MODULE = "programs_ed25519_verify"

# Non-adjacent forms: of the digits to A every sixth is not 0, of those to B every eighth. A wider
# one would cost more for A's table than it saves, and more flash for B's.
WIDTH_A, WIDTH_B = 5, 7
TERMS_A = 1 << (WIDTH_A - 2)
TERM_A, TERM_B = 4 * isa.CELL, 3 * isa.CELL
DIGITS = 9  # cells

at = curve.bank()
at.more(k=1, s_of_signature=1, loop=1, sign=1, square=1, minus_square=1, x_is_zero=1)
at.more(one=1, d=1, two_d=1, root_of_minus_1=1, constant_zero=1)
at.more(digits_a=DIGITS, digits_b=DIGITS, twice=4, table_a=4 * TERMS_A)

_CONSTANTS = curve.cells(1, curve.D, 2 * curve.D, curve.ROOT_OF_MINUS_1, 0)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.ed25519` needs."""
    return {
        "TABLE": _CONSTANTS + _odd_multiples_of_base(),
        "BANK": at.size,
        "X": at.x,
        "Y": at.y,
        "K": at.k,
        "S": at.s_of_signature,
        "LOOP": at.loop,
        "SIGN": at.sign,
        "SQUARE": at.square,
        "MINUS_SQUARE": at.minus_square,
        "X_IS_ZERO": at.x_is_zero,
        "DIGITS_A": at.digits_a,
        "DIGITS_B": at.digits_b,
        "HASH": at.digits_a,  # room for the driver, before the first program
        "HASH_WORK": at.digits_b,
        "LONGEST": longest(),
        "DECODE": decode(),
        "COMBINE": combine(),
        "ENCODE": encode(),
    }


def longest() -> int:
    """Bytes of the longest program."""
    return max(len(program) for program in (decode(), combine(), encode()))


def _odd_multiples_of_base():
    twice, point, table = curve.sum_of(curve.BASE, curve.BASE), curve.BASE, b""
    for _ in range(1 << (WIDTH_B - 2)):
        table += curve.affine_term(point)
        point = curve.sum_of(point, twice)
    return table


def decode() -> bytes:
    program = isa.Program()
    load_constants(program)
    program.setw(at.loop + 8, 0)  # the memory may have been another verification's
    program.setw(at.loop + 12, 0)
    program.wnaf(at.digits_a, at.k, WIDTH_A)
    program.wnaf(at.digits_b, at.s_of_signature, WIDTH_B)
    _root(program)
    _sign(program)
    _terms(program)
    neutral(program)
    program.end()
    return program.code()


def load_constants(program: isa.Program) -> None:
    """Those of the curve, each in its cell."""
    program.load(at.one, 0, len(_CONSTANTS) // isa.CELL)


def neutral(program: isa.Program) -> None:
    """The point is the neutral one."""
    program.copy(at.x, at.constant_zero)
    program.copy(at.y, at.one)
    affine(program)


def _root(program):
    """x, one of the two of A, and the masks.

    x^2 = u / v. The candidate root is u v^3 (u v^7)^((p - 5) / 8), RFC 8032 section 5.1.3.
    """
    u, v, x = at.h, at.e, at.x
    v_3, t, square = at.g, at.t, at.f
    program.sqr(t, at.y)
    program.sub(u, t, at.one)
    program.mul(v, t, at.d)
    program.add(v, v, at.one)
    program.sqr(v_3, v)
    program.mul(v_3, v_3, v)
    program.sqr(t, v_3)
    program.mul(t, t, v)
    program.mul(t, t, u)
    curve.root_power(program, at.s, t, [at.plus, at.minus, at.t2d])
    program.mul(x, u, v_3)
    program.mul(x, x, at.s)
    program.sqr(square, x)
    program.mul(square, square, v)
    program.sub(t, square, u)
    program.add(square, square, u)
    program.freeze(t, t)
    program.freeze(square, square)
    program.eq(at.square, t, at.constant_zero)
    program.eq(at.minus_square, square, at.constant_zero)
    program.mul(t, x, at.root_of_minus_1)
    program.cmov(x, t, at.minus_square)


def _sign(program):
    """x of -A: the one of the two whose lowest bit is not the sign of A."""
    program.freeze(at.x, at.x)
    program.eq(at.x_is_zero, at.x, at.constant_zero)
    program.sub(at.t, at.constant_zero, at.x)
    program.setw(at.loop + 4, 0)
    program.bit(at.sign, at.x, at.loop)
    program.cmov(at.t, at.x, at.sign)
    program.copy(at.x, at.t)


def _terms(program):
    """The odd multiples of the point, each put behind the others, which move up to make room."""
    last = at.table_a + TERM_A * (TERMS_A - 1)
    program.copy(at.plus, at.x, 2)
    affine(program)
    curve.double(program, at)
    curve.as_term(program, at, at.twice, at.two_d)
    program.copy(at.x, at.plus, 2)
    affine(program)
    curve.as_term(program, at, last, at.two_d)
    program.setw(at.loop, TERMS_A - 1)
    with program.repeat(at.loop):
        curve.add(program, at, at.twice)
        program.copy(at.table_a, at.table_a + TERM_A, 4 * (TERMS_A - 1))
        curve.as_term(program, at, last, at.two_d)


def affine(program: isa.Program) -> None:
    """The rest of a point of which there are x and y."""
    program.copy(at.z, at.one)
    program.copy(at.e, at.x)  # E H = T, as after the formulas
    program.copy(at.h, at.y)


def combine() -> bytes:
    program = isa.Program()
    with program.repeat(at.loop):
        curve.double(program, at)
        program.pick(
            at.plus, at.digits_a, at.loop, at.table_a, TERM_A, zero="a done", negative="minus a"
        )
        curve.add(program, at, at.plus)
        program.jump("a done")
        program.label("minus a")
        curve.add(program, at, at.plus, negative=True)
        program.label("a done")
        program.pickt(
            *(at.plus, at.digits_b, at.loop, len(_CONSTANTS), TERM_B),
            zero="b done",
            negative="minus b",
        )
        curve.add(program, at, at.plus, affine=True)
        program.jump("b done")
        program.label("minus b")
        curve.add(program, at, at.plus, negative=True, affine=True)
        program.label("b done")
    program.end()
    return program.code()


def encode() -> bytes:
    program = isa.Program()
    curve.encode(program, at)
    program.end()
    return program.code()
