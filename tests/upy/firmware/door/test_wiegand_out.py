"""A legacy panel behind the door hears who was let in, as from a reader: whole, nobody else."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from card_door import CARD_NUMBER, Door, key_of
from holdfast.access.request import CARD, PIN
from holdfast.door.wiegand import Format
from holdfast.door.wiegand_in import Patience
from holdfast.door.wiegand_out import WiegandOut


class Lines:
    """What a panel hears; ``door`` has it as its panel, of the format ``form``."""

    def __init__(self, form, *operations):
        self.bits = []
        self.was_held = []
        self.door = Door(*operations)
        unit = self.door.reader.doors["lobby"]
        self.out = unit.wiegand_out(self, Format(form))

    def pulse(self, line):
        self.bits.append(line)
        self.was_held.append(self.out.is_active)

    async def sent(self):
        """The bits of one frame, or of none."""
        task = asyncio.create_task(self.out.run())
        for _ in range(20000):
            await asyncio.sleep(0.001)
            if not self.out._frames:
                break
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        bits = bytes(self.bits)
        self.bits = []
        return bits


async def test_a_card_that_is_granted_is_sent_and_others_are_not():
    """With its parities; long work waits meanwhile, since a panel takes a gap for an end."""
    lines = Lines("34")
    assert lines.door.card(b"\x01\x02\x03\x04") == "unknown_card"
    assert lines.door.pin("271828") == "granted"
    assert await lines.sent() == b""
    assert lines.door.card(CARD_NUMBER) == "granted"
    lines.door.read.card(CARD_NUMBER)  # it stays
    assert await lines.sent() == bytes(Format("34").frame(CARD_NUMBER))
    assert lines.was_held == [True] * 34 and not lines.out.is_active


async def test_a_card_that_wants_its_pin_is_sent_with_it():
    """And not before; another's PIN sends nothing."""
    anna, bert = {3: b"anna"}, {3: b"bert"}
    lines = Lines(
        "34",
        [5, 2, [[[1, "lobby"], 1 | 32, None]]],
        [6, key_of(CARD, b"\x04\x00\x00\x02"), 2, None, anna],
        [6, key_of(PIN, b"314159"), 2, None, anna],
        [6, key_of(PIN, b"141421"), 2, None, bert],
    )
    lines.door.card(b"\x04\x00\x00\x02")
    assert lines.door.pin("141421") == "other_person"
    lines.door.wait(3000)
    assert lines.door.card(b"\x04\x00\x00\x02") == "second_needed"
    assert await lines.sent() == b""
    assert lines.door.pin("314159") == "granted"
    assert await lines.sent() == bytes(Format("34").frame(b"\x04\x00\x00\x02"))


async def test_what_does_not_fit_is_not_sent_and_told():
    """The low 24 bits of a UID are another card's number; the door opens all the same."""
    lines = Lines("26")
    assert lines.door.card(CARD_NUMBER) == "granted"
    assert await lines.sent() == b""
    (fault,) = [one for one in lines.door.hardware.lines if one["event"] == "fault"]
    assert "wiegand out" in fault["piece"] and "more bits" in fault["error"]


async def test_a_panel_that_is_slow_keeps_four_waiting_and_stops_nobody():
    """The fifth is told, and not sent late."""
    told = []

    class Faults:
        def heard(self, piece, error):
            told.append(error)

    out = WiegandOut(None, Format("26"), Faults())
    for number in range(6):
        out.send(bytes((0, 0, number)))
    assert [error is None for error in told] == [True] * 4 + [False] * 2


async def test_long_work_waits_for_what_is_sent():
    """Until it is over, or for 200 ms."""

    class Sending:
        is_active = True

    class Ticks:
        now = 0

        def add(self, ms):
            return self.now + ms

        def until(self, tick):
            return tick - self.now

    ticks, sending = Ticks(), Sending()

    async def nap(seconds):
        ticks.now += int(seconds * 1000)
        if ticks.now >= 50:
            sending.is_active = False

    patience = Patience([sending], ticks, nap)
    await patience.pause()
    assert ticks.now == 50
