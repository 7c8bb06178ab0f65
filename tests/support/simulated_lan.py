"""Nodes and the host on one simulated network: the firmware's own exchanger answers, the host's
own questions are asked, and time is the network's. CPython.
"""

import asyncio

from holdfast.link.origin import Origin
from holdfast_host.lan.asking import PATIENCE_MS, Asking
from holdfast_host.lan.link import LanLink
from simulated_endpoint import Node
from simulated_network import Chance


class LanNode:
    """The node ``reader`` at ``address``. ``restarted(reader)`` puts another in its place."""

    def __init__(self, network, address, reader):
        self._origins = {}
        self.restarted(reader)
        self.node = Node(network, address, self._serve)

    def restarted(self, reader):
        self.reader = reader
        self._origins.clear()

    def _serve(self, request, served):
        origin = self._origins.setdefault(served.source, Origin(1, False, True))
        proofs = origin.proofs
        response = asyncio.run(self.reader.exchanger.respond(request, origin))
        if origin.proofs != proofs:
            served.proven()
        served.respond(response)
        self.reader.exchanger.answered()


class Host:
    """The host's links on ``network``; each is a socket of its own. ``taps`` see each datagram
    that comes before the host does, and give what is to be received instead.
    """

    def __init__(self, network, patience_ms=PATIENCE_MS):
        self.network = network
        self.patience_ms = patience_ms
        self.longest_ms = 0  # of a question
        self.tap = lambda data: [data]
        self._chance = Chance(1)
        self._count = 0

    def link(self, address):
        """A LanLink to ``address``, which lets the network's time pass while it waits."""
        self._count += 1
        network, own, timer = self.network, f"host {self._count}", [None]

        def poll():
            if timer[0] is not None:
                network.cancel(timer[0])
            left = asking.poll()
            timer[0] = None if left is None else network.call_after(left, poll)

        def receive(source, data):
            for one in self.tap(data):
                asking.receive(address, one)
            poll()

        def exchange(request):
            said, began = [], network.now
            asking.ask(request, lambda *answer: said.append(answer))
            poll()
            while not said:
                assert network.step(), "neither an answer nor a failure, ever"
            self.longest_ms = max(self.longest_ms, network.now - began)
            (answer,) = said
            return answer

        asking = Asking(
            address,
            lambda destination, data: network.send(own, destination, data),
            network,
            self.patience_ms,
            self._chance.bytes,
        )
        network.attach(own, receive)
        return LanLink(address, exchange, lambda: network.detach(own))
