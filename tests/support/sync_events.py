"""A node's real event log with its uplink, a collector, and a network of questions and answers
between them that loses both. Runs on both interpreters.
"""

import small_log as small
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.record import EventError
from holdfast.sync.collector import Collector
from holdfast.sync.uplink import Uplink
from simulated_network import Chance
from untrusted import InvalidInput

NODE = b"reader"
ROOM = 1024


class Log:
    """What an Uplink asks of a node's EventLog."""

    def __init__(self, log):
        self.log = log
        self.marked = -1
        self.fails = False
        self.words = []

    def head(self):
        return self.log.head

    def copied(self):
        return self.marked

    def batch(self, after, is_first=False):
        return self.log.batch(after, ROOM, 100)

    def acknowledge(self, word):
        self.words.append(word)
        self.log.acknowledge(word)

    def has(self, number, code):
        try:
            if number == self.log.head[0]:
                return code == self.log.head[1]
            return event_record.split(self.log.after(number - 1, ROOM)[0])[1] == code
        except (EventError, IndexError):
            return True  # gone: nobody knows

    def mark(self, number, code):
        if self.fails:
            raise OSError(5)
        told = []

        def tell():
            said = small.access()
            said.update({"by": "controller", "last": number})
            told.append(self.log.append(event.COPIED, said))

        self.log.copied(number, code, tell)
        self.marked = number
        return told[0] if told else -1


class Shelf:
    """Copies of one node, in RAM."""

    def __init__(self):
        self.root = None
        self.last = (-1, b"")
        self.acked = -1
        self.records = []  # (number, raw)
        self.earlier = []
        self.fails = 0

    @property
    def size(self):
        return sum([len(raw) + 8 for _, raw in self.records + self.earlier])

    def begin(self, root, anew):
        self.root = root
        if anew:
            self.earlier, self.records = self.earlier + self.records, []
            self.last, self.acked = (-1, b""), -1

    def given_up(self):
        return len(self.earlier) if self.acked < 0 else 0

    def add(self, records, last, acked, before=None):
        if self.fails:
            self.fails -= 1
            raise OSError(28)
        self.records += [(event_record.number_of(raw), raw) for raw in records]
        self.last, self.acked = last, acked

    def oldest(self, acked):
        if self.earlier:
            return -1, 1
        return (self.records[0][0], int(self.records[0][0] > acked)) if self.records else None

    def drop_oldest(self):
        (self.earlier or self.records).pop(0)

    def raw(self, number):
        for one, raw in self.records:
            if one == number:
                return raw
        return None

    def numbers(self):
        return [number for number, _ in self.records]


class Way:
    """A node's events on their way to a collector that ``is_there`` or not."""

    def __init__(self, log, seed=1, loss=0.0, share=1 << 20):
        self.chance = Chance(seed)
        self.loss = loss
        self.now = 0
        self.is_there = True
        self.log = Log(log)
        self.shelf = Shelf()
        self.lost, self.urgent = [], []
        self.posts = self.refused = 0
        self.collect(share)
        self.restart()

    def restart(self):
        """The node starts again: what was only in its memory is gone."""
        self.uplink = Uplink(self.log, self.chance.bytes, self.now)

    def collect(self, share):
        """The collector starts again."""
        self.collector = Collector(
            lambda node: self.shelf,
            share,
            lambda node, number, count: self.lost.append(number),
            lambda node, before, raw: self.urgent.append(event_record.number_of(raw)),
        )

    def happens(self, n=0, fields=None, calls_for_help=False):
        self.log.log.append(event.ACCESS, fields or small.access(n))
        self.uplink.recorded(self.now, calls_for_help)

    def passes(self, ms):
        until = self.now + ms
        while True:
            due = self.uplink.due
            if due is None or due >= until:
                break
            self.now = max(self.now, due)
            batch = self.uplink.run(self.now)
            if batch is not None:
                self.posts += 1
                self.uplink.answered(self.post(batch), self.now)
        self.now = max(self.now, until)

    def post(self, batch):
        """The answer's payload, or None."""
        assert len(batch) <= ROOM
        self.now += 10
        if not self.is_there or self.chance.happens(self.loss):
            return None
        try:
            answer = self.collector.take(NODE, batch)
        except InvalidInput:
            self.refused += 1
            return None
        except OSError:
            return None
        return None if self.chance.happens(self.loss) else answer
