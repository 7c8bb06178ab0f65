"""PINs at the whole reader: how often one may be guessed, by whom that is counted, and what of it
lasts over a restart. Cards: test_card_reader.py.
"""

INTERPRETERS = ("micropython", "cpython")

import json

import small_log
from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access.request import CARD, PIN
from holdfast.storage import files

_HOUR_MS = 3600000
_DAY_MS = 24 * _HOUR_MS
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


def _guess_all_day(door, days, every_ms=60000, meanwhile=None):
    """Type a wrong one whenever it is heard; how many were, a day."""
    counts = []
    for _ in range(days):
        guesses = 0
        for _ in range(_DAY_MS // every_ms):
            if meanwhile:
                meanwhile()
            uptime = door.reader.timekeeper.uptime()
            attempts = door.read._attempts
            if attempts is None or not attempts.of(bytes(8)).locked_s(uptime):
                guesses += door.pin("%04d" % guesses) == "wrong_pin"
            door.hardware.wait(every_ms)
            door.hardware.lines = []
        counts.append(guesses)
    return counts


def test_pins_of_any_form_are_wrong_ones():
    """Letters, other people's digits, too few, too many: each counts as a guess."""
    door = Door()
    forms = ("", "1", "123", "12345678901", "x" * 999, "12a4", "12 34", "١٢٣٤", "½½½½", "1234\n")
    for digits in forms:
        assert door.pin(digits) == "wrong_pin", digits
        if forms.index(digits) >= 4:
            assert door.pin(THE_PIN) == "pin_locked", digits
            door.wait(_HOUR_MS)
    door.wait(_HOUR_MS)
    assert door.pin(THE_PIN) == "pin_locked"  # ten a day


def test_ten_a_day_or_what_the_site_says_and_a_right_pin_buys_none():
    """However somebody waits, and whoever else has a PIN."""
    for most in (None, 3, 25):
        door = Door(*([] if most is None else [[11, {6: most}]]))
        assert _guess_all_day(door, 2) == [most or 10] * 2, most
    door = Door()

    def own():
        door.read.pin(THE_PIN)

    counts = _guess_all_day(door, 2, 300000, own)
    assert max(counts) <= 10, counts


def test_a_restart_hands_out_no_attempts_and_keeps_nobody_out_who_did_nothing():
    """What was counted is on flash before the answer is shown: cutting the power right then, or a
    hundred times, buys nothing.
    """
    door = Door()
    tried = 0
    for _ in range(100):
        tried += door.pin("0000") == "wrong_pin"
        door.start()
        door.wait(60000)
    assert tried <= 10, tried
    assert door.pin(THE_PIN) == "pin_locked"
    # A lock of last year does not hold after a power cut today: what is forgiven is so on flash.
    door.wait(25 * _HOUR_MS)
    assert door.pin(THE_PIN) == "granted"
    door.start()
    assert door.pin(THE_PIN) == "granted"
    # Also where nobody but cards came meanwhile.
    for _ in range(5):
        door.pin("0000")
    door.wait(25 * _HOUR_MS)
    assert door.card(CARD_NUMBER) == "granted"
    door.start()
    assert door.pin(THE_PIN) == "granted"
    # And a door that was only restarted never knew of any.
    fresh = Door()
    fresh.start()
    assert fresh.pin(THE_PIN) == "granted"


def test_it_is_counted_on_flash_before_anybody_is_told():
    """Or a guess would be free for who cuts the power at the red light."""
    door = Door()
    seen = []
    genuine_write, genuine_refuse = files.write, door.reader.door.refuse

    def write(path, data):
        seen.append(path.rsplit("/", 1)[1][:8])
        genuine_write(path, data)

    def refuse():
        seen.append("red")
        genuine_refuse()

    files.write, door.reader.door.refuse = write, refuse
    try:
        door.read.pin("0000")
    finally:
        files.write = genuine_write
    assert seen.index("attempts") < seen.index("red"), seen


def test_what_cannot_be_counted_is_not_tried():
    """The one whose count flash does not take is the last; the right one waits with the rest, and
    nobody else is kept out.
    """
    door = Door()
    genuine = files.write

    def write(path, data):
        if "attempts" in path:
            raise OSError(5)
        genuine(path, data)

    files.write = write
    try:
        assert door.pin(THE_PIN) == "granted"  # there is nothing to count yet
        assert door.pin("0000") == "wrong_pin"
        for digits in ("0001", THE_PIN, "x"):
            assert door.pin(digits) == "storage_failed"
        assert door.card(CARD_NUMBER) == "granted"
    finally:
        files.write = genuine
    told = [line["piece"] for line in door.hardware.lines if line["event"] == "fault"]
    assert told == ["lobby attempts"]
    assert door.pin(THE_PIN) == "granted"


def test_a_damaged_count_is_as_many_as_there_can_be():
    """For a day from the start; cards and phones are not kept out by it, and it is told."""
    for spoil in (lambda raw: b"", lambda raw: raw[:-1], lambda raw: raw + bytes(200)):
        door = Door()
        door.pin("0000")
        store = door.reader.stores.attempts("lobby")
        with open(store._path, "rb") as file:
            raw = file.read()
        with open(store._path, "wb") as file:
            file.write(spoil(raw))
        door.start()
        assert door.pin(THE_PIN) == "pin_locked" and door.card(CARD_NUMBER) == "granted"
        assert [line["piece"] for line in door.hardware.lines if line["event"] == "fault"]
        door.wait(25 * _HOUR_MS)
        assert door.pin(THE_PIN) == "granted"


def test_while_it_is_locked_the_right_pin_is_not_even_looked_up():
    """Otherwise a lock would only slow down those who cannot read the answer."""
    door = Door()
    for _ in range(5):
        assert door.pin("0000") == "wrong_pin"
    looked = []
    cache = door.reader.stores.moment()[1]
    genuine = cache.grants
    cache.grants = lambda key: looked.append(key) or genuine(key)
    assert door.pin(THE_PIN) == "pin_locked" and not looked
    door.wait(30000)
    assert door.pin(THE_PIN) == "granted" and looked


def test_a_locked_pin_is_recorded_however_many_strangers_came_before():
    """That somebody guesses is what the log is for. The first eight of each lock; who goes on is
    bounded as strangers are.
    """
    door = Door()
    for number in range(100):
        door.card(b"stranger %d" % number)
    for _ in range(5):
        door.pin("0000")
    for _ in range(8):
        assert door.pin(THE_PIN) == "pin_locked"
    before = door.recorded()
    assert [fields["reason_code"] for fields in before[-13:]] == [54] * 5 + [55] * 8
    for _ in range(1000):
        assert door.pin("0000") == "pin_locked"
    assert len(door.recorded()) - len(before) <= 33
    # The next lock has its own.
    door.wait(30000)
    assert door.pin("0000") == "wrong_pin" and door.pin("0000") == "pin_locked"
    assert [fields["reason_code"] for fields in door.recorded()[-2:]] == [54, 55]


def test_a_wrong_pin_leaves_no_trace_of_itself():
    """It is mostly a right one with a slip in it: wrong, locked, in a lockdown, with a damaged
    cache or one that cannot be read, alone or with a card.
    """
    near = "271829"

    def lockdown(door):
        door.follow([9, True, None])

    def damaged(door):
        door.reader.stores.moment()[1].grants = lambda key: []
        door.reader.stores.policies().moment = lambda: (door.reader._rules, None)

    def unreadable(door):
        def grants(key):
            raise OSError(5)

        door.reader.stores.moment()[1].grants = grants

    for spoil in (lambda door: None, lockdown, damaged, unreadable):
        door = _pair_door()
        door.card(_HER_CARD)
        door.pin(near)
        spoil(door)
        for _ in range(7):
            door.pin(near)
        door.card(_HER_CARD)
        door.pin(near)
        key = key_of(PIN, near.encode())
        text = json.dumps(door.hardware.lines)
        assert near not in text and key.hex() not in text
        batch = small_log.batch(door.reader.stores.events())
        assert not [raw for raw in batch.records if key in raw]
        assert door.hardware.opened == 0


def test_a_lockdown_counts_every_pin_as_a_guess():
    """Right and wrong are answered alike then; uncounted, the PINs with the override could be
    guessed without bound.
    """
    door = Door()
    door.follow([9, True, None])
    for digits in ("0000", THE_PIN, "x", "0001", "0002"):
        assert door.pin(digits) == "locked_down"
    # Locked by that: from here on nothing is looked up.
    assert door.pin(THE_PIN) == "locked_down"
    door.follow([9, False, None])
    assert door.pin(THE_PIN) == "pin_locked"
    door.wait(30000)
    assert door.pin(THE_PIN) == "granted"


def test_a_pin_with_the_override_opens_in_a_lockdown_and_is_bounded_by_guesses():
    """The one PIN that matters most then."""
    door = Door(bits=1 | 4)
    door.follow([9, True, None])
    assert door.pin(THE_PIN) == "granted"
    guesses = 0
    for _ in range(1440):
        door.hardware.wait(60000)
        uptime = door.reader.timekeeper.uptime()
        if not door.read._attempts.of(bytes(8)).locked_s(uptime):
            assert door.pin("0000") == "locked_down"
            guesses += 1
    assert guesses <= 10, guesses


# A card and its PIN


def test_a_card_that_wants_its_pin_is_told_so_and_opens_with_it():
    """White and moving while it is awaited; the card alone, the PIN alone and another's open
    nothing.
    """
    door = _pair_door()
    shown = []
    door.hardware.show = lambda colour, effect: shown.append((colour, effect))
    assert door.card(_HER_CARD) == "second_needed" and shown[-1] == ("white", "moving")
    assert door.pin(_HER_PIN) == "granted" and shown[-1] == ("green", "steady")
    fields = door.recorded()[-1]
    assert (fields["shown"], fields["card"]) == (3, key_of(CARD, _HER_CARD))
    assert fields["second"] == key_of(PIN, _HER_PIN.encode())
    door.hardware.wait(5000)
    # It was for that once.
    assert door.pin(_HER_PIN) == "second_needed"
    door.hardware.wait(10000)
    assert door.card(_HER_CARD) == "second_needed" and door.pin(_HIS_PIN) == "other_person"
    assert door.card(_HER_CARD) == "second_needed" and door.pin(THE_PIN) == "other_person"
    # Somebody else's card came in between.
    door.card(_HER_CARD)
    door.card(b"\x04another")
    assert door.pin(_HER_PIN) == "second_needed"
    # Nor does it wait for ever; but as long as it is there.
    door.hardware.wait(10000)
    door.card(_HER_CARD)
    door.hardware.wait(10000)
    assert door.pin(_HER_PIN) == "second_needed"
    door.hardware.wait(10000)
    door.card(_HER_CARD)
    for _ in range(100):
        door.read.card(_HER_CARD)
        door.hardware.wait(200)
    assert door.pin(_HER_PIN) == "granted"
    assert door.hardware.opened == 2


def test_a_passer_by_shuts_out_nobody_who_has_a_card():
    """Wrong PINs at the keypad count at the keypad, wrong ones with a card with that card."""
    door = _pair_door()
    for _ in range(5):
        door.pin("0000")
    assert door.pin(THE_PIN) == "pin_locked"
    assert door.card(_HER_CARD) == "second_needed" and door.pin(_HER_PIN) == "granted"
    for number in range(5):
        door.card(_HER_CARD)
        assert door.pin("%04d" % number) == "other_person"
    door.card(_HER_CARD)
    assert door.pin(_HER_PIN) == "pin_locked" and door.recorded()[-1]["locked"] is True
    door.card(_HIS_CARD)
    assert door.pin(_HIS_PIN) == "granted"
    assert door.card(CARD_NUMBER) == "granted"


def test_a_found_card_is_worth_ten_guesses_a_day_over_restarts_too():
    """Four digits would last two days otherwise."""
    door = _pair_door()
    tried = 0
    for number in range(200):
        if number % 3 == 0:
            door.start()
        door.card(_HER_CARD)
        tried += door.pin("%04d" % number) == "other_person"
        door.hardware.wait(300000)
        door.reader.timekeeper.read()
    assert 5 <= tried <= 10, tried


def test_a_count_is_not_washed_away_by_other_cards():
    """There is room for 16 cards' counts; the smallest goes first."""
    grants = []
    for number in range(40):
        grants.append([6, key_of(CARD, b"card %d" % number), 2, None, {3: b"some"}])
    door = _pair_door()
    door.follow(*grants)
    for _ in range(5):
        door.card(_HER_CARD)
        door.pin("0000")
    for number in range(40):
        door.card(b"card %d" % number)
        assert door.pin("0000") == "other_person", number
    door.start()
    door.card(_HER_CARD)
    assert door.pin(_HER_PIN) == "pin_locked"
    assert len(door.read._attempts.pack(0)) <= 171
