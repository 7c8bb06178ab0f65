"""A site of real nodes on a faulty wire, and what must hold of it whatever happened: each change
at each node once, each event collected once, no number used twice. MicroPython only.
"""

import asyncio

import cbor
import crypto
from coap import Message, code, option, path_options
from faulty_wire import FaultyWire
from holdfast.access.events import record as event_record
from holdfast.access.events.event import ACCESS, POLICY_APPLIED
from holdfast.access.tag import name_tag
from holdfast.sync.collector import Collector
from lan_nodes import Lan
from oscore import protect
from small_log import access
from sync_events import Shelf

CONTROLLER = "controller"
GRANT = [[2, "later", b"\x01"]]

_READ = 4096  # bytes of a log at a time


class Nonces:
    """All that OSCORE encrypts from now on, until there is another: under one key each nonce
    once.
    """

    def __init__(self):
        self.used = set()
        protect.crypto = self

    def __getattr__(self, name):
        return getattr(crypto, name)

    def aes_ccm_encrypt(self, key, nonce, *more, **named):
        """As crypto's."""
        one = crypto.sha256(bytes(key) + bytes(nonce))[:12]
        assert one not in self.used, "a nonce twice: %r" % bytes(nonce)
        self.used.add(one)
        return crypto.aes_ccm_encrypt(key, nonce, *more, **named)


class Collecting:
    """``POST /events`` of the controller, with a shelf a node that outlives its restarts."""

    def __init__(self):
        self.shelves = {}
        self.lost = []
        self.start()

    def start(self):
        """Begin again, with nothing but the shelves."""
        self._collector = Collector(
            self._shelf, 1 << 20, lambda *told: self.lost.append(told), lambda *_: None
        )

    def _shelf(self, tag):
        if tag not in self.shelves:
            self.shelves[tag] = Shelf()
        return self.shelves[tag]

    def of(self, name):
        """The Shelf of the node of this name."""
        return self._shelf(name_tag(name))

    async def post(self, request, peer):
        payload = self._collector.take(name_tag(peer.credential.device), request.payload)
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
        return Message(code.CHANGED, content_format, payload)


class Counting:
    """``POST /count``: ``(who, number, in which life)`` of what was asked, each time that it was
    done. What a power cut ends between the deed and its answer nobody knows of, and who asks goes
    on asking: it may be done again in another life, and never in the same one.
    """

    def __init__(self):
        self.done = []
        self.life = 0

    async def post(self, request, peer):
        self.done.append((peer.credential.device, cbor.decode(request.payload), self.life))
        return Message(code.CHANGED)


