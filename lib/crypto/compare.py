"""Comparison that does not tell where two values differ."""


def equal(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are the same, in a time that depends on their lengths alone."""
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):
        difference |= x ^ y
    return difference == 0
