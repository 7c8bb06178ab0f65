"""X25519, RFC 7748 section 5: the Montgomery ladder, with the RFC's names."""

from .field import MASK, invert_steps
from .field import P as _P


def x25519_steps(private, public):
    k = bytearray(private)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    u = int.from_bytes(public, "little") & MASK
    x_2, z_2 = yield from _ladder_steps(k, u)
    z_inverse = yield from invert_steps(z_2)
    return (x_2 * z_inverse % _P).to_bytes(32, "little")


def _ladder_steps(k, x_1):
    """The point k * x_1 as (X, Z); k is 32 bytes with the top bit clear."""
    mask = MASK
    # x_2, z_2, x_3, z_3. The conditional swap is the place that is read from: no branch, and no
    # product with a 0 or 1, which big integers are quicker to form with the one than the other.
    points = [1, 0, x_1, 1]
    swap = 0
    for t in range(254, -1, -1):
        k_t = k[t >> 3] >> (t & 7) & 1
        start = (swap ^ k_t) << 1
        swap = k_t
        x_2 = points[start]
        z_2 = points[start + 1]
        x_3 = points[2 - start]
        z_3 = points[3 - start]

        a = x_2 + z_2
        b = x_2 - z_2
        aa = a * a
        aa = (aa & mask) + 19 * (aa >> 255)
        bb = b * b
        bb = (bb & mask) + 19 * (bb >> 255)
        e = aa - bb
        da = (x_3 - z_3) * a
        da = (da & mask) + 19 * (da >> 255)
        cb = (x_3 + z_3) * b
        cb = (cb & mask) + 19 * (cb >> 255)

        x_3 = da + cb
        x_3 *= x_3
        x_3 = (x_3 & mask) + 19 * (x_3 >> 255)
        points[2] = (x_3 & mask) + 19 * (x_3 >> 255)
        z_3 = da - cb
        z_3 *= z_3
        z_3 = x_1 * ((z_3 & mask) + 19 * (z_3 >> 255))
        z_3 = (z_3 & mask) + 19 * (z_3 >> 255)
        points[3] = (z_3 & mask) + 19 * (z_3 >> 255)
        x_2 = aa * bb
        x_2 = (x_2 & mask) + 19 * (x_2 >> 255)
        points[0] = (x_2 & mask) + 19 * (x_2 >> 255)
        z_2 = e * (aa + 121665 * e)
        z_2 = (z_2 & mask) + 19 * (z_2 >> 255)
        points[1] = (z_2 & mask) + 19 * (z_2 >> 255)
        if t & 1:
            yield
    start = swap << 1
    return points[start], points[start + 1]
