"""Events come home: each is copied once, in order, whatever is lost and whoever starts again."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import small_log as small
from harness import mutants, new_folder, raises, truncations
from holdfast.access.events import batch as batches
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from holdfast.sync import uplink
from simulated_network import Chance
from sync_events import NODE, ROOM, Way
from untrusted import InvalidInput

MINUTE = 60000
HOUR = 60 * MINUTE


def _way(**settings):
    small.remember_agreements()
    return Way(small.open_log(new_folder(), 40), **settings)


def _is_whole(way):
    """All that the node has is at the collector, once, and the same."""
    numbers = way.shelf.numbers()
    last = way.log.head()[0]
    assert numbers == list(range(numbers[0], numbers[-1] + 1)) and last - numbers[-1] <= 1, numbers
    for raw in way.log.log.after(numbers[0] - 1, 1 << 20)[: len(numbers)]:
        assert way.shelf.raw(event_record.number_of(raw)) == raw


def test_each_event_is_copied_once_whatever_is_lost():
    """Questions and answers alike: what came twice is known, what did not comes again."""
    for seed in range(3):
        way = _way(seed=seed, loss=seed * 0.2)
        chance = Chance(seed)
        for n in range(40):
            way.happens(n)
            way.passes(chance.below(20000))
            if chance.happens(0.1):
                way.restart()
            if chance.happens(0.1):
                way.collect(1 << 20)
            if chance.happens(0.1):
                way.shelf.fails = 1
        way.passes(2 * HOUR)
        _is_whole(way)
        assert not way.refused and way.uplink.waiting <= 1


def test_it_comes_to_rest():
    """That events were copied is an event itself. It brings about no message, and not another."""
    way = _way()
    for n in range(10):
        way.happens(n)
    way.passes(HOUR)
    posts, head = way.posts, way.log.head()
    assert way.log.copied() == head[0] - 1 and way.uplink.due is None
    way.passes(24 * HOUR)
    assert (way.posts, way.log.head()) == (posts, head) and posts < 5
    way.happens(11)
    way.passes(HOUR)
    assert way.posts == posts + 1
    _is_whole(way)


def test_what_happens_together_goes_together():
    way = _way()
    way.passes(MINUTE)
    posts = way.posts
    for n in range(3):
        way.happens(n)
        way.passes(100)
    way.passes(MINUTE)
    assert way.posts == posts + 1
    for n in range(100):  # and who comes all the time does not put it off
        way.happens(n)
        way.passes(300)
    assert way.posts > posts + 20 and way.uplink.waiting < 5


def test_copied_is_marked_seldom():
    """Each mark is an event and a write to flash: ten minutes, or 64 events."""
    way = _way()
    for n in range(100):
        way.happens(n)
        way.passes(5000)
    kinds = [
        event_record.decode(event_record.split(raw)[0]).kind for _, raw in way.shelf.records
    ]
    assert kinds.count(event.ACCESS) == 100 and 1 <= kinds.count(event.COPIED) <= 3
    way.log.fails = True  # flash does, for a while
    for n in range(100):
        way.happens(n)
        way.passes(5000)
    way.log.fails = False
    way.passes(HOUR)
    assert way.log.copied() >= way.log.head()[0] - 2
    _is_whole(way)


def test_a_collector_that_is_away_costs_little_and_jitter_parts_them():
    """Up to five minutes apart. Thirty readers behind one controller do not come back together."""
    first = set()
    for seed in range(8):
        way = _way(seed=seed)
        way.is_there = False
        way.happens()
        way.passes(24 * HOUR)
        assert way.posts < 24 * 60 * 60 // 140
        first.add(way.uplink.due - way.now)
        way.is_there = True
        way.passes(5 * MINUTE)
        _is_whole(way)
    assert len(first) == 8


def test_who_calls_for_help_does_not_wait():
    """While the collector was away until now: at once, before its turn, and told once."""
    way = _way()
    way.passes(MINUTE)
    way.is_there = False
    for n in range(60):
        way.happens(n)
    way.passes(HOUR)
    way.is_there = True
    fields = small.access(99)
    fields["mark"] = True
    before = way.now
    way.happens(99, fields, True)
    number = way.log.head()[0]
    way.passes(20)
    assert way.now - before < 100 and way.urgent == [number], (way.now - before, way.urgent)
    assert number not in way.shelf.numbers()
    way.passes(HOUR)
    _is_whole(way)
    assert way.urgent == [number]


def test_a_collector_that_lost_all_gets_all_again():
    way = _way()
    for n in range(20):
        way.happens(n)
    way.passes(HOUR)
    way.shelf.__init__()
    way.happens(21)
    way.passes(HOUR)
    _is_whole(way)
    assert way.shelf.numbers()[0] == 0


def test_a_share_is_never_passed_and_what_is_lost_is_told():
    """One reader that is tampered with all night costs the others nothing: the oldest go, and with
    them no word that the auditor has them.
    """
    way = _way(share=6000)
    for n in range(150):
        way.happens(n)
        way.passes(2000)
        assert way.shelf.size <= 6000
    numbers = way.shelf.numbers()
    assert way.lost[-1] == numbers[0] - 1 and numbers[-1] >= 149
    # What the auditor has may go in silence.
    small.acknowledge(way.log.log, *way.log.head())
    way.log.log.append(event.ACKNOWLEDGED, {"last": numbers[-1], "by": "auditor"})
    way.uplink.recorded(way.now)
    way.passes(HOUR)
    told = len(way.lost)
    assert way.shelf.acked == numbers[-1]
    for n in range(10):
        way.happens(n)
        way.passes(2000)
    assert len(way.lost) == told and way.shelf.numbers()[0] > numbers[0]


def test_a_node_that_began_anew_is_kept_beside_what_it_was():
    """Its flash was erased: numbers begin again, and the copies of before are still there."""
    way = _way()
    for n in range(10):
        way.happens(n)
    way.passes(HOUR)
    before = way.shelf.size
    way.log.log = small.open_log(new_folder(), 40, small.Randomness(b"other"))
    way.log.marked = -1
    way.restart()
    way.happens(1)
    way.passes(HOUR)
    _is_whole(way)
    assert way.shelf.numbers()[0] == 0 and way.shelf.size > before


def test_another_history_is_refused():
    """A node cannot take back what it said, and nobody can put other events in their place."""
    way = _way()
    for n in range(3):
        way.happens(n)
    way.passes(HOUR)
    log = way.log.log
    raws = log.after(-1, ROOM)
    changed = raws[:1] + [raws[1][:-1] + bytes((raws[1][-1] ^ 1,))] + raws[2:]
    for records, before in (
        (changed, None),
        ([raws[1], raws[0]], None),
        ([raws[1], raws[1]], None),
    ):
        batch = Batch(log.root, before, log.head, (0, 1), records)
        raises(InvalidInput, way.collector.take, NODE, batch.encode())
    log.append(event.ACCESS, small.access())
    (following,) = log.after(way.shelf.last[0], ROOM)[-1:]
    if event_record.number_of(following) == way.shelf.last[0] + 1:
        batch = Batch(log.root, (way.shelf.last[0], bytes(16)), log.head, (0, 1), [following])
        raises(InvalidInput, way.collector.take, NODE, batch.encode())
    assert way.shelf.numbers() == list(range(way.shelf.last[0] + 1))


def test_a_collector_with_another_log_is_no_collector():
    way = _way()
    way.happens()
    way.now += 2000
    batch = way.uplink.run(way.now)
    assert batch is not None and way.uplink.run(way.now) is None
    way.uplink.answered(uplink.answer(0, bytes(16)), way.now)
    assert way.uplink.differs and way.uplink.due > way.now
    way.passes(HOUR)
    assert not way.uplink.differs
    _is_whole(way)


def test_answers_and_batches_that_are_none():
    assert uplink.parse(uplink.answer(-1, b"")) == (-1, b"", None)
    assert uplink.parse(uplink.answer(7, bytes(16))) == (7, bytes(16), None)
    assert uplink.parse(uplink.answer(7, bytes(16), b"word")) == (7, bytes(16), b"word")
    for bad in (
        b"",
        cbor.encode({1: 7}),
        cbor.encode({1: 7, 2: bytes(15)}),
        cbor.encode({1: -1, 2: bytes(16)}),
        cbor.encode({1: True, 2: bytes(16)}),
        cbor.encode([7, bytes(16)]),
        cbor.encode({1: 7, 2: bytes(16), 3: bytes(129)}),
        cbor.encode({1: 7, 2: bytes(16), 3: 1}),
        cbor.encode({1: 7, 2: bytes(16), 4: b""}),
    ):
        raises(InvalidInput, uplink.parse, bad)
    way = _way()
    way.happens()
    good = way.log.batch(-1)
    for bad in list(truncations(good[:60])) + [good + good, b"", cbor.encode(7)]:
        raises(InvalidInput, way.collector.take, NODE, bad)
    for mutant in mutants(good[:90]):
        try:
            way.collector.take(NODE, bytes(mutant) + good[90:])
        except InvalidInput:
            way.shelf.__init__()
    assert batches.decode(good)[0].records
