"""CoAP endpoints on the simulated network: each polled when something of its is due.

Runs on MicroPython and CPython.
"""

import hashlib

from coap.endpoint import Endpoint
from simulated_network import Chance


class Node:
    """An Endpoint at ``address``, which serves by ``serve(request, served)``."""

    def __init__(self, network, address, serve, needs_proof=None, seed=0, **limits):
        self.network = network
        self.address = address
        self.sent = None  # a list: the length of each datagram is put there
        chance = Chance(seed * 1000003 + len(network.counters) + 1)
        key = chance.bytes(16)

        def mac(data):
            return hashlib.sha256(key + data).digest()

        self.endpoint = Endpoint(
            self._send, network, chance.bytes, mac, serve, needs_proof, **limits
        )
        self._timer = None
        network.attach(address, self._receive)

    def do(self, function, *arguments):
        """Call ``function``, which has to do with the endpoint, and look after what is due."""
        try:
            return function(*arguments)
        finally:
            self._poll()

    def request(self, *arguments):
        return self.do(self.endpoint.request, *arguments)

    def _send(self, destination, data):
        if self.sent is not None:
            self.sent.append(len(data))
        self.network.send(self.address, destination, data)

    def _receive(self, source, data):
        self.do(self.endpoint.receive, source, data)

    def _poll(self):
        left = self.endpoint.poll()
        if self._timer is not None:
            self.network.cancel(self._timer)
        self._timer = None if left is None else self.network.call_after(left, self._poll)
