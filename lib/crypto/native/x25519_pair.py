"""Two X25519 of one public key; :mod:`crypto.assembly.programs.x25519_pair`."""

from micropython import const

from . import programs_ed25519_verify as verify
from . import programs_x25519_pair as programs
from .bank import borrow, give_back, put, put_clamped, run_loop, take, wipe
from .field25519 import run
from .x25519 import x25519_steps

_COLUMNS = const(22)  # of 64, in a step: 270,000 instructions


def x25519_pair_steps(private, other, public):
    """What ``x25519_steps`` gives for ``private`` and for ``other``, 32 bytes each."""
    # As much as the verification that follows: it finds this then.
    memory = borrow(verify.BANK + verify.LONGEST)
    bank = memory[: programs.BANK]
    program = memory[programs.BANK :]  # each in turn
    try:
        wipe(bank)  # the programs read zeros where nobody has written
        put(bank, programs.U, public)
        bank[programs.U + 31] &= 127
        _run(program, bank, programs.ROOT)
        yield
        if bank[programs.SQUARE] or bank[programs.MINUS_SQUARE]:
            _run(program, bank, programs.POINT)
            for _ in range(programs.CHAINS):
                _run(program, bank, programs.CHAIN)
                yield
            _run(program, bank, programs.ENTRIES_0)
            _run(program, bank, programs.ENTRIES_1)
            _run(program, bank, programs.ENTRIES_2)
            for key in (private, other):
                put_clamped(bank, programs.SCALAR_AT, key)
                _run(program, bank, programs.SCALAR)
                yield
                program[: len(programs.COLUMNS)] = programs.COLUMNS
                count = programs.COLUMN_COUNT
                yield from run_loop(run, program, bank, b"", programs.LOOP, count, _COLUMNS)
                _run(program, bank, programs.STORE)
            _run(program, bank, programs.END)
            return take(bank, programs.FIRST), take(bank, programs.SECOND)
    finally:
        wipe(bank)
        give_back(memory)
    # Of the twist, which anybody may send: what is secret is no more than for another one.
    return (yield from x25519_steps(private, public)), (yield from x25519_steps(other, public))


def _run(program, bank, text):
    program[: len(text)] = text
    run(program, bank, programs.TABLE)
