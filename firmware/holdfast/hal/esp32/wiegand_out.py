"""Two lines to a legacy panel, as a Wiegand reader drives them.

A role gives it to roles/wiegand.py as ``lines``, with the panel's format as ``panel``. Each pin
drives a transistor with an open collector, or is level-shifted: the panel pulls its lines up to
5 V.
"""

import time

import machine
from machine import Pin

from micropython import const

_PULSE_US = const(50)


class WiegandLines:
    """Both lines rest high, by open drain; level before direction, so that none moves at boot.

    By hand and not by RMT: channels are few, and two of them keep no order between two lines.
    """

    def __init__(self, d0, d1):
        self._pins = (d0, d1)
        for pin in self._pins:
            pin.init(Pin.OPEN_DRAIN, value=1)

    def pulse(self, line: int):
        """One pulse of 50 us on D0 (0) or D1 (1)."""
        pin = self._pins[line]
        # Nothing may make it longer meanwhile: a panel takes a long one for none, or for two.
        state = machine.disable_irq()
        pin.value(0)
        time.sleep_us(_PULSE_US)
        pin.value(1)
        machine.enable_irq(state)
