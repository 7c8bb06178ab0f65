"""What people see and hear: a ring of NeoPixels or an RGB LED, and a buzzer."""

import asyncio

from esp32 import RMT
from machine import PWM, Pin, Timer
from neopixel import NeoPixel

from micropython import const

# As bright as a hall at night bears.
_COLOURS = {
    "white": (48, 48, 48),
    "blue": (0, 0, 96),
    "green": (0, 96, 0),
    "red": (96, 0, 0),
    "amber": (96, 40, 0),
    "magenta": (72, 0, 72),
}
_DARK = (0, 0, 0)
# Milliseconds of one frame; of all but ``moving``, the odd ones are dark.
_FRAME_MS = {"steady": 0, "moving": 80, "blink": 150, "fast": 120, "slow": 1000}

_TONE_HZ = const(2700)  # where small buzzers are loudest
_BEEP_MS = const(90)


class Ring:
    """``count`` NeoPixels at ``pin`` (Pin)."""

    def __init__(self, pin, count: int):
        # Sent by the processor: memory and channels of the RMT are the strike's.
        RMT.bitstream_channel(None)
        self.count = count
        self._pixels = NeoPixel(pin, count)

    def fill(self, colour):
        """All of them in ``colour``, red, green and blue from 0 to 255."""
        self._pixels.fill(colour)
        self._pixels.write()

    def light(self, at: int, colour):
        """Only the one at ``at``."""
        self._pixels.fill(_DARK)
        self._pixels[at] = colour
        self._pixels.write()


class Rgb:
    """An LED of three colours, each on or off: ``pins`` (Pin) and the levels at which they are on,
    of red, green and blue.
    """

    count = 1

    def __init__(self, pins, levels):
        self._pins = pins
        self._levels = levels
        for place, pin in enumerate(pins):
            pin.init(Pin.OUT, value=not levels[place])

    def fill(self, colour):
        """In the nearest that on and off make of ``colour``."""
        for place in range(3):
            on = self._levels[place]
            self._pins[place].value(on if colour[place] else not on)


class Led:
    """The reader's light, on a ``lamp`` (Ring or Rgb); None where there is none.

    ``run()`` is to be run for ever, and moves what moves; without it colours are right, still.
    """

    def __init__(self, lamp):
        self._lamp = lamp
        self._colour = _DARK
        self._effect = "steady"
        self._frame = 0
        self._changed = asyncio.Event()

    @property
    def is_there(self) -> bool:
        """Whether anybody sees it."""
        return self._lamp is not None

    def show(self, colour: str, effect: str):
        """Show a colour with an effect (docs: what people see), at once."""
        if self._lamp is None:
            return
        rgb = _COLOURS[colour]
        if rgb is self._colour and effect == self._effect:
            return
        self._colour = rgb
        self._effect = effect
        self._frame = 0
        self._draw()
        self._changed.set()

    async def run(self):
        """Draw frame after frame of what moves; takes no memory for it. Runs for ever."""
        while True:
            ms = _FRAME_MS[self._effect]
            if not ms:
                self._changed.clear()
                await self._changed.wait()
                continue
            await asyncio.sleep_ms(ms)
            self._frame += 1
            self._draw()

    def _draw(self):
        lamp = self._lamp
        if self._effect == "moving" and lamp.count > 1:
            if self._frame >= lamp.count:
                self._frame = 0
            lamp.light(self._frame, self._colour)
        else:
            lamp.fill(_DARK if self._frame & 1 else self._colour)


class Buzzer:
    """A buzzer without a tone of its own, at ``pin`` (Pin); None where there is none."""

    def __init__(self, pin):
        self._left = 0  # beeps and the pauses between them
        if pin is None:
            self._pwm = None
            return
        self._pwm = PWM(pin, freq=_TONE_HZ, duty_u16=0)
        self._timer = Timer(-1)
        self._look = self._looked

    def beep(self, count: int):
        """Sound ``count`` short beeps, beginning now."""
        if self._pwm is None or count <= 0:
            return
        self._left = 2 * count - 1
        self._pwm.duty_u16(32768)
        self._timer.init(mode=Timer.PERIODIC, period=_BEEP_MS, callback=self._look)

    def _looked(self, timer):
        self._left -= 1
        if self._left <= 0:
            timer.deinit()
        self._pwm.duty_u16(32768 if self._left > 0 and self._left & 1 else 0)  # pyright: ignore[reportOptionalMemberAccess]
