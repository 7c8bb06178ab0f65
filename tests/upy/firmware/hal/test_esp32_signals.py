"""Light and buzzer of an ESP32, in simulated time: what is seen at once, and what moves."""

INTERPRETERS = ("micropython",)

import asyncio
import gc
import sys

import simulated_esp32
from harness import raises, skip

simulated_esp32.install()

from holdfast.door import indicator
from holdfast.hal.esp32 import signals
from holdfast.hal.esp32.signals import Buzzer, Led, Rgb, Ring

_RED, _GREEN, _BLUE, _BUZZER = 1, 3, 4, 6
_DARK = (0, 0, 0)


def _ring(count=4):
    return Led(Ring(simulated_esp32.Pin(10), count))


def _rgb(levels):
    return Rgb([simulated_esp32.Pin(number) for number in (_RED, _GREEN, _BLUE)], levels)


async def _frames(led, count):
    """Let the job draw ``count`` frames, in no time."""
    waited = []
    drawn = asyncio.Event()
    sleep = asyncio.sleep_ms

    async def at_once(ms):
        waited.append(ms)
        if len(waited) > count:
            drawn.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    signals.asyncio.sleep_ms = at_once
    task = asyncio.create_task(led.run())
    try:
        await asyncio.wait_for(drawn.wait(), 60)
    finally:
        signals.asyncio.sleep_ms = sleep
        task.cancel()
    return waited[:count]


def test_each_state_of_a_door_has_its_light():
    """A state that the light does not know would end the answer in an error."""
    chip = simulated_esp32.power_on()
    led = _ring()
    for colour, effect, _ in indicator._SHOWN.values():
        led.show(colour, effect)
        assert max([max(pixel) for pixel in chip.shown[-1][1]]) > 0, (colour, effect)
    raises(KeyError, led.show, "mauve", "steady")


def test_what_is_shown_is_shown_at_once_and_a_repeat_costs_nothing():
    """Who waits for an answer sees it before any job runs; a standing light is not written again
    and again.
    """
    chip = simulated_esp32.power_on()
    led = _ring()
    led.show("green", "steady")
    (shown,) = chip.shown
    assert len(set(shown[1])) == 1 and shown[1][0][1] > 0 and shown[1][0][0] == 0
    led.show("green", "steady")
    assert len(chip.shown) == 1


async def test_what_moves_is_moved_by_a_job():
    """Three blinks for a no in 900 ms; a light that goes around while somebody is heard."""
    chip = simulated_esp32.power_on()
    led = _ring(4)
    led.show("red", "blink")
    assert sum(await _frames(led, 6)) == indicator.REFUSED_MS
    lit = [pixels[0] != _DARK for _, pixels in chip.shown]
    assert lit == [True, False] * 3 + [True]
    led.show("white", "moving")
    del chip.shown[:]
    await _frames(led, 6)
    at = [[place for place in range(4) if pixels[place] != _DARK] for _, pixels in chip.shown]
    assert at == [[1], [2], [3], [0], [1], [2]]


async def test_what_moves_takes_no_memory():
    """It moves for as long as a door is held open: litter would be swept every minute."""
    if hasattr(sys, "settrace"):
        skip("this MicroPython takes memory for each call, to be traced")
    simulated_esp32.power_on()

    class Lamp:
        count = 4

        def fill(self, colour):
            pass

        def light(self, at, colour):
            pass

    led = Led(Lamp())
    led.show("white", "moving")
    led._draw()
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(100):
        led._frame += 1
        led._draw()
    assert gc.mem_alloc() == before


def test_an_led_of_three_colours_has_the_nearest():
    """Amber is red and green; each wire may be lit by 0 or by 1, and is dark at first."""
    for levels in ((1, 1, 1), (0, 0, 0), (1, 0, 1)):
        chip = simulated_esp32.power_on()
        lamp = _rgb(levels)

        def lit(chip=chip, levels=levels):
            pads = [chip.pad(number).level for number in (_RED, _GREEN, _BLUE)]
            return [pads[place] == levels[place] for place in range(3)]

        assert lit() == [False] * 3
        led = Led(lamp)
        for colour, expected in (
            ("amber", [True, True, False]),
            ("magenta", [True, False, True]),
            ("white", [True, True, True]),
            ("red", [True, False, False]),
        ):
            led.show(colour, "fast")
            assert lit() == expected, colour
        led._frame = 1
        led._draw()
        assert lit() == [False] * 3


def test_beeps_are_counted_and_end_by_themselves():
    """A buzzer that sounds until a job has time is one that people tear off."""
    for count in (1, 2, 3):
        chip = simulated_esp32.power_on()
        buzzer = Buzzer(simulated_esp32.Pin(_BUZZER))
        assert chip.pad(_BUZZER).duties[-1][1] == 0
        buzzer.beep(count)
        chip.run(2000)
        on = [1 if duty else 0 for _, duty in chip.pad(_BUZZER).duties[1:]]
        assert on == [1, 0] * count and chip.due == []
    buzzer.beep(0)
    assert chip.due == []


async def test_a_board_without_light_or_buzzer_is_silent():
    """A controller in a cupboard has neither."""
    simulated_esp32.power_on()
    led = Led(None)
    led.show("red", "fast")
    Buzzer(None).beep(3)
    task = asyncio.create_task(led.run())
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
