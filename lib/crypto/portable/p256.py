"""ECDSA with P-256 and SHA-256 (ES256), FIPS 186-5 section 6.4.2: verification only.

Points are (X, Y, Z), x = X / Z^2, y = Y / Z^3; the neutral one has Z = 0. All values are public.
"""

import hashlib

from ..curves import N_256 as _N
from ..curves import P_256 as _P
from .wnaf import wnaf

BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
_NEUTRAL = (1, 1, 0)


def es256_verify(public, message, signature) -> bool:
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    key = (int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big"), 1)
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    w = pow(s, _N - 2, _N)
    x, _, z = combine(e * w % _N, BASE, r * w % _N, key)
    if z == 0:
        return False
    # x / z^2 mod n = r, without the division: the x coordinate is r, or r + n if that is below p.
    z_2 = z * z % _P
    return (x - r * z_2) % _P == 0 or (r + _N < _P and (x - (r + _N) * z_2) % _P == 0)


def combine(u_1, point_1, u_2, point_2):
    """u_1 point_1 + u_2 point_2."""
    pairs = [(wnaf(u_1), _odd_multiples(point_1)), (wnaf(u_2), _odd_multiples(point_2))]
    point = _NEUTRAL
    for i in range(256, -1, -1):
        point = _double(point)
        for digits, multiples in pairs:
            digit = digits[i]
            if digit > 0:
                point = _add(point, multiples[digit >> 1])
            elif digit < 0:
                x, y, z = multiples[-digit >> 1]
                point = _add(point, (x, -y, z))
    return point


def _odd_multiples(point):
    """1, 3, 5, ... 15 times a point."""
    twice = _double(point)
    multiples = [point]
    for _ in range(7):
        multiples.append(_add(multiples[-1], twice))
    return multiples


def _double(point):
    x, y, z = point
    delta = z * z % _P
    gamma = y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x = (alpha * alpha - 8 * beta) % _P
    return x, (alpha * (4 * beta - x) - 8 * gamma * gamma) % _P, 2 * y * z % _P


def _add(p, q):
    x_1, y_1, z_1 = p
    x_2, y_2, z_2 = q
    if z_1 == 0:
        return q
    if z_2 == 0:
        return p
    z_1_2 = z_1 * z_1 % _P
    z_2_2 = z_2 * z_2 % _P
    u_1 = x_1 * z_2_2 % _P
    s_1 = y_1 * z_2 * z_2_2 % _P
    h = (x_2 * z_1_2 - u_1) % _P
    r = (y_2 * z_1 * z_1_2 - s_1) % _P
    if h == 0:
        return _double(p) if r == 0 else _NEUTRAL
    h_2 = h * h % _P
    h_3 = h * h_2 % _P
    v = u_1 * h_2 % _P
    x = (r * r - h_3 - 2 * v) % _P
    return x, (r * (v - x) - s_1 * h_3) % _P, h * z_1 * z_2 % _P
