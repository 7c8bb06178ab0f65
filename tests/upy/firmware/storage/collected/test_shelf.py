"""Copies of a node's events, on flash: each once, in its share, whatever comes twice or ends."""

INTERPRETERS = ("micropython", "cpython")

import small_log as small
from harness import new_folder, raises
from holdfast.access.events import batch as batches
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.storage.collected.shelf import SEGMENT, Shelf
from holdfast.storage.collected.shelves import Shelves
from holdfast.sync.collector import Collector
from simulated_network import Chance
from sync_events import NODE, Way

HOUR = 3600000


class _Kept(Way):
    """A Way whose collector keeps what it copies on flash, and forgets all else at a restart."""

    def __init__(self, share=7 * SEGMENT, **settings):
        small.remember_agreements()
        self.folder = new_folder()
        self.told = []
        Way.__init__(self, small.open_log(new_folder(), 40), share=share, **settings)

    def collect(self, share):
        self.share = share
        self.shelf = Shelf(self.folder + "/shelf", "reader", ("lobby",))

        def tell_lost(node, number, count):
            self.lost.append(number)
            self.told.append(count)

        def tell_urgent(node, before, raw):
            self.shelf.hear_urgent(before, raw)
            self.urgent.append(event_record.number_of(raw))

        self.collector = Collector(lambda node: self.shelf, share, tell_lost, tell_urgent)

    def fetched(self, is_earlier=False, room=1024):
        """Raw records as a carrier gets them, batch by batch, each in its place."""
        found, after = [], -1
        while True:
            raw, last = self.shelf.served(after, room, is_earlier)
            assert len(raw) <= room
            (batch,) = batches.decode(raw)
            assert event_record.is_late(event_record.Event(7, 1, 0, "rtc", 0, 5, {}), batch.now)
            if last is None:
                assert not batch.records
                return found
            if batch.before is not None and found:
                code = event_record.split(found[-1])[1]
                assert batch.before == (event_record.number_of(found[-1]), code)
            found += batch.records
            assert last == event_record.number_of(found[-1]) > after
            after = last

    def is_whole(self):
        """All that the node has is here once, as it is there; the newest at least."""
        numbers = [event_record.number_of(raw) for raw in self.fetched()]
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), numbers
        assert self.log.head()[0] - numbers[-1] <= 1
        theirs = self.log.log.after(numbers[0] - 1, 1 << 20)
        theirs = [raw for raw in theirs if event_record.number_of(raw) <= numbers[-1]]
        assert theirs == self.fetched()[-len(theirs) :]
        for raw in theirs:
            assert self.shelf.raw(event_record.number_of(raw)) == raw
        return numbers


def test_each_event_once_whatever_is_lost_and_whoever_starts_again():
    """The collector's memory is its flash: it answers from there where the node is to go on."""
    for seed in range(2):
        way = _Kept(seed=seed, loss=seed * 0.3)
        chance = Chance(seed)
        for n in range(30):
            way.happens(n)
            way.passes(chance.below(20000))
            if chance.happens(0.2):
                way.restart()
            if chance.happens(0.3):
                way.collect(way.share)
        way.passes(2 * HOUR)
        assert way.is_whole()[0] == 0 and not way.refused and not way.lost


def test_the_share_holds_and_what_goes_is_told_with_a_count():
    """Events that the auditor has go in silence, others are told before they go."""
    way = _Kept(share=2 * SEGMENT)
    for n in range(160):
        way.happens(n)
        if n % 8 == 0:
            way.passes(4000)
        if n % 50 == 0:
            way.collect(way.share)
        assert way.shelf.size <= way.share
    way.passes(HOUR)
    numbers = way.is_whole()
    # All that went was told, once, and nothing else.
    assert way.lost[-1] == numbers[0] - 1 and sum(way.told) == numbers[0]
    small.acknowledge(way.log.log, *way.shelf.last)
    way.log.log.append(event.ACKNOWLEDGED, {"last": numbers[-1], "by": "auditor"})
    way.uplink.recorded(way.now)
    way.passes(HOUR)
    assert way.shelf.acked == numbers[-1]
    told, first = len(way.told), way.is_whole()[0]
    for n in range(30):
        way.happens(n)
        way.passes(3000)
        way.collect(way.share)
    assert len(way.told) == told and way.is_whole()[0] > first


