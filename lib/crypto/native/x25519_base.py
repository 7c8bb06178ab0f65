"""X25519 of the base point: a public key. :mod:`crypto.assembly.programs.x25519_base`."""

from micropython import const

from . import programs_ed25519_base as base
from . import programs_x25519_base as programs
from .bank import put_clamped, take, wipe
from .field25519 import run

_ROWS = const(5)  # of the eight of a multiple in its first step: 360,000 instructions


def x25519_base_steps(private):
    bank = bytearray(base.BANK)
    try:
        put_clamped(bank, base.SCALAR, private)
        run(bytearray(programs.BEGIN), bank, programs.TABLE)
        program = memoryview(bytearray(base.MULTIPLY))
        bank[base.ROWS] = _ROWS
        run(program, bank, base.TABLE)
        yield
        bank[base.ROWS] = 8 - _ROWS
        run(program[base.AGAIN :], bank, base.TABLE)
        yield
        run(bytearray(programs.END), bank, b"")
        return take(bank, base.X)
    finally:
        wipe(bank)