class Storm(Lan):
    """A controller and so many readers on a FaultyWire of this ``seed``."""

    def __init__(self, seed, readers=3):
        wire = FaultyWire(seed)
        Lan.__init__(self, wire)
        self.nonces = Nonces()
        self.chance = wire.chance
        self.collecting = Collecting()
        self.counting = Counting()
        self.visits = {}  # name: how often its door was opened, rightly
        self.counted = []  # (who, number) of what was asked, and answered
        self._asked = 0
        self._tasks = {}  # name: those that ran since its start
        self._starting = None
        self._create_task = asyncio.create_task
        asyncio.create_task = self._begin
        self._lasts = {}  # name: (head, last event that has to arrive)
        self.node(CONTROLLER)
        self.serve()
        for number in range(readers):
            self.node("reader-%d" % number, {16: CONTROLLER})

    def node(self, name, changes=None, follows=1):
        """As a Lan's."""
        self._starting = name
        made = Lan.node(self, name, changes, follows)
        self._starting = None
        return made

    def kill(self, node):
        """Its power is cut: what runs on it stops where it waits, and nothing more is done, not
        even what is always done in the end.
        """
        self.wire.sockets.pop(node.name)
        self.wire.detach(node.name)
        for task in self._tasks.pop(node.name):
            if not task.done():
                # Where Task.cancel takes it from, to put it somewhere else.
                awaited = task.data
                if not hasattr(awaited, "remove"):
                    awaited = asyncio.core._task_queue
                awaited.remove(task)

    def start(self, node):
        """It starts again, with what it has on flash."""
        self._starting = node.name
        node.start()
        self._starting = None
        if node.name == CONTROLLER:
            self.serve()

    async def close(self):
        for node in list(self.nodes.values()):
            if node.name in self._tasks:
                self.kill(node)
        asyncio.create_task = self._create_task

    def _begin(self, running):
        task = self._create_task(running)
        name = self._starting
        if name is None:
            current = asyncio.current_task()
            for one, tasks in self._tasks.items():
                if current in tasks:
                    name = one
        if name is not None:
            tasks = self._tasks.get(name, ())
            self._tasks[name] = [one for one in tasks if not one.done()] + [task]
        return task

    @property
    def readers(self):
        """All nodes but the controller."""
        return [node for node in self.nodes.values() if node.name != CONTROLLER]

    def serve(self):
        """The controller started: what it serves besides."""
        server = self.nodes[CONTROLLER].reader.server
        server.add(("events",), self.collecting)
        server.add(("count",), self.counting)
        self.counting.life += 1
        self.collecting.start()

    def change(self, node):
        """The authority signs one more, and a carrier brings it, with all before, to ``node``."""
        self.sign(GRANT)
        for raw in self.history[node.policy :]:
            node.reader.apply(raw)

    def happens(self, node, count=1):
        """Somebody came to its door."""
        for number in range(count):
            node.reader.recorder.note(ACCESS, access(number))

    async def count(self, node):
        """Ask the controller for what must not be done twice."""
        self._asked += 1
        number = self._asked
        request = Message(code.POST, path_options("count"), cbor.encode(number))
        response = await node.neighbours.ask(name_tag(CONTROLLER), request)
        if response is not None and response.code == code.CHANGED:
            self.counted.append((node.name, number))

    def is_even(self):
        """Whether every node has every change, and the controller every event."""
        for node in self.nodes.values():
            self._look_for_faults(node)
            if node.policy != len(self.history):
                return False
        for node in self.readers:
            # What says that events are copied is worth no message by itself.
            has = self.collecting.of(node.name).last[0]
            head = node.reader.stores.events().head[0]
            if has < head and has < self._last(node, head):
                return False
        return True

    def kept_bytes(self):
        """What is here of changes and events, about."""
        kept = sum([shelf.size for shelf in self.collecting.shelves.values()])
        return kept + sum([len(raw) for raw in self.history])

    def check(self):
        """What came is what was sent: nothing lost, nothing twice, nothing done that nobody asked
        for.
        """
        for node in self.nodes.values():
            self._look_for_faults(node)
            assert node.hardware.opened == self.visits.get(node.name, 0), node.name
            applied = [
                fields["changeset"] for kind, fields in happened(node) if kind == POLICY_APPLIED
            ]
            assert applied == list(range(1, len(self.history) + 1)), (node.name, applied)
        for node in self.readers:
            shelf = self.collecting.of(node.name)
            own = list(raws(node))[: len(shelf.records)]
            assert [raw for _, raw in shelf.records] == own, node.name
            assert shelf.numbers() == list(range(len(own))), node.name
        done = self.counting.done
        assert len(set(done)) == len(done), done
        assert set(self.counted) <= {one[:2] for one in done}, (self.counted, done)
        assert not self.collecting.lost

    def _look_for_faults(self, node):
        faults = [line for line in node.hardware.lines if line["event"] == "fault"]
        assert not faults, (node.name, faults)

    def _last(self, node, head):
        known = self._lasts.get(node.name)
        if known is None or known[0] != head:
            last = -1
            for number, raw in enumerate(raws(node)):
                kind = event_record.decode(event_record.split(raw)[0]).kind
                last = number if kind in (ACCESS, POLICY_APPLIED) else last
            known = self._lasts[node.name] = head, last
        return known[1]


def raws(node):
    """All records of a node's log, the first of them first."""
    log, after = node.reader.stores.events(), -1
    while True:
        found = log.after(after, _READ)
        if not found:
            return
        yield from found
        after = event_record.number_of(found[-1])


def happened(node):
    """``(kind, fields)`` of all events of a node's log."""
    for raw in raws(node):
        decoded = event_record.decode(event_record.split(raw)[0])
        yield decoded.kind, decoded.fields
