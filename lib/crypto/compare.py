"""Comparison that does not tell where two values differ."""


def equal(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are the same, in a time that depends on their lengths alone."""
    if len(a) != len(b):
        return False
    difference = at = 0
    for x in a:  # a zip() of both takes half as long again
        difference |= x ^ b[at]
        at += 1
    return difference == 0
