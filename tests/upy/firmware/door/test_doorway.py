"""The door's state machine: what the strike and the lights do, and that it comes to rest by
itself.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from holdfast.door.doorway import Doorway
from holdfast.door.indicator import Indicator
from holdfast.door.strike import Strike


class _Ticks:
    """Milliseconds that move only when a test moves them, wrapping like the hardware's."""

    _PERIOD = 1 << 30

    def __init__(self):
        self.ms = self._PERIOD - 500

    def add(self, ms):
        return (self.ms + ms) % self._PERIOD

    def until(self, tick):
        half = self._PERIOD // 2
        return (tick - self.ms + half) % self._PERIOD - half

    def advance(self, ms):
        self.ms = (self.ms + ms) % self._PERIOD


class _Board:
    """Records what the outputs were told."""

    def __init__(self):
        self.strike, self.shown, self.beeps = [], [], []

    def set(self, active):
        self.strike.append(active)

    def show(self, colour, effect):
        self.shown.append((colour, effect))

    def beep(self, count):
        self.beeps.append(count)


def _door():
    board, ticks = _Board(), _Ticks()
    return Doorway(Strike(board), Indicator(board, board), ticks), board, ticks


async def _settle():
    # A zero-length wait_for needs a few turns of the loop on either interpreter.
    for _ in range(5):
        await asyncio.sleep(0.001)


def test_the_strike_is_secured_from_the_first_moment():
    """A strike that pulses at boot opens the door at every power cut."""
    door, board, _ = _door()
    assert board.strike == [False]
    assert board.shown == [("white", "steady")]


async def test_a_grant_takes_effect_at_once_and_ends_by_itself():
    """The answer to the phone leaves after the strike has moved, and the strike goes back
    unasked.
    """
    door, board, ticks = _door()
    running = asyncio.create_task(door.run())
    door.grant(40)
    assert (
        board.strike[-1] is True and board.shown[-1] == ("green", "steady") and board.beeps == [1]
    )
    await _settle()
    assert board.strike[-1] is True
    ticks.advance(40)
    await asyncio.sleep(0.06)
    assert board.strike[-1] is False and board.shown[-1] == ("white", "steady")
    running.cancel()


async def test_a_refusal_or_a_shorter_grant_never_shortens_a_grant():
    """A stranger's refusal must not shut the door in front of the one who was let in."""
    door, board, ticks = _door()
    running = asyncio.create_task(door.run())
    door.grant(3000)
    door.refuse()
    door.deciding()
    door.grant(10)
    assert board.shown[-1] == ("green", "steady")
    ticks.advance(2000)
    await _settle()
    assert board.strike[-1] is True
    running.cancel()


async def test_a_later_grant_prolongs():
    """The second person through gets the whole strike time."""
    door, board, ticks = _door()
    running = asyncio.create_task(door.run())
    door.grant(20)
    await _settle()
    door.grant(3000)
    ticks.advance(1000)
    await asyncio.sleep(0.05)
    assert board.strike[-1] is True
    running.cancel()


async def test_a_refusal_shows_and_goes():
    """Red, two short sounds, and back to ready; the strike is not touched."""
    door, board, ticks = _door()
    running = asyncio.create_task(door.run())
    door.refuse()
    assert board.shown[-1] == ("red", "blink") and board.beeps == [2]
    ticks.advance(5000)
    await _settle()
    await asyncio.sleep(0.95)
    assert board.shown[-1] == ("white", "steady")
    assert True not in board.strike
    running.cancel()


def test_a_crowd_that_is_refused_is_told_once():
    """A stranger who asks a hundred times a second must not make the door sing."""
    door, board, _ = _door()
    for _ in range(100):
        door.deciding()
        door.refuse()
    assert board.beeps == [2] and board.shown[-1] == ("red", "blink")


def test_rest_ends_deciding_but_not_an_answer():
    """A phone that leaves in the middle must not leave the light moving, nor wipe a refusal."""
    door, board, _ = _door()
    door.deciding()
    assert board.shown[-1] == ("white", "moving")
    door.rest()
    assert board.shown[-1] == ("white", "steady")
    door.refuse()
    door.rest()
    assert board.shown[-1] == ("red", "blink")


def test_close_secures_whatever_was_going_on():
    """The program may end in the middle of a grant."""
    door, board, _ = _door()
    door.grant(60000)
    door.close()
    assert board.strike[-1] is False
