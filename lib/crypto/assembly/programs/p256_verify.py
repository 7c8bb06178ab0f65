"""What verifies a P-256 signature: u G + v Q = R and whether x(R) is r modulo n. All is public.

u and v are in signed digits: most are 0, and nothing is added there. Odd multiples of G are a
constant table, those of Q are made first. Points are those of :mod:`.p256_points`, (1, 1, 0) the
neutral one; in the table of G there is no Z, it is 1.

Who signs may choose numbers that make the sum meet a multiple it is to be added to, or its
opposite. Additions look for that (JUMP_UNLESS_ZERO) and are right for all points.
"""

from .. import isa
from ..model256 import P, Program256
from .order import DIGITS_BYTES, WIDTH_G, WIDTH_Q
from .p256 import G_X, G_Y, R
from .p256_points import add, affine_sum, difference, differences, double

MODULE = "programs_p256_verify"

_POINT = 3 * isa.CELL
_MULTIPLES = 1 << WIDTH_Q - 2

bank = isa.Bank("loop", "same", "same_plus", "r", "r_plus", digits=18, multiples=3 * _MULTIPLES)
# Loaded from the table: what makes Montgomery form, a neutral point, and the Z of what is picked
# from the table of G.
bank.more(square_r=1, neutral=3, one=1)
bank.more(x=1, y=1, z=1, q_x=1, q_y=1, q_z=1, g_x=1, g_y=1, g_z=1)
bank.more(**{f"t{i}": 1 for i in range(6)})

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
    twice = affine_sum(point, point, P)
    for _ in range(1 << WIDTH_G - 2):
        numbers += [coordinate * R % P for coordinate in point]
        point = affine_sum(point, twice, P)
    return b"".join(number.to_bytes(32, "little") for number in numbers)


def _begin() -> bytes:
    """The public key's odd multiples. It was checked to be a point; all is given big-endian."""
    program = Program256()
    program.load(bank.square_r, 0, len(_LOADED))
    program.copy(bank.g_z, bank.one)
    for cell in (bank.x, bank.y, bank.r, bank.r_plus):
        program.reverse(bank.t0, cell)
        program.mul(cell, bank.t0, bank.square_r)
    program.copy(bank.z, bank.one)
    last = bank.multiples + _POINT * (_MULTIPLES - 1)
    program.copy(last, bank.x, 3)
    double(program, bank)
    program.copy(bank.q_x, bank.x, 3)
    program.copy(bank.x, last, 3)
    program.setw(bank.loop, _MULTIPLES - 1)
    with program.repeat(bank.loop):
        # No exception: 1, 3, ... 13 times a point are neither 2 nor -2 times it.
        difference(program, bank, bank.q_x, mixed=False)
        add(program, bank, bank.q_x, mixed=False)
        program.copy(bank.multiples, bank.multiples + _POINT, 3 * (_MULTIPLES - 1))
        program.copy(last, bank.x, 3)
    program.copy(bank.x, bank.neutral, 3)
    for word, value in enumerate((0, 256, 0, 0)):
        program.setw(bank.loop + 4 * word, value)
    program.end()
    return program.code()


def _steps() -> bytes:
    program = Program256()
    with program.repeat(bank.loop):
        double(program, bank)
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
    difference(program, bank, other, mixed)
    h, r = differences(bank)
    program.jump_unless_zero(h, f"different {name}")
    program.jump_unless_zero(r, f"opposite {name}")
    program.copy(bank.x, other, 3)
    double(program, bank)
    program.jump(f"after {name}")
    program.label(f"opposite {name}")
    program.copy(bank.x, bank.neutral, 3)
    program.jump(f"after {name}")
    program.label(f"different {name}")
    add(program, bank, other, mixed)
    program.label(f"after {name}")
