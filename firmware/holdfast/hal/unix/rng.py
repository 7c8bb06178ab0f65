"""Randomness from the operating system."""

import os


def random_bytes(length: int) -> bytes:
    """``length`` bytes fit for keys."""
    return os.urandom(length)
