"""All that a board has, built by its pins: what a role hands down."""

import sys
import time

from untrusted import InvalidInput

from . import pins
from .clock import Clock, Ticks
from .console import Console
from .inputs import Input
from .outputs import Output


class Board:
    """The hardware of a reader. Made, the strike is secured, first of all; ``way_out`` (Exit) is
    the role's, for whoever asks to exit before there is a reader, and after it.

    ``strike`` (Output) is None where no pin is one; ``inputs`` has Inputs by ``contact``, ``rex``,
    ``tamper`` and ``fire``, those that are wired. ``refusal`` says why ``pins_file`` is not gone
    by, if it is not: then only strike and button are there, as the image has them.
    """

    watchdog = None
    way_out = None
    held_ms = 0  # for which the door may be open; what is usual
    life: dict
    random_bytes = None

    def __init__(self, pins_file: str):
        self.refusal = None
        self.strike = None
        self.inputs = {}
        try:
            self._places = pins.load(pins_file)
        except (InvalidInput, OSError) as error:
            self.refusal = str(error)
            self._places = pins.without_file()
        place = self._places.get("STRIKE")
        if place is not None:
            self.strike = Output(place.pin, place.active)
        self._input("REX")
        self.console = Console()
        self.ticks = Ticks()
        self.clock = Clock()
        self.life = {}

    def wait(self, ms: int):
        """Wait, while pins and timers go on."""
        time.sleep_ms(ms)

    @property
    def is_safe_asked(self) -> bool:
        """Whether somebody holds the button SAFE."""
        place = self._places.get("SAFE")
        return place is not None and Input(place.pin, place.active).read()

    def build(self):
        """What a door that decides has besides: the other inputs, light, buzzer, a clock with a
        battery. Raises OSError.
        """
        self.show()
        for name in ("CONTACT", "TAMPER", "FIRE"):
            self._input(name)
        if "CONTACT" in self._places:
            self.held_ms = 1000 * self._places["CONTACT"].held
        if "SDA" in self._places:
            from machine import I2C

            from .ds3231 import ADDRESS, Ds3231

            # Slow: its wires may be as long as a case.
            i2c = I2C(0, scl=self._places["SCL"].pin, sda=self._places["SDA"].pin, freq=100000)
            if ADDRESS in i2c.scan():
                self.clock = Ds3231(i2c)

    def wiegand(self) -> tuple:
        """``(format, WiegandPort, format, WiegandLines)`` of the Wiegand reader and of the panel
        behind it, as pins.json says of them; both None where there is none.
        """
        form, pins = self._lines("WIEGAND")
        port = lines = None
        if form is not None:
            from .wiegand_in import WiegandPort

            port = WiegandPort(*pins)
        panel, pins = self._lines("PANEL")
        if panel is not None:
            from .wiegand_out import WiegandLines

            lines = WiegandLines(*pins)
        return form, port, panel, lines

    def _lines(self, name):
        place = self._places.get(name + "_D0")
        if place is None or place.form is None:
            return None, ()
        return place.form, (place.pin, self._places[name + "_D1"].pin)

    def show(self):
        """Light and buzzer."""
        from .signals import Buzzer, Led, Rgb, Ring

        places = self._places
        lamp = None
        if "RING" in places:
            lamp = Ring(places["RING"].pin, places["RING"].count)
        elif "LED_R" in places:
            three = [places[name] for name in ("LED_R", "LED_G", "LED_B")]
            lamp = Rgb([place.pin for place in three], [place.active for place in three])
        self.led = Led(lamp)
        self.buzzer = Buzzer(places["BUZZER"].pin if "BUZZER" in places else None)

    def _input(self, name):
        place = self._places.get(name)
        if place is None:
            return None
        found = self.inputs[name.lower()] = Input(place.pin, place.active)
        return found

    def forget_pins(self):
        """What only a start needs is let go."""
        self._places = {}
        # In a joined image it is no module of its own, and there is nothing to let go of.
        sys.modules.pop("holdfast.hal.esp32.pins", None)
