"""Multiples of the base point of P-256, in constant time.

See :mod:`crypto.assembly.programs.p256_base` for what is computed, and why it is right.
"""

from micropython import const

from . import programs_p256_base as programs
from .bank import borrow, give_back, put, run_loop, take, wipe
from .field256 import run

_COLUMNS = const(21)  # in a step: 330,000 instructions


def multiple_of_base_steps(scalar):
    """``scalar`` times G, as x || y. ``scalar`` is 32 bytes, big-endian, from 1 to n - 1."""
    longest = max(len(programs.BEGIN), len(programs.STEPS), len(programs.END))
    memory = borrow(programs.BANK + longest)
    bank = memory[: programs.BANK]
    program = memory[programs.BANK :]  # each in turn
    table = programs.TABLE
    try:
        wipe(bank)  # the program reads zeros where nobody has written
        put(bank, programs.SCALAR, scalar)
        program[: len(programs.BEGIN)] = programs.BEGIN
        run(program, bank, table)
        program[: len(programs.STEPS)] = programs.STEPS
        yield from run_loop(run, program, bank, table, programs.LOOP, programs.COLUMNS, _COLUMNS)
        program[: len(programs.END)] = programs.END
        run(program, bank, table)
        return take(bank, programs.X) + take(bank, programs.Y)
    finally:
        wipe(bank)
        give_back(memory)
