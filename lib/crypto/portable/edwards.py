"""Points of edwards25519: -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 section 5.1.4).

A point is (X, Y, Z, T), x = X / Z, y = Y / Z, x y = T / Z. What is added to a point is a *term*:
(Y - X, Y + X, 2 Z, 2 d T). The formulas hold for any two points, equal and neutral ones too.
"""

from .field import MASK, invert_steps, root_power_steps
from .field import P as _P
from .wnaf import wnaf

_D = 0x52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3
_SQRT_MINUS_1 = 0x2B8324804FC1DF0B2B4D00993DFBD7A72F431806AD2FE478C4EE1B274A0EA0B0
_BASE = (
    0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A,
    0x6666666666666666666666666666666666666666666666666666666666666658,
    1,
    0x67875F0FD78B766566EA4E8E64ABE37D20F09F80775152F56DDE8AB3A5B7DDA3,
)
_NEUTRAL = (0, 1, 1, 0)


def decode_steps(encoded):
    """The point that 32 bytes stand for, y taken modulo p; None if the curve has none there."""
    y = int.from_bytes(encoded, "little")
    sign = y >> 255
    y &= MASK
    # x^2 = u / v. The candidate root is u v^3 (u v^7)^((p - 5) / 8), RFC 8032 section 5.1.3.
    u = (y * y - 1) % _P
    v = (y * y * _D + 1) % _P
    v_3 = v * v * v % _P
    yield
    x = yield from root_power_steps(u * v_3 % _P * (v_3 * v % _P) % _P)
    yield
    x = u * v_3 % _P * x % _P
    error = v * x * x % _P
    if error != u:
        if error + u != _P:
            return None
        x = x * _SQRT_MINUS_1 % _P
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def encode_steps(point):
    """The 32 bytes of a point, canonical."""
    x, y, z, _ = point
    z = yield from invert_steps(z)
    return (y * z % _P | (x * z % _P & 1) << 255).to_bytes(32, "little")


def negate(point) -> tuple:
    x, y, z, t = point
    return -x, y, z, -t


def double(point, times: int = 1) -> tuple:
    """2^times of a point, ``times`` at least 1."""
    mask = MASK
    x, y, z, _ = point
    while True:
        s = x + y
        s *= s
        s = (s & mask) + 19 * (s >> 255)
        x *= x
        x = (x & mask) + 19 * (x >> 255)
        y *= y
        y = (y & mask) + 19 * (y >> 255)
        z *= z
        z = (z & mask) + 19 * (z >> 255)
        h = x + y
        e = h - s
        g = x - y
        f = z + z + g
        x = e * f
        x = (x & mask) + 19 * (x >> 255)
        x = (x & mask) + 19 * (x >> 255)
        y = g * h
        y = (y & mask) + 19 * (y >> 255)
        y = (y & mask) + 19 * (y >> 255)
        z = f * g
        z = (z & mask) + 19 * (z >> 255)
        z = (z & mask) + 19 * (z >> 255)
        times -= 1
        if times < 1:
            return x, y, z, e * h % _P


def as_term(point) -> tuple:
    """What :func:`add` takes for ``point``."""
    x, y, z, t = point
    return y - x, y + x, z + z, 2 * _D * t % _P


def minus(term) -> tuple:
    """The term of the negated point."""
    y_minus_x, y_plus_x, z2, t2d = term
    return y_plus_x, y_minus_x, z2, -t2d


def add(point, term) -> tuple:
    """The sum of a point and a term's point."""
    mask = MASK
    x, y, z, t = point
    y_minus_x, y_plus_x, z2, t2d = term
    a = (y - x) * y_minus_x
    a = (a & mask) + 19 * (a >> 255)
    b = (y + x) * y_plus_x
    b = (b & mask) + 19 * (b >> 255)
    c = t * t2d
    c = (c & mask) + 19 * (c >> 255)
    d = z * z2
    d = (d & mask) + 19 * (d >> 255)
    e = b - a
    f = d - c
    g = d + c
    h = b + a
    x = e * f
    x = (x & mask) + 19 * (x >> 255)
    x = (x & mask) + 19 * (x >> 255)
    y = g * h
    y = (y & mask) + 19 * (y >> 255)
    y = (y & mask) + 19 * (y >> 255)
    z = f * g
    z = (z & mask) + 19 * (z >> 255)
    z = (z & mask) + 19 * (z >> 255)
    t = e * h
    t = (t & mask) + 19 * (t >> 255)
    t = (t & mask) + 19 * (t >> 255)
    return x, y, z, t


_comb = []  # the comb's terms, once made


def _comb_steps():
    """Sixteen terms of four numbers of 32 bytes: n is the sum of 2^(64 i) B over the bits i of n.

    Made at the first use, in two thirds of a signature's time, and kept: as integers they would
    take three times these 2 KB.
    """
    if not _comb:
        points = [_NEUTRAL]
        tooth = _BASE
        for i in range(4):
            if i:
                for _ in range(16):
                    tooth = double(tooth, 4)
                    yield
            tooth_term = as_term(tooth)
            for n in range(len(points)):
                points.append(add(points[n], tooth_term))
                yield
        terms = bytearray()
        for point in points:
            for number in as_term(point):
                terms.extend((number % _P).to_bytes(32, "little"))
        yield
        if not _comb:  # two may have been at it in turns
            _comb.append(memoryview(terms))
    return _comb[0]


def _comb_term(comb, n):
    terms = comb[n << 7 : n + 1 << 7]
    return [int.from_bytes(terms[i : i + 32], "little") for i in (0, 32, 64, 96)]


def _columns(k):
    """For each i of 0..63, the number whose bits are the bits i, 64 + i, 128 + i, 192 + i of k."""
    k = k.to_bytes(32, "little")
    columns = bytearray(64)
    for i in range(8):
        # A byte of each row: the lowest bits are taken together, eight times.
        rows = k[i] | k[8 + i] << 9 | k[16 + i] << 18
        last = k[24 + i] << 3
        for j in range(8 * i, 8 * i + 8):
            columns[j] = rows & 1 | rows >> 8 & 2 | rows >> 16 & 4 | last & 8
            rows >>= 1
            last >>= 1
    return columns


def multiply_base_steps(k: int):
    """k B for k of 0..2^256 - 1: the same steps whatever k is."""
    comb = yield from _comb_steps()
    columns = _columns(k)
    point = _NEUTRAL
    for i in range(63, -1, -1):
        point = add(double(point), _comb_term(comb, columns[i]))
        yield
    return point


def combine_steps(k: int, point, s: int):
    """k point + s B, in steps that depend on k: for public numbers."""
    comb = yield from _comb_steps()
    columns = _columns(s)
    terms = yield from _odd_terms_steps(point)
    digits = wnaf(k)
    point = _NEUTRAL
    doublings = 0
    for i in range(len(digits) - 1, -1, -1):
        digit = digits[i]
        doublings += 1
        if digit or i < 64 or doublings == 3:
            point = double(point, doublings)
            doublings = 0
            yield
        if digit > 0:
            point = add(point, terms[digit >> 1])
            yield
        elif digit < 0:
            point = add(point, minus(terms[-digit >> 1]))
            yield
        if i < 64:
            point = add(point, _comb_term(comb, columns[i]))
    return point


def _odd_terms_steps(point):
    """The terms of 1, 3, 5, ... 15 times a point."""
    twice = as_term(double(point))
    terms = [as_term(point)]
    yield
    for _ in range(7):
        point = add(point, twice)
        terms.append(as_term(point))
        yield
    return terms
