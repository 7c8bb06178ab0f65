"""Told times against plain interval arithmetic, written apart: what is believed, what moves, and
what the clock says then.
"""

import collections
import random

import pytest

from holdfast.access.clock.reading import SOURCE_PEER
from holdfast.access.clock.state import ClockState

START = 1_800_000_000
SEEDS = 2_000
STEPS = 40
LIMIT = 900
ROUNDING = 4  # seconds: clocks that are read in whole ones, one after the other
EACH = 1  # more for each time that was told, since it ages from then on in whole ones


class Interval:
    """From ``low`` to ``high``, each a second that it can be."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def meets(self, other):
        return self.low <= other.high and other.low <= self.high

    def within(self, other):
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def later(self, seconds):
        """The same when so much time has passed on a clock of 100 ppm."""
        lost = seconds / 10_000
        return Interval(self.low + seconds - lost, self.high + seconds + lost)


class Reference:
    """What the authority allows, and what was made of it."""

    def __init__(self):
        self.outer = self.inner = Interval(START - 300, START + 300)
        self.rounding = ROUNDING

    def passes(self, seconds):
        self.outer, self.inner = self.outer.later(seconds), self.inner.later(seconds)

    def told(self, time, error):
        """``believed``, ``moved`` or ``refused``; None where a second decides."""
        said = Interval(time - error - 1, time + error + 1)
        for known in (self.outer, self.inner):
            for one, other in ((known.low, said.high), (said.low, known.high)):
                if abs(one - other) <= self.rounding:
                    return None
        if not said.meets(self.outer):
            return "refused"
        allowed = said.within(self.outer)
        if allowed.meets(self.inner):
            self.inner = allowed.within(self.inner)
            return "believed"
        self.inner = allowed
        return "moved"


def _run(rng, seen):
    state, reference = ClockState(START), Reference()
    uptime = 0
    for _ in range(STEPS):
        passed = rng.choice((0, 1, 20, 3600, 86_400))
        uptime += passed
        reference.passes(passed)
        rtc = START + uptime
        error = rng.choice((0, 2, 30, 300, 4000))
        middle = (reference.outer.low + reference.outer.high) / 2
        time = round(middle) + rng.randint(-700, 700)
        now = state.reading(uptime, rtc, LIMIT)
        expected = reference.told(time, error)
        if expected is None:
            return
        believed = state.synced(SOURCE_PEER, time, error, uptime, rtc)
        seen[expected] += 1
        assert believed == (expected != "refused"), (time, error, now)
        assert state.is_moved == (expected == "moved")
        now = state.reading(uptime, rtc, LIMIT)
        trusted = (reference.inner.high - reference.inner.low) / 2 < LIMIT
        assert now.is_trusted(LIMIT) == trusted
        low, high = now.now - now.uncertainty, now.now + now.uncertainty
        reference.rounding += EACH
        assert abs(low - reference.inner.low) <= reference.rounding
        assert abs(high - reference.inner.high) <= reference.rounding
        assert state.floor <= START + uptime


@pytest.mark.parametrize("part", range(2))
def test_told_times_are_intersected(part):
    """2,000 sequences of 40 told times each, near and far, sure and unsure, over days."""
    seen = collections.Counter()
    share = SEEDS // 2
    for seed in range(part * share, (part + 1) * share):
        try:
            _run(random.Random(seed), seen)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    for what in ("believed", "moved", "refused"):
        assert seen[what] > share, seen
