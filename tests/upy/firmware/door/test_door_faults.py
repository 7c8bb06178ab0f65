"""What the door does when its own parts fail: it opens for who may, shuts in time, and tells."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import small_site as site
from harness import raises
from holdfast.door.doorway import Doorway
from holdfast.door.faults import Faults
from holdfast.door.indicator import Indicator
from memory_phone import Hardware, Phone, cold, make_reader

_ERRORS = (MemoryError(), OSError(116), ValueError("bug"), RuntimeError(), KeyError(1))


class _Board(Hardware):
    """Outputs that raise ``error`` while ``failing`` names them."""

    def __init__(self):
        super().__init__()
        self.failing = ()
        self.error = OSError(5)
        self.shown = []

    def _act(self, piece):
        if piece in self.failing:
            raise self.error

    def pulse(self, ms):
        self._act("strike")
        super().pulse(ms)

    def show(self, colour, effect):
        self._act("led")
        self.shown.append(colour)

    def beep(self, count):
        self._act("buzzer")

    def line(self, fields):
        self._act("console")
        super().line(fields)

    def elapsed(self):
        return self._passed_ms


def _door(tell=None):
    board = _Board()
    door = Doorway(board, Indicator(board, board, Faults(tell)), board)
    door.start()
    return door, board


def test_a_light_that_fails_stops_nobody_and_is_told_once_until_it_works_again():
    """An I2C expander that misses a beat is no reason to stand in front of a shut door."""
    for error in _ERRORS:
        told = []
        door, board = _door(lambda *about, told=told: told.append(about))
        board.failing, board.error = ("led", "buzzer"), error
        for _ in range(3):
            door.deciding()
            door.rest()
            door.refuse()
            board._passed_ms += 900
            door.grant(100)
            assert board.released
            board._passed_ms += 100
        assert sorted([piece for piece, _ in told]) == ["buzzer", "led"], error
        board.failing = ()
        door.grant(100)
        assert sorted([piece for piece, why in told if why is None]) == ["buzzer", "led"]
        board.failing = ("led",)
        door.grant(100)
        assert told[-1] == ("led", error) and len(told) == 5


def test_who_is_told_of_faults_may_fail_too():
    """Then it is told the next time, and not marked as told before."""
    told = []

    def tell(piece, error):
        told.append(piece)
        if len(told) < 3:
            raise MemoryError

    door, board = _door(tell)
    board.failing, board.error = ("led",), OSError(5)
    for _ in range(5):
        door.grant(100)
        assert board.released
    assert told == ["led"] * 3


async def test_a_door_goes_on_after_a_light_that_failed_at_rest():
    """A loop that died of a light would leave it wrong for good."""
    door, board = _door()
    running = asyncio.create_task(door.run())
    for error in _ERRORS:
        door.grant(10)
        board.failing, board.error = ("led", "buzzer"), error
        board._passed_ms += 10
        await asyncio.sleep(0.12)
        assert not running.done() and not board.released
        board.failing = ()
    door.grant(10)
    board._passed_ms += 10
    await asyncio.sleep(0.12)
    assert board.shown[-1] == "white" and not running.done()
    running.cancel()


def test_a_strike_that_could_not_be_released_is_told_to_who_asked_and_is_released_the_next_time():
    """Its output says whether it moved, and ends what it began; nothing here counts on it."""
    for error in _ERRORS:
        door, board = _door()
        board.failing, board.error = ("strike",), error
        raises(type(error), door.grant, 3000)
        assert not board.released and board.shown[-1] == "white"
        board.failing = ()
        door.grant(3000)
        assert board.released and board.shown[-1] == "green"


async def test_a_reader_whose_lamp_or_console_fails_goes_on_and_has_an_event_of_it():
    """The whole of it: phones get in, the fault is in the log once, and the reader still runs."""
    for piece in ("led", "buzzer", "console"):
        board = _Board()
        reader = make_reader(board)
        running = asyncio.create_task(reader.run())
        board.failing, board.error = (piece,), OSError(116)
        for number in range(2):
            phone = Phone(number=100 * number)
            opened = board.opened
            call, _, answer = await cold(reader, phone)
            assert answer and answer[1] is True and board.opened == opened + 1, piece
            board._passed_ms += 4000
            await asyncio.sleep(0.12)
            assert not running.done() and not board.released
            call.link.hang_up()
        board.failing = ()
        reader.recorder.pay()
        log = reader.stores.events()
        found = [raw for raw in log.after(-1, 1 << 20) if piece.encode() in raw]
        assert len(found) == 1, (piece, len(found))
        running.cancel()
    assert site.DOOR
