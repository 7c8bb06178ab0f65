"""Outputs of a board without pins: every change of state is a line on the console."""


class Output:
    """A two-state output, such as the strike's relay."""

    def __init__(self, console, name: str):
        self._console = console
        self._active = None
        # Made now: a strike must be secured also when there is no memory left to say so.
        self._on = console.prepare({"hal": name, "active": True})
        self._off = console.prepare({"hal": name, "active": False})

    def set(self, active: bool):
        """Switch, without needing memory; only a change is told."""
        if active != self._active:
            self._active = active
            self._console.write(self._on if active else self._off)


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
