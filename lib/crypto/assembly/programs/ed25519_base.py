"""A secret number times B, the base point of Ed25519: always the same instructions.

k, below 2^253, has 64 digits of -8 to 7 to the base 16. TABLE holds 1 to 8 times 16^(8 j) B for j
from 0 to 7, so eight digits of a *row*, 8 j + i for one i, are added without a doubling in
between, and 16 is multiplied by only seven times. Each digit is added by the same formula, that of
0 too.

Two programs:

MULTIPLY  Before: k in SCALAR, all else zero, and word 0 of ROWS: as many rows as this run shall
          do. Then from its byte AGAIN on, with the rest of the eight in ROWS.
ENCODE    After: y and x canonical in their cells.
"""

from .. import isa
from . import edwards25519 as curve

MODULE = "programs_ed25519_base"

WINDOW = 4
ENTRIES = 1 << (WINDOW - 1)
TABLES = 8
ROWS = 8  # digits to a table
TERM = 3 * isa.CELL

at = curve.bank()
at.more(scalar=1, digits=3, rows=1, column=1, doublings=1)
at.more(next_column=1, next_row=1, sign=1, constant_zero=1, neutral=3)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.ed25519` needs."""
    return {
        "TABLE": _table(),
        "BANK": at.size,
        "X": at.x,
        "Y": at.y,
        "SCALAR": at.scalar,
        "ROWS": at.rows,
        "LONGEST": max(len(program) for program in (multiply(), encode())),
        "MULTIPLY": multiply(),
        "AGAIN": _start_size(),
        "ENCODE": encode(),
    }


def _table():
    table, point = b"", curve.BASE
    for _ in range(TABLES):
        several = point
        for _ in range(ENTRIES):
            table += curve.affine_term(several)
            several = curve.sum_of(several, point)
        point = curve.multiple(16**ROWS, point)
    return table


def multiply() -> bytes:
    program = isa.Program()
    _start(program)
    program.jump("no doubling yet")
    program.label("rows")
    program.setw(at.doublings, WINDOW)
    with program.repeat(at.doublings):
        curve.double(program, at)
    program.label("no doubling yet")
    with program.repeat(at.column):
        _add_digit(program)
        program.add(at.column, at.column, at.next_column)
    program.add(at.column, at.column, at.next_row)
    _first_table(program)
    program.next(at.rows, back_to="rows")
    program.end()
    return program.code()


def _start_size():
    """Where "rows" is: behind this and the jump."""
    program = isa.Program()
    _start(program)
    program.end()
    return len(program.code())


def _start(program):
    program.recode(at.digits, at.scalar, WINDOW)
    for cell in (at.y, at.z, at.h, at.neutral, at.neutral + isa.CELL):
        program.setw(cell, 1)  # the neutral point, E and H, and its term
    # Digits 8 j + i are taken with j from 0 to 7 and i from 7 to 0. NEXT moves a position by -1,
    # so these constants, added to a whole loop cell, move it by 8, and back to j = 0 and the next
    # i; what the latter carries goes to the cursor, which begins anew. (ADD is exact for such
    # small numbers. SUB is not: it gives the residue as it likes.)
    program.setw(at.next_column + 4, ROWS + 1)
    program.setw(at.next_row + 4, -(ROWS * TABLES + 1))
    program.setw(at.column + 4, ROWS - 1)
    program.setw(at.column + 12, ENTRIES * TERM)
    _first_table(program)


def _first_table(program):
    program.setw(at.column, TABLES)
    program.setw(at.column + 8, 0)


def _add_digit(program):
    program.copy(at.plus, at.neutral, 3)
    program.selectt(at.plus, at.digits, at.column, 0, TERM, ENTRIES, at.sign)
    program.cswap(at.plus, at.minus, at.sign)
    program.sub(at.t, at.constant_zero, at.t2d)
    program.cmov(at.t2d, at.t, at.sign)
    curve.add(program, at, at.plus, affine=True)


def encode() -> bytes:
    program = isa.Program()
    curve.encode(program, at)
    program.end()
    return program.code()
