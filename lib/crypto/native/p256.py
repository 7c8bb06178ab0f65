"""ECDH with P-256, in constant time.

The private key is worked on by the machine code in a bank, which is wiped at the end. See
:mod:`crypto.assembly.programs.p256` for what is computed there, and why it is right.
"""

from micropython import const

from . import programs_p256 as programs
from .bank import borrow, give_back, put, run_loop, take, wipe
from .field256 import run

_BITS = const(43)  # of the multiplier in a step: 325,000 instructions
_ZERO = bytes(32)


def p256_public_key_steps(private):
    from .p256_base import multiple_of_base_steps  # not loaded where nobody makes a key

    yield  # to load it takes as long as a step
    return (yield from multiple_of_base_steps(private))


def p256_ecdh_steps(private, public):
    """``public`` is x || y, or x alone; None if there is no such point."""
    memory = borrow(programs.BANK)
    bank = memory[: programs.BANK]
    try:
        wipe(bank)  # the program reads zeros where nobody has written
        x = bytes(public[:32])
        put(bank, programs.X, x)
        if len(public) == 64:
            put(bank, programs.Y, public[32:])
            _run(programs.LOAD_POINT, bank)
        else:
            _run(programs.LOAD_X, bank)
        if not bank[programs.VALID]:
            return None
        yield from _ladder(bank, private)
        _run(programs.X_END_AT_0 if x == _ZERO else programs.X_END, bank)
        return take(bank, programs.X)
    finally:
        wipe(bank)
        give_back(memory)


def _ladder(bank, scalar):
    put(bank, programs.SCALAR, scalar)
    _run(programs.BEGIN, bank)
    yield
    steps = bytearray(programs.STEPS)
    yield from run_loop(run, steps, bank, programs.TABLE, programs.LOOP, programs.BITS, _BITS)


def _run(program, bank):
    run(bytearray(program), bank, programs.TABLE)
