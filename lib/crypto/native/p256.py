"""Multiples of points of P-256: public keys and ECDH, in constant time.

The private key is worked on by the machine code in a bank, which is wiped at the end. See
:mod:`crypto.assembly.programs.p256` for what is computed there, and why it is right.
"""

from micropython import const

from . import programs_256 as programs
from .field256 import run

_BITS = const(43)  # of the multiplier in a step: 325,000 instructions
_ZERO = bytes(32)


def p256_public_key_steps(private):
    bank = bytearray(programs.LADDER_BANK)
    try:
        yield from _multiply_base(bank, private)
        _run(programs.LADDER_END, bank)
        return take(bank, programs.LADDER_X) + take(bank, programs.LADDER_Y)
    finally:
        wipe(bank)


def p256_ecdh_steps(private, public):
    """``public`` is x || y, or x alone; None if there is no such point."""
    bank = bytearray(programs.LADDER_BANK)
    try:
        x = public[:32]
        put(bank, programs.LADDER_X, x)
        if len(public) == 64:
            put(bank, programs.LADDER_Y, public[32:])
            _run(programs.LOAD_POINT, bank)
        else:
            _run(programs.LOAD_X, bank)
        if not bank[programs.LADDER_VALID]:
            return None
        yield from _ladder(bank, private)
        _run(programs.LADDER_X_END_AT_0 if x == _ZERO else programs.LADDER_X_END, bank)
        return take(bank, programs.LADDER_X)
    finally:
        wipe(bank)


def x_of_base_multiple_steps(scalar):
    """The x of ``scalar``, 32 bytes, times G."""
    bank = bytearray(programs.LADDER_BANK)
    try:
        yield from _multiply_base(bank, scalar)
        _run(programs.LADDER_X_END, bank)
        return take(bank, programs.LADDER_X)
    finally:
        wipe(bank)


def _multiply_base(bank, scalar):
    _run(programs.LOAD_BASE, bank)
    yield from _ladder(bank, scalar)


def _ladder(bank, scalar):
    put(bank, programs.LADDER_SCALAR, scalar)
    _run(programs.LADDER_BEGIN, bank)
    yield
    yield from run_loop(
        run,
        programs.LADDER_STEPS,
        bank,
        programs.LADDER_TABLE,
        programs.LADDER_LOOP,
        programs.LADDER_BITS,
        _BITS,
    )


def _run(program, bank):
    run(bytearray(program), bank, programs.LADDER_TABLE)


def run_loop(run, program, bank, table, loop, count, in_a_step):
    """Run ``program`` until its loop has gone round ``count`` times, so often in a step."""
    program = bytearray(program)
    while count:
        bank[loop] = times = min(count, in_a_step)
        run(program, bank, table)
        count -= times
        yield


def put(bank, offset, number):
    """32 bytes into a cell."""
    bank[offset : offset + 32] = number


def take(bank, offset):
    """The 32 bytes in a cell. No other copy of them is made: nobody would wipe it."""
    return bytes(memoryview(bank)[offset : offset + 32])


def wipe(bank):
    bank[:] = bytes(len(bank))
