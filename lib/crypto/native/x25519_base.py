"""X25519 of the base point: a public key. :mod:`crypto.assembly.programs.x25519_base`."""

from micropython import const

from . import programs_ed25519_base as base
from . import programs_x25519_base as programs
from .bank import borrow, give_back, put_clamped, take, wipe
from .field25519 import run

_ROWS = const(4)  # of eight, in the step that wipes the bank, too: 340,000 instructions


def x25519_base_steps(private):
    longest = max(len(programs.BEGIN), len(base.MULTIPLY), len(programs.END))
    memory = borrow(base.BANK + longest)
    bank = memory[: base.BANK]
    program = memory[base.BANK :]  # each in turn
    try:
        wipe(bank)  # the program reads zeros where nobody has written
        put_clamped(bank, base.SCALAR, private)
        program[: len(programs.BEGIN)] = programs.BEGIN
        run(program, bank, programs.TABLE)
        program[: len(base.MULTIPLY)] = base.MULTIPLY
        bank[base.ROWS] = _ROWS
        run(program, bank, base.TABLE)
        yield
        bank[base.ROWS] = 8 - _ROWS
        run(program[base.AGAIN :], bank, base.TABLE)
        yield
        program[: len(programs.END)] = programs.END
        run(program, bank, b"")
        return take(bank, base.X)
    finally:
        wipe(bank)
        give_back(memory)
