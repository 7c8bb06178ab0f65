"""Random numbers for waiting times: where they come from is passed in."""


def between(random_bytes, least: int, most: int) -> int:
    """An integer from ``least`` up to, and without, ``most``; ``least`` if there is none between.

    ``random_bytes(n)`` gives n bytes. For spans far below 2^32: it is not quite even.
    """
    span = most - least
    if span <= 1:
        return least
    return least + int.from_bytes(random_bytes(4), "big") % span
