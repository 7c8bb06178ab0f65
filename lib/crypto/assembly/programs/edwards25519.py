"""Points of edwards25519 in the field VM: -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 section 5.1.4).

A point has the cells x, y and z (x = X / Z, y = Y / Z). Its T, with x y = T / Z, is E H of the
formula that made it; E and H stay in their cells, and an addition, which alone needs T, begins by
multiplying them. So a doubling that no addition follows does not pay for it.

What is added is a *term*: (Y + X, Y - X, 2 d T, 2 Z), four cells, or three if Z is 1. Both
formulas (dbl-2008-hwcd and add-2008-hwcd-3) hold for all points, equal and neutral ones too.
"""

from .. import isa

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)

Affine = tuple[int, int]


def bank() -> isa.Bank:
    """The cells that these programs work on; more may follow. The order of most matters."""
    return isa.Bank(
        *("x", "y", "z"),
        *("h", "e", "g", "f", "t", "s"),  # h and e, g and f are results of SUMDIF
        *("plus", "minus", "t2d", "z2"),  # a term
    )


def double(program: isa.Program, at: isa.Bank) -> None:
    """The point twice. All four factors have the other sign than in the literature."""
    program.sqr(at.h, at.x)
    program.sqr(at.e, at.y)
    program.add(at.s, at.x, at.y)
    program.sqr(at.s, at.s)
    program.sqr(at.t, at.z)
    program.add(at.t, at.t, at.t)
    program.sumdif(at.h, at.h, at.e)
    program.add(at.f, at.t, at.e)  # e is still what is called g
    program.mul(at.z, at.f, at.e)
    program.mul(at.y, at.e, at.h)
    program.sub(at.e, at.h, at.s)
    program.mul(at.x, at.e, at.f)


def add(program: isa.Program, at: isa.Bank, term: int, negative=False, affine=False) -> None:
    """The point plus, or minus, a term. If it is ``affine``, it has only three cells."""
    plus, minus, t2d, z2 = (term + isa.CELL * i for i in range(4))
    g, f = at.g, at.f
    if negative:  # Y + X and Y - X change places, and 2 d T has the other sign
        plus, minus, g, f = minus, plus, f, g
    program.mul(at.t, at.e, at.h)
    program.sumdif(at.h, at.y, at.x)
    program.mul(at.h, at.h, plus)
    program.mul(at.e, at.e, minus)
    program.mul(at.t, at.t, t2d)
    if affine:
        program.add(at.s, at.z, at.z)
    else:
        program.mul(at.s, at.z, z2)
    program.sumdif(at.h, at.h, at.e)
    program.sumdif(at.g, at.s, at.t)
    program.mul(at.x, at.e, f)
    program.mul(at.y, g, at.h)
    program.mul(at.z, f, g)


def as_term(program: isa.Program, at: isa.Bank, term: int, two_d: int) -> None:
    """The term of the point; ``two_d`` is the cell with 2 d."""
    program.sumdif(term, at.y, at.x)
    program.mul(at.t, at.e, at.h)
    program.mul(term + 2 * isa.CELL, at.t, two_d)
    program.add(term + 3 * isa.CELL, at.z, at.z)


def invert(program: isa.Program, d: int, z: int, scratch: list[int]) -> None:
    """d = 1 / z = z^(p - 2) = z^(2^255 - 21), and 0 for 0. Three cells of scratch."""
    z_11, ones, t = scratch
    _ones_250(program, d, z, scratch)
    program.sqr(t, ones, 5)
    program.mul(d, t, z_11)


def root_power(program: isa.Program, d: int, z: int, scratch: list[int]) -> None:
    """d = z^((p - 5) / 8) = z^(2^252 - 3). Three cells of scratch."""
    _, ones, t = scratch
    _ones_250(program, d, z, scratch)
    program.sqr(t, ones, 2)
    program.mul(d, t, z)


def _ones_250(program, d, z, scratch):
    """In scratch: z^11 and z^(2^250 - 1), whose exponent is 250 ones. d is used: it is not z."""
    z_11, ones, t = scratch
    program.sqr(t, z)
    program.sqr(ones, t, 2)
    program.mul(ones, ones, z)  # z^9
    program.mul(z_11, ones, t)
    program.sqr(t, z_11)
    program.mul(ones, ones, t)  # five ones
    program.sqr(t, ones, 5)
    program.mul(ones, ones, t)
    for count in (10, 50):  # makes five times as many
        program.sqr(t, ones, count)
        program.mul(t, t, ones)
        program.sqr(d, t, 2 * count)
        program.mul(t, t, d)
        program.sqr(t, t, count)
        program.mul(ones, ones, t)


def encode(program: isa.Program, at: isa.Bank) -> None:
    """x and y of the point, canonical, in the cells x and y: y, and the lowest bit of x, are the
    encoding."""
    invert(program, at.s, at.z, [at.h, at.e, at.t])
    for cell in (at.x, at.y):
        program.mul(cell, cell, at.s)
        program.freeze(cell, cell)


# On the computer that makes the tables: points (x, y).

_BASE_Y = 4 * pow(5, -1, P) % P
_BASE_X = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A
BASE: Affine = (_BASE_X, _BASE_Y)
NEUTRAL: Affine = (0, 1)


def sum_of(a: Affine, b: Affine) -> Affine:
    """RFC 8032 section 5.1.4, in the affine form of section 5.1."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def multiple(k: int, point: Affine) -> Affine:
    result = NEUTRAL
    for bit in f"{k:b}":
        result = sum_of(result, result)
        if bit == "1":
            result = sum_of(result, point)
    return result


def cells(*numbers: int) -> bytes:
    return b"".join((number % P).to_bytes(isa.CELL, "little") for number in numbers)


def affine_term(point: Affine) -> bytes:
    """Three cells."""
    x, y = point
    return cells(y + x, y - x, 2 * D * x * y)
