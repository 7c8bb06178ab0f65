"""Points of P-256 as (X, Y, Z), x = X / Z^2, y = Y / Z^3: doubling and adding.

``at`` is a bank with the cells x, y, z, in this order, of the point that changes, and t0 to t5 for
scratch. The formulas for adding have an exception: two points that are equal or opposite, or one
that is neutral. Whoever adds says why that cannot be, or asks between `difference` and `add`.
"""

from .. import isa


def double(program: isa.Program, at: isa.Bank) -> None:
    """4 products, 4 squares, 12 additions. Right for all points, the neutral (1, 1, 0) too."""
    x, y, z = at.x, at.y, at.z
    z_2, m, t, y_2_twice, s = at.t0, at.t1, at.t2, at.t3, at.t4
    program.sqr(z_2, z)
    program.sub(m, x, z_2)
    program.add(t, x, z_2)
    program.mul(m, m, t)
    program.add(t, m, m)
    program.add(m, m, t)  # 3 (X - Z^2) (X + Z^2)
    program.sqr(t, y)
    program.add(y_2_twice, t, t)
    program.mul(s, x, y_2_twice)
    program.add(s, s, s)  # 4 X Y^2
    program.add(t, y, y)
    program.mul(z, z, t)
    program.sqr(x, m)
    program.add(t, s, s)
    program.sub(x, x, t)
    program.sub(s, s, x)
    program.mul(m, m, s)
    program.sqr(t, y_2_twice)
    program.add(t, t, t)  # 8 Y^4
    program.sub(y, m, t)


def differences(at: isa.Bank) -> tuple[int, int]:
    """Where `difference` leaves h, 0 if x is the same, and r, 0 if y is."""
    return at.t2, at.t3


def difference(program: isa.Program, at: isa.Bank, other: int, mixed: bool) -> None:
    """h = X_2 Z_1^2 - X_1 Z_2^2 and r = Y_2 Z_1^3 - Y_1 Z_2^3.

    The other point begins at ``other``; it has no Z, it is 1, if ``mixed``.
    """
    other_x, other_y, other_z = other, other + isa.CELL, other + 2 * isa.CELL
    u_1, s_1 = at.t0, at.t1
    h, r = differences(at)
    if mixed:
        program.copy(u_1, at.x, 2)
    else:
        program.sqr(h, other_z)
        program.mul(u_1, at.x, h)
        program.mul(h, h, other_z)
        program.mul(s_1, at.y, h)
    program.sqr(r, at.z)
    program.mul(h, other_x, r)
    program.sub(h, h, u_1)
    program.mul(r, r, at.z)
    program.mul(r, other_y, r)
    program.sub(r, r, s_1)


def add(program: isa.Program, at: isa.Bank, other: int, mixed: bool) -> None:
    """The sum, if h is not 0. With `difference` 12 products and 4 squares, ``mixed`` 8 and 3."""
    u_1, s_1, h_2, v = at.t0, at.t1, at.t4, at.t5
    h, r = differences(at)
    if not mixed:
        program.mul(at.z, at.z, other + 2 * isa.CELL)
    program.mul(at.z, at.z, h)
    program.sqr(h_2, h)
    program.mul(h, h, h_2)
    program.mul(v, u_1, h_2)
    program.sqr(at.x, r)
    program.sub(at.x, at.x, h)
    program.sub(at.x, at.x, v)
    program.sub(at.x, at.x, v)
    program.sub(v, v, at.x)
    program.mul(at.y, r, v)
    program.mul(s_1, s_1, h)
    program.sub(at.y, at.y, s_1)


def affine_sum(p: tuple[int, int], q: tuple[int, int], modulus: int) -> tuple[int, int]:
    """p + q of plain coordinates, for tables; neither is neutral or the other's opposite."""
    if p == q:
        slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, modulus)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, modulus)
    x = (slope * slope - p[0] - q[0]) % modulus
    return x, (slope * (p[0] - x) - p[1]) % modulus
