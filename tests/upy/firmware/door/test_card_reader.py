"""Cards and PINs at the whole reader: what they open, what is one visit, and that no number and no
fault of ours stops the next card from being read. How often a PIN may be guessed: test_pins.py.
"""

INTERPRETERS = ("micropython", "cpython")

import json

from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access import reason
from holdfast.access.events import event as event_module
from holdfast.access.request import CARD, PIN

_ANOTHER = b"\x04\xde\xad\xbe\xef"


def test_a_card_and_a_pin_open_and_say_so():
    """One event each, with the key and never the number."""
    door = Door()
    assert door.card(CARD_NUMBER) == "granted" and door.pin(THE_PIN) == "granted"
    assert door.hardware.opened == 2
    lines = [line for line in door.hardware.lines if line["event"] == "access"]
    assert [line["shown"] for line in lines] == ["card", "pin"]
    text = json.dumps(door.hardware.lines)
    assert CARD_NUMBER.hex() not in text and THE_PIN not in text
    assert [fields["card"] for fields in door.recorded()] == [
        key_of(CARD, CARD_NUMBER),
        key_of(PIN, THE_PIN.encode()),
    ]


def test_a_card_is_no_pin_and_a_pin_no_card():
    """The same bytes by the other way in are another key."""
    door = Door()
    assert door.card(THE_PIN.encode()) == "unknown_card"
    assert door.hardware.opened == 0


def test_numbers_of_any_length():
    """What an antenna reports is not ours to trust: none raises, none opens."""
    door = Door()
    for number in (b"", b"\x04", bytes(32), bytes(33), bytes(10000), CARD_NUMBER + b"\x00"):
        assert door.card(number) == "unknown_card"
    assert door.hardware.opened == 0
    assert door.card(CARD_NUMBER) == "granted"


def test_what_cannot_be_kept_is_refused_and_counts_as_nothing():
    """The right PIN is not punished for a full flash, the wrong one is not forgiven."""
    door = Door()
    genuine = door.reader.stores.events

    def failing():
        raise OSError(28)

    door.reader.recorder._log = failing
    assert door.card(CARD_NUMBER) == "event_log_failed"
    for _ in range(9):
        assert door.pin(THE_PIN) == "event_log_failed"
    for _ in range(5):
        assert door.pin("0000") == "wrong_pin"
    assert door.hardware.opened == 0
    door.reader.recorder._log = genuine
    assert door.card(CARD_NUMBER) == "granted"
    assert door.pin(THE_PIN) == "pin_locked"


def test_a_fault_of_ours_is_a_no_and_the_next_card_is_read():
    """A task that reads cards and dies leaves a door that looks as if it worked."""
    for error in (MemoryError(), RuntimeError("bug"), KeyError(1)):
        door = Door()
        genuine = door.read._access_point.ask

        def broken(*_, error=error):
            raise error

        door.read._access_point.ask = broken
        assert door.card(CARD_NUMBER) == "fault" and door.pin(THE_PIN) == "fault"
        assert door.hardware.lines[-1]["error"] == type(error).__name__
        assert reason.coarse(reason.FAULT) == reason.COARSE_READER
        door.read._access_point.ask = genuine
        assert door.card(CARD_NUMBER) == "granted" and door.hardware.opened == 1


def test_whatever_fails_however_often_the_antenna_is_told_nothing_and_the_next_card_is_answered():
    """Memory that ends once is an answer; twice in a row, there is none to answer with: then the
    light says no, and the card that is still there is heard at its next report.
    """
    genuine = event_module.AccessEvent.fields
    for error in (MemoryError("memory allocation failed"), RuntimeError(), OSError(5)):
        for times in range(1, 8):
            door = Door()
            left = [times]

            def fields(self, left=left, error=error):
                if left[0]:
                    left[0] -= 1
                    raise error
                return genuine(self)

            event_module.AccessEvent.fields = fields
            try:
                for _ in range(times + 1):
                    door.read.card(CARD_NUMBER)
                    door.read.pin("0000")
            finally:
                event_module.AccessEvent.fields = genuine
            assert door.card(CARD_NUMBER) == "granted", (error, times)
            assert door.hardware.released


