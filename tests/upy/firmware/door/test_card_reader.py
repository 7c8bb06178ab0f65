"""Cards and PINs at the whole reader: what they open, how often a PIN may be guessed, and that no
number and no fault of ours stops the next card from being read.
"""

INTERPRETERS = ("micropython", "cpython")

import json

import crypto
import small_log
import small_site as site
from carrier import StillHardware
from holdfast.access import reason
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import card_key
from memory_phone import make_reader

CARD_NUMBER = b"\x04\xa1\xb2\xc3"
THE_PIN = "271828"


def _key(kind, value):
    return card_key(site.LOOKUP_KEY, kind, value)


class _Door:
    """A reader with a card and a PIN in its policy, and ``operations`` after that."""

    def __init__(self, *operations, bits=1):
        self.hardware = StillHardware()
        self.reader = make_reader(self.hardware, policy=False)
        self._head, self._number = bytes(32), 0
        self.follow(
            [1, 0, None],
            [12, 0, site.DOOR],
            [2, site.ZONE, b"\x01"],
            [5, 1, [[[1, site.DOOR], bits, None]]],
            [6, _key(CARD, CARD_NUMBER), 1, None],
            [6, _key(PIN, THE_PIN.encode()), 1, None],
            *operations,
        )
        self.read = self.reader.card_reader

    def follow(self, *operations):
        self._number += 1
        raw = site.changeset(list(operations), self._number, self._head)
        self.reader.follow(raw)
        self._head = crypto.sha256(raw)

    def pin(self, digits):
        self.read.pin(digits)
        return self.hardware.reasons()[-1]

    def card(self, number):
        self.read.card(number)
        return self.hardware.reasons()[-1]

    def free(self):
        """Wait until a PIN may be tried, and forgive what was."""
        self.hardware.pass_time(12 * 3600)


def test_a_card_and_a_pin_open_and_say_so():
    """One event each, with the key and never the number."""
    door = _Door()
    assert door.card(CARD_NUMBER) == "granted" and door.pin(THE_PIN) == "granted"
    assert door.hardware.opened == 2
    lines = [line for line in door.hardware.lines if line["event"] == "access"]
    assert [line["shown"] for line in lines] == ["card", "pin"]
    text = json.dumps(door.hardware.lines)
    assert CARD_NUMBER.hex() not in text and THE_PIN not in text
    events = small_log.audit(small_log.batch(door.reader.stores.events()))[-2:]
    assert [one.fields["card"] for one in events] == [
        _key(CARD, CARD_NUMBER),
        _key(PIN, THE_PIN.encode()),
    ]


def test_a_card_is_no_pin_and_a_pin_no_card():
    """The same bytes by the other way in are another key."""
    door = _Door()
    assert door.card(THE_PIN.encode()) == "unknown_card"
    assert door.hardware.opened == 0


def test_numbers_of_any_length():
    """What an antenna reports is not ours to trust: none raises, none opens."""
    door = _Door()
    for number in (b"", b"\x04", bytes(32), bytes(33), bytes(10000), CARD_NUMBER + b"\x00"):
        assert door.card(number) == "unknown_card"
    assert door.hardware.opened == 0
    assert door.card(CARD_NUMBER) == "granted"


def test_pins_of_any_form_are_wrong_ones():
    """Letters, other people's digits, too few, too many; each counts as a guess."""
    short_or_long = ("", "1", "123", "12345678901", "x" * 999)
    for digits in short_or_long + ("12a4", "12 34", "١٢٣٤", "½½½½", "1234\n"):
        door = _Door()
        assert door.pin(digits) == "wrong_pin", digits
        assert door.pin(THE_PIN) == "pin_locked", digits


