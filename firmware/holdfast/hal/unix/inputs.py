"""Inputs of a board without pins: what a line of JSON says of them last (bench.py)."""


class Input:
    """A contact, button or loop; ``read()`` is True while a door is open, a button pressed, a case
    opened, an alarm on.
    """

    def __init__(self):
        self._is_on = False
        self._callback = None

    def read(self) -> bool:
        """What it is now."""
        return self._is_on

    def watch(self, callback):
        """Have ``callback()`` called whenever that changes."""
        self._callback = callback

    def set(self, is_on: bool):
        """It is that from now on."""
        if is_on != self._is_on:
            self._is_on = is_on
            if self._callback is not None:
                self._callback()
