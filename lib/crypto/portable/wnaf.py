"""Scalars as few signed digits, so that a multiplication needs few additions."""


def wnaf(k: int) -> list:
    """The digits of k >= 0 to base 2, lowest first: each 0, or odd and -15..15.

    Four zeros at least follow each other digit (the width-5 non-adjacent form). How the digits
    fall depends on k: for public numbers only.
    """
    digits = []
    while k:
        digit = 0
        if k & 1:
            digit = k & 31
            if digit > 15:
                digit -= 32
            k -= digit
        digits.append(digit)
        k >>= 1
    return digits
