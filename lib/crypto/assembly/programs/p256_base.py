"""The base point G of P-256 times a secret number: public keys, and points for signatures.

A comb (Lim and Lee, CRYPTO '94) with digits that are never 0, in constant time and half of a
ladder's work. An odd k below 2^256 is, with h = (k - 1) / 2,

    k = s_0 + 2 s_1 + ... + 2^255 s_255       s_i = 1 where bit i of h is 1, else -1; s_255 = 1

since that is 2 (h + 2^255) - (2^256 - 1), twice the bits that are 1 without all that there could
be, bit 255 being set. Column c is

    t_c = s_c + 2^64 s_(64 + c) + 2^128 s_(128 + c) + 2^192 s_(192 + c)

and A = 2 A + t_c, with c from 63 to 0, makes k of 0: 63 doublings and additions, and no digit is
0. The table has the multiples t_c G for s_(192 + c) = 1. That tooth is the sign, and whether each
of the others differs from it chooses. If k is even, n - k is odd and taken, and y negated.

No exception, for no k from 1 to n - 1. An addition fails where 2 A is t, -t or 0 modulo n.
* As integers they are never equal: A and t are odd.
* Before the last column 2 |A| + |t| < 2^255 + 2^194 < n, so they are not equal modulo n either. In
  the last one A is that of column 1, |A| < n: 2 A is not 0 modulo n.
* In the last one 2 A + t = k, so 2 A is not -t. If 2 A were t modulo n, k would be 2 t modulo n.
  As k is odd and |2 t| < n, t would be negative and k = n - 2 |t|, with |t| from 2^192 - 2^129 to
  2^192 + 2^129. Now n modulo 2^224 is less than 2^192 and more than 2^192 - 2^160, so n - 2 |t|
  modulo 2^224 is between 2^224 - 2^193 and 2^224: bit 193 of k is 1, which is bit 192 of h, s_192
  is 1, and t is positive. There is no such k.
A doubling fails for no point.
"""

from .. import isa
from ..model256 import N, P, Program256
from .p256 import G_X, G_Y, R
from .p256_points import add, affine_sum, difference, double
from .power256 import invert

MODULE = "programs_p256_base"

_SPACING = 64  # of the teeth
_TEETH = 4
_ENTRY = 2 * isa.CELL
_ENTRIES = 1 << _TEETH - 1

bank = isa.Bank("loop", "odd", "sign", "choice", "scalar")
# Loaded: n, 1, 1 / 2 and 1 in Montgomery form, and the table, of which a half is chosen from.
bank.more(order=1, unit=1, half=1, one=1, table=2 * _ENTRIES)
bank.more(chosen=_ENTRIES, zero=1, x=1, y=1, z=1, t0=1, t1=1, t2=1, t3=1, t4=1, t5=1)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.p256` needs."""
    return {
        "TABLE": _table(),
        "BANK": bank.size,
        "LOOP": bank.loop,
        "COLUMNS": _SPACING - 1,
        "SCALAR": bank.scalar,
        "X": bank.x,
        "Y": bank.y,
        "BEGIN": _begin(),
        "STEPS": _steps(),
        "END": _end(),
    }


def _table() -> bytes:
    """The cells that are loaded: constants, and 2^192 G + (+-2^128 +-2^64 +-1) G.

    Bit i of an entry's number says that the tooth at 2^(64 i) is -1.
    """
    teeth = [(G_X, G_Y)]
    for _ in range(_TEETH - 1):
        point = teeth[-1]
        for _ in range(_SPACING):
            point = affine_sum(point, point, P)
        teeth.append(point)
    numbers = [N, 1, 2**255, R]
    for entry in range(_ENTRIES):
        point = teeth[-1]
        for i, (x, y) in enumerate(teeth[:-1]):
            point = affine_sum(point, (x, P - y if entry >> i & 1 else y), P)
        numbers += [coordinate * R % P for coordinate in point]
    return b"".join(number.to_bytes(isa.CELL, "little") for number in numbers)


def _begin() -> bytes:
    """h in place of the scalar, and column 63.

    n and what is below it are below p and no difference here is negative, so SUB is that of
    integers; so is the half of an even number. ``odd`` is a mask: k was taken, and not n - k.
    """
    program = Program256()
    program.load(bank.order, 0, 4 + 2 * _ENTRIES)
    program.sub(bank.zero, bank.one, bank.one)
    program.reverse(bank.t0, bank.scalar)
    program.setw(bank.loop + 4, 0)
    program.setw(bank.odd + 4, 0)
    program.bit(bank.odd, bank.t0, bank.loop)
    program.sub(bank.scalar, bank.order, bank.t0)
    program.cmov(bank.scalar, bank.t0, bank.odd)
    program.sub(bank.scalar, bank.scalar, bank.unit)
    program.mul(bank.scalar, bank.scalar, bank.half)
    program.setw(bank.loop + 4, _SPACING - 1)
    _choose(program, first=True)
    program.copy(bank.x, bank.chosen, 2)
    program.copy(bank.z, bank.one)
    program.setw(bank.loop + 4, _SPACING - 2)
    program.end()
    return program.code()


def _steps() -> bytes:
    program = isa.Program()
    with program.repeat(bank.loop):
        _choose(program)
        double(program, bank)
        difference(program, bank, bank.chosen, mixed=True)
        add(program, bank, bank.chosen, mixed=True)
    program.end()
    return program.code()


def _choose(program, first=False):
    """The entry of the column at the loop's position, as x and y in ``chosen``.

    All entries are read: each tooth that chooses keeps one half of those that are left. Tooth i is
    bit ``position`` of the scalar from its word 2 i on, and BIT tells whether it is another bit
    than the one before it, which is made the sign's. That is 1 in the first column, not in h.
    """
    program.copy(bank.chosen, bank.table, _ENTRIES)
    cells = _ENTRIES
    top = bank.scalar + (_TEETH - 1) * _SPACING // 8
    for tooth in reversed(range(_TEETH - 1)):
        if first:
            program.setw(bank.choice + 4, 1)
        else:
            program.bit(bank.choice, top, bank.loop)
        program.bit(bank.choice, bank.scalar + tooth * _SPACING // 8, bank.loop)
        other = bank.table if cells == _ENTRIES else bank.chosen
        for i in range(cells):
            at = isa.CELL * i
            program.cmov(bank.chosen + at, other + isa.CELL * cells + at, bank.choice)
        cells //= 2
    if not first:
        program.setw(bank.sign + 4, 0)
        program.bit(bank.sign, top, bank.loop)
        y = bank.chosen + isa.CELL
        program.copy(bank.t0, y)
        program.sub(y, bank.zero, y)
        program.cmov(y, bank.t0, bank.sign)


def _end() -> bytes:
    """x and y of k G, big-endian."""
    program = Program256()
    power = bank.chosen
    invert(program, bank.z, bank.z, [bank.t0, bank.t1, bank.t2, bank.t3, bank.t4, power])
    program.sqr(bank.t0, bank.z)
    program.mul(bank.x, bank.x, bank.t0)
    program.mul(bank.t0, bank.t0, bank.z)
    program.mul(bank.t1, bank.y, bank.t0)
    program.sub(bank.y, bank.zero, bank.t1)
    program.cmov(bank.y, bank.t1, bank.odd)
    for cell in (bank.x, bank.y):
        program.mul(bank.t0, cell, bank.unit)
        program.reverse(cell, bank.t0)
    program.end()
    return program.code()
