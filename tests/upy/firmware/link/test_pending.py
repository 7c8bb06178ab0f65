"""Handshakes under way: bounded, each of one origin, and no identifier is lost."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.link.origin import Origin
from holdfast.link.pending import PendingHandshakes


class _Ticks:
    now = 0

    def add(self, ms):
        return self.now + ms

    def until(self, tick):
        return tick - self.now


class _World:
    def __init__(self):
        self.ticks = _Ticks()
        self.released = []
        self.pending = PendingHandshakes(self.ticks, 5000, self.released.append)

    def half_way(self, c_r, origin):
        entry = self.pending.begin(c_r, origin)
        assert self.pending.sent(entry, "waiting")
        return entry


def test_message_3_is_taken_from_where_message_1_came_and_from_nowhere_else():
    """C_R travels in the clear: who hears it must not end somebody's handshake with a message_3 of
    their own.
    """
    world = _World()
    phone, stranger = Origin(1), Origin(2)
    entry = world.half_way(b"\x05", phone)
    assert world.pending.awaits(phone) and not world.pending.awaits(stranger)
    assert world.pending.take(b"\x05", stranger) is None
    assert world.pending.take(b"\x06", phone) is None
    assert world.pending.take(b"\x05", phone) is entry
    assert world.pending.complete(entry) and not world.pending.complete(entry)
    assert world.released == []


def test_message_3_comes_in_time_or_not_at_all():
    world = _World()
    phone = Origin(1)
    world.half_way(b"\x05", phone)
    world.ticks.now = 4999
    assert world.pending.take(b"\x05", phone) is not None
    world.ticks.now = 5000
    assert world.pending.take(b"\x05", phone) is None
    world.pending.drop(phone)
    assert world.released == [b"\x05"]


def test_no_more_than_eight_and_one_an_origin():
    """Who begins again ends what they began; one too many ends the oldest."""
    world = _World()
    origins = [Origin(number) for number in range(12)]
    first = world.half_way(b"\x00", origins[0])
    second = world.half_way(b"\x01", origins[0])
    assert world.released == [b"\x00"] and not world.pending.complete(first)
    for number in range(2, 10):
        world.half_way(bytes((number,)), origins[number])
    assert world.released == [b"\x00", b"\x01"]
    # It was being computed: what comes of it belongs to nobody.
    assert not world.pending.sent(second, "waiting") and not world.pending.complete(second)
    for origin in origins:
        world.pending.drop(origin)
    assert sorted(world.released) == [bytes((number,)) for number in range(10)]
