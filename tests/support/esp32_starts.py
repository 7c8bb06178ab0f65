"""Starts of an ESP32 in simulated time, from its flash to how each ended and what it said.

To be imported before anything of holdfast.hal.esp32.
"""

import asyncio
import json
import sys

import simulated_esp32

simulated_esp32.install()

import small_site as site
from holdfast.hal.esp32 import flash
from holdfast.hal.esp32.console import Console
from holdfast.roles import esp32, safe_mode
from holdfast.storage import files

STRIKE, REX, SAFE = 5, 4, 9
NAMES = {"STRIKE": STRIKE, "REX": REX, "SAFE": SAFE, "BUZZER": 6, "RING": 10}
PRIVATE = bytes(range(1, 33))
AGAIN_S = 120  # in the place of half an hour


class Radio:
    """In the place of link/gatt's: ``acts`` is what happens once the node serves, and ``said`` is
    what the last one said of itself first, ``now()`` what it says of itself now.
    """

    fails = None
    acts = staticmethod(lambda: None)
    said = b""
    now = staticmethod(lambda: b"")

    def __init__(self, ble, ticks, limits, advertisement, console):
        if self.fails is not None:
            raise self.fails
        Radio.now = staticmethod(advertisement)
        Radio.said = advertisement()
        assert ble.is_active and limits.connections == 3

    async def run(self, connected):
        for _ in range(20):
            await asyncio.sleep(0)  # the other jobs begin
        self.acts()
        raise KeyboardInterrupt


class _GattRadio:
    Radio = Radio


sys.modules["holdfast.link.gatt.radio"] = _GattRadio


class Start:
    """One start of a board with this ``folder`` as its flash: how it ended, what it said. ``main``
    is what its image starts.
    """

    def __init__(
        self, folder, cause=1, chip=None, acts=None, fails=None, held=False, main=esp32.main
    ):
        self.chip = chip or simulated_esp32.power_on(names=NAMES)
        self.chip.cause = cause
        self.lines = []
        flash.HOME, flash.STATE = folder, folder + "/state"
        Console.write = lambda _, text: self.lines.append(json.loads(text))
        Console.line = lambda _, fields: self.lines.append(json.loads(json.dumps(fields)))
        safe_mode.AGAIN_S = AGAIN_S
        Radio.acts = staticmethod(acts or (lambda: None))
        Radio.fails = fails
        if held:
            self.chip.drive(SAFE, 0)
        self.reset = None
        try:
            main()
        except simulated_esp32.Reset as reset:
            self.reset = str(reset)

    @property
    def events(self):
        return [line["event"] for line in self.lines]

    def line(self, event):
        """The first one of this ``event``."""
        (found,) = [line for line in self.lines if line["event"] == event][:1]
        return found

    def released(self, strike=STRIKE):
        """Seconds of each time that the strike was, in which no relay saw a break."""
        found = []
        for since, to in self.chip.active(strike, 1):
            if found and since - found[-1][1] < 1000:
                since = found.pop()[0]
            found.append((since, to))
        return [(to - since) // 1000000 for since, to in found]


def enrolled(folder, changes=None, pins=None):
    """Enrol the board as the small site's reader, or with these ``changes`` to its settings, with
    this text as its pins.json.
    """
    files.write(folder + "/device.key", PRIVATE)
    files.write(folder + "/settings.cbor", site.settings_file(changes, PRIVATE))
    if pins is not None:
        files.write(folder + "/pins.json", pins.encode())


def interrupt():
    """Somebody at the console stops it."""
    raise KeyboardInterrupt


def press(chip, ms, button=REX):
    """Somebody presses, now."""
    chip.drive(button, 0)
    chip.run(ms)
    chip.drive(button, 1)
    chip.run(10)


def pressed_at(chip, ms, button=REX):
    """Somebody presses after ``ms``, and lets go after 100."""
    chip.at(chip.now + ms * 1000, lambda: chip.drive(button, 0))
    chip.at(chip.now + (ms + 100) * 1000, lambda: chip.drive(button, 1))


def stopped_at(chip, ms):
    """Somebody stops it after ``ms``."""
    chip.at(chip.now + ms * 1000, interrupt)
