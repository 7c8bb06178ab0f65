"""Multiples of points of P-256: public keys and ECDH, in constant time.

The private key is worked on by the machine code in a bank, which is wiped at the end. See
:mod:`crypto.assembly.programs.p256` for what is computed there, and why it is right.
"""

from micropython import const

from . import programs_p256 as programs
from .bank import put, run_loop, take, wipe
from .field256 import run

_BITS = const(43)  # of the multiplier in a step: 325,000 instructions
_ZERO = bytes(32)


def p256_public_key_steps(private):
    bank = bytearray(programs.BANK)
    try:
        yield from _multiply_base(bank, private)
        _run(programs.END, bank)
        return take(bank, programs.X) + take(bank, programs.Y)
    finally:
        wipe(bank)


def p256_ecdh_steps(private, public):
    """``public`` is x || y, or x alone; None if there is no such point."""
    bank = bytearray(programs.BANK)
    try:
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


def x_of_base_multiple_steps(scalar):
    """The x of ``scalar``, 32 bytes, times G."""
    bank = bytearray(programs.BANK)
    try:
        yield from _multiply_base(bank, scalar)
        _run(programs.X_END, bank)
        return take(bank, programs.X)
    finally:
        wipe(bank)


def _multiply_base(bank, scalar):
    _run(programs.LOAD_BASE, bank)
    yield from _ladder(bank, scalar)


def _ladder(bank, scalar):
    put(bank, programs.SCALAR, scalar)
    _run(programs.BEGIN, bank)
    yield
    steps = bytearray(programs.STEPS)
    yield from run_loop(run, steps, bank, programs.TABLE, programs.LOOP, programs.BITS, _BITS)


def _run(program, bank):
    run(bytearray(program), bank, programs.TABLE)
