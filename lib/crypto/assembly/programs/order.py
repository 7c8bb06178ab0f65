"""What signatures compute modulo n, the order of P-256, for ``modular``.

The inverse is a power, a^(n - 2), by always the same operations: the nonce is a secret. What is
given and what is asked for is big-endian.
"""

from .. import isa
from ..model256 import N, Order, Program256

MODULE = "programs_p256_order"

# The first three cells are as the machine code wants them, and are loaded.
TABLE = Order(N).constants() + (1).to_bytes(32, "little")
bank = isa.Bank("modulus", "minus_inverse", "square_r", "unit", "digest", "r", "s")
bank.more(private=1, nonce=1, t=1, x=1, odd=8, digits=18)

_odd = [bank.odd + isa.CELL * i for i in range(8)]  # powers 1, 3, ... 15 of the nonce

WIDTH_G, WIDTH_Q = 6, 5  # of the digits that a verification takes
DIGITS_BYTES = 9 * isa.CELL  # of each


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.es256` needs."""
    return {
        "TABLE": TABLE,
        "BANK": bank.size,
        "DIGEST": bank.digest,
        "R": bank.r,
        "S": bank.s,
        "PRIVATE": bank.private,
        "NONCE": bank.nonce,
        "DIGITS": bank.digits,
        "DIGITS_BYTES": 2 * DIGITS_BYTES,
        "INVERT": _invert(),
        "INVERT_END": _invert_end(),
        "SIGN": _sign(),
        "VERIFY": _verify(),
    }


def _invert() -> bytes:
    """x = 1 / nonce, the first half; to verify, s is put in the nonce's place.

    n - 2 begins with the words ffffffff 00000000 ffffffff ffffffff.
    """
    program = Program256()
    program.load(bank.modulus, 0, 4)
    program.reverse(bank.t, bank.nonce)
    program.mul(_odd[0], bank.t, bank.square_r)
    program.sqr(bank.t, _odd[0])
    for below, power in zip(_odd, _odd[1:], strict=False):
        program.mul(power, below, bank.t)
    ones = _odd[7]  # four ones in binary, then 8, 16 and 32
    for count in (4, 8, 16):
        program.sqr(bank.x, ones, count)
        program.mul(bank.t, bank.x, ones)
        ones = bank.t
    power = ones
    for squarings in (64, 32):
        program.sqr(bank.x, power, squarings)
        program.mul(bank.x, bank.x, ones)
        power = bank.x
    program.end()
    return program.code()


def _invert_end() -> bytes:
    """The rest: x in Montgomery form."""
    program = isa.Program()
    for squarings, window in _windows((N - 2) % 2**128, 128):
        program.sqr(bank.x, bank.x, squarings)
        if window:
            program.mul(bank.x, bank.x, _odd[window >> 1])
    program.end()
    return program.code()


def _windows(exponent: int, count: int):
    """Of ``count`` bits from the top: yield (squarings, odd power of up to four bits, or 0)."""
    bits, squarings = f"{exponent:0{count}b}", 0
    while bits:
        window = bits[:4].rstrip("0") if bits[0] == "1" else ""
        squarings += len(window) or 1
        bits = bits[len(window) or 1 :]
        if window:
            yield squarings, int(window, 2)
            squarings = 0
    if squarings:
        yield squarings, 0


def _digest(program):
    """The digest modulo n. Not in Montgomery form, as all results."""
    program.reverse(bank.t, bank.digest)
    program.mul(bank.digest, bank.t, bank.square_r)
    program.mul(bank.digest, bank.digest, bank.unit)


def _sign() -> bytes:
    """r = r modulo n, s = (digest + r private) / nonce; r was the x of a point."""
    program = Program256()
    _digest(program)
    program.reverse(bank.t, bank.r)
    program.mul(bank.s, bank.t, bank.square_r)
    program.mul(bank.t, bank.s, bank.unit)
    program.reverse(bank.r, bank.t)
    program.reverse(bank.t, bank.private)
    program.mul(bank.t, bank.t, bank.s)
    program.add(bank.t, bank.t, bank.digest)
    program.mul(bank.t, bank.t, bank.x)
    program.reverse(bank.s, bank.t)
    program.end()
    return program.code()


def _verify() -> bytes:
    """The digits of digest / s and of r / s, by which G and the public key are multiplied."""
    program = Program256()
    _digest(program)
    program.mul(bank.t, bank.digest, bank.x)
    program.wnaf(bank.digits, bank.t, WIDTH_G)
    program.reverse(bank.t, bank.r)
    program.mul(bank.t, bank.t, bank.x)
    program.wnaf(bank.digits + DIGITS_BYTES, bank.t, WIDTH_Q)
    program.end()
    return program.code()
