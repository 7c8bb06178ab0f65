"""A change comes to every node, whatever strangers say: hints move nobody but to look."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from holdfast.access.policy.news import News
from holdfast.sync import hint
from holdfast.sync.dissemination import IMAX_MS, IMIN_MS, NEWS, PART, Dissemination
from simulated_network import Chance

MINUTE = 60000
HOUR = 60 * MINUTE
HEAD = bytes(range(32))
NEXT = bytes(32)
OWN, ANN, BOB, EVE = b"own---", b"ann---", b"bob---", b"eve---"


class One:
    """One node at changeset 5, with what it says and asks, hand-fed."""

    def __init__(self, known=(ANN, BOB), configured=()):
        self.at = (5, HEAD)
        self.known = list(known)
        self.said, self.asks = [], []
        self.now = 0
        self.sync = Dissemination(
            OWN,
            lambda: self.at,
            lambda: self.known,
            self._say,
            Chance(7).bytes,
            0,
            lambda: configured,
        )

    def _say(self, message, peer):
        if len(self.said) > 100:
            del self.said[:50]
        self.said.append((self.now, peer))

    def hears(self, number, head=HEAD, node=ANN, by_multicast=True):
        said = hint.parse(hint.message(number, head, node, by_multicast).payload)
        self.sync.heard(said, self.now)

    def passes(self, ms):
        """Time passes; the Asks that were made, and not answered."""
        until = self.now + ms
        made = []
        while self.sync.due < until:
            self.now = max(self.now, self.sync.due)
            while True:
                ask = self.sync.run(self.now)
                if ask is None:
                    break
                made.append(ask)
                self.asks.append((self.now, ask))
        self.now = until
        return made

    def answers(self, ask, number, head=HEAD, snapshot=None, changesets=()):
        news = News(number, head, snapshot, list(changesets)).encode()
        return self.sync.answered(ask, news, self.now)


def test_whoever_hears_more_pulls_from_who_said_so():
    one = One()
    one.hears(6, NEXT, BOB)
    (ask,) = one.passes(IMIN_MS)
    assert (ask.kind, ask.peer, ask.number) == (NEWS, BOB, 5)
    assert one.answers(ask, 6, NEXT, None, [b"six"]) == [b"six"]
    one.at = (6, NEXT)
    one.sync.changed(one.now)
    one.sync.taken(ask, one.now)
    assert [ask for ask in one.passes(MINUTE) if ask.by_hint] == []
    assert one.sync.age(one.now) is None  # nobody has shown that there is no seventh


def test_what_is_known_is_heard_and_ages():
    """How old the knowledge is: since a peer last showed that it has no more, protected."""
    one = One()
    (ask,) = one.passes(20000)
    assert not ask.by_hint and one.sync.age(one.now) is None
    assert one.answers(ask, 5) == ()
    one.passes(MINUTE)
    assert one.sync.age(one.now) == MINUTE
    one.hears(5)  # worth nothing: anybody can say so
    assert one.sync.age(one.now) == MINUTE


def test_a_peer_is_asked_every_five_minutes_whatever_hints_say():
    for says in (lambda one: None, lambda one: one.hears(5), lambda one: one.hears(9, NEXT)):
        one = One()
        asked = []
        while one.now < HOUR:
            says(one)
            for ask in one.passes(1000):
                if not ask.by_hint:
                    asked.append(one.now)
                one.answers(ask, 5)
        gaps = [after - before for before, after in zip([0] + asked, asked + [one.now])]
        assert max(gaps) <= 5 * MINUTE and len(asked) <= 17, gaps


def test_hints_cause_one_pull_a_peer_a_minute_and_lies_fewer():
    """All day long somebody says that there is more. There is not."""
    one = One()
    while one.now < HOUR:
        one.hears(9, NEXT, ANN)
        one.hears(1 << 31, NEXT, BOB)
        one.hears(5, NEXT, ANN)  # our number and another head
        for ask in one.passes(500):
            one.answers(ask, 5)
    for peer in (ANN, BOB):
        times = [at for at, ask in one.asks if ask.by_hint and ask.peer == peer]
        assert min([b - a for a, b in zip(times, times[1:])]) >= MINUTE - 500
        assert 10 < len(times) < 20  # every five minutes, when it was in vain again and again


def test_nobody_is_pulled_from_but_known_peers():
    """A hint of somebody unknown sends us to a peer of ours, and seldom."""
    one = One()
    while one.now < 10 * MINUTE:
        one.hears(9, NEXT, EVE)
        for ask in one.passes(500):
            one.answers(ask, 5)
    assert set([ask.peer for _, ask in one.asks]) == {ANN, BOB}
    assert len([ask for _, ask in one.asks if ask.by_hint]) <= 22
    alone = One(known=())
    alone.hears(9, NEXT, EVE)
    assert alone.passes(10 * MINUTE) == []


def test_two_changes_within_a_minute_are_both_pulled():
    """What brought something does not count: so often the authority signs."""
    one = One(known=(ANN,))
    for number in range(6, 10):
        one.hears(number, NEXT)
        (ask,) = [ask for ask in one.passes(2000) if ask.by_hint]
        assert ask.number == number - 1
        one.answers(ask, number, NEXT, None, [b"raw"])
        one.at = (number, NEXT)
        one.sync.changed(one.now)
        one.sync.taken(ask, one.now)


def test_who_does_not_answer_holds_nobody_up():
    """The one who said it is gone: a second later others are asked."""
    one = One()
    one.hears(6, NEXT, ANN)
    first, second = [ask for ask in one.passes(5000) if ask.by_hint]
    assert (first.peer, second.peer) == (ANN, BOB)


def test_a_node_far_behind_takes_the_snapshot_part_by_part():
    one = One(known=(ANN,))
    one.hears(99, NEXT)
    (ask,) = [ask for ask in one.passes(1000) if ask.by_hint]
    assert one.answers(ask, 99, NEXT, 90) == () and one.sync.due <= one.now
    for part in range(3):
        (ask,) = one.passes(1)
        assert (ask.kind, ask.peer, ask.number) == (PART, ANN, part)
        assert one.sync.answered(ask, b"part", one.now) == (b"part",)
        if part == 2:
            one.at = (90, NEXT)
            one.sync.changed(one.now)
        one.sync.taken(ask, one.now, None if part == 2 else part + 1)
    (ask,) = [ask for ask in one.passes(2000) if ask.by_hint]
    assert (ask.kind, ask.number) == (NEWS, 90)  # and on from there


def test_a_snapshot_that_stops_half_way_is_begun_again_later():
    one = One(known=(ANN,))
    one.hears(99, NEXT)
    (ask,) = [ask for ask in one.passes(1000) if ask.by_hint]
    one.answers(ask, 99, NEXT, 90)
    (ask,) = one.passes(1)
    assert ask.kind == PART and one.sync.answered(ask, None, one.now) == ()
    again = []
    while one.now < 5 * MINUTE:
        for ask in one.passes(1000):
            again.append((ask.kind, ask.number))
            if ask.kind == NEWS:
                one.answers(ask, 99, NEXT, 90)
            else:
                one.sync.answered(ask, None, one.now)
    assert again[:5] == [(PART, 0)] * 3 + [(NEWS, 5), (PART, 0)] and len(again) < 60, again


def test_nobody_has_what_is_missing_is_said():
    one = One(known=(ANN,))
    one.hears(99, NEXT)
    (ask,) = [ask for ask in one.passes(1000) if ask.by_hint]
    one.answers(ask, 99, NEXT)
    assert one.sync.needs_snapshot
    one.at = (99, NEXT)
    one.sync.changed(one.now)
    assert not one.sync.needs_snapshot


def test_a_fork_is_told_and_moves_nothing():
    one = One()
    (ask,) = one.passes(20000)
    assert one.answers(ask, 5, NEXT, None, [b"raw"]) == ()
    assert one.sync.forked == ask.peer and one.sync.age(one.now) is None


def test_answers_that_are_none_are_no_answers():
    """A hostile node with a valid certificate may say what it likes."""
    one = One(known=(ANN,))
    for payload in (b"", b"\xff", cbor.encode([6, NEXT, None]), cbor.encode([6, NEXT, 1, [b""]])):
        one.hears(6, NEXT)
        asks = one.passes(6 * MINUTE)
        for ask in asks:
            assert one.sync.answered(ask, payload, one.now) == ()
        assert asks


def test_who_asks_where_another_is_and_has_no_policy_resets_nobody():
    """A carrier asks so, and a computer, often: a whole site would begin its hints anew."""
    one = One(known=(ANN,))
    one.passes(HOUR)
    before = len(one.said)
    for _ in range(60):
        said = hint.parse(hint.message(0, bytes(8), BOB, True, b"sought").payload)
        assert one.sync.heard(said, one.now) is None
        one.passes(MINUTE)
    assert len(one.said) - before <= 30, len(one.said) - before


def test_ones_own_hints_are_not_heard():
    one = One()
    one.hears(9, NEXT, OWN)
    assert [ask for ask in one.passes(MINUTE) if ask.by_hint] == []


def test_unicast_where_multicast_fails_and_to_four_at_most():
    """How that is found out: none was heard for two Imax, or a peer asks for what we have said
    three times.
    """
    configured = [b"peer-%d" % n for n in range(6)]
    one = One(configured=configured)
    one.passes(10 * IMAX_MS)
    peers = set([peer for at, peer in one.said if at > 5 * IMAX_MS])
    assert peers == set([None] + configured[:4])
    one = One(configured=configured)
    while one.now < 10 * IMAX_MS:
        one.passes(IMAX_MS)
        one.hears(5)
    assert [peer for at, peer in one.said if at > 5 * IMAX_MS and peer is not None] == []
    one.sync.asked(ANN, 4, one.now)
    one.passes(2 * IMAX_MS)
    assert len([peer for at, peer in one.said[-5:] if peer in configured]) == 4
