"""Powers modulo p, the prime of P-256, by always the same squarings and products.

Both exponents begin with 32 ones: they take five cells of scratch for z^(2^i - 1), i = 2, 4, 8, 16
and 32. The argument must not lie there.
"""

from .. import isa


def invert(program: isa.Program, d: int, z: int, scratch: list[int]) -> None:
    """d = 1 / z = z^(p - 2), and 0 for 0. ``scratch`` has six cells; d may be z.

    p - 2 in words of 32 bits is ffffffff 00000001 0 0 0 ffffffff ffffffff fffffffd.
    """
    *ones, power = scratch
    ones_2, ones_4, ones_8, ones_16, ones_32 = _ones(program, z, ones)
    x = ones_32
    chain = ((32, z), (128, ones_32), (32, ones_32), (16, ones_16), (8, ones_8))
    for times, factor in (*chain, (4, ones_4), (2, ones_2), (2, z)):
        program.sqr(power, x, times)
        program.mul(power, power, factor)
        x = power
    program.copy(d, power)


def square_root(program: isa.Program, d: int, z: int, scratch: list[int]) -> None:
    """d = z^((p + 1) / 4), a square root of z if there is one. ``scratch`` has five cells.

    (p + 1) / 4 = ((2^32 - 1) 2^128 + 2^96 + 1) 2^94.
    """
    x = _ones(program, z, scratch)[-1]
    for times in (32, 96):
        program.sqr(d, x, times)
        program.mul(d, d, z)
        x = d
    program.sqr(d, d, 94)


def _ones(program, z, cells):
    below = z
    for i, cell in enumerate(cells):
        program.sqr(cell, below, 1 << i)
        program.mul(cell, cell, below)
        below = cell
    return cells
