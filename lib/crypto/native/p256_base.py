"""Multiples of the base point of P-256, in constant time.

See :mod:`crypto.assembly.programs.p256_base` for what is computed, and why it is right.
"""

from micropython import const

from . import programs_p256_base as programs
from .bank import put, run_loop, take, wipe
from .field256 import run

_COLUMNS = const(21)  # in a step: 330,000 instructions


def multiple_of_base_steps(scalar):
    """``scalar`` times G, as x || y. ``scalar`` is 32 bytes, big-endian, from 1 to n - 1."""
    bank = bytearray(programs.BANK)
    table = programs.TABLE
    try:
        put(bank, programs.SCALAR, scalar)
        run(bytearray(programs.BEGIN), bank, table)
        steps = bytearray(programs.STEPS)
        yield from run_loop(run, steps, bank, table, programs.LOOP, programs.COLUMNS, _COLUMNS)
        run(bytearray(programs.END), bank, table)
        return take(bank, programs.X) + take(bank, programs.Y)
    finally:
        wipe(bank)
