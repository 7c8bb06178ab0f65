"""Inputs on pins: contact, REX, tamper, fire alarm, a button."""

from machine import Pin


class Input:
    """What a switch at ``pin`` (Pin) says: ``read()`` gives True while the pin has the level
    ``active``, 0 or 1.

    A switch goes between pin and ground; the chip's own pull-up is on, where the pin has one
    (GPIO 34 to 39 of the first ESP32 have none). A wire that is cut reads 1: what must not be
    silenced by cutting it, such as contact, tamper and fire alarm, is closed at rest and 1 when
    active; what must not be played by cutting it, such as a button, is 0 when active.
    """

    def __init__(self, pin, active: int):
        pin.init(Pin.IN, Pin.PULL_UP)
        self._pin = pin
        self._active = active
        self._callback = None

    def read(self) -> bool:
        """Whether it is open, pressed, tampered with, or in alarm, now. Takes no memory."""
        return self._pin.value() == self._active

    def watch(self, callback):
        """Have ``callback()`` called after each change from now on; None: no more.

        The call comes in the interpreter's time, when its present step is over; several changes
        may be one call, or none where eight others waited already: who must not miss a level
        reads it now and then. What the callback raises is printed and goes no further.
        """
        self._callback = callback
        self._pin.irq(None if callback is None else self._changed)

    def _changed(self, pin):
        callback = self._callback
        if callback is not None:
            callback()
