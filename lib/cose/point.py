"""Points of P-256 in COSE_Keys: whether x and y are one, and y from x and its sign.

All here is public: keys of others, and our own public ones.
"""

from crypto.curves import B_256 as _B
from crypto.curves import P_256 as _P
from micropython import const

_SQUARINGS_A_STEP = const(16)


def is_point(x: bytes, y: bytes) -> bool:
    """Whether two coordinates of 32 bytes, big-endian, are a point of the curve."""
    u, v = int.from_bytes(x, "big"), int.from_bytes(y, "big")
    return u < _P and v < _P and (v * v - _cubic(u)) % _P == 0


def is_coordinate(x: bytes) -> bool:
    """Whether 32 bytes are a number of the field. Of half of these there is no point."""
    return int.from_bytes(x, "big") < _P


def y_steps(x: bytes, is_odd: bool):
    """The 32 bytes of the y that is odd or even as asked for (SEC 1 section 2.3.4), or None.

    A generator of steps, as in :mod:`crypto`.
    """
    u = int.from_bytes(x, "big")
    square = _cubic(u)
    # The root is square^((p + 1) / 4), whose exponent is 2^254 - 2^222 + 2^190 + 2^94.
    root = square
    for ones in (1, 2, 4, 8, 16):
        root = (yield from _square_times(root, ones)) * root % _P
    root = (yield from _square_times(root, 32)) * square % _P
    root = (yield from _square_times(root, 96)) * square % _P
    root = yield from _square_times(root, 94)
    if u >= _P or root * root % _P != square:
        return None
    if root & 1 != is_odd:
        root = _P - root
    return root.to_bytes(32, "big")


def _cubic(x):
    return (x * x * x - 3 * x + _B) % _P


def _square_times(number, times):
    for i in range(times):
        number = number * number % _P
        if i % _SQUARINGS_A_STEP == 0:
            yield
    return number
