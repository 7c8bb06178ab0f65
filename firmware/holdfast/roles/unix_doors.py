"""A controller on the unix port: the hardware of each of its doors is played by the console."""

from ..hal.unix.outputs import Buzzer, Led, Output
from .controller import Controller


class DoorHardware:
    """What hal gives one door of several; the console names it."""

    def __init__(self, hardware, door: str):
        console = hardware.console
        self.ticks = hardware.ticks
        self.strike = Output(console, "strike of " + door)
        self.led = Led(console, "led of " + door)
        self.buzzer = Buzzer(console, "buzzer of " + door)


def controller(settings, private_key, hardware, directory, **more) -> Controller:
    """The Controller whom ``settings`` name, as unix_reader makes a Reader."""
    doors = [name for name, _ in settings.doors]
    hardware.of_doors = {name: DoorHardware(hardware, name) for name in doors}
    return Controller(settings, private_key, hardware, directory, **more)
