"""What people see and hear at the door: one table from state to LED and buzzer."""

# state: (colour, effect, beeps)
_SHOWN = {
    "ready": ("white", "steady", 0),
    "deciding": ("white", "moving", 0),
    "granted": ("green", "steady", 1),
    "refused": ("red", "blink", 2),
    "unlocked": ("green", "steady", 0),
    "fault": ("red", "fast", 0),
    "offline": ("red", "steady", 0),  # no controller: what is decided here opens all the same
    "held": ("amber", "fast", 1),  # open for too long, or the exit button
    "forced": ("red", "fast", 3),
    "tamper": ("red", "fast", 0),
}
REFUSED_MS = 900  # three blinks of 300 ms


class Indicator:
    """Shows one state at a time: ``led`` has ``show(colour, effect)``, ``buzzer`` ``beep(n)``.

    What they raise is for ``faults`` (Faults) and stops nobody.
    """

    def __init__(self, led, buzzer, faults):
        self._led = led
        self._buzzer = buzzer
        self._faults = faults

    def show(self, state: str):
        """Show a state of the table above, as far as that works."""
        colour, effect, beeps = _SHOWN[state]
        try:
            self._led.show(colour, effect)
            error = None
        except Exception as failed:
            error = failed
        self._faults.heard("led", error)
        if not beeps:
            return
        try:
            self._buzzer.beep(beeps)
            error = None
        except Exception as failed:
            error = failed
        self._faults.heard("buzzer", error)
