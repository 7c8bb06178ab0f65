"""Ed25519's private keys on the field VM, RFC 8032 section 5.1, in constant time.

A signature is made in one piece of memory that is wiped at its end: the private key and all that
comes of it are in there, in the hash's block and in the frames of the machine code, never in an
integer.
"""

from micropython import const

from . import programs_ed25519_base as base
from . import programs_ed25519_scalars as scalars
from .bank import clamp, encoded_point, put, wipe
from .field25519 import run
from .modular import run as run_modular
from .sha512 import WORK, digest_steps

_ROWS = const(5)  # of the eight of a multiple of B in its first step: 360,000 instructions


def public_key_steps(private):
    secrets = _Secrets()
    try:
        return (yield from secrets.public_key_steps(private))
    finally:
        secrets.wipe()


def sign_steps(private, message):
    secrets = _Secrets()
    try:
        public = yield from secrets.public_key_steps(private)
        yield from secrets.hash_steps((secrets.prefix, message))
        yield
        secrets.reduce()
        secrets.nonce[:] = secrets.result
        encoded_r = yield from secrets.multiple_of_base_steps()
        yield from secrets.hash_steps((encoded_r, public, message))
        return encoded_r + secrets.sign()
    finally:
        secrets.wipe()


class _Secrets:
    """The memory of a signature, in parts, and what is done with them."""

    def __init__(self):
        # One piece: MicroPython looks for each from the heap's start, and it is wiped as one.
        self._memory = bytearray(WORK + 64 + scalars.BANK + base.BANK + base.LONGEST)
        memory = memoryview(self._memory)
        self._work = memory[:WORK]
        self._expanded = memory[WORK : WORK + 64]  # the scalar and the prefix, section 5.1.5
        self.prefix = self._expanded[32:]
        bank = self._scalars = memory[WORK + 64 : WORK + 64 + scalars.BANK]
        self._hash = bank[scalars.HASH : scalars.HASH + 64]
        self.nonce = bank[scalars.R : scalars.R + 32]
        self.result = bank[scalars.RESULT : scalars.RESULT + 32]
        self._bank = memory[WORK + 64 + scalars.BANK : -base.LONGEST]
        self._program = memory[-base.LONGEST :]

    def wipe(self):
        wipe(self._memory)

    def public_key_steps(self, private):
        yield from digest_steps(self._expanded, (private,), self._work)
        yield
        clamp(self._expanded, 0)
        scalar = self._expanded[:32]
        self._hash[:32] = scalar
        self.reduce()
        put(self._scalars, scalars.A, scalar)
        return (yield from self.multiple_of_base_steps())

    def hash_steps(self, parts):
        return digest_steps(self._hash, parts, self._work)

    def reduce(self):
        """``result`` = the hash modulo L."""
        self._run_modular(scalars.REDUCE)

    def sign(self):
        """The nonce plus the hash times the secret scalar, modulo L."""
        self._run_modular(scalars.SIGN)
        return bytes(self.result)

    def _run_modular(self, program):
        self._program[: len(program)] = program
        run_modular(self._program, self._scalars, scalars.TABLE)

    def multiple_of_base_steps(self):
        """``result`` times B, encoded."""
        bank = self._bank
        wipe(bank)
        put(bank, base.SCALAR, self.result)
        program = self._program
        program[: len(base.MULTIPLY)] = base.MULTIPLY
        bank[base.ROWS] = _ROWS
        run(program, bank, base.TABLE)
        yield
        bank[base.ROWS] = 8 - _ROWS
        run(program[base.AGAIN :], bank, base.TABLE)
        encoded = encoded_point(run, base, bank, program)
        yield
        return encoded
