"""ECDSA with P-256 and SHA-256 (ES256), FIPS 186-5 section 6.4, with the nonces of RFC 6979.

To sign is constant time; all that is verified is public.
"""

import hashlib

from micropython import const

from ..compare import equal
from ..curves import N_256, P_256
from ..rfc6979 import nonce_steps
from . import programs_p256_order as order
from .bank import put, run_loop, take, wipe
from .field256 import run as run_field
from .modular import run as run_modular

_BITS = const(38)  # in a step; the number of additions in them depends on the signature
_ZERO = bytes(32)


def es256_sign_steps(private, message):
    from .p256_base import multiple_of_base_steps  # a door that only verifies does not need it

    digest = hashlib.sha256(message).digest()
    refused = 0
    bank = bytearray(order.BANK)
    try:
        while True:
            nonce = yield from nonce_steps(private, digest, refused)
            yield
            point = yield from multiple_of_base_steps(nonce)
            yield
            put(bank, order.NONCE, nonce)
            yield from _invert_steps(bank)
            put(bank, order.PRIVATE, private)
            put(bank, order.DIGEST, digest)
            put(bank, order.R, point[:32])
            _run_modular(order.SIGN, bank)
            r = take(bank, order.R)
            s = take(bank, order.S)
            if not equal(r, _ZERO) and not equal(s, _ZERO):
                return r + s
            refused += 1
    finally:
        wipe(bank)


def es256_verify_steps(public, message, signature):
    from . import programs_p256_verify as verify  # nor this one that only signs

    yield  # to load it was a third of a step
    r = signature[:32]
    bank = bytearray(verify.BANK)
    digits = yield from _digit_steps(hashlib.sha256(message).digest(), r, signature[32:])
    view = memoryview(bank)
    view[verify.DIGITS : verify.DIGITS + order.DIGITS_BYTES] = digits
    view[verify.PUBLIC : verify.PUBLIC + 64] = public
    put(bank, verify.R, r)
    # The x of the point may be r + n, as long as that is below p.
    r_plus = int.from_bytes(r, "big") + N_256
    put(bank, verify.R_PLUS, r_plus.to_bytes(32, "big") if r_plus < P_256 else r)
    table = verify.TABLE
    run_field(bytearray(verify.BEGIN), bank, table)
    yield
    steps = bytearray(verify.STEPS)
    yield from run_loop(run_field, steps, bank, table, verify.LOOP, verify.BITS, _BITS)
    run_field(bytearray(verify.END), bank, table)
    return bool(bank[verify.SAME] or bank[verify.SAME_PLUS])


def _digit_steps(digest, r, s):
    """The digits of digest / s and of r / s modulo n."""
    bank = bytearray(order.BANK)
    put(bank, order.NONCE, s)
    yield from _invert_steps(bank)
    put(bank, order.DIGEST, digest)
    put(bank, order.R, r)
    _run_modular(order.VERIFY, bank)
    return memoryview(bank)[order.DIGITS : order.DIGITS + order.DIGITS_BYTES]


def _invert_steps(bank):
    _run_modular(order.INVERT, bank)
    yield
    _run_modular(order.INVERT_END, bank)


def _run_modular(program, bank):
    run_modular(bytearray(program), bank, order.TABLE)
