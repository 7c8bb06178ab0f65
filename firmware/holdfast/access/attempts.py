"""How often a wrong PIN may be tried at one keypad."""

from micropython import const

_LIMIT = const(5)  # wrong PINs until the first lock
_FIRST_LOCK_S = const(30)
_DOUBLINGS = const(7)  # until the longest lock
_LONGEST_LOCK_S = const(3600)
_FORGIVEN_AFTER_S = const(900)  # one wrong PIN
_FORGIVEN_FOR_S = const(300)  # the same, if a right one comes after it


class PinAttempts:
    """Counts wrong PINs; times are seconds of uptime.

    The fifth wrong PIN locks for 30 s, and each one after it twice as long as the last, up to an
    hour. A quarter of an hour forgives one wrong PIN; five minutes do, if a right one follows. Not
    sooner, and never all: otherwise who has a PIN of their own could guess between showing it.
    Nothing is kept over a restart, so a start counts as four wrong ones: cutting the power buys
    one attempt.
    """

    def __init__(self, uptime: int = 0):
        self._wrong = _LIMIT - 1
        self._since = uptime
        self._locked_until = uptime

    def locked_s(self, uptime: int) -> int:
        """Seconds until the next attempt; 0 if it may be made now."""
        return max(0, self._locked_until - uptime)

    def wrong(self, uptime: int):
        """A PIN was tried that opens nothing."""
        self._forgive(uptime)
        self._wrong = min(self._wrong + 1, _LIMIT + _DOUBLINGS)
        if self._wrong >= _LIMIT:
            lock = min(_FIRST_LOCK_S << self._wrong - _LIMIT, _LONGEST_LOCK_S)
            self._locked_until = uptime + lock
            self._since = self._locked_until

    def right(self, uptime: int):
        """A PIN was tried that the reader knows."""
        self._forgive(uptime)
        if uptime - self._since >= _FORGIVEN_FOR_S:
            self._wrong = max(0, self._wrong - 1)
            self._since = uptime

    def _forgive(self, uptime):
        forgiven = (uptime - self._since) // _FORGIVEN_AFTER_S
        if forgiven > 0:
            self._wrong = max(0, self._wrong - forgiven)
            self._since += forgiven * _FORGIVEN_AFTER_S
