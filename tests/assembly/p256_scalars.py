"""Multipliers at which a multiplication by a ladder or by windows can go wrong."""

from crypto.assembly.model256 import N, P

# Where the ladder chooses between k and n - k, where its multiplier k + 2 n or 3 n - k has a long
# run of equal bits, and where its first bits could become others.
_BORDERS = (2**255, N - 2**255, N >> 1, N // 3, N // 4, N // 5, 2**256 - N, P - N, 2**257 - 2 * N)


def edges() -> list[int]:
    """From 1 to n - 1: the ends, with twice each digit of a window, powers of 2, and borders."""
    found = set(range(1, 35))
    found |= {N - number for number in range(1, 70)}
    found |= {2**i for i in range(256)} | {N - 2**i for i in range(256)}
    found |= {border + offset for border in _BORDERS for offset in range(-3, 4)}
    found |= {int("01" * 128, 2), int("10" * 128, 2), int("0f" * 32, 16), 2**128 - 1, 2**255 - 1}
    # Upper bits of the ladder's multiplier K = k + 2 n that are those of a multiple of n, or of
    # its half: there a step would meet a point and its opposite.
    for multiple in (N, 3 * N, N - 1, N + 1, (N - 1) // 2, (N + 1) // 2, (3 * N - 1) // 2):
        for shift in range(-3, 6):
            upper = multiple << shift if shift >= 0 else multiple >> -shift
            found |= {(upper + offset - 2 * N) for offset in range(-3, 4)}
            found |= {-(upper + offset - 2 * N) for offset in range(-3, 4)}
    return sorted(number for number in found if 1 <= number < N)
