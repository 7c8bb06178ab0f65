"""Frames that come while the reader works for phones: they are read, or presented again, and never
another card's.

The hal's own handler runs on pins in simulated time, with the port's queue of eight calls.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import recorded_wiegand
from holdfast.door.wiegand import Format
from holdfast.door.wiegand_in import Patience, WiegandIn
from holdfast.link.engine import CryptoEngine
from holdfast.link.origin import Origin
from wiegand_line import Line

_NUMBERS = {"26": b"\x0c\x87\x07", "34": b"\x04\xa1\xb2\xc3", "37": b"\x05\x12\x34\x56\x78"}


class Console:
    """Nobody looks."""

    def line(self, fields):
        assert fields["event"] == "present_again"


class Board:
    """A reader whose engine works in steps of these lengths, in microseconds, one after another
    for ever, and whose card is held to it meanwhile.
    """

    def __init__(self, form, lengths, is_patient=True, line=None):
        self.line = line or Line()
        self.lengths = lengths
        self.cards = []
        self.shown = self.done = 0
        self.told = []
        self.job = WiegandIn(
            self.line.port, Format(form), self, self.deny, self.line, Console(), self
        )
        self.looked_at = self.line.now
        lines = [self.line.port] if is_patient else []
        self.engine = CryptoEngine(Patience(lines, self.line, self.nap).pause)

    def card(self, number):
        self.cards.append(number)

    def pin(self, digits):
        raise AssertionError

    def deny(self):
        self.shown += 1

    def heard(self, piece, error):
        self.told.append(None if error is None else str(error))

    async def nap(self, seconds):
        self.line.idle(int(seconds * 1000000))
        self.look()

    def look(self):
        if self.line.now - self.looked_at >= 20000:
            self.looked_at = self.line.now
            self.job.look()

    def run(self, us):
        """Work for so long."""
        end = self.line.now + us

        def steps():
            while self.line.now < end:
                self.line.work(self.lengths[self.done % len(self.lengths)])
                self.done += 1
                self.look()
                yield

        asyncio.run(self.engine.run(steps(), Origin(0)))

    def rest(self, us=400000):
        """Nobody is there."""
        while us > 0:
            self.line.idle(5000)
            self.look()
            us -= 5000


def _lengths(seed, longest):
    """Steps of 0.1 ms to ``longest``, the same ones in every run."""
    found = []
    for _ in range(97):
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        found.append(100 + (seed >> 8) % (longest - 100))
    return found


def _read(form, lengths, every, begins, is_patient=True):
    """How many of the cards that are held to it, beginning at each time of ``begins``, were read;
    all others were refused, and shown so.
    """
    found = 0
    number = _NUMBERS[form]
    bits = Format(form).frame(number)
    for begin in begins:
        board = Board(form, lengths, is_patient)
        board.line.send(bits, every, begin)
        board.run(len(bits) * every + 100000)
        board.rest()
        assert board.cards in ([number], []), (form, begin, board.cards)
        assert board.shown == (not board.cards), (form, begin)
        found += len(board.cards)
    return found


_BEGINS = range(3000, 30000, 1700)  # at all places of a step


def test_while_the_engine_works_every_card_is_read():
    """Steps as the engine has them at 160 MHz, 2.5 ms, and up to the 5 ms that it may take."""
    for form in _NUMBERS:
        for longest in (2500, 5000):
            for every in (1000, 2000):
                found = _read(form, _lengths(longest + every, longest), every, _BEGINS)
                assert found == len(_BEGINS), (form, longest, every, found)


def test_what_a_recorded_reader_sends_is_read_meanwhile():
    """Its pulses are long, and both frames of its card come: a line is still low when its handler
    is called, and no other pulse falls into that.
    """
    for longest in (2500, 5000):
        for begin in _BEGINS:
            line = Line(pulse_us=recorded_wiegand.PULSE_US)
            board = Board(recorded_wiegand.FORMAT, _lengths(begin, longest), line=line)
            for pulses in recorded_wiegand.frames():
                for bit, at in pulses:
                    line.pulse(bit, begin + at)
            board.run(700000)
            board.rest()
            assert board.cards == 2 * [recorded_wiegand.NUMBER] and board.shown == 0


def test_where_code_waits_for_flash_the_pause_is_what_lets_cards_be_read():
    """Steps of 10 ms hold up ten pulses, and eight wait: without a pause none gets through, and
    with it all but those whose beginning was lost.
    """
    hurried = _read("26", [10000], 1000, _BEGINS, is_patient=False)
    patient = _read("26", [10000], 1000, _BEGINS)
    assert hurried == 0 and patient >= len(_BEGINS) // 2, (hurried, patient)


def test_whatever_the_board_does_meanwhile_no_other_number_comes():
    """Collections of garbage, an erase of flash of 45 ms, fast readers: what is lost is refused,
    and told to who stands there.
    """
    found = cases = 0
    for seed in range(12):
        lengths = _lengths(seed, 9000)
        lengths[5], lengths[11], lengths[23] = 45000, 15000, 120000
        for form, every in (("26", 200), ("34", 500), ("37", 1000), ("26", 2000)):
            cases += 4
            found += _read(form, lengths, every, range(2000, 60000, 15000))
    assert 0 < found < cases


def test_no_other_number_comes_of_two_cards_and_much_noise():
    """Frames that run into each other, pulses that are added and taken, on a busy board."""
    form = Format("26")
    numbers = [form.frame(number) for number in (b"\x0c\x87\x07", b"\xf3\x78\xf8")]
    seed, found = 7, 0
    for case in range(150):
        board = Board("26", _lengths(case, 9000))
        at = 3000
        for bits in numbers:
            board.line.send(bits, 1000, at)
            seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
            at += 20000 + (seed >> 8) % 400000
            if case % 3 == 0:
                board.line.pulse((seed >> 9) & 1, 3000 + (seed >> 8) % 26000)
        board.run(at + 40000)
        board.rest()
        for number in board.cards:
            assert number in (b"\x0c\x87\x07", b"\xf3\x78\xf8"), (case, number)
        found += len(board.cards)
    assert 0 < found < 300


def test_a_hostile_line_holds_no_phone_up_for_long():
    """Pulses without end: the engine has at least 80 % of the time that the handler leaves it, and
    the pins are silent for a while after each flood.
    """
    for every in (50, 1000, 20000):
        board = Board("26", [2500])
        board.line.send([0, 1] * (1000000 // every), every)
        board.run(2000000)
        assert board.done * 2500 >= 1400000, (every, board.done)
        assert board.cards == []
        board.rest(1000000)
        board.line.send(Format("26").frame(b"\x00\x00\x09"), 1000, 0)
        board.rest()
        assert board.cards == [b"\x00\x00\x09"], every


def test_ticks_that_come_round_end_no_frame_and_begin_none():
    """A card before, at and after the tick that is the first again, and one after 18 minutes in
    which nobody came: half the way round a time lies in the future.
    """
    for begin in (-30000, -13000, 0):
        board = Board("26", [2500], line=Line((1 << 30) - 13000 + begin))
        board.line.send(Format("26").frame(b"\x00\x00\x09"), 1000, 10000)
        board.run(100000)
        board.rest()
        assert board.cards == [b"\x00\x00\x09"], begin
    board = Board("26", [2500])
    board.line.send([1] * 7, 1000, 0)
    board.rest()
    for minutes in range(25):
        board.rest(60000000 // 1000)  # looked at as often as ever, a thousandth of the time
        board.line.now += 60000000 - 60000
        assert not board.line.port.is_active, minutes
    board.line.send(Format("26").frame(b"\x00\x00\x09"), 1000, 0)
    board.rest()
    assert board.cards == [b"\x00\x00\x09"]
