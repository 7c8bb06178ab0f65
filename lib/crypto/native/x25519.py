"""X25519, RFC 7748 section 5, in constant time; :mod:`crypto.assembly.programs.x25519`."""

from micropython import const

from . import programs_x25519 as programs
from .bank import borrow, give_back, put, put_clamped, run_loop, take, wipe
from .field25519 import run

_BITS = const(64)  # of the scalar in a step: 340,000 instructions
_BASE = b"\x09" + bytes(31)


def x25519_steps(private, public):
    """The 32-byte result for a ``private`` and a ``public`` of 32 bytes; all zero if it is none.

    The top bit of ``public`` is not looked at (RFC 7748 section 5), and values of p and above
    stand for their residue.
    """
    if public == _BASE:
        from .x25519_base import x25519_base_steps  # its tables are not needed for anything else

        return (yield from x25519_base_steps(private))
    memory = borrow(programs.BANK)
    bank = memory[: programs.BANK]
    try:
        wipe(bank)  # the program reads zeros where nobody has written
        put_clamped(bank, programs.SCALAR, private)
        put(bank, programs.U, public)
        bank[programs.U + 31] &= 127
        run(bytearray(programs.BEGIN), bank, b"")
        steps = bytearray(programs.STEPS)
        yield from run_loop(run, steps, bank, b"", programs.LOOP, programs.BITS, _BITS)
        run(bytearray(programs.END), bank, b"")
        return take(bank, programs.RESULT)
    finally:
        wipe(bank)
        give_back(memory)
