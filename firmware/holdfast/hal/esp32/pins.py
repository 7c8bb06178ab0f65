"""Which pin does what: the names that the image gives its pins, and pins.json over them."""

import sys

from machine import Pin

from untrusted import InvalidInput

from .. import json_object

_MAX_FILE = 2048
_MOST_DOORS = 8

# Of each chip, the highest GPIO, and as bits those that do not exist or are the flash's, the
# console's or USB's; those that say at a reset how it starts; those that are inputs only.
_CHIPS = {
    "ESP32": (39, 0xF1100FCA, 0x9025, 0xFC_0000_0000),
    "ESP32S3": (48, 0x183F_FFD8_0000, 0x6000_0000_0009, 0),
    "ESP32C3": (21, 0x3FF000, 0x304, 0),
    "ESP32C6": (30, 0x7F033000, 0x8330, 0),
}

# Name: the level at which it is active, whether it is an output, and whether it is wired without
# pins.json saying so. An alarm that nobody wired would never be silent.
_NAMES = {
    "STRIKE": (1, True, True),
    "CONTACT": (1, False, False),
    "REX": (0, False, True),
    "TAMPER": (1, False, False),
    "FIRE": (1, False, False),
    "SAFE": (0, False, True),
    "RING": (1, True, True),
    "LED_R": (1, True, True),
    "LED_G": (1, True, True),
    "LED_B": (1, True, True),
    "BUZZER": (1, True, True),
    "WIEGAND_D0": (0, False, True),
    "WIEGAND_D1": (0, False, True),
    "PANEL_D0": (0, True, False),
    "PANEL_D1": (0, True, False),
    "SDA": (0, True, True),
    "SCL": (0, True, True),
}
_TOGETHER = (
    ("WIEGAND_D0", "WIEGAND_D1"),
    ("PANEL_D0", "PANEL_D1"),
    ("SDA", "SCL"),
    ("LED_R", "LED_G", "LED_B"),
)
# Names of the board, where it has several doors; the others are a door's.
_BOARDS_OWN = ("SAFE", "SDA", "SCL", "RING", "LED_R", "LED_G", "LED_B", "BUZZER")
_DOORS_OWN = tuple([name for name in _NAMES if name not in ("SAFE", "SDA", "SCL")])
_DOORS = "doors"
# Entries of one name's alone.
_ONLY = {"count": ("RING",), "format": ("WIEGAND_D0", "PANEL_D0"), "held": ("CONTACT",)}
_RING = 12  # LEDs, unless pins.json says otherwise
_MOST_LEDS = 64
_LONGEST_HELD_S = 3600


class PinsError(InvalidInput):
    """pins.json, or the image's own names, cannot be gone by; the text names the entry."""


class Place:
    """Where something is: ``pin`` (Pin), ``active``, the level at which it is active, and, of a
    ring, ``count`` LEDs; of D0 of a Wiegand reader or a panel, ``form``, what is sent, or None; of
    a contact, ``held``, for how many seconds the door may be open, 0 for what is usual.
    """

    def __init__(self, number, active, count=0, form=None, held=0):
        self.form = form
        self.held = held
        self.number = number
        self.active = active
        self.count = count

    @property
    def pin(self):
        """The Pin."""
        return Pin(self.number)


def chip() -> str:
    """The chip's name, such as ``ESP32C3``, as the image has it; PinsError for an unknown one."""
    # Some ports have ESP32-S3, some ESP32S3.
    name = sys.implementation._machine.split(" ")[-1].replace("-", "")
    if name not in _CHIPS:
        raise PinsError("pins: nothing is known of the chip %s" % name[:20])
    return name


def load(path: str) -> tuple:
    """``(places, doors)``: Places by their names, by the image's own names and what the file at
    ``path`` has over them, and, of a board with several doors, such Places by the door's name.

    The file may be missing. It is a JSON object of at most 2,048 bytes, such as
    ``{"CONTACT": true, "REX": 27, "STRIKE": {"pin": 26, "active": 0}, "BUZZER": false}``: the
    image's own pin, another GPIO, one with another level, or none. ``count`` says how many LEDs a
    RING has, ``held`` of CONTACT for how many seconds the door may be open, and ``format`` of
    WIEGAND_D0 what the reader there sends, such as ``26,keypad8``, and of PANEL_D0 what a panel
    takes: without it none is listened to, or sent to. With ``"doors": {"hall": {"STRIKE": 26},
    "vault": {...}}``, up to eight, what a door has stands under its name, and nothing of it is
    wired without being said. Raises PinsError, whose text says what is wrong, and OSError.
    """
    asked = _read(path)
    rules, taken = _CHIPS[chip()], _wired_to_ethernet()
    if _DOORS not in asked:
        return check(asked, own(), rules, taken), {}
    return _with_doors(asked, own(), rules, taken)


