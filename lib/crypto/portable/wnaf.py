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
    # In small integers: what is shifted out of a big one costs as much as the addition it saves.
    scalar = k.to_bytes(34, "little")
    carry = place = 0
    while place < _DIGITS:
        i = place >> 3
        window = (scalar[i] | scalar[i + 1] << 8) >> (place & 7)
        if window & 1 == carry:  # with what is carried here, the number is even
            place += 1
            continue
        digit = (window & 31) + carry
        carry = 0
        if digit > 15:
            digit -= 32
            carry = 1
        digits[place] = digit
        place += 5
    return digits
