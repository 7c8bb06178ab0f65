"""The three IEEE 754 sizes, worked on as integers.

MicroPython's struct has no half floats, and whether a shorter size holds the same number is a
question about bits. A format is a pair: bits of exponent, bits of mantissa.
"""

import struct

HALF = (5, 10)
SINGLE = (8, 23)
DOUBLE = (11, 52)

HALF_NAN = 0x7E00


def is_nan(bits: int, form: tuple) -> bool:
    """Whether ``bits`` in the format ``form`` is not a number."""
    exponent_bits, mantissa_bits = form
    infinity = (1 << exponent_bits) - 1 << mantissa_bits
    return bits & ((1 << exponent_bits + mantissa_bits) - 1) > infinity


def narrow(bits: int, form: tuple, target: tuple):
    """The same number in the smaller format ``target``, or None if that cannot hold it exactly.

    For numbers and infinities; a NaN keeps what fits of its payload.
    """
    exponent_bits, mantissa_bits = form
    target_exponent_bits, target_mantissa_bits = target
    top = (1 << exponent_bits) - 1
    target_top = (1 << target_exponent_bits) - 1
    sign = bits >> exponent_bits + mantissa_bits
    exponent = bits >> mantissa_bits & top
    mantissa = bits & ((1 << mantissa_bits) - 1)
    dropped = mantissa_bits - target_mantissa_bits

    if exponent == top:
        exponent = target_top
    elif exponent or mantissa:
        exponent += (target_top >> 1) - (top >> 1)
        if exponent >= target_top or exponent <= -target_mantissa_bits:
            return None
        if exponent <= 0:  # subnormal there: the leading one is written out and shifted down
            mantissa |= 1 << mantissa_bits
            dropped += 1 - exponent
            exponent = 0
    if mantissa & ((1 << dropped) - 1):
        return None
    sign <<= target_exponent_bits + target_mantissa_bits
    return sign | exponent << target_mantissa_bits | mantissa >> dropped


def from_half(bits: int) -> float:
    """The number that 16 bits stand for."""
    exponent = bits >> 10 & 31
    mantissa = bits & 0x3FF
    if exponent == 31:
        value = float("nan") if mantissa else float("inf")
    elif exponent == 0:
        value = mantissa * 2.0**-24
    else:
        value = (mantissa + 1024) * 2.0 ** (exponent - 25)
    return -value if bits >> 15 else value


def from_bits(bits: int, size: int) -> float:
    """The number that ``size`` bytes (2, 4 or 8) stand for.

    A board whose floats have single precision rounds what does not fit them.
    """
    if size == 2:
        return from_half(bits)
    return struct.unpack(">f" if size == 4 else ">d", bits.to_bytes(size, "big"))[0]


def shortest(value: float) -> tuple:
    """``(bits, size in bytes)`` of the shortest encoding of ``value``; any NaN is the half one."""
    if value != value:
        return HALF_NAN, 2
    double = int.from_bytes(struct.pack(">d", value), "big")
    single = narrow(double, DOUBLE, SINGLE)
    if single is None:
        return double, 8
    half = narrow(single, SINGLE, HALF)
    return (single, 4) if half is None else (half, 2)


def is_shortest(bits: int, size: int) -> bool:
    """Whether ``bits`` of ``size`` bytes are what :func:`shortest` would choose."""
    if size == 2:
        return bits == HALF_NAN or not is_nan(bits, HALF)
    form, target = (SINGLE, HALF) if size == 4 else (DOUBLE, SINGLE)
    return not is_nan(bits, form) and narrow(bits, form, target) is None
