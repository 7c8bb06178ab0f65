"""The one exception family for everything that comes from outside.

A phone, a datagram, a file, a USB cable: whatever is wrong with what they
sent is raised as an :class:`InvalidInput`, and nothing else is. A loop that
serves strangers catches this class and lets real bugs through.
"""


class InvalidInput(ValueError):
    """Input from outside was refused. The text says why and holds no secret."""
