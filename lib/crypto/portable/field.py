"""Arithmetic modulo p = 2^255 - 19 on Python's integers.

Reduction is folding: 2^255 = 19 (mod p), so ``(t & MASK) + 19 * (t >> 255)`` is congruent to t,
also to a negative t, at half of what ``t % P`` costs. Where it is hot it is written out, as a call
would cost as much again. Once folded, a product of 540 bits has 290; twice folded, it is below
2^255 + 2^40. So what is multiplied again at once is folded once, what is kept is folded twice, and
no product exceeds 540 bits. Congruent is not equal: ``% P`` comes at the end.
"""

from ..curves import P_25519 as P

MASK = (1 << 255) - 1


def square_times_steps(x: int, times: int):
    """x^(2^times)."""
    mask = MASK
    for i in range(times):
        x *= x
        x = (x & mask) + 19 * (x >> 255)
        x = (x & mask) + 19 * (x >> 255)
        if i & 7 == 7:
            yield
    return x


def root_power_steps(z: int):
    """z^((p - 5) / 8) = z^(2^252 - 3), from which a square root is one step away."""

    def chain(x, times, y):
        x = yield from square_times_steps(x, times)
        yield
        return x * y % P

    # z_n is z^(2^n - 1): n ones in binary.
    z_2 = yield from chain(z, 1, z)
    z_4 = yield from chain(z_2, 2, z_2)
    z_5 = yield from chain(z_4, 1, z)
    z_10 = yield from chain(z_5, 5, z_5)
    z_20 = yield from chain(z_10, 10, z_10)
    z_40 = yield from chain(z_20, 20, z_20)
    z_50 = yield from chain(z_40, 10, z_10)
    z_100 = yield from chain(z_50, 50, z_50)
    z_200 = yield from chain(z_100, 100, z_100)
    z_250 = yield from chain(z_200, 50, z_50)
    return (yield from chain(z_250, 2, z))


def invert_steps(z: int):
    """1 / z, and 0 for 0: z^(p - 2), as p - 2 = 8 (2^252 - 3) + 3."""
    x = yield from root_power_steps(z)
    x = yield from square_times_steps(x, 3)
    return x * (z * z % P * z % P) % P
