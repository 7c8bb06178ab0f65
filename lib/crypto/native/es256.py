"""ECDSA with P-256 and SHA-256 (ES256), FIPS 186-5 section 6.4, with the nonces of RFC 6979.

To sign is constant time; all that is verified is public.
"""

import hashlib

from micropython import const

from ..curves import N_256, P_256
from ..rfc6979 import nonce_steps
from . import programs_256 as programs
from .field256 import run as run_field
from .modular import run as run_modular
from .p256 import put, run_loop, take, wipe, x_of_base_multiple_steps

_BITS = const(38)  # in a step; the number of additions in them depends on the signature
_ZERO = bytes(32)


def es256_sign_steps(private, message):
    digest = hashlib.sha256(message).digest()
    refused = 0
    bank = bytearray(programs.ORDER_BANK)
    try:
        while True:
            nonce = yield from nonce_steps(private, digest, refused)
            x = yield from x_of_base_multiple_steps(nonce)
            yield
            put(bank, programs.ORDER_NONCE, nonce)
            yield from _invert(bank)
            put(bank, programs.ORDER_PRIVATE, private)
            put(bank, programs.ORDER_DIGEST, digest)
            put(bank, programs.ORDER_R, x)
            _run_modular(programs.ORDER_SIGN, bank)
            r = take(bank, programs.ORDER_R)
            s = take(bank, programs.ORDER_S)
            if r != _ZERO and s != _ZERO:
                return r + s
            refused += 1
    finally:
        wipe(bank)


def es256_verify_steps(public, message, signature):
    r = signature[:32]
    bank = bytearray(programs.VERIFY_BANK)
    yield from _digits(bank, hashlib.sha256(message).digest(), r, signature[32:])
    bank[programs.VERIFY_PUBLIC : programs.VERIFY_PUBLIC + 64] = public
    put(bank, programs.VERIFY_R, r)
    # The x of the point may be r + n, as long as that is below p.
    r_plus = int.from_bytes(r, "big") + N_256
    put(bank, programs.VERIFY_R_PLUS, r_plus.to_bytes(32, "big") if r_plus < P_256 else r)
    table = programs.VERIFY_TABLE
    run_field(bytearray(programs.VERIFY_BEGIN), bank, table)
    yield
    yield from run_loop(
        run_field,
        programs.VERIFY_STEPS,
        bank,
        table,
        programs.VERIFY_LOOP,
        programs.VERIFY_BITS,
        _BITS,
    )
    run_field(bytearray(programs.VERIFY_END), bank, table)
    return bool(bank[programs.VERIFY_SAME] or bank[programs.VERIFY_SAME_PLUS])


def _digits(bank, digest, r, s):
    """The digits of digest / s and r / s modulo n, to their place in ``bank``."""
    order = bytearray(programs.ORDER_BANK)
    put(order, programs.ORDER_NONCE, s)
    yield from _invert(order)
    put(order, programs.ORDER_DIGEST, digest)
    put(order, programs.ORDER_R, r)
    _run_modular(programs.ORDER_VERIFY, order)
    size = programs.VERIFY_DIGITS_BYTES
    digits = memoryview(order)[programs.ORDER_DIGITS : programs.ORDER_DIGITS + size]
    bank[programs.VERIFY_DIGITS : programs.VERIFY_DIGITS + size] = digits


def _invert(bank):
    _run_modular(programs.ORDER_INVERT, bank)
    yield
    _run_modular(programs.ORDER_INVERT_END, bank)


def _run_modular(program, bank):
    run_modular(bytearray(program), bank, programs.ORDER_TABLE)
