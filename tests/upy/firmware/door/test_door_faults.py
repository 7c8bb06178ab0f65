"""What the door does when its own parts fail: it shuts, and it goes on."""

INTERPRETERS = ("micropython", "cpython")

import asyncio
import time

from holdfast.door.doorway import Doorway
from holdfast.door.strike import Strike


class _Ticks:
    def add(self, ms):
        return int(time.time() * 1000) + ms

    def until(self, tick):
        return tick - int(time.time() * 1000)


class _Output:
    def __init__(self):
        self.told = []

    def set(self, active):
        self.told.append(active)


class _Light:
    """An indicator that finds no memory for its line while ``broken``."""

    def __init__(self):
        self.broken = False
        self.shown = []

    def show(self, state):
        if self.broken:
            raise MemoryError
        self.shown.append(state)


async def _closed_again(output):
    for _ in range(200):
        if output.told[-1] is False:
            return True
        await asyncio.sleep(0.005)
    return False


async def test_a_strike_shuts_in_time_although_the_light_failed_when_it_opened():
    """Whoever waits for the next change must hear of a grant before anything else can fail, or
    the door stays open until somebody else comes.
    """
    output, light = _Output(), _Light()
    door = Doorway(Strike(output), light, _Ticks())
    running = asyncio.create_task(door.run())
    await asyncio.sleep(0)
    light.broken = True
    door.grant(20)
    assert output.told == [False, True]
    assert await _closed_again(output)
    light.broken = False
    door.grant(20)
    assert light.shown[-1] == "granted" and await _closed_again(output)
    running.cancel()


async def test_a_door_goes_on_after_a_light_that_failed_at_rest():
    """A loop that died of a light would leave the next grant without its end."""
    output, light = _Output(), _Light()
    door = Doorway(Strike(output), light, _Ticks())
    running = asyncio.create_task(door.run())
    door.grant(10)
    light.broken = True
    assert await _closed_again(output)
    await asyncio.sleep(0.02)
    assert not running.done()
    running.cancel()


class _Stuck(_Output):
    """An output whose line to open fails once, after it may have switched."""

    def set(self, active):
        super().set(active)
        if active and self.told.count(True) == 1:
            raise OSError(5)


async def test_a_strike_that_failed_while_opening_is_shut_in_time_and_opens_again():
    """Nobody knows whether it moved: it is treated as open, and the next person is not the one
    to find out.
    """
    output = _Stuck()
    door = Doorway(Strike(output), _Light(), _Ticks())
    running = asyncio.create_task(door.run())
    await asyncio.sleep(0)
    try:
        door.grant(20)
    except OSError:
        pass
    assert await _closed_again(output)
    door.grant(20)
    assert output.told[-1] is True and await _closed_again(output)
    running.cancel()