def test_no_memory_is_needed_to_say_no():
    """Every call behind the antenna fails, and again for as long as it lasts: nothing moves,
    nothing is raised, and red was shown.
    """
    door = Door()
    shown = []
    door.hardware.show = lambda colour, effect: shown.append(colour)

    def fails(*_):
        raise MemoryError

    access_point = door.read._access_point
    genuine = access_point.ask, access_point.refuse, access_point.flush
    access_point.ask = access_point.refuse = access_point.flush = fails
    for _ in range(3):
        door.read.card(CARD_NUMBER)
        door.read.pin(THE_PIN)
        door.read.card(bytes(99))
    assert not door.hardware.opened and "red" in shown
    access_point.ask, access_point.refuse, access_point.flush = genuine
    assert door.card(CARD_NUMBER) == "granted" and door.pin(THE_PIN) == "granted"


def test_a_strike_that_fails_is_a_no_and_a_fault_that_is_told():
    """The event says more than happened, never less; the next one tries again."""
    door = Door()

    def stuck(ms):
        raise OSError(5)

    door.hardware.pulse = stuck
    assert door.card(CARD_NUMBER) == "fault"
    faults = [line for line in door.hardware.lines if line["event"] == "fault"]
    assert [line["piece"] for line in faults] == ["lobby strike", "lobby card reader"]
    del door.hardware.pulse
    assert door.card(CARD_NUMBER) == "granted" and door.hardware.released


# Visits


def test_a_card_that_stays_is_one_visit_and_one_event():
    """A fob left in the reader's holder: the antenna reports it five times a second, for a
    night.
    """
    for number in (CARD_NUMBER, _ANOTHER, bytes(33)):
        door = Door()
        before = len(door.recorded())
        for _ in range(5 * 60):
            door.read.card(number)
            door.hardware.wait(200)
        door.reader.timekeeper.read()
        assert door.answered() == 1 and len(door.recorded()) == before + 1, number
        assert door.hardware.opened == (number == CARD_NUMBER)


def test_the_same_card_within_two_seconds_is_the_same_visit():
    """Held badly, it is lost and found again; taken away and shown anew, it is answered anew."""
    door = Door()
    for pause, is_new in ((0, True), (1, False), (1999, False), (1999, False), (2000, True)):
        door.hardware.wait(pause)
        door.read.card(CARD_NUMBER)
        assert door.answered() == is_new, pause
    # Ticks come round again after days: what was seen long ago was not just now.
    for days in range(1, 30):
        door.wait(86400000)
        door.read.card(CARD_NUMBER)
        assert door.answered() == 1, days


def test_cards_in_one_wallet_are_one_visit_each():
    """They are reported in turn."""
    cards = [b"wallet %d" % number for number in range(3)] + [CARD_NUMBER]
    door = Door()
    for _ in range(50):
        for number in cards:
            door.read.card(number)
            door.hardware.wait(50)
    assert door.answered() == 4


def test_another_card_is_answered_at_once():
    """Who comes right after somebody else does not wait for their visit to end."""
    door = Door()
    for number in range(20):
        door.read.card(b"passer-by %d" % number)
        door.read.card(CARD_NUMBER)
        assert door.hardware.reasons()[-1] == "granted" or number
    assert door.answered() == 21


def test_a_card_that_is_refused_all_day_is_bounded_as_strangers_are():
    """Known to the policy or not: who holds it may come again and again and never be let in. 32
    events, and then one in five minutes; a grant is an event each time.
    """
    door = Door([6, key_of(CARD, _ANOTHER), 2, None])  # a group that is nowhere
    known = len(door.recorded())
    hours = 6
    for _ in range(hours * 1200):
        door.read.card(_ANOTHER)
        assert door.answered() == 1
        door.hardware.wait(3000)
    assert door.card(CARD_NUMBER) == "granted"
    kept = door.recorded()[known:]
    assert len(kept) <= 32 + hours * 12 + 2
    # The others are counted.
    assert len(kept) + sum([fields.get("count", 0) for fields in kept]) == hours * 1200 + 1
