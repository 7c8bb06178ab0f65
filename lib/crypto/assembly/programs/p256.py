"""A point of P-256 times a secret number, by a ladder: ECDH.

The ladder is Hamburg's ("Faster Montgomery and double-add ladders for short Weierstrass curves",
TCHES 2020): 8 products, 3 squares and 7 additions a bit, no table, the same for every number.

For a base point B it keeps Q = j B and R = -(j + 1) B, with j the upper bits of the multiplier so
far. B, Q and R add up to nothing, so they lie on one line, and what is kept is

    u = x(Q) - x(B)     v = x(R) - x(B)     m = twice the slope     w = 2 y(B)

times Z^2, Z^2, Z and Z^3 with a Z that nobody needs to know. A step puts 2 Q and R - Q in the
places of Q and R. It is derived on the line: with e = 2 y(Q) = w + m u and d = u - v, and
2 y(R) = e - m d,

    x(R - Q) - x(B) = 4 y(Q) y(R) / d^2         x(2 Q) - x(B) = (u d / e)^2 - w d / e
    twice the slope through B, 2 Q, R - Q   = m + 4 y(R) / d - 2 u d / e

brought to the denominator Z = e d. For a bit that is 1, Q and R change places before and after:
the line stays the same, and what they become is (2 j + 1) B and -(2 j + 2) B.

Which multiplier. k and n - k give the same x, and opposite y. Of them take the one that is 2^255
or more, or n - k if k is not: either way k' is from n - 2^255 + 1 to n - 1 [n - k > n - 2^255 >=
2^255 - 2^224]. The ladder's multiplier is K = k' + 2 n, a number of 258 bits that always begins
with 10: K - 2^257 = k' - (2^257 - 2 n) lies between 0 and n. It begins with j = 1 and does the 0.

No exception, for no k from 1 to n - 1. A step fails only where it divides by zero:
* e = 0, y(Q) = 0: there is no such point, since n is odd.
* d = 0, Q = R [Q = -R would be B = 0], (2 j + 1) B = 0. Then 2 j + 1 is n or 3 n, because it is
  odd and at most K + 1 <= 3 n. If n, then j = (n - 1) / 2, of 255 bits, would be K without its
  last three bits and K >= 4 n - 4, but K < 3 n. If 3 n, then j is K without its last bit, which
  is 0, as K <= 3 n - 1. So this is the last step, K = 3 n - 1, k' = n - 1, k is 1 or n - 1, and
  the result is Q = -B. The formulas make u, w and Z zero then, and what ends the ladder takes
  1 / 0 as 0: x(Q) = x(B) + u * 0, which is right.
* Q or R is 0 at the beginning of a step, so that there is no such line: then the step before had
  2 j + 1 = n, as above.
Where Q or R is B or -B, the slope is that of a tangent or follows by continuity: the formulas have
no other poles. So all values are right up to the last step, and the result is.

At the end, since u + v = m^2 / 4 - 3 x(B) Z^2 on a line,

    m^2 - 4 (u + v) = 12 x(B) Z^2        1 / Z^2 = 12 x(B) / (m^2 - 4 (u + v))

which needs x(B), public, not to be 0. For x(B) = 0 the product of the three x on the line gives
1 / Z^2 = 4 y(B)^2 (u v + m w / 2) / (-3 w^2), and another program takes that.
"""

from .. import isa
from ..model256 import N, P, Program256
from .power256 import invert, square_root

MODULE = "programs_p256"

R = 2**256 % P
G_X = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
G_Y = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5
B_256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

# The table: numbers, one a cell, in the order of the bank's cells they are loaded to.
_LOADED = {
    "order": N,
    "excess": 2**257 - 2 * N,
    "square_r": R * R % P,
    "one": R,
    "unit": 1,
    "b": B_256 * R % P,
}
TABLE = b"".join(number.to_bytes(32, "little") for number in _LOADED.values())

