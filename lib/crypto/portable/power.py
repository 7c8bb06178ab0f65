"""Powers modulo any number, in steps."""


def power_steps(x: int, exponent: int, modulus: int):
    """x^exponent modulo ``modulus``; the time depends on ``exponent``, which is public.

    Four bits a turn. The interpreter's own pow would do all in one call of many milliseconds.
    """
    powers = [1, x]
    for _ in range(14):
        powers.append(powers[-1] * x % modulus)
        if len(powers) & 7 == 0:
            yield
    y = 1
    for digit in exponent.to_bytes(32, "big"):
        for nibble in (digit >> 4, digit & 15):
            for _ in range(4):
                y = y * y % modulus
            y = y * powers[nibble] % modulus
        yield
    return y


def invert_steps(x: int, prime: int):
    """1 / x modulo ``prime``, and 0 for 0."""
    return power_steps(x, prime - 2, prime)
