"""When to ask all on the LAN where one node is: at once, and then less and less often.

Pure. A hint of that node would say it, but among many its own is hardly ever the one that is sent.
"""

from micropython import const

from .chance import between

_FIRST_MS = const(3000)
_LONGEST_MS = const(96000)


class Seeking:
    """``random_bytes(n)`` is for the jitter: after a power cut a whole site asks."""

    def __init__(self, random_bytes, now: int):
        self._random_bytes = random_bytes
        self._pause = _FIRST_MS
        self._at = now + between(random_bytes, 0, _FIRST_MS)

    def is_due(self, now: int) -> bool:
        """Whether to ask now, of one that is not there. If so, the next time is later."""
        if now < self._at:
            return False
        pause = self._pause
        self._at = now + pause + between(self._random_bytes, 0, pause // 2)
        self._pause = min(2 * pause, _LONGEST_MS)
        return True

    def ended(self):
        """It is there: when it is missed again, it is asked for at once."""
        self._pause = _FIRST_MS
        self._at = 0
