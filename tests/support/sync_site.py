"""Nodes that keep each other right on a simulated network: the firmware's machines of sync/, real
changesets of the authority, and a model of the protected exchange between nodes: messages of the
size that CoAP and OSCORE make of them, retransmission by RFC 7252, duplicates answered once.

Runs on both interpreters.
"""

import cbor
import crypto
from coap import Message, code, datagram, option
from cose import CRV_ED25519, Key
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.news import News
from holdfast.access.policy.rules import SiteRules
from holdfast.access.tag import name_tag
from holdfast.sync import dissemination as machine
from holdfast.sync import hint
from holdfast.sync.dissemination import Dissemination
from simulated_network import Network
from untrusted import InvalidInput

SITE = "acme"
SEED = b"\x51" * 32
NOW = 1_800_000_000

ACK_TIMEOUT_MS = 2000
MAX_RETRANSMIT = 4
SERVICE_MS = 30  # one request takes a node so long: OSCORE, flash and OSCORE again
MAC = bytes(8)


class Chain:
    """What the authority has signed, and what a node makes of a changeset, worked out once."""

    def __init__(self):
        self.key = Key.okp(CRV_ED25519, crypto.ed25519_public_key(SEED), SEED)
        self.anchors = (Key.okp(CRV_ED25519, self.key.x),)
        self.raws = []
        self.head = changeset.NOTHING_BEFORE
        self._rules = {(0, changeset.NOTHING_BEFORE): SiteRules(SITE, self.anchors)}
        self._parsed = {}

    def grant(self):
        """One more changeset, raw: a card is in a group."""
        number = len(self.raws) + 1
        operations = self._operations(number)
        raw = changeset.make(self.key, SITE, number, self.head, NOW + number, operations)
        self.after((number - 1, self.head), self.parsed(raw))
        self.raws.append(raw)
        self.head = crypto.sha256(raw)
        return raw

    def snapshot(self):
        """The head of a snapshot that stands at the last changeset, then its parts."""
        number = len(self.raws)
        said = [one for n in range(1, number + 1) for one in self._operations(n)]
        return snapshot.make(self.key, SITE, number, self.head, NOW + number, said)

    def _operations(self, number):
        return [[ops.GRANT, b"card%04d" % number, 7, NOW + 86400]]

    def parsed(self, raw):
        """The Changeset, its signature checked. Raises InvalidInput."""
        if raw not in self._parsed:
            found = changeset.parse(raw)
            found.verify(self.anchors)
            self._parsed[raw] = found
        return self._parsed[raw]

    def after(self, position, step):
        """The SiteRules after the Changeset ``step``. Raises InvalidInput."""
        key = (step.number, step.hash)
        if key not in self._rules or step.previous != position[1]:
            self._rules[key] = draft.applied(self._rules[position], step)
        return self._rules[key]


