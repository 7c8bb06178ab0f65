"""Whom a node goes to meet: bounded, whatever is heard, and those that are expected first."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.lan.discovery import A_MINUTE, MOST, Discovery
from simulated_network import Chance

_MINUTE = 60000


def _nobody(address):
    return False


def _discovery(configured=(), wanted=None, is_met=_nobody):
    return Discovery(Chance(1).bytes, 0, is_met, configured, wanted)


def _attempts(discovery, begin, end, is_met=_nobody):
    """(when, address) of each attempt, made as soon as it is due."""
    found, now = [], begin
    while True:
        due = discovery.due
        if due is None or due >= end:
            return found
        now = max(now, due)
        attempt = discovery.run(now)
        if attempt is not None:
            found.append((now, attempt[0]))
            discovery.ended(is_met(attempt[0]), now)
        elif discovery.due is not None and discovery.due <= now:
            now += 1


def test_nobody_heard_is_nobody_tried():
    discovery = _discovery()
    assert discovery.due is None and discovery.run(10 * _MINUTE) is None


def test_who_is_heard_is_tried_soon_and_once_if_it_is_met():
    discovery = _discovery()
    discovery.heard("a", b"tag", 100)
    due = discovery.due
    assert due is not None and 100 <= due < 2200
    assert discovery.run(99) is None
    assert discovery.run(2200) == ("a", b"tag")
    discovery.heard("b", b"other", 2300)
    assert discovery.due is None and discovery.run(9000) is None  # one at a time
    discovery.ended(True, 9000)
    assert _attempts(discovery, 9000, 60 * _MINUTE, lambda address: True)[0][1] == "b"
    assert discovery.due is None


def test_a_flood_of_addresses_costs_a_few_attempts_a_minute():
    """Each of them names another node; none is there."""
    discovery = _discovery(["peer"])
    tries, now = [], 0
    for number in range(20000):
        now += 30
        discovery.heard("nowhere %d" % number, b"%06d" % number, now)
        attempt = discovery.run(now)
        if attempt is not None:
            tries.append((now, attempt[0]))
            discovery.ended(False, now)
    assert len(tries) <= A_MINUTE * (now // _MINUTE + 1)
    for begin in range(0, now, _MINUTE // 2):
        assert len([1 for at, _ in tries if begin <= at < begin + _MINUTE]) <= A_MINUTE
    assert len(discovery._places) <= MOST + 1
    assert tries[0][1] == "peer"  # nobody takes its place


def test_one_address_is_tried_less_and_less_often():
    discovery = _discovery()
    discovery.heard("a", b"tag", 0)
    times = [at for at, _ in _attempts(discovery, 0, 300 * _MINUTE)]
    pauses = [later - sooner for sooner, later in zip(times, times[1:])]
    assert pauses[0] >= _MINUTE and max(pauses) <= 40 * _MINUTE
    assert all([later > 1.5 * sooner for sooner, later in zip(pauses[:4], pauses[1:4])])


def test_one_that_is_heard_again_is_tried_within_minutes():
    """It was off for long. Of the controller's address that is a minute; a forger has no more."""
    for wanted, most in ((None, 5 * _MINUTE), (b"tag", _MINUTE)):
        discovery = _discovery((), wanted)
        discovery.heard("a", b"tag", 0)
        last = _attempts(discovery, 0, 300 * _MINUTE)[-1][0]
        discovery.heard("a", b"tag", last + 1)
        times = [last]
        for _ in range(4):
            times.append(_attempts(discovery, times[-1], times[-1] + most + 1)[0][0])
            assert most <= times[-1] - times[-2] <= most + 1
            discovery.heard("a", b"tag", times[-1] + 1)


def test_a_configured_address_is_tried_until_somebody_is_known_there_and_again():
    known = []
    discovery = _discovery(["peer"], is_met=lambda address: address in known)
    assert _attempts(discovery, 0, 10 * _MINUTE)
    known.append("peer")
    assert _attempts(discovery, 10 * _MINUTE, 60 * _MINUTE) == []
    known.clear()
    assert _attempts(discovery, 60 * _MINUTE, 140 * _MINUTE)


def test_the_controller_goes_before_all_others():
    discovery = _discovery(["peer"], b"wanted")
    for number in range(9):
        discovery.heard("somebody %d" % number, b"%d" % number, 0)
    discovery.heard("there", b"wanted", 0)
    assert discovery.run(5000) == ("there", b"wanted")
    discovery.ended(False, 5000)
    assert discovery.run(5001) == ("peer", None)


def test_the_one_that_somebody_waits_for_is_sought_more_eagerly():
    """Soon at first, and never longer than a minute and a bit after the last time."""
    discovery = Discovery(Chance(1).bytes, 0, _nobody, ["peer"], b"wanted", 5000, _MINUTE)
    times = [at for at, _ in _attempts(discovery, 0, 60 * _MINUTE)]
    pauses = [after - before for before, after in zip(times, times[1:])]
    assert 5000 <= pauses[0] <= 6250 and 10000 <= pauses[1] <= 12500
    assert max(pauses) <= 75000 and len(times) >= 48


def test_where_the_wanted_is_said_to_be_is_tried_again_within_two_minutes():
    """All start at once after a power cut, and the first attempts are lost. Among many nodes the
    controller's own hint is hardly ever the one that is sent, so nothing would end a longer rest:
    a reader of 32 was without its controller for a quarter of an hour.
    """
    discovery = _discovery((), b"wanted")
    discovery.heard("there", b"wanted", 0)
    discovery.heard("elsewhere", b"other", 0)
    found = _attempts(discovery, 0, 60 * _MINUTE)
    at = [when for when, address in found if address == "there"]
    assert max(later - when for when, later in zip(at, at[1:])) <= 2 * _MINUTE
    others = [when for when, address in found if address == "elsewhere"]
    assert len(others) < 10 < len(at)


def test_where_the_wanted_may_be_is_forgotten_for_nobody():
    """Thirty-two readers tell where they are before any was tried, and go on after the first
    attempts at the controller were lost: it keeps its place, and is given one if all are taken.
    """
    discovery = _discovery((), b"wanted")
    for number in range(MOST + 4):
        discovery.heard("reader %d" % number, b"%d" % number, 0)
    discovery.heard("there", b"wanted", 0)
    assert discovery.run(5000) == ("there", b"wanted")
    discovery.ended(False, 5000)
    for number in range(200):
        discovery.heard("other %d" % number, b"%d" % number, 6000 + number)
    found = _attempts(discovery, 7000, 10 * _MINUTE)
    assert len([1 for _, address in found if address == "there"]) >= 4
    assert len(discovery._places) <= MOST


def test_many_who_say_that_they_are_the_wanted_keep_nobody_from_being_met():
    """A flood of such hints uses up the attempts; it takes turns with whoever is there in truth,
    the wanted among them.
    """
    for true_tag in (b"wanted", b"other"):
        discovery = _discovery((), b"wanted")
        for number in range(MOST - 1):
            discovery.heard("forged %d" % number, b"wanted", 0)
        discovery.heard("true", true_tag, 0)
        now = 0
        while now < 30 * _MINUTE:
            now += 1000
            attempt = discovery.run(now)
            if attempt is not None:
                if attempt[0] == "true":
                    break
                discovery.ended(False, now)
        assert now < 30 * _MINUTE, true_tag
