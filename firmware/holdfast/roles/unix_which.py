"""Which role a device on the unix port has, and its ``main``. Loads nothing that decides."""

from ..hal.unix.rng import random_bytes
from .which import carries


def role(arguments):
    """What is to be called with these arguments: the ``main`` of the role."""
    if arguments and carries(arguments[0], random_bytes):
        from .unix_carrier import main as carrier

        return carrier
    from .unix_reader import main as reader

    return reader
