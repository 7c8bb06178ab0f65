"""All that a board has, built by its pins: what a role hands down."""

import sys
import time

from untrusted import InvalidInput

from . import pins
from .clock import Clock, Ticks
from .console import Console
from .door_pins import DoorPins
from .inputs import Input


class Board(DoorPins):
    """The hardware of a node. Made, all strikes are secured, first of all; ``ways_out`` (Exit) are
    the role's, for whoever asks to exit before there is a node, and after it.

    Its one door's is its own (DoorPins); where pins.json names several, ``of_doors`` has theirs by
    name, and the board has no strike itself. ``refusal`` says why ``pins_file`` is not gone by, if
    it is not: then only strike and button are there, as the image has them.
    """

    watchdog = None
    life: dict
    random_bytes = None

    def __init__(self, pins_file: str):
        self.refusal = None
        self.ways_out = []
        doors = {}
        try:
            places, doors = pins.load(pins_file)
        except (InvalidInput, OSError) as error:
            self.refusal = str(error)
            places = pins.without_file()
        ticks = Ticks()
        self.of_doors = {name: DoorPins(doors[name], ticks) for name in doors}
        DoorPins.__init__(self, places, ticks)
        # (name, DoorPins) of each that has a strike; without a name the only one's.
        self.all_doors = [(name, self.of_doors[name]) for name in sorted(self.of_doors)]
        if self.strike is not None:
            self.all_doors.append(("", self))
        self.console = Console()
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
        """What a node has besides: the other inputs, lights, buzzers, a clock with a battery.
        Raises OSError.
        """
        DoorPins.build(self)
        for door in self.of_doors.values():
            door.build()
        if "SDA" in self._places:
            from machine import I2C

            from .ds3231 import ADDRESS, Ds3231

            # Slow: its wires may be as long as a case.
            i2c = I2C(0, scl=self._places["SCL"].pin, sda=self._places["SDA"].pin, freq=100000)
            if ADDRESS in i2c.scan():
                self.clock = Ds3231(i2c)

    def forget_pins(self):
        """What only a start needs is let go."""
        DoorPins.forget_pins(self)
        for name, door in self.all_doors:
            if name:
                door.forget_pins()
        # In a joined image it is no module of its own, and there is nothing to let go of.
        sys.modules.pop("holdfast.hal.esp32.pins", None)
