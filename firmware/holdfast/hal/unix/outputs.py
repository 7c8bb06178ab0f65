"""Outputs of a board without pins: every change of state is a line on the console."""


class Output:
    """A two-state output, such as the strike's relay."""

    def __init__(self, console, name: str):
        self._console = console
        self._name = name
        self._active = None

    def set(self, active: bool):
        """Switch; only a change is told."""
        if active != self._active:
            self._active = active
            self._console.line({"hal": self._name, "active": active})


class Led:
    """The reader's LED."""

    def __init__(self, console):
        self._console = console
        self._shown = None

    def show(self, colour: str, effect: str):
        """Show a colour with an effect; only a change is told."""
        if (colour, effect) != self._shown:
            self._shown = (colour, effect)
            self._console.line({"hal": "led", "colour": colour, "effect": effect})


class Buzzer:
    """The reader's buzzer."""

    def __init__(self, console):
        self._console = console

    def beep(self, count: int):
        """Sound ``count`` short beeps."""
        self._console.line({"hal": "buzzer", "beeps": count})
