"""Where a carrier seeks its controller: where it was said to be at the enrolment, and where hints
say that it is. What anybody can say costs an attempt, and never the address that was proven.
"""

INTERPRETERS = ("micropython", "cpython")

from coap import datagram
from holdfast.access.tag import name_tag
from holdfast.link.partner import NoAnswer
from holdfast.node.whereabouts import Whereabouts
from holdfast.sync import hint
from simulated_network import Chance


class _Settings:
    node = "outside"
    controller = "inside"

    def __init__(self, peers):
        self.peers = peers


class _World:
    """Time, randomness and the socket of a carrier, whose LAN is told what to say."""

    def __init__(self, *peers):
        self.time = 0
        self.random_bytes = Chance(5).bytes
        self.ticks = self
        self.to_all = "all"
        self.sent = []
        self.way = Whereabouts(self, self, _Settings(peers), None, lambda: self.time)

    # As of ticks and of a socket

    def add(self, ms):
        return self.time + ms

    def until(self, tick):
        return tick - self.time

    @staticmethod
    def address_of(host, port):
        return host

    def send(self, address, data):
        self.sent.append((self.time, address, bytes(data)))

    # What happens

    def hint(self, source, node="inside", payload=None):
        """A hint comes from ``source`` that says it is of ``node``."""
        message = hint.message(7, bytes(8), name_tag(node), True)
        if payload is not None:
            message.payload = payload
        data = datagram.encode(message, datagram.NON, self.time & 0xFFFF)
        self.way.lan.endpoint.receive(source, data)

    def look(self, there, seconds):
        """Ask each three seconds, of which one is heard if it goes to ``there``; who was asked."""
        asked = []
        for _ in range(seconds // 3):
            address = self.way._address()
            asked.append(address)
            if address is not None and address == there:
                self.way.heard()
            else:
                self.way.not_heard()
            self.time += 3000
        return asked


async def test_nobody_is_asked_while_nobody_knows_where_it_is():
    """And who says to be another, or says nothing that is a hint, is not even tried."""
    world = _World()
    world.hint("a", "another")
    world.hint("b", payload=b"\x80")
    assert world.look(None, 60) == [None] * 20
    try:
        await world.way.send(None)
    except NoAnswer:
        return
    raise AssertionError("it was sent to nobody")


def test_all_are_asked_where_it_is_while_it_is_missed():
    """At once, then less often, every two and a half minutes in the end; not while it is there."""
    world = _World()
    world.look(None, 3600)
    asked = [at for at, address, _ in world.sent if address == "all"]
    pauses = [later - sooner for sooner, later in zip(asked, asked[1:])]
    assert asked[0] <= 6000 and pauses[0] <= 9000 and 96000 <= max(pauses) <= 150000
    for _, _, data in world.sent:
        said = hint.parse(datagram.decode(data)[0].payload)
        assert said == (0, bytes(8), name_tag("outside"), True, name_tag("inside"))
    world.hint("here")
    world.look("here", 3600)
    count = len(world.sent)
    world.look("here", 3600)
    assert len(world.sent) == count
    world.look(None, 9)
    assert len(world.sent) > count


def test_it_is_asked_where_it_was_said_to_be_from_the_first_moment():
    world = _World(("a", 1))
    assert world.look("a", 60) == ["a"] * 20


def test_it_is_found_by_a_hint_within_seconds():
    world = _World()
    assert world.look("here", 9) == [None] * 3
    world.hint("here")
    assert world.look("here", 9)[-1] == "here"


def test_no_hint_moves_it_while_it_answers():
    """Whoever says so from anywhere, and how often."""
    world = _World(("a", 1))
    world.look("a", 9)
    for number in range(100):
        world.hint("liar %d" % number)
    assert world.look("a", 300) == ["a"] * 100


def test_one_that_moved_is_found_among_liars():
    """Which of them it is shows when it is asked."""
    world = _World(("a", 1))
    world.look("a", 9)
    world.hint("b")
    for number in range(3):
        world.hint("liar %d" % number)
    asked = world.look("b", 240)
    assert asked[0] == "a" and asked[-1] == "b"
    assert world.look("b", 60) == ["b"] * 20


def test_one_that_is_away_for_long_is_there_again_at_once():
    """Hours later, where it was."""
    world = _World(("a", 1))
    world.look("a", 9)
    asked = world.look(None, 7200)
    assert asked.count("a") > 2000
    assert world.look("a", 9)[-1] == "a"


def test_one_that_was_never_there_is_found_within_a_minute():
    world = _World(("a", 1))
    world.look(None, 7200)
    assert "a" in world.look("a", 78)
