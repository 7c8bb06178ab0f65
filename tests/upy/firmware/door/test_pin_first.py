"""A PIN that is typed before its card is held to the reader: what opens, what is told, and what is
counted. The card first: test_pins.py.
"""

INTERPRETERS = ("micropython", "cpython")

from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access.request import CARD, PIN
from holdfast.storage import files

_HER_CARD, _HER_PIN = b"\x04her card", "31415926"
_HIS_CARD, _HIS_PIN = b"\x04his card", "14142135"


def _pair_door(**more):
    """A door where her card and his want their PINs besides; one without opens alone."""
    bits = 1 | 32
    grants = []
    for number, (card, pin) in enumerate(((_HER_CARD, _HER_PIN), (_HIS_CARD, _HIS_PIN))):
        person = {3: bytes([1, 2, 3, 4 + number])}
        grants.append([6, key_of(CARD, card), 2, None, person])
        grants.append([6, key_of(PIN, pin.encode()), 2, None, person])
    return Door([5, 2, [[[1, "lobby"], bits, None]]], *grants, **more)


def test_the_pin_may_come_first_and_opens_with_its_card_alone():
    """Within ten seconds, once, and for one person; in this order they have what they have in the
    other.
    """
    door = _pair_door()
    assert door.pin(_HER_PIN) == "second_needed" and door.card(_HER_CARD) == "granted"
    fields = door.recorded()[-1]
    assert (fields["shown"], fields["card"]) == (3, key_of(CARD, _HER_CARD))
    assert fields["second"] == key_of(PIN, _HER_PIN.encode())
    assert door.hardware.lines[-1]["shown"] == "pin_and_card"
    # It was for that once, and the card alone wants one again.
    door.hardware.wait(2000)
    assert door.card(_HER_CARD) == "second_needed"
    door.hardware.wait(10000)
    door.pin(_HER_PIN)
    assert door.card(_HIS_CARD) == "other_person"
    assert "second" not in door.recorded()[-1]
    # Which was an answer: her card comes too late for it.
    assert door.card(_HER_CARD) == "second_needed"
    door.hardware.wait(10000)
    door.pin(_HER_PIN)
    door.hardware.wait(9999)
    assert door.card(_HER_CARD) == "granted"
    door.hardware.wait(5000)
    door.pin(_HER_PIN)
    door.hardware.wait(10000)
    assert door.card(_HER_CARD) == "second_needed"
    assert door.hardware.opened == 2


def test_whoever_opens_by_card_alone_needs_no_pin_and_proves_none():
    """What a passer-by typed before them is nobody's, and in no event."""
    door = _pair_door()
    door.pin("0000")
    assert door.card(CARD_NUMBER) == "granted"
    fields = door.recorded()[-1]
    assert (fields["shown"], fields["card"]) == (1, key_of(CARD, CARD_NUMBER))
    # Nor does it wait on.
    assert door.card(_HER_CARD) == "second_needed"


def test_a_pin_that_comes_first_is_told_neither_right_nor_wrong():
    """Same light, same writes to flash, same count: otherwise PINs could be guessed at the keypad,
    and tried with a card when they are known.
    """
    seen = []
    genuine = files.write
    for digits in (_HER_PIN, "0000"):
        door = _pair_door()
        door.pin("9999")
        door.hardware.wait(10000)
        door.card(_HER_CARD)
        door.hardware.wait(10000)
        told = []
        door.hardware.show = lambda colour, effect, told=told: told.append((colour, effect))
        door.hardware.beep = lambda count, told=told: told.append(count)

        def write(path, data, told=told):
            told.append((path.rsplit("/", 1)[1], len(data)))
            genuine(path, data)

        files.write = write
        try:
            for _ in range(4):
                door.read.pin(digits)
                door.hardware.wait(11000)
            door.read.pin(digits)
        finally:
            files.write = genuine
        assert ("white", "moving") in told and ("red", "blink") in told  # the last one was locked
        seen.append(told)
    assert seen[0] == seen[1]


def test_the_right_pin_is_not_counted_once_its_card_has_come():
    """Or who comes ten times a day would lock the keypad for all; over a restart, too."""
    door = _pair_door()
    for number in range(30):
        door.pin(_HER_PIN)
        assert door.card(_HER_CARD) == "granted", number
        door.hardware.wait(5000)
        if number % 7 == 0:
            door.start()
    assert door.pin(THE_PIN) == "granted"
    # Four wrong ones by others: hers is the fifth until her card has come, and not after that.
    door.hardware.wait(5000)
    for _ in range(4):
        door.pin("0000")
    door.pin(_HER_PIN)
    assert door.card(_HER_CARD) == "granted"
    assert door.pin(THE_PIN) == "granted"
    # Without it it is one.
    door.pin(_HER_PIN)
    assert door.pin(THE_PIN) == "pin_locked"


def test_wrong_ones_first_are_counted_at_the_keypad_and_with_the_card():
    """Whoever has found a card gets no more guesses by typing first."""
    door = _pair_door()
    tried = 0
    for number in range(200):
        if number % 3 == 0:
            door.start()
        door.pin("%04d" % number)
        tried += door.card(_HER_CARD) == "other_person"
        door.hardware.wait(300000)
        door.reader.timekeeper.read()
    assert 5 <= tried <= 10, tried
    # A locked keypad shuts out nobody who has a card, and then the card comes first.
    assert door.pin(_HIS_PIN) == "pin_locked" and door.card(_HIS_CARD) == "second_needed"
    assert door.pin(_HIS_PIN) == "granted"


def test_what_cannot_be_counted_is_not_tried_with_a_card_either():
    """A pair whose wrong ones flash would not take is none; a card alone still opens."""
    door = _pair_door()
    door.pin("0000")
    genuine = files.write

    def write(path, data):
        if "attempts" in path:
            raise OSError(5)
        genuine(path, data)

    files.write = write
    try:
        door.pin(_HER_PIN)
        assert door.card(_HER_CARD) == "second_needed"
        assert door.card(CARD_NUMBER) == "granted"
    finally:
        files.write = genuine
