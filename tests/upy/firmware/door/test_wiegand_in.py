"""A Wiegand reader at a whole door: what people meet who hold cards to it and type on it."""

INTERPRETERS = ("micropython", "cpython")

import recorded_wiegand
from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access.request import CARD, PIN
from holdfast.door.wiegand import KEY_CLEAR, KEY_ENTER, Format

_BOTH = 1 | 32
_ANNA = {3: b"anna"}


class Reader:
    """The lines of a reader at a Door, whose time they share; as hal's port has them."""

    are_exact = True

    def __init__(self, text, door=None, panel=None):
        self.door = door or Door()
        self.form = Format(text)
        self.pulses = []
        self.lost = self.clashes = 0
        self.is_resting = True
        self.is_active = False
        unit = self.door.reader.doors[self.door.reader.settings.doors[0][0]]
        if panel is not None:
            self.out = unit.wiegand_out(self, Format(panel))
        self.job = unit.wiegand_in(self, self.form, self.door.hardware)
        self.shown = []
        genuine = unit.indicator.show

        def show(state):
            self.shown.append(state)
            genuine(state)

        unit.indicator.show = show
        self.door.hardware.lines = []

    def take(self, pulse):
        for line, at in self.pulses:
            pulse(line, at)
        self.pulses = []

    def now(self):
        return self.door.hardware.elapsed() * 1000

    def diff(self, later, earlier):
        return later - earlier

    def send(self, bits):
        """Let the reader send this, and the door's time go on until it has heard it."""
        self.pulses = [(bit, self.now() + 1000 * at) for at, bit in enumerate(bits)]
        self.wait(len(bits))
        self.wait(300)

    def wait(self, ms):
        self.door.wait(ms)
        self.job.look()

    def card(self, number=CARD_NUMBER, wrong=None):
        bits = self.form.frame(number)
        if wrong is not None:
            bits[wrong] ^= 1
        self.send(bits)

    def type(self, text):
        for mark in text:
            key = {"#": KEY_ENTER, "*": KEY_CLEAR}.get(mark) or int(mark)
            self.send([(key ^ 15 << 4 ^ key << 4) >> place & 1 for place in range(7, -1, -1)])

    def reasons(self):
        found = self.door.hardware.reasons()
        self.door.hardware.lines = []
        return found

    def again(self):
        """How often somebody was told on the console to present it again."""
        return sum(line.get("event") == "present_again" for line in self.door.hardware.lines)


def test_a_card_that_stays_is_one_visit():
    """Readers that send it again as long as it is there, twice a second, for a minute."""
    reader = Reader("34")
    for _ in range(120):
        reader.card()
        reader.wait(166)
    assert reader.reasons() == ["granted"] and reader.door.hardware.opened == 1
    reader.wait(3000)
    reader.card()
    assert reader.reasons() == ["granted"]


