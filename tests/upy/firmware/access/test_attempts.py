"""How many wrong PINs may be tried: in a row, in a day, and over a restart."""

INTERPRETERS = ("micropython", "cpython")

from harness import raises
from holdfast.access.attempts import KEYPAD, Attempts, PinAttempts
from untrusted import InvalidInput

_HOUR = 3600
_DAY = 24 * _HOUR


def _unbound(uptime=0, **more):
    attempts = PinAttempts(uptime, **more)
    attempts.a_day = 1000
    return attempts


def test_five_wrong_pins_lock_and_each_one_more_for_longer():
    """Ten thousand PINs are few: what counts is how many can be tried in a night."""
    attempts = _unbound(_DAY)
    for _ in range(4):
        attempts.wrong(_DAY)
        assert attempts.locked_s(_DAY) == 0
    attempts.wrong(_DAY)
    assert attempts.locked_s(_DAY) == 30 and attempts.locked_s(_DAY + 29) == 1
    assert attempts.locked_s(_DAY + 30) == 0
    now, locks = _DAY + 30, []
    for _ in range(12):
        attempts.wrong(now)
        locks.append(attempts.locked_s(now))
        now += locks[-1]
    assert locks[:7] == [60, 120, 240, 480, 960, 1920, 3600] and set(locks[7:]) == {3600}


def test_an_hour_forgives_one_of_those_in_a_row():
    """A household that mistypes twice a day never meets a lock of an hour."""
    for waited, locked in ((_HOUR - 1, 30), (_HOUR, 0), (4 * _HOUR, 0)):
        attempts = _unbound()
        for _ in range(4):
            attempts.wrong(0)
        attempts.wrong(waited)
        assert attempts.locked_s(waited) == locked, waited
    # While it is locked nothing is forgiven.
    attempts = _unbound()
    for _ in range(12):
        attempts.wrong(0)
    assert attempts.locked_s(0) == _HOUR and attempts.locked_s(_HOUR) == 0
    attempts.wrong(_HOUR)
    assert attempts.locked_s(_HOUR) == _HOUR


def _tries(most, waits, days=3):
    """When each was tried by somebody who tries whenever it is not locked and ``waits(now, n)``
    says so.
    """
    attempts, now, tried = PinAttempts(), 0, []
    attempts.a_day = most
    while now < days * _DAY:
        if not attempts.locked_s(now) and waits(now, len(tried)):
            attempts.wrong(now)
            tried.append(now)
        now += 60
    return tried


def test_no_more_than_the_sites_number_in_any_24_hours_however_they_are_spread():
    """At once, evenly, at the end of a day and the beginning of the next, never twice an hour."""
    strategies = (
        lambda now, n: True,
        lambda now, n: now % 8640 == 0,
        lambda now, n: now % _DAY > _DAY - _HOUR or now % _DAY < _HOUR,
        lambda now, n: now % _HOUR == 0,
        lambda now, n: n % 4 or now % (6 * _HOUR) == 0,
    )
    for most in (1, 3, 10, 20, 1000):
        for strategy in strategies:
            tried = _tries(most, strategy)
            for first, at in enumerate(tried):
                in_a_day = len([one for one in tried[first:] if one < at + _DAY])
                # Of a thousand the lock of an hour leaves these.
                assert in_a_day <= min(most, 36), (most, strategies.index(strategy), in_a_day)
    assert len(_tries(10, strategies[0])) == 30


def test_the_sites_number_may_change_meanwhile():
    """By the next changeset: it holds at once, for what was tried already, too."""
    attempts = _unbound()
    for number in range(4):
        attempts.wrong(number)
    attempts.a_day = 3
    assert attempts.locked_s(10) == 1 + _DAY - 10
    attempts.a_day = 5
    assert attempts.locked_s(10) == 0


def test_what_is_known_after_a_restart_was_at_the_start():
    """Nobody knows how long the power was off: the lock begins anew, and so does the day."""
    before = _unbound()
    for _ in range(7):
        before.wrong(0)
    row, today = before.known(0)
    assert (row, today) == (7, 7)
    after = PinAttempts(0, row, today)
    assert after.locked_s(0) == 120 and after.locked_s(120) == 0
    for now in (120, 1000, 3000):
        assert after.locked_s(now) == 0
        after.wrong(now)
        now += after.locked_s(now)
    assert after.locked_s(_DAY - 1) == 1 and after.locked_s(_DAY) == 0
    # What is forgiven by then is not known of.
    assert before.known(_DAY - 1) == (0, 7) and before.known(_DAY) == (0, 0)


def test_counts_of_a_keypad_and_cards_are_packed_and_read_again():
    """Each its own; what is forgiven is left out."""
    attempts = Attempts()
    for key, times in ((KEYPAD, 3), (b"her card", 6), (b"his card", 1)):
        for _ in range(times):
            attempts.wrong(key, attempts.of(key), 10)
    again = Attempts(attempts.pack(10))
    keys = KEYPAD, b"her card", b"his card", b"another."
    assert [again.of(key).known(10)[0] for key in keys] == [3, 6, 1, 0]
    assert [again.of(key).known(10)[1] for key in keys] == [3, 6, 1, 0]
    assert attempts.pack(10 + _DAY) == Attempts().pack(0) == b"\x01"
    assert Attempts.used_up().of(KEYPAD).locked_s(0) == _DAY


def test_there_is_room_for_so_many_and_the_smallest_goes_first():
    """Flash and RAM are bounded, whoever comes with how many cards."""
    attempts = Attempts()
    for _ in range(3):
        attempts.wrong(KEYPAD, attempts.of(KEYPAD), 0)
        attempts.wrong(b"her card", attempts.of(b"her card"), 0)
    for number in range(100):
        key = b"card %03d" % number
        attempts.wrong(key, attempts.of(key), number)
        assert attempts.of(key).known(number) == (1, 1)
        assert len(attempts.pack(number)) <= 171
    for key in (KEYPAD, b"her card"):
        assert attempts.of(key).known(100) == (3, 3)
    Attempts(attempts.pack(100))


def test_another_form_is_refused():
    """What was sealed is read with the same care as what was not."""
    good = Attempts.used_up().pack(0)
    Attempts(good)
    for bad in (b"", good[:-1], good + b"\x00", b"\x02" + good[1:], good + bytes(170)):
        raises(InvalidInput, Attempts, bad)
