"""Ed25519, RFC 8032 section 5.1, on the field VM: verification, and signing when it is needed."""

from micropython import const

from ..curves import L_25519
from . import programs_ed25519_verify as programs
from .field25519 import run
from .sha512 import digest_steps

_BITS = const(60)  # of the scalars in a step: 330,000 instructions, 350,000 at most


# Machine code and tables are copied into memory, and most devices only ever verify.


def ed25519_public_key_steps(private):
    from . import ed25519_sign

    return ed25519_sign.public_key_steps(private)


def ed25519_sign_steps(private, message):
    from . import ed25519_sign

    return ed25519_sign.sign_steps(private, message)


def ed25519_verify_steps(public, message, signature):
    bank = bytearray(programs.BANK)
    view = memoryview(bank)
    encoded_r = signature[:32]
    # The hash is made where later the table of A is.
    digest = view[programs.HASH : programs.HASH + 64]
    yield from digest_steps(digest, (encoded_r, public, message), view[programs.HASH_WORK :])
    k = int.from_bytes(digest, "little") % L_25519
    bank[programs.K : programs.K + 32] = k.to_bytes(32, "little")
    bank[programs.S : programs.S + 32] = signature[32:]
    bank[programs.Y : programs.Y + 32] = public
    bank[programs.Y + 31] &= 127
    bank[programs.SIGN + 4] = sign = public[31] >> 7
    run(bytearray(programs.DECODE), bank, programs.TABLE)
    yield
    if not (bank[programs.SQUARE] or bank[programs.MINUS_SQUARE]):
        return False
    if bank[programs.X_IS_ZERO] and sign:
        return False
    # From the first digit that is not 0; there are 257.
    digits_a, digits_b = programs.DIGITS_A, programs.DIGITS_B
    left = 257
    while left > 1 and not (bank[digits_a + left - 1] or bank[digits_b + left - 1]):
        left -= 1
    bank[programs.LOOP + 4 : programs.LOOP + 8] = (left - 1).to_bytes(4, "little")
    program = bytearray(programs.COMBINE)
    while left:
        bank[programs.LOOP] = bits = min(left, _BITS)
        run(program, bank, programs.TABLE)
        left -= bits
        yield
    # S B = R + k A, checked as R = S B - k A: one encoding instead of a square root for R.
    return encoded_point(programs, bank) == encoded_r


def encoded_point(programs, bank):
    """The 32 bytes of the point in ``bank``."""
    run(bytearray(programs.ENCODE), bank, programs.TABLE)
    encoded = bytearray(bank[programs.Y : programs.Y + 32])
    encoded[31] |= (bank[programs.X] & 1) << 7
    return bytes(encoded)
