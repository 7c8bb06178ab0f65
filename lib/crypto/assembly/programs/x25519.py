"""X25519 in the field VM, RFC 7748 section 5: one ladder, in constant time.

BEGIN   Before: the clamped scalar in SCALAR, u below 2^255 in U. The ladder is at its start.
STEPS   As often as word 0 of LOOP says, of BITS bits in all: one step of the ladder.
END     After: the u of the multiple in RESULT, canonical; 0 where RFC 7748 has all zeros.

The RFC exchanges the points back after the last step if the last bit is set. A clamped scalar's
three lowest bits are 0, so nothing is to be done.
"""

from .. import isa
from .edwards25519 import invert

MODULE = "programs_x25519"

BITS = 255  # 254 is the top one, and always set

bank = isa.Bank(
    *("scalar", "u", "mask", "loop"),
    *("x2", "z2", "x3", "z3"),  # LADDER reads these four,
    *("a", "b", "c", "d"),  # and makes these
    *("aa", "bb", "t"),
)


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.x25519` needs."""
    return {
        "BANK": bank.size,
        "SCALAR": bank.scalar,
        "U": bank.u,
        "LOOP": bank.loop,
        "BITS": BITS,
        "RESULT": bank.x2,
        "BEGIN": begin(),
        "STEPS": steps(),
        "END": end(),
    }


def begin() -> bytes:
    """The bank is zero but for what the driver put there: so is all that is not set here."""
    program = isa.Program()
    program.setw(bank.x2, 1)
    program.setw(bank.z3, 1)
    program.copy(bank.x3, bank.u)
    program.setw(bank.loop + 4, BITS - 1)
    program.end()
    return program.code()


def steps() -> bytes:
    """RFC 7748's loop, with its names."""
    program = isa.Program()
    at = bank
    with program.repeat(at.loop):
        program.bit(at.mask, at.scalar, at.loop)
        program.ladder(at.a, at.x2, at.mask)  # A, B, C, D
        program.mul(at.d, at.d, at.a)
        program.mul(at.c, at.c, at.b)
        program.sumdif(at.x3, at.d, at.c)
        program.sqr(at.x3, at.x3)
        program.sqr(at.z3, at.z3)
        program.mul(at.z3, at.z3, at.u)
        program.sqr(at.aa, at.a)
        program.sqr(at.bb, at.b)
        program.mul(at.x2, at.aa, at.bb)
        program.sub(at.bb, at.aa, at.bb)  # E
        program.muls(at.t, at.bb, at.aa)  # AA + a24 * E
        program.mul(at.z2, at.bb, at.t)
    program.end()
    return program.code()


def end() -> bytes:
    """x2 / z2. The neutral point has z2 = 0, and 1 / 0 counts as 0."""
    program = isa.Program()
    invert(program, bank.a, bank.z2, [bank.b, bank.c, bank.d])
    program.mul(bank.x2, bank.x2, bank.a)
    program.freeze(bank.x2, bank.x2)
    program.end()
    return program.code()