def test_a_card_that_a_recorded_reader_sends_twice_is_one_visit():
    """It says it again after half a second; who has held it there once counts for one."""
    number = recorded_wiegand.NUMBER
    door = Door([6, key_of(CARD, number), 1, None])
    reader = Reader(recorded_wiegand.FORMAT, door)
    begun, passed = reader.now(), 0
    for pulses in recorded_wiegand.frames():
        reader.wait(pulses[0][1] // 1000 - passed)
        reader.pulses = [(bit, begun + at) for bit, at in pulses]
        reader.wait(80)
        reader.wait(60)
        passed = pulses[0][1] // 1000 + 140
    assert reader.reasons() == ["granted"] and reader.door.hardware.opened == 1
    assert reader.again() == 0


def test_a_frame_that_is_broken_is_presented_again():
    """Red is shown, nothing is decided, recorded or counted, no bit of it is told; and then the
    card opens.
    """
    reader = Reader("34")
    for wrong in (0, 7, 33):
        reader.wait(1500)
        reader.card(wrong=wrong)
        assert reader.shown[-1] == "refused" and reader.again() == 1
        assert reader.reasons() == []
    recorded = len(reader.door.recorded())
    reader.wait(300)
    reader.card()
    assert reader.reasons() == ["granted"] and len(reader.door.recorded()) == recorded + 1


def test_a_broken_repeat_spoils_nobodys_green():
    """The card is still there, and one of its repeats is damaged: who was let in sees no red."""
    reader = Reader("34")
    reader.card()
    reader.card(wrong=3)
    assert reader.shown[-1] == "granted"
    reader.card()
    assert reader.reasons() == ["granted"]


def test_three_broken_ones_in_a_row_are_a_fault_and_noise_is_none():
    """A reader of another format, or a bad line: an event says so, once, with what is wrong. Who
    owns the line can break and mend it all day, and gets an event in ten minutes.
    """
    reader = Reader("34")
    for _ in range(50):
        reader.send([0, 1, 1])
    assert reader.door.hardware.lines == [] and "refused" not in reader.shown
    for _ in range(100):
        reader.send([0, 1] * 13)
        reader.wait(1200)
    faults = [line for line in reader.door.hardware.lines if line.get("event") == "fault"]
    assert len(faults) == 1, faults
    assert faults[0]["piece"].endswith("wiegand") and "26 pulses" in faults[0]["error"]
    for _ in range(20):
        reader.card()
        for _ in range(3):
            reader.wait(1200)
            reader.card(wrong=1)
        reader.wait(3000)
    faults = [line for line in reader.door.hardware.lines if line.get("event") == "fault"]
    assert len(faults) == 1
    reader.wait(601000)
    reader.card()
    for _ in range(3):
        reader.wait(3000)
        reader.card(wrong=1)
    faults = [line for line in reader.door.hardware.lines if line.get("event") == "fault"]
    assert len(faults) == 2


def test_lost_pulses_and_a_line_that_stays_low_are_told():
    """A cut cable looks like a door that nobody comes to."""
    reader = Reader("34")
    reader.lost = 3
    reader.card()
    assert reader.reasons() == [] and reader.shown[-1] == "refused"
    reader.clashes = 1
    reader.wait(3000)
    reader.card()
    assert reader.reasons() == []
    reader.wait(3000)
    reader.card()
    assert reader.reasons() == ["granted"]
    reader.is_resting = False
    for _ in range(10):
        reader.wait(20)
    (fault,) = [line for line in reader.door.hardware.lines if line.get("event") == "fault"]
    assert "stays low" in fault["error"]


def test_a_pin_is_typed_and_a_lost_key_does_not_cost_a_try():
    """Eight bits a key. The digits are in nothing that is told."""
    reader = Reader("34,keypad8")
    reader.type(THE_PIN + "#")
    assert reader.reasons() == ["granted"]
    reader.type("99*" + THE_PIN + "#")
    assert reader.reasons() == ["granted"]
    reader.wait(5000)
    reader.type("27")
    reader.send([1, 0, 1, 0])  # of eight bits four were lost
    reader.type("828#")
    assert reader.reasons() == [] and reader.shown[-1] == "refused"
    reader.type("0000#")
    assert reader.reasons() == ["wrong_pin"]


def test_card_and_pin_in_either_order():
    """Where the card's right wants both."""
    pin = b"314159"
    door = Door(
        [5, 2, [[[1, "lobby"], _BOTH, None]]],
        [6, key_of(CARD, b"\x04\x00\x00\x02"), 2, None, _ANNA],
        [6, key_of(PIN, pin), 2, None, _ANNA],
    )
    reader = Reader("34,keypad8", door)
    reader.card(b"\x04\x00\x00\x02")
    assert reader.reasons() == ["second_needed"]
    reader.type("314159#")
    assert reader.reasons() == ["granted"]
    reader.wait(3000)
    reader.type("314159#")
    assert reader.reasons() == ["second_needed"]
    reader.card(b"\x04\x00\x00\x02")
    assert reader.reasons() == ["granted"]


def test_whatever_fails_behind_it_the_next_card_is_read():
    """A console that is gone, a lamp that fails."""
    reader = Reader("34")
    genuine = reader.door.hardware.line

    def fails(*_):
        raise OSError(5)

    reader.door.hardware.line = fails
    reader.card(wrong=1)
    reader.door.hardware.line = genuine
    reader.wait(3000)
    reader.card()
    assert reader.reasons() == ["granted"]
