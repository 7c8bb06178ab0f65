"""Whether the controller is there: told in ten seconds, both ways, and proven before it counts."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.sync.presence import ASK, GONE_MS, PING, PROOF_MS, Presence
from simulated_network import Chance

MINUTE = 60000


class Link:
    """A controller behind a network that loses so much each way; it ``is_there``, or somebody
    answers pings in its name.
    """

    def __init__(self, seed=1, loss=0.0):
        self.chance = Chance(seed)
        self.loss = loss
        self.now = 0
        self.is_there = self.is_faked = False
        self.presence = Presence(0)
        self.changes = []
        self.pings = self.asks = 0

    def passes(self, ms):
        until = self.now + ms
        while self.presence.due < until:
            self.now = max(self.now, self.presence.due)
            was = self.presence.is_present
            sends = self.presence.run(self.now)
            while sends:
                came = not (self.chance.happens(self.loss) or self.chance.happens(self.loss))
                if sends == PING:
                    self.pings += 1
                    if came and (self.is_there or self.is_faked):
                        self.presence.ponged(self.now)
                elif sends == ASK:
                    self.asks += 1
                    if came and self.is_there:
                        self.presence.proven(self.now)
                sends = self.presence.run(self.now)
            if self.presence.is_present != was:
                self.changes.append((self.now, self.presence.is_present))
        self.now = until


def test_gone_and_back_within_ten_seconds():
    for offset in range(0, 9000, 700):
        link = Link()
        link.passes(MINUTE)
        assert not link.presence.is_present  # until it has shown itself
        link.is_there = True
        link.passes(10 * MINUTE + offset)
        link.is_there = False
        link.passes(GONE_MS + 1)
        assert not link.presence.is_present
        link.is_there = True
        link.passes(10000)
        assert link.presence.is_present
        assert len(link.changes) == 3


def test_loss_of_forty_per_cent_is_no_absence():
    """A red light that comes and goes all day is one that nobody looks at."""
    link = Link(5, 0.4)
    link.is_there = True
    link.passes(24 * 60 * MINUTE)
    away = len([1 for _, is_present in link.changes if not is_present])
    assert away < 200, away
    link = Link(5, 0.1)
    link.is_there = True
    link.passes(24 * 60 * MINUTE)
    assert link.changes == [(0, True)] or len(link.changes) == 1


def test_whoever_answers_pings_in_its_name_hides_for_a_minute_that_it_is_gone():
    """A ping is protected by nothing: it takes no controller's place."""
    link = Link()
    link.is_there = True
    link.passes(MINUTE)
    link.is_there, link.is_faked = False, True
    link.passes(PROOF_MS + 1)
    assert not link.presence.is_present
    link.passes(60 * MINUTE)
    assert not link.presence.is_present and len(link.changes) == 2


def test_what_it_costs():
    """An hour of presence: a ping every five seconds, and a protected request a minute or so."""
    link = Link()
    link.is_there = True
    link.passes(60 * MINUTE)
    assert link.pings <= 720 and link.asks <= 81
    link.is_there = False
    before = link.asks
    link.passes(60 * MINUTE)
    assert link.asks - before <= 1201  # and every three while it is away
