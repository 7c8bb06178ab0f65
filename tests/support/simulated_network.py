"""A network in one simulated time: datagrams are lost, doubled, late and overtaken, links are cut.

Pure, and the same for each seed: whatever fails on it fails again. MicroPython and CPython.
"""

import heapq


class Chance:
    """Pseudorandom numbers that are the same on both interpreters (xorshift32 by Marsaglia)."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 0x9E3779B9) & 0xFFFFFFFF or 1

    def bits(self):
        """32 pseudorandom bits."""
        x = self._state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._state = x
        return x

    def below(self, end):
        """An integer from 0 to ``end`` - 1."""
        return self.bits() % end

    def happens(self, probability):
        """True this often; never draws for 0, so that one fault more leaves the others alone."""
        return probability > 0 and self.bits() < probability * 0x100000000

    def between(self, least, most):
        """An integer from ``least`` to ``most``, both included."""
        return least if most <= least else least + self.below(most - least + 1)

    def bytes(self, length):
        """``length`` pseudorandom bytes."""
        return bytes([self.bits() >> 8 & 0xFF for _ in range(length)])


class Counters:
    """What one node has sent and received, in datagrams and bytes of UDP payload.

    A multicast counts once where it leaves, and once at each node that it reaches.
    """

    def __init__(self):
        self.sent = self.sent_bytes = 0
        self.received = self.received_bytes = 0


class Network:
    """Nodes by address, anything that a dictionary takes, and the milliseconds ``now``.

    The faults may be set at any time:

    * ``loss`` and ``duplication``: 0 to 1, of each unicast datagram,
    * ``delay``: (least, most) milliseconds; what comes later than the next one is overtaken,
    * ``cuts``: a set of (source, destination) between which nothing passes, multicast neither,
    * ``multicast_loss``: 0 to 1, for each node that a multicast goes to; with
      ``multicast_run_ms`` all that reaches a node within such a time is lost together,
    * ``multicast_delay``: (least, most) milliseconds,
    * ``loops_back``: a node hears its own multicasts.
    """

    def __init__(self, seed):
        self.now = 0
        self.loss = self.duplication = 0
        self.delay = (1, 1)
        self.cuts = set()
        self.multicast_loss = 0
        self.multicast_run_ms = 0
        self.multicast_delay = (1, 1)
        self.loops_back = False
        self.chance = Chance(seed)
        self.counters = {}
        self._seed = seed
        self._nodes = {}  # address: (receive, heard)
        self._order = {}  # address: its place, which its runs of loss come from
        self._queue = []
        self._number = 0

    def attach(self, address, receive, heard=None):
        """``receive(source, data)`` is called with what comes to ``address``, and ``heard`` in its
        place with multicasts, if there is one. A node that is attached again is the newer one.
        """
        self._nodes[address] = (receive, heard or receive)
        self._order.setdefault(address, len(self._order))
        self.counters.setdefault(address, Counters())

    def detach(self, address):
        """The node is gone: what is under way to it is lost. Its counters stay."""
        self._nodes.pop(address, None)

    def send(self, source, destination, data):
        """A datagram, which is copied. To nobody it goes like to somebody."""
        self._sent(source, data)
        if (source, destination) in self.cuts:
            return
        data = bytes(data)
        for _ in range(1 + self.chance.happens(self.duplication)):
            if not self.chance.happens(self.loss):
                self._deliver(source, destination, data, 0, self.delay)

    def multicast(self, source, data):
        """A datagram to all nodes that are attached now."""
        self._sent(source, data)
        data = bytes(data)
        for address in sorted(self._nodes, key=lambda address: self._order[address]):
            is_own = address == source and not self.loops_back
            if is_own or (source, address) in self.cuts or self._is_in_run(address):
                continue
            self._deliver(source, address, data, 1, self.multicast_delay)

    def add(self, ms):
        """The tick ``ms`` milliseconds from now, as ticks of hal."""
        return self.now + ms

    def until(self, tick):
        """Milliseconds until ``tick``."""
        return tick - self.now

    def call_at(self, ms, function):
        """Call ``function()`` at ``ms``, or next if that is past; what is returned can be given to
        ``cancel``.
        """
        self._number += 1
        entry = [function]
        heapq.heappush(self._queue, (max(ms, self.now), self._number, entry))
        return entry

    def call_after(self, ms, function):
        """The same, ``ms`` from now."""
        return self.call_at(self.now + ms, function)

    def cancel(self, entry):
        """What was to be called is not, if it was not yet."""
        entry[0] = None

    def run(self, until_ms):
        """All that happens until ``until_ms``, that moment included; ``now`` is it afterwards."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.step()
        self.now = max(self.now, until_ms)

    def step(self):
        """The next thing that happens; False if nothing ever will."""
        if not self._queue:
            return False
        self.now, _, entry = heapq.heappop(self._queue)
        function, entry[0] = entry[0], None
        if function is not None:
            function()
        return True

    def _sent(self, source, data):
        counters = self.counters.get(source)
        if counters is None:
            counters = self.counters[source] = Counters()
        counters.sent += 1
        counters.sent_bytes += len(data)

    def _deliver(self, source, destination, data, kind, delay):
        def arrive():
            node = self._nodes.get(destination)
            if node is not None:
                counters = self.counters[destination]
                counters.received += 1
                counters.received_bytes += len(data)
                node[kind](source, data)

        self.call_after(self.chance.between(*delay), arrive)

    def _is_in_run(self, address):
        if not self.multicast_run_ms:
            return self.chance.happens(self.multicast_loss)
        run = self.now // self.multicast_run_ms
        return Chance(self._seed ^ run * 8191 ^ self._order[address] * 131071).happens(
            self.multicast_loss
        )
