"""ECDSA with P-256 and SHA-256 (ES256), FIPS 186-5 section 6.4."""

import hashlib

from ..curves import N_256 as _N
from ..curves import P_256 as _P
from ..rfc6979 import nonce_steps
from .p256 import BASE, affine_steps, combine_steps, multiply_steps
from .power import invert_steps


def es256_sign_steps(private, message):
    digest = hashlib.sha256(message).digest()
    e = int.from_bytes(digest, "big")
    d = int.from_bytes(private, "big")
    refused = 0
    while True:
        nonce = yield from nonce_steps(private, digest, refused)
        yield
        x, _ = yield from affine_steps((yield from multiply_steps(nonce, BASE)))
        r = x % _N
        k_inverse = yield from invert_steps(int.from_bytes(nonce, "big"), _N)
        s = k_inverse * (e + r * d) % _N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        refused += 1


def es256_verify_steps(public, message, signature):
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    key = (int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big"), 1)
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    w = yield from invert_steps(s, _N)
    x, _, z = yield from combine_steps(e * w % _N, BASE, r * w % _N, key)
    if z == 0:
        return False
    # x / z^2 mod n = r, without the division: the x coordinate is r, or r + n if that is below p.
    z_2 = z * z % _P
    return (x - r * z_2) % _P == 0 or (r + _N < _P and (x - (r + _N) * z_2) % _P == 0)
