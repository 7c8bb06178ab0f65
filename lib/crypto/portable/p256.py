"""Points of P-256: y^2 = x^3 - 3 x + b (SP 800-186 section 3.2.1.3).

They are (X, Y, Z), x = X / Z^2, y = Y / Z^3; the neutral one has Z = 0.
"""

from ..curves import B_256 as _B
from ..curves import N_256 as _N
from ..curves import P_256 as _P
from .power import invert_steps, power_steps
from .wnaf import wnaf

BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
_NEUTRAL = (1, 1, 0)


def p256_public_key_steps(private):
    x, y = yield from affine_steps((yield from multiply_steps(private, BASE)))
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def p256_ecdh_steps(private, public):
    point = yield from decode_steps(public)
    if point is None:
        return None
    x, _ = yield from affine_steps((yield from multiply_steps(private, point)))
    return x.to_bytes(32, "big")


def decode_steps(public):
    """The point of x || y, or one of the two of x alone; None if the curve has none there."""
    x = int.from_bytes(public[:32], "big")
    if len(public) == 64:
        return x, int.from_bytes(public[32:], "big"), 1
    y_2 = (x * x * x - 3 * x + _B) % _P
    y = yield from power_steps(y_2, (_P + 1) // 4, _P)  # the root if there is one: p = 3 (mod 4)
    return (x, y, 1) if y * y % _P == y_2 else None


def affine_steps(point):
    """(x, y) of a point that is not the neutral one."""
    x, y, z = point
    z_inverse = yield from invert_steps(z, _P)
    yield
    z_2 = z_inverse * z_inverse % _P
    return x * z_2 % _P, y * z_2 * z_inverse % _P


def multiply_steps(private, point):
    """k times a point, for the 32 bytes of k of 1..n - 1: the same steps whatever k is.

    An odd number is the sum of 64 terms (2 d - 15) 16^i with d of 0..15: digits that are odd, and
    so never zero. Of k and n - k one is odd, and (n - k) P = -(k P).
    """
    k = int.from_bytes(private, "big")
    even = 1 - (k & 1)
    k = (k, _N - k)[even]
    # The terms without their 15s are 2 (sum of d 16^i); all the 15s are 2^256 - 1.
    digits = (k + (1 << 256) - 1 >> 1).to_bytes(32, "big")
    multiples = yield from _odd_multiples_steps(point)
    multiples = [_negate(multiple) for multiple in reversed(multiples)] + multiples
    total = None
    for byte in digits:
        for digit in (byte >> 4, byte & 15):
            if total is None:
                total = multiples[digit]
                continue
            for _ in range(4):
                total = _double(total)
                yield
            total = yield from _add_steps(total, multiples[digit])
    return (total, _negate(total))[even]


def combine_steps(u_1, point_1, u_2, point_2):
    """u_1 point_1 + u_2 point_2, in steps that depend on the numbers: for public ones."""
    first = yield from _odd_multiples_steps(point_1)
    second = yield from _odd_multiples_steps(point_2)
    pairs = [(wnaf(u_1), first)]
    yield
    pairs.append((wnaf(u_2), second))
    yield
    point = _NEUTRAL
    for i in range(256, -1, -1):
        point = _double(point)
        yield
        for digits, multiples in pairs:
            digit = digits[i]
            if digit > 0:
                point = yield from _add_steps(point, multiples[digit >> 1])
            elif digit < 0:
                point = yield from _add_steps(point, _negate(multiples[-digit >> 1]))
    return point


def _odd_multiples_steps(point):
    """1, 3, 5, ... 15 times a point."""
    twice = _double(point)
    multiples = [point]
    yield
    for _ in range(7):
        multiples.append((yield from _add_steps(multiples[-1], twice)))
    return multiples


def _negate(point):
    x, y, z = point
    return x, -y, z


def _double(point):
    x, y, z = point
    delta = z * z % _P
    gamma = y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x = (alpha * alpha - 8 * beta) % _P
    return x, (alpha * (4 * beta - x) - 8 * gamma * gamma) % _P, 2 * y * z % _P


def _add_steps(p, q):
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
    yield
    h_2 = h * h % _P
    h_3 = h * h_2 % _P
    v = u_1 * h_2 % _P
    x = (r * r - h_3 - 2 * v) % _P
    y = (r * (v - x) - s_1 * h_3) % _P
    z = h * z_1 * z_2 % _P
    yield
    return x, y, z
