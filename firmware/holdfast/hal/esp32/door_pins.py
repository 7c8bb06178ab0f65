"""What one door has at a board's pins: strike, inputs, light, buzzer, Wiegand reader, panel."""

from .inputs import Input
from .outputs import Output


class DoorPins:
    """The hardware of one door, at ``places`` (pins.load). Made, the strike is secured, and REX
    can be read.

    ``strike`` (Output) is None where no pin is one; ``inputs`` has Inputs by ``contact``, ``rex``,
    ``tamper`` and ``fire``, those that are wired.
    """

    held_ms = 0  # for which the door may be open; what is usual

    def __init__(self, places: dict, ticks):
        self._places = places
        self.ticks = ticks
        self.strike = None
        self.inputs = {}
        place = places.get("STRIKE")
        if place is not None:
            self.strike = Output(place.pin, place.active)
        self._input("REX")

    def build(self):
        """What a door that is decided for has besides: the other inputs, light and buzzer."""
        self.show()
        for name in ("CONTACT", "TAMPER", "FIRE"):
            self._input(name)
        if "CONTACT" in self._places:
            self.held_ms = 1000 * self._places["CONTACT"].held

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

    def forget_pins(self):
        """What only a start needs is let go."""
        self._places = {}

    def _lines(self, name):
        place = self._places.get(name + "_D0")
        if place is None or place.form is None:
            return None, ()
        return place.form, (place.pin, self._places[name + "_D1"].pin)

    def _input(self, name):
        place = self._places.get(name)
        if place is None:
            return None
        found = self.inputs[name.lower()] = Input(place.pin, place.active)
        return found
