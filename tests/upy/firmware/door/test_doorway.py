"""The door's state machine: what the strike and the lights do, and that it comes to rest by
itself.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from harness import MICROPYTHON, skip
from holdfast.door.doorway import Doorway
from holdfast.door.faults import Faults
from holdfast.door.indicator import Indicator


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
    """A strike that ends its own pulses by its own clock, and a light; records what they did."""

    def __init__(self, ticks):
        self.ticks = ticks
        self.pulses, self.shown, self.beeps = [], [], []
        self._due = None

    def pulse(self, ms):
        self.pulses.append(ms)
        if self._due is None or self.ticks.until(self._due) < ms:
            self._due = self.ticks.add(ms)

    def end(self):
        self.pulses.append(0)
        self._due = None

    @property
    def released(self):
        return self._due is not None and self.ticks.until(self._due) > 0

    def show(self, colour, effect):
        self.shown.append((colour, effect))

    def beep(self, count):
        self.beeps.append(count)


def _door():
    ticks = _Ticks()
    board = _Board(ticks)
    door = Doorway(board, Indicator(board, board, Faults()), ticks)
    door.start()
    return door, board, ticks


async def _settle():
    # A zero-length wait_for needs a few turns of the loop on either interpreter.
    for _ in range(5):
        await asyncio.sleep(0.001)


def test_nothing_moves_before_the_start_and_the_strike_is_secured_by_it():
    """A strike that pulses at boot opens the door at every power cut."""
    ticks = _Ticks()
    board = _Board(ticks)
    door = Doorway(board, Indicator(board, board, Faults()), ticks)
    assert not board.pulses and not board.shown
    door.start()
    assert board.pulses == [0] and board.shown == [("white", "steady")]


async def test_a_grant_takes_effect_at_once_and_its_end_is_not_ours():
    """The answer to the phone leaves after the strike has moved. Its end comes though nobody here
    does anything for it; what runs brings the light back, and leaves the strike alone.
    """
    door, board, ticks = _door()
    door.grant(40)
    assert board.released and board.shown[-1] == ("green", "steady") and board.beeps == [1]
    ticks.advance(39)
    assert board.released
    ticks.advance(1)
    assert not board.released
    running = asyncio.create_task(door.run())
    await _settle()
    assert board.shown[-1] == ("white", "steady") and board.pulses == [0, 40]
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
    assert board.released and board.shown[-1] == ("green", "steady")
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
    assert board.released and board.shown[-1] == ("green", "steady")
    running.cancel()


async def test_a_refusal_shows_and_goes():
    """Red, two short sounds, and back to ready; the strike is not touched."""
    door, board, ticks = _door()
    running = asyncio.create_task(door.run())
    door.refuse()
    assert board.shown[-1] == ("red", "blink") and board.beeps == [2]
    await _settle()
    ticks.advance(5000)
    await asyncio.sleep(0.3)
    assert board.shown[-1] == ("white", "steady")
    assert board.pulses == [0]
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
    assert not board.released and board.pulses[-1] == 0


def test_close_takes_no_memory():
    """It stands in a finally: memory is what may have ended."""
    if not MICROPYTHON:
        skip("only MicroPython's heap can be locked")
    import micropython

    class Strike:
        ended = False

        def pulse(self, ms):
            pass

        def end(self):
            self.ended = True

    strike, ticks = Strike(), _Ticks()
    board = _Board(ticks)
    door = Doorway(strike, Indicator(board, board, Faults()), ticks)
    for before in (lambda: None, lambda: door.grant(60000), door.refuse, door.deciding):
        before()
        strike.ended = False
        micropython.heap_lock()
        try:
            door.close()
        finally:
            micropython.heap_unlock()
        assert strike.ended


async def test_run_may_die_and_begin_again_in_any_state():
    """A supervisor starts anew what ended: no pulse is cut short by it, none goes on longer, and
    the light is brought to rest by the next one that runs, or by the next who comes.
    """

    def ready(door):
        return False, "white", "steady"

    def granted(door):
        door.grant(3000)
        return True, "green", "steady"

    def refused(door):
        door.refuse()
        return False, "red", "blink"

    def deciding(door):
        door.deciding(3000)
        return False, "white", "moving"

    for state in (ready, granted, refused, deciding):
        door, board, ticks = _door()
        shown = state(door)
        for _ in range(3):
            running = asyncio.create_task(door.run())
            await _settle()
            running.cancel()
            await _settle()
            assert (board.released,) + board.shown[-1] == shown, state
        ticks.advance(3000)
        assert not board.released
        running = asyncio.create_task(door.run())
        await _settle()
        assert board.shown[-1] == ("white", "steady"), state
        running.cancel()
        # Without any that runs, the next who is refused is told so.
        state(door)
        ticks.advance(3000)
        door.refuse()
        assert board.shown[-1] == ("red", "blink"), state


def test_a_card_that_waits_for_its_pin_gives_way_to_an_answer():
    """White and moving says that something is awaited, and not for ever."""
    door, board, ticks = _door()
    door.deciding(15000)
    assert board.shown[-1] == ("white", "moving")
    door.refuse()
    assert board.shown[-1] == ("red", "blink")
    ticks.advance(900)
    door.deciding(15000)
    door.grant(100)
    assert board.shown[-1] == ("green", "steady") and board.released


def test_a_door_that_stands_unlocked_shows_it_and_comes_back_to_it():
    """Green without a sound, whoever is heard, let in or refused meanwhile; the strike does not
    switch.
    """
    door, board, ticks = _door()
    assert door.unlocked_ms == 0
    door.unlock(10000)
    assert board.released and door.unlocked_ms == 10000
    assert board.shown[-1] == ("green", "steady") and not board.beeps
    door.deciding()
    assert board.shown[-1] == ("white", "moving")
    door.rest()
    assert board.shown[-1] == ("green", "steady")
    door.refuse()
    assert board.shown[-1] == ("red", "blink") and board.beeps == [2]
    ticks.advance(5000)
    door.unlock(10000)  # renewed, and what is shown is not shown anew
    door.rest()
    assert board.shown[-1] == ("green", "steady")
    count = len(board.shown)
    door.unlock(10000)
    assert len(board.shown) == count
    door.grant(3000)
    assert board.beeps == [2, 1]
    assert 0 not in board.pulses[1:]
    ticks.advance(3000)
    door.lock()
    assert not board.released and board.shown[-1] == ("white", "steady")


def test_locked_it_keeps_what_a_grant_has_left_and_no_more():
    """Who was let in has the time of any door, and nobody the time of the hours that are over."""
    for asked, held, passed, left in (
        (3000, 10000, 1000, 2000),
        (3000, 2000, 1000, 2000),
        (3000, 10000, 3000, 0),
        (60000, 10000, 1000, 59000),
    ):
        door, board, ticks = _door()
        door.unlock(held)
        door.grant(asked)
        ticks.advance(passed)
        door.lock()
        assert door.unlocked_ms == 0
        assert board.released == (left > 0), (asked, held)
        ticks.advance(max(0, left - 1))
        assert board.released == (left > 0)
        ticks.advance(1)
        assert not board.released


def test_what_secures_a_door_ends_its_standing_too():
    """A fault, and the end of the program."""
    door, board, _ = _door()
    door.unlock(10000)
    door.close()
    assert not board.released and door.unlocked_ms == 0
    door.is_faulty = True
    door.deciding()
    door.rest()
    assert board.shown[-1] == ("red", "fast")


def test_a_program_that_stands_still_in_the_middle_of_asking_claims_no_more_than_it_has():
    """A pulse that is over must not pass for one that goes on: to prolong it would be to release
    the strike anew, unseen.
    """

    class Still(_Board):
        before = after = 0  # milliseconds for which all stands still, around the next pulse

        def pulse(self, ms):
            self.ticks.advance(self.before)
            super().pulse(ms)
            self.ticks.advance(self.after)

    for before, after in ((0, 12000), (12000, 0), (6000, 6000)):
        ticks = _Ticks()
        board = Still(ticks)
        door = Doorway(board, Indicator(board, board, Faults()), ticks)
        door.start()
        board.before, board.after = before, after
        door.unlock(10000)
        assert door.unlocked_ms <= 0  # whoever looks next tells of an end

    for before, after in ((6000, 0), (0, 12000), (3000, 3000)):
        ticks = _Ticks()
        board = Still(ticks)
        door = Doorway(board, Indicator(board, board, Faults()), ticks)
        door.start()
        door.unlock(10000)
        ticks.advance(5000)
        board.before, board.after = before, after
        door.unlock(10000)
        assert door.unlocked_ms == 0 and not board.released, (before, after)
        assert board.shown[-1] == ("white", "steady")