bank = isa.Bank("loop", "swap", "flip", "valid", "scalar", *_LOADED, "x", "y", "right", "slope")
bank.more(u=1, v=1, m=1, w=1, zero=1, t0=1, t1=1, t2=1, t3=1, t4=1, t5=1, t6=1)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.p256` needs."""
    return {
        "TABLE": TABLE,
        "BANK": bank.size,
        "LOOP": bank.loop,
        "BITS": 256,
        "VALID": bank.valid,
        "SCALAR": bank.scalar,
        "X": bank.x,
        "Y": bank.y,
        "LOAD_POINT": _load_point(),
        "LOAD_X": _load_x(),
        "BEGIN": _begin(),
        "STEPS": _steps(),
        "X_END": _end_x(),
        "X_END_AT_0": _end_x_at_0(),
    }


def _load(program):
    program.load(bank.order, 0, len(_LOADED))
    program.sub(bank.zero, bank.one, bank.one)


def _montgomery(program, *cells):
    """Numbers that are given, which are big-endian."""
    for cell in cells:
        program.reverse(bank.t0, cell)
        program.mul(cell, bank.t0, bank.square_r)


def _number(program, cell):
    """The other way round."""
    program.mul(bank.t0, cell, bank.unit)
    program.reverse(cell, bank.t0)


def _load_point() -> bytes:
    """x and y, both below p, as they come; ``valid`` is a mask: is that a point?"""
    program = Program256()
    _load(program)
    _montgomery(program, bank.x, bank.y)
    _right_side(program)
    _check(program)
    return program.code()


def _load_x() -> bytes:
    """x alone: y becomes a square root of the right side, if there is one."""
    program = Program256()
    _load(program)
    _montgomery(program, bank.x)
    _right_side(program)
    square_root(program, bank.y, bank.right, [*_ones])
    _check(program)
    return program.code()


def _right_side(program):
    """right = x^3 - 3 x + b, slope = 3 x^2 - 3."""
    program.sqr(bank.t0, bank.x)
    program.sub(bank.slope, bank.t0, bank.one)
    program.sub(bank.t0, bank.slope, bank.one)
    program.sub(bank.t0, bank.t0, bank.one)
    program.mul(bank.t0, bank.t0, bank.x)
    program.add(bank.right, bank.t0, bank.b)
    program.add(bank.t0, bank.slope, bank.slope)
    program.add(bank.slope, bank.slope, bank.t0)


def _check(program):
    program.sqr(bank.t0, bank.y)
    program.eq(bank.valid, bank.t0, bank.right)
    program.end()


def _begin() -> bytes:
    """The multiplier, and the ladder at j = 2.

    n and what is above it are below p and no difference here is negative: SUB modulo p is that of
    integers. ``flip`` is a mask: k was taken, and not n - k.
    """
    program = Program256()
    program.reverse(bank.t1, bank.scalar)
    program.setw(bank.loop + 4, 255)
    program.setw(bank.flip + 4, 0)
    program.bit(bank.flip, bank.t1, bank.loop)
    program.sub(bank.t0, bank.order, bank.t1)
    program.cmov(bank.t0, bank.t1, bank.flip)
    program.sub(bank.scalar, bank.t0, bank.excess)
    # j = 1: Q = B, R = -2 B, and Z = 2 y. 2 * the slope of the tangent there is 2 slope / (2 y).
    program.add(bank.m, bank.slope, bank.slope)
    program.add(bank.t0, bank.right, bank.right)
    program.add(bank.t0, bank.t0, bank.t0)
    program.sqr(bank.w, bank.t0)  # 2 y (2 y)^3 = (4 y^2)^2
    program.mul(bank.t0, bank.t0, bank.x)  # x(B) Z^2
    program.sqr(bank.v, bank.slope)
    for _ in range(3):
        program.sub(bank.v, bank.v, bank.t0)
    program.copy(bank.u, bank.zero)
    _step(program)
    program.setw(bank.swap + 4, 0)
    program.end()
    return program.code()


def _steps() -> bytes:
    program = isa.Program()
    with program.repeat(bank.loop):
        program.bit(bank.swap, bank.scalar, bank.loop)
        program.cswap(bank.u, bank.v, bank.swap)
        _step(program)
    program.end()
    return program.code()


def _step(program):
    """8 products, 3 squares, 7 additions: see above."""
    u, v, m, w = bank.u, bank.v, bank.m, bank.w
    e, d, d_2, e_2, ud, ed, ted = (bank.offsets[f"t{i}"] for i in range(7))
    program.mul(e, m, u)
    program.add(e, e, w)
    program.sub(d, u, v)
    program.mul(ed, e, d)
    program.sqr(d_2, d)
    program.sqr(e_2, e)
    program.mul(ud, u, d_2)
    program.mul(m, m, ed)
    program.sub(ted, e_2, m)  # e * 2 y(R)
    program.mul(w, w, ed)
    program.mul(w, w, d_2)
    program.sqr(u, ud)
    program.sub(u, u, w)
    program.mul(v, ted, e_2)
    program.add(m, ted, e_2)
    program.sub(m, m, ud)
    program.sub(m, m, ud)
    program.mul(w, w, e_2)


_ones = [bank.offsets[f"t{i}"] for i in range(2, 7)]


def _invert(program, d):
    invert(program, d, d, [*_ones, bank.zero])
    program.sub(bank.zero, bank.one, bank.one)


def _last_swap(program):
    """Undo the exchange of the last bit, as a bit 0 after it would."""
    program.setw(bank.loop + 4, 0)
    program.bit(bank.swap, bank.zero, bank.loop)
    program.cswap(bank.u, bank.v, bank.swap)


def _end_x() -> bytes:
    """x = x(Q), 0 to p - 1 and big-endian; x(B) must not be 0."""
    program = Program256()
    _last_swap(program)
    _twelve_x_z_2(program, bank.t0)
    _invert(program, bank.t0)
    _x_of_q(program, bank.t0)
    _number(program, bank.x)
    program.end()
    return program.code()


def _twelve_x_z_2(program, d):
    program.add(bank.t6, bank.u, bank.v)
    program.add(bank.t6, bank.t6, bank.t6)
    program.add(bank.t6, bank.t6, bank.t6)
    program.sqr(d, bank.m)
    program.sub(d, d, bank.t6)


def _x_of_q(program, inverse):
    """x(B) becomes x(Q); ``inverse`` is that of 12 x(B) Z^2."""
    program.mul(bank.t6, bank.u, bank.x)
    program.mul(bank.t6, bank.t6, inverse)
    program.add(bank.t5, bank.t6, bank.t6)
    program.add(bank.t6, bank.t5, bank.t6)
    program.add(bank.t6, bank.t6, bank.t6)
    program.add(bank.t6, bank.t6, bank.t6)
    program.add(bank.x, bank.x, bank.t6)


def _end_x_at_0() -> bytes:
    """The same if x(B) is 0."""
    program = Program256()
    _last_swap(program)
    program.sqr(bank.t0, bank.w)
    program.add(bank.t1, bank.t0, bank.t0)
    program.add(bank.t0, bank.t0, bank.t1)
    _invert(program, bank.t0)  # of 3 w^2
    program.mul(bank.t6, bank.u, bank.v)
    program.add(bank.t6, bank.t6, bank.t6)
    program.mul(bank.t5, bank.m, bank.w)
    program.add(bank.t6, bank.t6, bank.t5)
    program.mul(bank.t6, bank.t6, bank.right)
    program.add(bank.t6, bank.t6, bank.t6)  # 4 y^2 (u v + m w / 2)
    program.mul(bank.t6, bank.t6, bank.t0)
    program.mul(bank.t6, bank.t6, bank.u)
    program.sub(bank.t6, bank.zero, bank.t6)
    program.copy(bank.x, bank.t6)
    _number(program, bank.x)
    program.end()
    return program.code()
