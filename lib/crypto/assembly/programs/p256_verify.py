"""What verifies a P-256 signature: u G + v Q = R and whether x(R) is r modulo n. All is public.

u and v are in signed digits: most are 0, and nothing is added there. Odd
multiples of G are a constant table, those of Q are made first. Points are (X, Y, Z), x = X / Z^2,
y = Y / Z^3, and (1, 1, 0) is the neutral one; in the table of G there is no Z, it is 1.

Who signs may choose numbers that make the sum meet a multiple it is to be added to, or its
opposite. Additions look for that (JUMP_UNLESS_ZERO) and are right for all points.
"""

from .. import isa
from ..model256 import P, Program256
from .order import DIGITS_BYTES, WIDTH_G, WIDTH_Q
from .p256 import G_X, G_Y, R

MODULE = "programs_p256_verify"

_POINT = 3 * isa.CELL
_MULTIPLES = 1 << WIDTH_Q - 2

bank = isa.Bank("loop", "same", "same_plus", "r", "r_plus", digits=18, multiples=3 * _MULTIPLES)
# Loaded from the table: what makes Montgomery form, a neutral point, and the Z of what is picked
# from the table of G.
bank.more(square_r=1, neutral=3, one=1)
bank.more(x=1, y=1, z=1, q_x=1, q_y=1, q_z=1, g_x=1, g_y=1, g_z=1)
bank.more(**{f"t{i}": 1 for i in range(9)})

