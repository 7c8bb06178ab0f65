"""Scalars as few signed digits, so that a multiplication needs few additions."""

from array import array

_DIGITS = 257  # a carry can reach one place beyond 256 bits


def wnaf(k: int) -> array:
    """The 257 digits of k in 0..2^256 - 1 to base 2, lowest first: each 0, or odd and -15..15.

    Four zeros at least follow each other digit (the width-5 non-adjacent form). How the digits
    fall depends on k: for public numbers only.
    """
    # A byte each: a list would need the largest free piece of memory in the whole handshake.
    digits = array("b", bytes(_DIGITS))
    place = 0
    while k:
        if k & 1:
            digit = k & 31
            if digit > 15:
                digit -= 32
            k -= digit
            digits[place] = digit
        place += 1
        k >>= 1
    return digits
