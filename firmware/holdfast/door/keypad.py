"""A PIN as it is typed: # enters it, * begins anew, and so does who waits for too long."""

from micropython import const

from .wiegand import KEY_CLEAR, KEY_ENTER

_PATIENCE_MS = const(10000)  # from one key to the next
# One more than a PIN has: with any further it is as little one as with this.
_MOST_DIGITS = const(11)


class Keypad:
    """Hands what was typed to ``entered(digits)``, as text, and calls ``again()`` in its place if
    a key in between was lost: a PIN with a digit too few would be tried, and counted as wrong.

    ``ticks`` is the hal's monotonic clock.
    """

    def __init__(self, ticks, entered, again):
        self._ticks = ticks
        self._entered = entered
        self._again = again
        self._digits = bytearray(_MOST_DIGITS)
        self._count = 0
        self._is_spoilt = False
        self._until = None  # when what was typed is forgotten; None if nothing was

    def press(self, key: int):
        """0 to 9, KEY_CLEAR or KEY_ENTER was pressed."""
        self.look()
        if key == KEY_CLEAR:
            self._clear()
        elif key == KEY_ENTER:
            digits = "".join([chr(digit) for digit in self._digits[: self._count]])
            is_spoilt = self._is_spoilt
            self._clear()
            if is_spoilt:
                self._again()
            elif digits:
                self._entered(digits)
        else:
            if self._count < _MOST_DIGITS:
                self._digits[self._count] = 48 + key
                self._count += 1
            self._until = self._ticks.add(_PATIENCE_MS)

    def spoil(self):
        """What may have been a key is lost: what is being typed now must be typed again."""
        self._is_spoilt = True
        self._until = self._ticks.add(_PATIENCE_MS)

    def look(self):
        """Forget what was begun and not entered in time; to be called now and then."""
        if self._until is not None and self._ticks.until(self._until) <= 0:
            self._clear()

    def _clear(self):
        for at in range(_MOST_DIGITS):
            self._digits[at] = 0
        self._count = 0
        self._is_spoilt = False
        self._until = None
