"""Ed25519, RFC 8032 section 5.1, on the field VM.

Signing works in one piece of memory that is wiped at its end: the private key and all that comes
of it are in there, in the hash's block and in the frames of the machine code, never in an integer.
"""

from micropython import const

from ..curves import L_25519
from . import programs_ed25519_base as base
from . import programs_ed25519_scalars as scalars
from . import programs_ed25519_verify as verify
from .field25519 import run
from .modular import run as run_modular
from .sha512 import WORK, digest_steps

_BITS = const(64)  # of the scalars in a step of a verification: 350,000 instructions
_ROWS = const(5)  # of the eight of a multiple of B in the first step: 350,000 instructions


def ed25519_public_key_steps(private):
    secrets = _Secrets()
    try:
        return (yield from secrets.public_key_steps(private))
    finally:
        secrets.wipe()


def ed25519_sign_steps(private, message):
    secrets = _Secrets()
    try:
        public = yield from secrets.public_key_steps(private)
        yield from secrets.hash_steps((secrets.prefix, message))
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
        self._memory = bytearray(WORK + 64 + scalars.BANK + base.BANK)
        memory = memoryview(self._memory)
        self._work = memory[:WORK]
        self._expanded = memory[WORK : WORK + 64]  # the scalar and the prefix, section 5.1.5
        self.prefix = self._expanded[32:]
        bank = self._scalars = memory[WORK + 64 : WORK + 64 + scalars.BANK]
        self._hash = bank[scalars.HASH : scalars.HASH + 64]
        self.nonce = bank[scalars.R : scalars.R + 32]
        self.result = bank[scalars.RESULT : scalars.RESULT + 32]
        self._bank = memory[WORK + 64 + scalars.BANK :]

    def wipe(self):
        self._memory[:] = bytearray(len(self._memory))

    def public_key_steps(self, private):
        yield from digest_steps(self._expanded, (private,), self._work)
        scalar = self._expanded[:32]
        scalar[0] &= 248
        scalar[31] = scalar[31] & 127 | 64
        self._hash[:32] = scalar
        self.reduce()
        self._scalars[scalars.A : scalars.A + 32] = scalar
        return (yield from self.multiple_of_base_steps())

    def hash_steps(self, parts):
        return digest_steps(self._hash, parts, self._work)

    def reduce(self):
        """``result`` = the hash modulo L."""
        run_modular(bytearray(scalars.REDUCE), self._scalars, scalars.TABLE)

    def sign(self):
        """The nonce plus the hash times the secret scalar, modulo L."""
        run_modular(bytearray(scalars.SIGN), self._scalars, scalars.TABLE)
        return bytes(self.result)

    def multiple_of_base_steps(self):
        """``result`` times B, encoded."""
        bank = self._bank
        bank[:] = bytearray(base.BANK)
        bank[base.SCALAR : base.SCALAR + 32] = self.result
        program = memoryview(bytearray(base.MULTIPLY))
        bank[base.ROWS] = _ROWS
        run(program, bank, base.TABLE)
        yield
        bank[base.ROWS] = 8 - _ROWS
        run(program[base.AGAIN :], bank, base.TABLE)
        encoded = _encoded(base, bank)
        yield
        return encoded


def ed25519_verify_steps(public, message, signature):
    bank = bytearray(verify.BANK)
    view = memoryview(bank)
    encoded_r = signature[:32]
    # The hash is made where later the table of A is.
    digest = view[verify.HASH : verify.HASH + 64]
    yield from digest_steps(digest, (encoded_r, public, message), view[verify.HASH_WORK :])
    k = int.from_bytes(digest, "little") % L_25519
    bank[verify.K : verify.K + 32] = k.to_bytes(32, "little")
    bank[verify.S : verify.S + 32] = signature[32:]
    bank[verify.Y : verify.Y + 32] = public
    bank[verify.Y + 31] &= 127
    bank[verify.SIGN + 4] = sign = public[31] >> 7
    run(bytearray(verify.DECODE), bank, verify.TABLE)
    yield
    if not (bank[verify.SQUARE] or bank[verify.MINUS_SQUARE]) or bank[verify.X_IS_ZERO] and sign:
        return False
    # From the first digit that is not 0; there are 257.
    digits_a, digits_b = verify.DIGITS_A, verify.DIGITS_B
    left = 257
    while left > 1 and not (bank[digits_a + left - 1] or bank[digits_b + left - 1]):
        left -= 1
    bank[verify.LOOP + 4 : verify.LOOP + 8] = (left - 1).to_bytes(4, "little")
    program = bytearray(verify.COMBINE)
    while left:
        bank[verify.LOOP] = bits = min(left, _BITS)
        run(program, bank, verify.TABLE)
        left -= bits
        yield
    # S B = R + k A, checked as R = S B - k A: one encoding instead of a square root for R.
    return _encoded(verify, bank) == encoded_r


def _encoded(programs, bank):
    """The 32 bytes of the point in ``bank``."""
    run(bytearray(programs.ENCODE), bank, programs.TABLE)
    encoded = bytearray(bank[programs.Y : programs.Y + 32])
    encoded[31] |= (bank[programs.X] & 1) << 7
    return bytes(encoded)
