"""Ed25519, RFC 8032 section 5.1, on the field VM: verification, and signing when it is needed."""

from micropython import const

from ..curves import L_25519
from . import programs_ed25519_verify as programs
from .bank import borrow, encoded_point, give_back, put, run_loop
from .field25519 import run
from .sha512 import digest_steps

_BITS = const(60)  # of the scalars in a step: 330,000 instructions, 350,000 at most

# The key that is known before its signatures are: public key, points, and what verifies by them.
# ed25519_known puts it there.
known = []

# Machine code and tables are copied into memory, and most devices only ever verify.


def ed25519_public_key_steps(private):
    from . import ed25519_sign

    return ed25519_sign.public_key_steps(private)


def ed25519_sign_steps(private, message):
    from . import ed25519_sign

    return ed25519_sign.sign_steps(private, message)


def ed25519_verify_steps(public, message, signature):
    size = programs.BANK + programs.LONGEST
    memory = borrow(size)
    try:
        return (yield from _verify_steps(memory, public, message, signature))
    finally:
        # Nothing in it is secret, and the next one sets all it reads.
        give_back(memory)


def _verify_steps(memory, public, message, signature):
    # One piece for the bank and each program in turn. The hash is made in the bank.
    bank = memory[: programs.BANK]
    program = memory[programs.BANK :]
    signature = memoryview(signature)
    encoded_r = signature[:32]
    digest = bank[programs.HASH : programs.HASH + 64]
    yield from digest_steps(digest, (encoded_r, public, message), bank[programs.HASH_WORK :])
    k = int.from_bytes(digest, "little") % L_25519
    put(bank, programs.K, k.to_bytes(32, "little"))
    put(bank, programs.S, signature[32:])
    if known and known[0] == public:
        yield from known[2](bank, program, known[1])
    else:
        if not (yield from decode_steps(bank, program, public)):
            return False
        program[: len(programs.COMBINE)] = programs.COMBINE
        left = _digits(bank)
        bank[programs.LOOP + 4 : programs.LOOP + 8][:] = (left - 1).to_bytes(4, "little")
        yield from run_loop(run, program, bank, programs.TABLE, programs.LOOP, left, _BITS)
    # S B = R + k A, checked as R = S B - k A: one encoding instead of a square root for R.
    return encoded_point(run, programs, bank, program) == encoded_r


def decode_steps(bank, program, public):
    """Make the terms of the key, minus A, in ``bank``; whether ``public`` is a point."""
    put(bank, programs.Y, public)
    bank[programs.Y + 31] &= 127
    sign = public[31] >> 7
    bank[programs.SIGN + 4 : programs.SIGN + 8][:] = sign.to_bytes(4, "little")
    program[: len(programs.DECODE)] = programs.DECODE
    run(program, bank, programs.TABLE)
    yield
    if not (bank[programs.SQUARE] or bank[programs.MINUS_SQUARE]):
        return False
    return not (bank[programs.X_IS_ZERO] and sign)


def _digits(bank):
    """How many of the 257 digits there are up to the first that is not 0; 1 at least."""
    a, b = programs.DIGITS_A - 1, programs.DIGITS_B - 1
    left = 257
    while left > 1 and not (bank[a + left] or bank[b + left]):
        left -= 1
    return left