def test_guessing_is_slow_and_a_right_pin_hurries_it_little():
    """A start counts as four wrong ones, so cutting the power buys one guess, not five. Whoever
    has a PIN of their own cannot wash away their guesses with it.
    """
    for has_a_pin, most in ((False, 110), (True, 300)):
        door = _Door()
        guesses = 0
        for _ in range(0, 24 * 3600, 10):
            door.hardware.lines = []
            if has_a_pin:
                door.pin(THE_PIN)
            if door.pin("%04d" % (guesses % 10000)) == "wrong_pin":
                guesses += 1
            door.hardware.pass_time(10)
        assert 20 < guesses < most, (has_a_pin, guesses)
        assert has_a_pin or door.hardware.opened == 0


def test_while_it_is_locked_the_right_pin_is_not_even_looked_up():
    """Otherwise a lock would only slow down those who cannot read the answer."""
    door = _Door()
    assert door.pin("0000") == "wrong_pin"
    looked = []
    cache = door.reader.stores.moment()[1]
    genuine = cache.grants
    cache.grants = lambda key: looked.append(key) or genuine(key)
    assert door.pin(THE_PIN) == "pin_locked" and not looked
    door.free()
    assert door.pin(THE_PIN) == "granted" and looked


def test_a_wrong_pin_leaves_no_trace_of_itself():
    """It is mostly a right one with a slip in it."""
    door = _Door()
    near = "271829"
    door.pin(near)
    door.pin(near)
    key = _key(PIN, near.encode())
    text = json.dumps(door.hardware.lines)
    assert near not in text and key.hex() not in text
    batch = small_log.batch(door.reader.stores.events())
    assert not [raw for raw in batch.records if key in raw]


def test_a_lockdown_counts_every_pin_as_a_guess():
    """Right and wrong are answered alike then; uncounted, the PINs with the override could be
    guessed without bound.
    """
    door = _Door()
    door.follow([9, True, None])
    assert door.pin("0000") == "locked_down"
    # Locked by that one: from here on nothing is looked up.
    for digits in (THE_PIN, "0000", "x"):
        assert door.pin(digits) in ("locked_down", "pin_locked")
    door.follow([9, False, None])
    assert door.pin(THE_PIN) == "pin_locked"
    door.free()
    assert door.pin(THE_PIN) == "granted"


def test_a_pin_with_the_override_opens_in_a_lockdown_and_is_bounded_by_guesses():
    """The one PIN that matters most then."""
    door = _Door(bits=1 | 4)
    door.follow([9, True, None])
    assert door.pin(THE_PIN) == "granted"
    guesses = 0
    for _ in range(0, 24 * 3600, 10):
        door.hardware.pass_time(10)
        if door.read._attempts.locked_s(door.reader.timekeeper.uptime()):
            continue
        assert door.pin("0000") == "locked_down"
        guesses += 1
    assert guesses < 110, guesses


def test_what_cannot_be_kept_is_refused_and_counts_as_nothing():
    """The right PIN is not punished for a full flash, the wrong one is not forgiven."""
    door = _Door()
    genuine = door.reader.stores.events

    def failing():
        raise OSError(28)

    door.reader.recorder._log = failing
    assert door.card(CARD_NUMBER) == "event_log_failed"
    assert door.pin(THE_PIN) == "event_log_failed"
    assert door.pin("0000") == "wrong_pin"
    assert door.hardware.opened == 0
    door.reader.recorder._log = genuine
    assert door.card(CARD_NUMBER) == "granted"
    assert door.pin(THE_PIN) == "pin_locked"


def test_a_fault_of_ours_is_a_no_and_the_next_card_is_read():
    """A task that reads cards and dies leaves a door that looks as if it worked."""
    for error in (MemoryError(), RuntimeError("bug"), KeyError(1)):
        door = _Door()
        genuine = door.reader.card_reader._access_point.ask

        def broken(*_, error=error):
            raise error

        door.reader.card_reader._access_point.ask = broken
        assert door.card(CARD_NUMBER) == "fault" and door.pin(THE_PIN) == "fault"
        assert door.hardware.lines[-1]["error"] == type(error).__name__
        assert reason.coarse(reason.FAULT) == reason.COARSE_READER
        door.reader.card_reader._access_point.ask = genuine
        assert door.card(CARD_NUMBER) == "granted" and door.hardware.opened == 1