def test_a_node_that_began_anew_has_two_chains_here():
    """Its flash was erased. What it said before comes home all the same, and under its own root; a
    third time the first of them goes, told.
    """
    way = _Kept()
    for n in range(12):
        way.happens(n)
    way.passes(HOUR)
    way.shelf.introduce(("lobby",), b"certificate of then")
    before, root = way.fetched(), way.shelf.root
    for count, seed in enumerate((b"second", b"third")):
        way.log.log = small.open_log(new_folder(), 40, small.Randomness(seed))
        way.log.marked = -1
        way.restart()
        for n in range(5):
            way.happens(n)
        way.passes(HOUR)
        way.collect(way.share)
        assert way.is_whole()[0] == 0 and way.shelf.root != root
        assert way.fetched(True) == before and sum(way.told) == 12 * count + count
        (batch,) = batches.decode(way.shelf.served(-1, 1024, True)[0])
        assert batch.root == root and batch.certificate == b"certificate of then"
        before, root = way.fetched(), way.shelf.root


def test_what_is_damaged_is_not_there_and_the_rest_is():
    way = _Kept()
    for n in range(60):
        way.happens(n)
        way.passes(2000)
    way.passes(HOUR)
    whole = way.fetched()
    path = way.folder + "/shelf/log/00000000.fl1"
    with open(path, "r+b") as file:
        file.seek(700)
        file.write(b"\xff\xff")
    way.collect(way.share)
    found = way.fetched()
    assert 0 < len(found) < len(whole) and found[-1] == whole[-1]
    assert all([raw in whole for raw in found])
    for raw in whole:
        assert way.shelf.raw(event_record.number_of(raw)) in (raw, None)
    with open(way.folder + "/shelf/label", "wb") as file:
        file.write(b"\x80")
    way.collect(way.share)  # whose it is, is said anew
    assert way.shelf.name == "reader" and way.shelf.root is None
    way.happens(61)
    way.passes(HOUR)
    assert way.fetched()[-1] == way.log.log.after(way.shelf.last[0] - 1, 1024)[0]


def test_who_calls_for_help_is_served_before_its_turn():
    way = _Kept()
    way.passes(60000)
    way.is_there = False
    for n in range(40):
        way.happens(n)
    way.passes(HOUR)
    way.is_there = True
    fields = small.access(99)
    fields["mark"] = True
    way.happens(99, fields, True)
    number = way.log.head()[0]
    way.passes(20)
    way.collect(way.share)
    (batch,) = batches.decode(way.shelf.served(-1, 1024)[0])
    assert [event_record.number_of(raw) for raw in batch.urgent[1::2]] == [number]
    way.passes(HOUR)
    way.is_whole()
    (batch,) = batches.decode(way.shelf.served(number - 1, 1024)[0])
    assert batch.urgent == () or not batch.urgent


def test_a_shelf_a_node_and_so_many_nodes():
    """One more gets the place of who is home, and otherwise none: nobody's copies go for it."""
    folder = new_folder() + "/collected"
    shelves = Shelves(folder, 6)
    assert shelves.names() == [] and shelves.named("node-1") is None
    raises(OSError, shelves.of, NODE)
    made = [shelves.made_for("node-%d" % n, ("door-%d" % n,)) for n in range(6)]
    assert shelves.made_for("node-5", ()) is made[5]
    assert sorted(shelves.names()) == ["node-%d" % n for n in range(6)]
    for n in range(6):
        shelf = shelves.named("node-%d" % n)
        shelf.begin((0, bytes(32)), False)
        raw = event_record.encode(0, event.STARTED, {}) + bytes(16)
        shelf.add([raw], (0, bytes(16)), -1)
    raises(OSError, shelves.made_for, "node-6", ())
    shelf = shelves.named("node-3")
    raw = event_record.encode(1, event.STARTED, {}) + bytes(16)
    shelf.add([raw], (1, bytes(16)), 1)
    shelves = Shelves(folder, 6)
    assert shelves.made_for("node-6", ("new",)).doors == ("new",)
    assert shelves.named("node-3") is None and shelves.named("node-6").last[0] == -1
    assert shelves.named("node-1").last[0] == 0


def test_the_label_is_what_it_was_after_a_restart():
    folder = new_folder()
    shelf = Shelf(folder + "/a", "node", ("one", "two"))
    shelf.introduce(("one",), b"certificate")
    shelf.begin((3, b"\x01" * 32), False)
    shelf.put_word(b"word")
    for _ in range(2):
        assert (shelf.name, shelf.doors, shelf.certificate) == ("node", ("one",), b"certificate")
        assert shelf.root == (3, b"\x01" * 32) and shelf.word == b"word"
        shelf = Shelf(folder + "/a")
    shelf.put_word(None)
    assert Shelf(folder + "/a").word is None
    raises(OSError, shelf.served, -1, 1024, True)
