"""What people see and hear at the door: one table from state to LED and buzzer."""

# state: (colour, effect, beeps)
_SHOWN = {
    "ready": ("white", "steady", 0),
    "deciding": ("white", "moving", 0),
    "granted": ("green", "steady", 1),
    "refused": ("red", "blink", 2),
}
REFUSED_MS = 900  # three blinks of 300 ms


class Indicator:
    """Shows one state at a time: ``led`` has ``show(colour, effect)``, ``buzzer`` ``beep(n)``."""

    def __init__(self, led, buzzer):
        self._led = led
        self._buzzer = buzzer

    def show(self, state: str):
        """Show ``ready``, ``deciding``, ``granted`` or ``refused``."""
        colour, effect, beeps = _SHOWN[state]
        self._led.show(colour, effect)
        if beeps:
            self._buzzer.beep(beeps)
