"""An address is a claim: who keeps one is held to hurry, and nobody is shut out by it."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.link.gatt.attempts import Attempts


class Ticks:
    """Milliseconds that a test sets; they wrap as a board's do."""

    now = 0

    def add(self, ms):
        return (self.now + ms) % (1 << 30)

    def until(self, tick):
        return (tick - self.now + (1 << 29)) % (1 << 30) - (1 << 29)


def _visits(attempts, address, count):
    return [attempts.came(address) for _ in range(count)]


def test_the_fifth_visit_in_a_row_is_one_too_many():
    attempts = Attempts(Ticks())
    assert _visits(attempts, b"hog___", 7) == [True] * 4 + [False] * 3
    assert attempts.came(bytearray(b"other_"))


def test_staying_away_forgives_and_so_does_a_proof():
    """One visit for each ten seconds: a phone whose owner walked off three times is welcome."""
    ticks = Ticks()
    attempts = Attempts(ticks)
    _visits(attempts, b"phone_", 9)
    ticks.now += 9999
    assert not attempts.came(b"phone_")
    ticks.now += 20000
    assert attempts.came(b"phone_") and not attempts.came(b"phone_")
    attempts.proved(memoryview(b"phone_"))
    assert _visits(attempts, b"phone_", 5) == [True] * 4 + [False]
    attempts.proved(b"nobody")


def test_a_resident_who_comes_often_never_hurries():
    attempts = Attempts(Ticks())
    for _ in range(1000):
        assert attempts.came(b"phone_")
        attempts.proved(b"phone_")


def test_ticks_that_wrap_forgive_as_well():
    ticks = Ticks()
    ticks.now = (1 << 30) - 1000
    attempts = Attempts(ticks)
    _visits(attempts, b"phone_", 9)
    ticks.now = (ticks.now + 60000) % (1 << 30)
    assert attempts.came(b"phone_")


def test_a_crowd_of_addresses_takes_no_more_memory():
    """The one that came longest ago is forgotten; who comes all the time is not."""
    ticks = Ticks()
    attempts = Attempts(ticks)
    _visits(attempts, b"hog___", 5)
    for number in range(3000):
        ticks.now += 1
        attempts.came(b"%06d" % number)
        if number % 10 == 0:
            assert not attempts.came(b"hog___")
        assert len(attempts._counts) <= 16
