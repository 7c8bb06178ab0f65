"""A node that lost its clock has it again within a minute, and one liar costs nothing."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from harness import mutants, raises
from holdfast.access.clock.reading import SOURCE_PEER
from holdfast.access.clock.state import ClockState
from holdfast.sync import time as peer_time
from holdfast.sync.time import PeerTime, majority
from simulated_network import Chance
from untrusted import InvalidInput

START = 1_800_000_000
TAGS = [b"peer-%d" % n for n in range(8)]


def said(time, error=2, source="rtc"):
    return cbor.encode({1: time, 2: error, 3: source})


class Lan:
    """Peers with clocks of their own: ``offsets`` by tag in seconds, None for one that does not
    know; the true time is START and what has passed.
    """

    def __init__(self, offsets, seed=1, loss=0.0):
        self.offsets = offsets
        self.chance = Chance(seed)
        self.loss = loss
        self.now = 5_000_000
        self.machine = PeerTime(lambda: self.offsets, self.chance.bytes, self.now)

    def true(self):
        return START + (self.now - 5_000_000) // 1000

    def until_agreed(self, ms, allowed=None):
        """What was agreed, and how far off and unsure it is; None if nothing was."""
        until = self.now + ms
        while self.now < until:
            tag = self.machine.run(self.now)
            if tag is not None:
                asked_at = self.now
                self.now += 1 + self.chance.below(2500)
                offset = self.offsets[tag]
                if not self.chance.happens(self.loss):
                    payload = said(None, 0, "none")
                    if offset is not None:
                        payload = said(self.true() + offset)
                    self.machine.answered(tag, payload, asked_at, self.now)
                agreed = self.machine.agreed(self.now, allowed)
                if agreed is not None:
                    return agreed
            self.now = max(self.now + 1, min(self.machine.due, until))
        return None


def check(lan, agreed):
    time, error = agreed
    assert abs(time - lan.true()) <= error and error < 15, (time - lan.true(), error)


def test_within_a_minute_of_the_lans_return():
    """With any number of honest peers, a third of the answers lost, and some who do not know."""
    for count in range(1, 8):
        for seed in range(8):
            offsets = {tag: (seed + place) % 3 - 1 for place, tag in enumerate(TAGS[:count])}
            if count > 2:
                offsets[TAGS[0]] = None
            lan = Lan(offsets, seed, 0.3)
            agreed = lan.until_agreed(60_000)
            if agreed is None and count < 3:
                continue  # the one who is there was not heard: only with such luck
            check(lan, agreed)


def test_one_liar_costs_nothing():
    """Whatever it says: far off, just off, or within what the others say. And two of five."""
    for lie in (-86400 * 365, -3600, -7, -3, 2, 4, 9, 3600, 86400 * 365):
        for seed in range(6):
            lan = Lan({TAGS[0]: lie, TAGS[1]: 0, TAGS[2]: 1}, seed)
            check(lan, lan.until_agreed(120_000))
            five = {TAGS[0]: lie, TAGS[1]: lie, TAGS[2]: 0, TAGS[3]: 0, TAGS[4]: -1}
            lan = Lan(five, seed)
            check(lan, lan.until_agreed(120_000))
    # Of two nobody knows who lies.
    assert Lan({TAGS[0]: -3600, TAGS[1]: 0}).until_agreed(300_000) is None


def test_what_the_authority_allows_bounds_all_of_them():
    """A majority that says what cannot be is none: here the two liars are not even counted."""
    allowed = (START - 900, START + 900)
    for seed in range(6):
        lan = Lan({TAGS[0]: 9999, TAGS[1]: 9999, TAGS[2]: 0}, seed)
        check(lan, lan.until_agreed(120_000, allowed))


def test_the_clock_takes_it():
    """All the way into the node's clock, which had nothing but a floor."""
    clock = ClockState(START - 1000, None)
    assert not clock.reading(100, None).is_trusted(900)
    lan = Lan({TAGS[0]: -3600, TAGS[1]: 0, TAGS[2]: 1})
    time, error = lan.until_agreed(60_000) or (0, 0)
    assert clock.synced(SOURCE_PEER, time, error, 160, None)
    reading = clock.reading(160, None)
    assert reading.is_trusted(900) and abs(reading.now - lan.true()) <= reading.uncertainty


def test_a_round_an_hour_while_there_is_time():
    lan = Lan({tag: 0 for tag in TAGS[:4]})
    check(lan, lan.until_agreed(60_000))
    assert lan.machine.due - lan.now == 3_600_000
    lan.machine.lost(lan.now)
    assert lan.machine.run(lan.now) is not None


def test_majorities():
    assert majority([]) is None
    assert majority([(3, 9)]) == (3, 9)
    assert majority([(0, 1), (5, 6)]) is None
    assert majority([(0, 5), (5, 9)]) == (5, 5)
    assert majority([(0, 10), (8, 12), (11, 13)]) == (8, 12)  # two of three, whichever lies
    assert majority([(0, 10), (4, 6), (100, 200)]) == (4, 6)
    # Whatever the minority says, the truth is in it.
    chance = Chance(3)
    for _ in range(500):
        honest = 1 + chance.below(4)
        spans = [(50 - chance.below(9), 50 + chance.below(9)) for _ in range(honest)]
        for _ in range(honest - 1):
            start = chance.below(120)
            spans.append((start, start + chance.below(30)))
        first, last = majority(spans) or (99, 0)
        assert first <= 50 <= last


def test_answers_that_are_none():
    lan = Lan({TAGS[0]: 0})
    assert not lan.machine.answered(TAGS[0], said(START, 2, "floor"), 0, 0)
    assert not lan.machine.answered(TAGS[0], said(START, 86400), 0, 0)
    assert lan.machine.agreed(0) is None
    for bad in (
        b"",
        cbor.encode({1: START, 2: 1}),
        cbor.encode({1: START, 2: -1, 3: "rtc"}),
        cbor.encode({1: True, 2: 1, 3: "rtc"}),
        cbor.encode({1: 1 << 32, 2: 1, 3: "rtc"}),
        cbor.encode({1: START, 2: 1, 3: b"rtc"}),
        cbor.encode([START, 1, "rtc"]),
    ):
        raises(InvalidInput, lan.machine.answered, TAGS[0], bad, 0, 0)
    for mutant in mutants(said(START)):
        try:
            peer_time.parse(bytes(mutant))
        except InvalidInput:
            pass
