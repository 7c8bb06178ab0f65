"""Ed25519's verification under a key that is known before: two thirds of what it takes otherwise.

S B - k A as in :mod:`.ed25519_verify`, in its bank, with both numbers cut in eight: 2^32, 2^64,
... 2^224 times -A and B are there before the signature is, so 32 doublings do instead of 256.
Those of B are the tables of :mod:`.ed25519_base`. All numbers are public.

COLUMN  Eight times after DECODE, each less than a step: the term of -A goes behind those that
        there are from TABLE_A on, and 2^32 times the point takes its place. POINTS: their bytes.
BEGIN   Before: K, S, and at TABLE_A what COLUMN made. The point is the neutral one.
ROWS    As often as word 0 of LOOP says, of ROW_COUNT rows in all: a doubling, and sixteen digits.
        Its table is that of :mod:`.ed25519_base`.

ENCODE of :mod:`.ed25519_verify` comes last.
"""

from .. import isa
from . import ed25519_base, ed25519_verify
from . import edwards25519 as curve

MODULE = "programs_ed25519_known"

COLUMNS = ed25519_base.TABLES
ROWS = 256 // COLUMNS
# Non-adjacent forms. Of -A there are no multiples; of B 1, 3, 5 and 7, among those up to 8.
WIDTH_A, WIDTH_B = 2, 4
TERM = 3 * isa.CELL

at = ed25519_verify.at
column_a, column_b, next_column, next_row = (at.twice + isa.CELL * i for i in range(4))


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.ed25519_known` needs besides those of a verification.

    Raises ValueError for a program that has no room where a verification's has.
    """
    longest = max(len(program) for program in (column(), begin(), rows()))
    if longest > ed25519_verify.longest():
        raise ValueError(f"{longest} bytes are more than a verification's programs take")
    return {
        "TABLE_A": at.table_a,
        "POINTS": COLUMNS * TERM,
        "COLUMNS": COLUMNS,
        "ROW_COUNT": ROWS,
        "COLUMN": column(),
        "BEGIN": begin(),
        "ROWS": rows(),
    }


def column() -> bytes:
    """x and y of the point, affine, are at plus and minus, where DECODE leaves those of -A."""
    program = isa.Program()
    last = at.table_a + TERM * (COLUMNS - 1)
    program.copy(at.table_a, at.table_a + TERM, 3 * (COLUMNS - 1))
    program.copy(at.x, at.plus, 2)
    ed25519_verify.affine(program)
    program.sumdif(last, at.y, at.x)
    program.mul(at.t, at.x, at.y)
    program.mul(last + 2 * isa.CELL, at.t, at.two_d)
    program.setw(at.loop, ROWS)
    with program.repeat(at.loop):
        curve.double(program, at)
    curve.invert(program, at.s, at.z, [at.h, at.e, at.t])
    program.mul(at.plus, at.x, at.s)
    program.mul(at.minus, at.y, at.s)
    program.end()
    return program.code()


def begin() -> bytes:
    program = isa.Program()
    ed25519_verify.load_constants(program)
    program.wnaf(at.digits_a, at.k, WIDTH_A)
    program.wnaf(at.digits_b, at.s_of_signature, WIDTH_B)
    ed25519_verify.neutral(program)
    program.copy(at.loop, at.constant_zero)
    for cell in (column_a, column_b, next_column, next_row):
        program.copy(cell, at.constant_zero)
    # Digits 32 j + i are taken with j from 0 to 7 and i from 31 to 0, as in :mod:`.ed25519_base`.
    program.setw(next_column + 4, ROWS + 1)
    program.setw(next_row + 4, -(ROWS * COLUMNS + 1))
    for cell, size in ((column_a, TERM), (column_b, ed25519_base.ENTRIES * TERM)):
        program.setw(cell + 4, ROWS - 1)
        program.setw(cell + 12, size)
    program.end()
    return program.code()


def rows() -> bytes:
    program = isa.Program()
    with program.repeat(at.loop):
        curve.double(program, at)
        for cell, pick in ((column_a, _pick_a), (column_b, _pick_b)):
            program.setw(cell, COLUMNS)
            program.setw(cell + 8, 0)
            with program.repeat(cell):
                _add_digit(program, pick, f"of {cell}")
                program.add(cell, cell, next_column)
            program.add(cell, cell, next_row)
    program.end()
    return program.code()


def _pick_a(program, **labels):
    program.pick(at.plus, at.digits_a, column_a, at.table_a, TERM, **labels)


def _pick_b(program, **labels):
    program.pickt(at.plus, at.digits_b, column_b, 0, 2 * TERM, **labels)


def _add_digit(program, pick, name):
    pick(program, zero=f"done {name}", negative=f"minus {name}")
    curve.add(program, at, at.plus, affine=True)
    program.jump(f"done {name}")
    program.label(f"minus {name}")
    curve.add(program, at, at.plus, negative=True, affine=True)
    program.label(f"done {name}")