class Exchange:
    """CoAP over UDP with OSCORE around it, as far as it matters here: what it costs, what is lost,
    and that a request is carried out once.
    """

    def __init__(self, network, address, serve, heard):
        self._network = network
        self._address = address
        self._serve = serve
        self._heard = heard
        self._mid = network.chance.below(0x10000)
        self._waiting = {}  # mid: [done, entry of the next transmission]
        self._answers = {}  # (source, mid): answer, None while it is made
        self._free_at = 0
        self.asks = 0
        network.attach(address, self._receive, self._receive_multicast)

    def ask(self, peer, request, give_up_ms, done):
        """``done(response or None)`` is called once."""
        self.asks += 1
        self._mid = mid = self._mid + 1 & 0xFFFF
        outer = [(option.OSCORE, b"\x0a\x00\x00" + self._address.to_bytes(2, "big"))]
        data = datagram.encode(self._protected(code.POST, outer, request), datagram.CON, mid)
        timeout = ACK_TIMEOUT_MS + self._network.chance.below(ACK_TIMEOUT_MS // 2)
        give_up = self._network.now + give_up_ms
        waiting = [done, None]
        self._waiting[mid] = waiting

        def transmit(left, timeout):
            if self._network.now >= give_up or left < 0:
                del self._waiting[mid]
                done(None)
                return
            self._network.send(self._address, peer, data)
            at = min(self._network.now + timeout, give_up)
            again = self._network.call_at(at, lambda: transmit(left - 1, 2 * timeout))
            waiting[1] = again

        transmit(MAX_RETRANSMIT, timeout)

    def say(self, message, peer):
        self._mid = mid = self._mid + 1 & 0xFFFF
        data = datagram.encode(message, datagram.NON, mid)
        if peer is None:
            self._network.multicast(self._address, data)
        else:
            self._network.send(self._address, peer, data)

    def _protected(self, outer_code, outer, inner):
        plain = bytes((inner.code,)) + option.encode(inner.options, inner.payload)
        return Message(outer_code, outer, plain + MAC, b"\x01\x02")

    def _receive_multicast(self, source, data):
        message, _, _ = datagram.decode(data)
        self._heard(message)

    def _receive(self, source, data):
        message, mtype, mid = datagram.decode(data)
        if mtype == datagram.NON:
            self._heard(message)
        elif mtype == datagram.ACK:
            waiting = self._waiting.pop(mid, None)
            if waiting is not None:
                self._network.cancel(waiting[1])
                waiting[0](_inner(message))
        elif (source, mid) not in self._answers:
            self._answers[source, mid] = None
            self._free_at = max(self._free_at, self._network.now) + SERVICE_MS
            self._network.call_at(self._free_at, lambda: self._answer(source, message, mid))
        elif self._answers[source, mid] is not None:
            self._network.send(self._address, source, self._answers[source, mid])

    def _answer(self, source, message, mid):
        response = self._serve(source, _inner(message))
        if response is None:
            return
        outer = self._protected(code.CHANGED, [(option.OSCORE, b"")], response)
        if len(self._answers) > 200:
            self._answers.clear()  # what came long ago
        self._answers[source, mid] = data = datagram.encode(outer, datagram.ACK, mid)
        self._network.send(self._address, source, data)


def _inner(message):
    plain = message.payload[: -len(MAC)]
    inner = Message(plain[0])
    inner.options, inner.payload = option.decode(plain, 1)
    return inner


class Node:
    """One node with a policy. ``address`` is a number; it ``knows`` other nodes by theirs."""

    def __init__(self, site, address, configured=(), raws=()):
        self.site = site
        self.address = address
        self.tag = name_tag("node-%d" % address)
        self.known = {}
        self.raws = list(raws)  # the changesets it keeps, by number
        self.number = len(self.raws)
        self.head = crypto.sha256(self.raws[-1]) if self.raws else changeset.NOTHING_BEFORE
        self.kept_from = 0  # changesets up to this number are not kept any more
        self.snapshot = []  # whole, if it has one: head, then parts
        self.parts = 0  # taken
        self._assembly = None
        self.reached = {}  # number: when
        self.followed = []  # numbers, in the order in which they were followed
        self.refused = 0
        network = site.network
        self.exchange = Exchange(network, address, self.serve, self.heard)
        self.sync = Dissemination(
            self.tag,
            lambda: (self.number, self.head),
            lambda: self.known,
            self._say,
            network.chance.bytes,
            network.now,
            lambda: [name_tag("node-%d" % one) for one in configured],
        )
        self._wakes_at = None
        self.is_alive = True
        self.wake()

    # What it does

    def wake(self):
        """Run what is due, and come again when there is more."""
        if not self.is_alive:
            return
        network = self.site.network
        while True:
            ask = self.sync.run(network.now)
            if ask is None:
                break
            self._ask(ask)
        due = max(self.sync.due, network.now + 1)
        if self._wakes_at is None or due < self._wakes_at:
            self._wakes_at = due
            network.call_at(due, lambda: self._woken(due))

    def _woken(self, at):
        if at == self._wakes_at:
            self._wakes_at = None
            self.wake()

    def _ask(self, ask):
        query = [(option.URI_QUERY, b"after=%d" % ask.number)]
        path = [(option.URI_PATH, b"policy"), (option.URI_PATH, b"news")]
        if ask.kind == machine.PART:
            path[1] = (option.URI_PATH, b"snapshot")
            query = [(option.URI_QUERY, b"part=%d" % ask.number)]
        request = Message(code.GET, path + query)
        address = self.known.get(ask.peer)

        def done(response):
            if not self.is_alive:
                return
            now = self.site.network.now
            payload = response.payload if response is not None else None
            for raw in self.sync.answered(ask, payload, now):
                wanted = None
                if ask.kind == machine.PART:
                    wanted = self.take_part(ask.number, raw)
                else:
                    self.take(raw)
                self.sync.changed(now)
                self.sync.taken(ask, now, wanted)
            self.wake()

        if address is None:
            done(None)
        else:
            self.exchange.ask(address, request, machine.GIVE_UP_MS, done)

    def take(self, raw):
        """Follow a changeset, or not."""
        try:
            step = self.site.chain.parsed(raw)
            if step.number <= self.number:
                return False
            self.site.chain.after((self.number, self.head), step)
        except (InvalidInput, KeyError):
            self.refused += 1
            return False
        self.number, self.head = step.number, step.hash
        self.raws.append(raw)
        self.followed.append(step.number)
        self.reached[step.number] = self.site.network.now
        return True

    def take_part(self, place, raw):
        """Take the head of a snapshot or a part; which is wanted next, None if none is."""
        try:
            if place == 0:
                head = snapshot.parse(raw)
                head.verify(self.site.chain.anchors)
                self._assembly = snapshot.Assembly(head, SiteRules(SITE, self.site.chain.anchors))
                return 1
            self._assembly.add(raw)
        except InvalidInput:
            self.refused += 1
            return None
        self.parts += 1
        if not self._assembly.is_complete:
            return place + 1
        head = self._assembly.snapshot
        self.raws = [b""] * head.number
        self.number = self.kept_from = head.number
        self.head = head.head
        self.reached[head.number] = self.site.network.now
        return None

    def post(self, raw):
        """A carrier brings a changeset."""
        self.take(raw)
        self.sync.changed(self.site.network.now)
        self.wake()

    # What comes

    def heard(self, message):
        if not self.is_alive:
            return
        try:
            self.sync.heard(hint.parse(message.payload), self.site.network.now)
        except InvalidInput:
            self.refused += 1
        self.wake()

    def serve(self, source, request):
        tag = name_tag("node-%d" % source)
        if tag not in self.known or not self.is_alive:
            return None
        if request.options_of(option.URI_PATH)[1] == b"snapshot":
            part = int(request.option(option.URI_QUERY)[5:])
            if part >= len(self.snapshot):
                return Message(code.NOT_FOUND)
            return Message(code.CONTENT, (), self.snapshot[part])
        after = int(request.option(option.URI_QUERY)[6:])
        self.sync.asked(tag, after, self.site.network.now)
        self.wake()
        found = self.raws[after : after + 8] if after >= self.kept_from else []
        stands_at = snapshot.parse(self.snapshot[0]).number if self.snapshot else None
        news = News(self.number, self.head, stands_at, found)
        return Message(code.CONTENT, (), news.encode())

    def _say(self, message, peer):
        address = None
        if peer is not None:
            address = self.known.get(peer)
            if address is None:
                return
        self.exchange.say(message, address)


class Site:
    """``count`` nodes at addresses from 0 on. Each knows all others, or ``knows`` of them, chosen
    by chance, and is known by those.
    """

    def __init__(self, seed, count, knows=None, behind=0, configured=()):
        self.network = Network(seed)
        self.chain = Chain()
        self.chain.grant()
        self.nodes = []
        for address in range(count):
            self.nodes.append(Node(self, address, configured, self.chain.raws))
        for node in self.nodes:
            others = [one for one in self.nodes if one is not node]
            while knows is not None and len(others) > knows // 2:
                others.pop(self.network.chance.below(len(others)))
            for other in others:
                node.known[other.tag] = other.address
                other.known[node.tag] = node.address

    def run(self, ms):
        """So many milliseconds pass."""
        self.network.run(self.network.now + ms)

    def run_until(self, number, at_most_ms):
        """Until all are at ``number``; how many milliseconds that took, None if it did not."""
        began = self.network.now
        while self.network.now < began + at_most_ms:
            if self.all_at(number):
                return max([node.reached.get(number, 0) for node in self.nodes]) - began
            self.network.run(self.network.now + 100)
        return None

    def all_at(self, number):
        return all([node.number >= number for node in self.nodes if node.is_alive])

    def sent(self):
        """(datagrams, bytes of UDP payload) that all nodes have sent until now."""
        counters = [self.network.counters[node.address] for node in self.nodes]
        return sum([one.sent for one in counters]), sum([one.sent_bytes for one in counters])


def encoded(value):
    """CBOR, for what a test forges."""
    return cbor.encode(value)