def _with_doors(asked, numbers, rules, taken):
    said = asked.pop(_DOORS)
    if not isinstance(said, dict) or not 1 <= len(said) <= _MOST_DOORS:
        raise PinsError("pins: doors are no object of 1 to %d doors" % _MOST_DOORS)
    for name in asked:
        if name in _NAMES and name not in _BOARDS_OWN:
            raise PinsError("pins: %s is a door's: put it under its name in doors" % name)
    # No lamp of the board's own takes a door's pin unless somebody asks for it.
    wired = {name: False for name in _NAMES if name not in ("SAFE", "SDA", "SCL")}
    wired.update(asked)
    taken = dict(taken)
    places = check(wired, numbers, rules, taken)
    for name, place in places.items():
        taken[place.number] = name
    doors = {}
    for door, own_pins in said.items():
        if not isinstance(own_pins, dict) or "STRIKE" not in own_pins:
            raise PinsError("pins: door %s has no STRIKE" % repr(door)[:24])
        wired = {name: False for name in _NAMES}
        for name in own_pins:
            if name in _NAMES and name not in _DOORS_OWN:
                raise PinsError("pins: %s is the board's, and none of a door's" % name)
        wired.update(own_pins)
        try:
            doors[door] = check(wired, numbers, rules, taken)
        except PinsError as error:
            raise PinsError("%s (door %s)" % (error, repr(door)[:24]))
        for name, place in doors[door].items():
            taken[place.number] = "%s of %s" % (name, door[:20])
        if "STRIKE" not in doors[door]:
            raise PinsError("pins: door %s has no STRIKE" % repr(door)[:24])
    return places, doors


def own() -> dict:
    """GPIO numbers by the names of which this image has a pin."""
    found = {}
    for name in _NAMES:
        pin = getattr(Pin.board, name, None)
        if pin is not None:
            found[name] = _number(pin)
    return found


def _wired_to_ethernet():
    """Names by the GPIO numbers that the board's Ethernet has."""
    return {
        _number(getattr(Pin.board, name)): name
        for name in dir(Pin.board)
        if name.startswith("ETH_")
    }


def _number(pin):
    # The port tells it in a pin's text alone: Pin(5), or Pin(5, mode=...).
    return int(str(pin)[4:].split(",")[0].rstrip(")"))


def without_file() -> dict:
    """Places by the image's own names alone, of which those that are none are left out: where
    pins.json cannot be gone by, what can be secured is.
    """
    found = {}
    numbers = own()
    for name in numbers:
        try:
            found.update(check({}, {name: numbers[name]}, _CHIPS[chip()], {}))
        except PinsError:
            pass
    return found


def check(asked: dict, numbers: dict, rules: tuple, taken: dict) -> dict:
    """Places of what ``asked`` (pins.json's object) makes of the image's ``numbers``, by the
    ``rules`` of a chip, where the GPIOs ``taken`` are something else's; raises PinsError.
    """
    taken = dict(taken)
    for name in asked:
        if name not in _NAMES:
            raise PinsError("pins: %s is none of %s" % (repr(name)[:24], " ".join(sorted(_NAMES))))
    found = {}
    for name, (active, is_output, is_wired) in _NAMES.items():
        entry = asked.get(name, True if is_wired and name in numbers else False)
        place = _place(name, entry, numbers, active)
        if place is None:
            continue
        _check_number(name, place.number, rules, is_output)
        if place.number in taken:
            raise PinsError(
                "pins: %s and %s are both GPIO %d" % (taken[place.number], name, place.number)
            )
        taken[place.number] = name
        found[name] = place
    for group in _TOGETHER:
        here = [name for name in group if name in found]
        if here and len(here) < len(group):
            raise PinsError("pins: %s go together" % " ".join(group))
    return found


def _place(name, entry, numbers, active):
    count = _RING if name == "RING" else 0
    form, held = None, 0
    if isinstance(entry, dict):
        for key in entry:
            if key not in ("pin", "active") and key not in _ONLY:
                raise PinsError("pins: %s: %s is unknown" % (name, repr(key)[:24]))
            if name not in _ONLY.get(key, (name,)):
                raise PinsError("pins: %s: %s is of %s" % (name, key, " ".join(_ONLY[key])))
        active = _whole(name, "active", entry.get("active", active), 0, 1)
        if count:
            count = _whole(name, "count", entry.get("count", count), 1, _MOST_LEDS)
        if "held" in entry:
            held = _whole(name, "held", entry["held"], 1, _LONGEST_HELD_S)
        form = entry.get("format")
        if form is not None and not isinstance(form, str):
            raise PinsError("pins: %s: format is not a text" % name)
        entry = entry.get("pin", True)
    if entry is False or entry is None:
        return None
    if entry is True:
        if name not in numbers:
            raise PinsError("pins: %s: this image has no pin of that name: say its GPIO" % name)
        entry = numbers[name]
    return Place(_whole(name, "pin", entry, 0, 63), active, count, form, held)


def _whole(name, what, value, least, most):
    if type(value) is not int or not least <= value <= most:
        raise PinsError("pins: %s: %s is not a number from %d to %d" % (name, what, least, most))
    return value


def _check_number(name, number, rules, is_output):
    highest, forbidden, strapping, inputs = rules
    bit = 1 << number
    if number > highest or forbidden & bit:
        raise PinsError("pins: %s: GPIO %d is the chip's own, or is none" % (name, number))
    # A button is let go of at a reset, or starts the chip's loader, which is what it says then.
    if strapping & bit and name != "SAFE":
        raise PinsError("pins: %s: GPIO %d says how the chip starts" % (name, number))
    if is_output and inputs & bit:
        raise PinsError("pins: %s: GPIO %d is an input only" % (name, number))


def _read(path):
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_FILE + 1)
    except OSError as error:
        if error.errno == 2:  # ENOENT
            return {}
        raise
    if len(raw) > _MAX_FILE:
        raise PinsError("pins: larger than %d bytes" % _MAX_FILE)
    asked = json_object.parse(raw, _MAX_FILE)
    if asked is None:
        raise PinsError("pins: not a JSON object")
    return asked
