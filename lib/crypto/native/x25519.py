"""X25519, RFC 7748 section 5, in constant time; :mod:`crypto.assembly.programs.x25519`."""

from micropython import const

from . import programs_x25519 as programs
from .bank import put, run_loop, take, wipe
from .field25519 import run

_BITS = const(64)  # of the scalar in a step: 340,000 instructions


def x25519_steps(private, public):
    """The 32-byte result for a ``private`` and a ``public`` of 32 bytes; all zero if it is none.

    The top bit of ``public`` is not looked at (RFC 7748 section 5), and values of p and above
    stand for their residue.
    """
    bank = bytearray(programs.BANK)
    try:
        _put_clamped(bank, private)
        put(bank, programs.U, public)
        bank[programs.U + 31] &= 127
        run(bytearray(programs.BEGIN), bank, b"")
        steps = bytearray(programs.STEPS)
        yield from run_loop(run, steps, bank, b"", programs.LOOP, programs.BITS, _BITS)
        run(bytearray(programs.END), bank, b"")
        return take(bank, programs.RESULT)
    finally:
        wipe(bank)


def _put_clamped(bank, private):
    """RFC 7748 section 5: a multiple of 8, and bit 254 the highest."""
    scalar = programs.SCALAR
    put(bank, scalar, private)
    bank[scalar] &= 248
    bank[scalar + 31] = bank[scalar + 31] & 127 | 64