_LOADED = (R * R % P, R, R, 0, R)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.es256` needs."""
    return {
        "TABLE": _table(),
        "BANK": bank.size,
        "LOOP": bank.loop,
        "BITS": 257,
        "DIGITS": bank.digits,
        "PUBLIC": bank.x,
        "R": bank.r,
        "R_PLUS": bank.r_plus,
        "SAME": bank.same,
        "SAME_PLUS": bank.same_plus,
        "BEGIN": _begin(),
        "STEPS": _steps(),
        "END": _end(),
    }


def _table() -> bytes:
    """The cells that are loaded, then x and y of 1, 3, 5, ... times G, in Montgomery form."""
    numbers = [*_LOADED]
    point = G_X, G_Y
    twice = _affine_sum(point, point)
    for _ in range(1 << WIDTH_G - 2):
        numbers += [coordinate * R % P for coordinate in point]
        point = _affine_sum(point, twice)
    return b"".join(number.to_bytes(32, "little") for number in numbers)


def _affine_sum(p, q):
    if p == q:
        slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def _begin() -> bytes:
    """The public key's odd multiples. It was checked to be a point; all is given big-endian."""
    program = Program256()
    program.load(bank.square_r, 0, len(_LOADED))
    program.copy(bank.g_z, bank.one)
    for cell in (bank.x, bank.y, bank.r, bank.r_plus):
        program.reverse(bank.t0, cell)
        program.mul(cell, bank.t0, bank.square_r)
    program.copy(bank.z, bank.one)
    program.copy(bank.multiples + _POINT * (_MULTIPLES - 1), bank.x, 3)
    program.copy(bank.t5, bank.x, 3)
    _double(program)
    program.copy(bank.q_x, bank.x, 3)
    program.copy(bank.x, bank.t5, 3)
    program.setw(bank.loop, _MULTIPLES - 1)
    with program.repeat(bank.loop):
        # No exception: 1, 3, ... 13 times a point are neither 2 nor -2 times it.
        _difference(program, bank.q_x, mixed=False)
        _sum(program, bank.q_x, mixed=False)
        program.copy(bank.multiples, bank.multiples + _POINT, 3 * (_MULTIPLES - 1))
        program.copy(bank.multiples + _POINT * (_MULTIPLES - 1), bank.x, 3)
    program.copy(bank.x, bank.neutral, 3)
    for word, value in enumerate((0, 256, 0, 0)):
        program.setw(bank.loop + 4 * word, value)
    program.end()
    return program.code()


def _steps() -> bytes:
    program = Program256()
    with program.repeat(bank.loop):
        _double(program)
        digits = bank.digits + DIGITS_BYTES
        program.pick(bank.q_x, digits, bank.loop, bank.multiples, _POINT, "after q", "minus q")
        _add(program, "q", bank.q_x, mixed=False)
        start = isa.CELL * len(_LOADED)
        size = 2 * isa.CELL
        program.pickt(bank.g_x, bank.digits, bank.loop, start, size, "after g", "minus g")
        _add(program, "g", bank.g_x, mixed=True)
    program.end()
    return program.code()


def _end() -> bytes:
    """X = r Z^2, or (r + n) Z^2 if that is below p: the masks ``same`` and ``same_plus``.

    Neither is so for (1, 1, 0).
    """
    program = Program256()
    program.sqr(bank.t0, bank.z)
    program.mul(bank.t1, bank.t0, bank.r)
    program.eq(bank.same, bank.t1, bank.x)
    program.mul(bank.t1, bank.t0, bank.r_plus)
    program.eq(bank.same_plus, bank.t1, bank.x)
    program.end()
    return program.code()


def _double(program):
    """The point in x: 4 products, 4 squares, 12 additions."""
    x, y, z = bank.x, bank.y, bank.z
    z_2, m, t, y_2_twice, s = bank.t0, bank.t1, bank.t2, bank.t3, bank.t4
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


_u_1, _s_1, _h, _r = bank.t0, bank.t1, bank.t2, bank.t3


def _difference(program, other, mixed):
    """u_1 = X_1 Z_2^2, s_1 = Y_1 Z_2^3, h = X_2 Z_1^2 - u_1, r = Y_2 Z_1^3 - s_1."""
    other_x, other_y, other_z = other, other + isa.CELL, other + 2 * isa.CELL
    if mixed:
        program.copy(_u_1, bank.x, 2)
    else:
        program.sqr(_h, other_z)
        program.mul(_u_1, bank.x, _h)
        program.mul(_h, _h, other_z)
        program.mul(_s_1, bank.y, _h)
    program.sqr(_r, bank.z)
    program.mul(_h, other_x, _r)
    program.sub(_h, _h, _u_1)
    program.mul(_r, _r, bank.z)
    program.mul(_r, other_y, _r)
    program.sub(_r, _r, _s_1)


def _sum(program, other, mixed):
    """The sum if h is not 0: it goes to the point in x."""
    h_2, v = bank.t4, bank.t5
    if not mixed:
        program.mul(bank.z, bank.z, other + 2 * isa.CELL)
    program.mul(bank.z, bank.z, _h)
    program.sqr(h_2, _h)
    program.mul(_h, _h, h_2)
    program.mul(v, _u_1, h_2)
    program.sqr(bank.x, _r)
    program.sub(bank.x, bank.x, _h)
    program.sub(bank.x, bank.x, v)
    program.sub(bank.x, bank.x, v)
    program.sub(v, v, bank.x)
    program.mul(bank.y, _r, v)
    program.mul(_s_1, _s_1, _h)
    program.sub(bank.y, bank.y, _s_1)


def _add(program, name, other, mixed):
    """What follows a pick: the picked point or its opposite comes to the point in x."""
    program.jump(f"add {name}")
    program.label(f"minus {name}")
    y = other + isa.CELL
    program.sub(y, bank.neutral + 2 * isa.CELL, y)
    program.label(f"add {name}")
    program.jump_unless_zero(bank.z, f"both {name}")
    program.copy(bank.x, other, 3)
    program.jump(f"after {name}")
    program.label(f"both {name}")
    _difference(program, other, mixed)
    program.jump_unless_zero(_h, f"different {name}")
    program.jump_unless_zero(_r, f"opposite {name}")
    program.copy(bank.x, other, 3)
    _double(program)
    program.jump(f"after {name}")
    program.label(f"opposite {name}")
    program.copy(bank.x, bank.neutral, 3)
    program.jump(f"after {name}")
    program.label(f"different {name}")
    _sum(program, other, mixed)
    program.label(f"after {name}")
