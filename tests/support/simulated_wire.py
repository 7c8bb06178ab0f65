"""Sockets as hal's, of which all are on one wire: each datagram is lost with a probability.

Goes with simulated_time. MicroPython only.
"""

import asyncio

from simulated_network import Chance

GROUP = "all"
MOST = 1152  # bytes that a node sends at once, whatever it has to say


class Wire:
    """``sockets`` by address, what each has ``sent`` in bytes; no multicast with ``no_group``."""

    def __init__(self, loss=0, seed=1, no_group=False):
        self.loss = loss
        self.chance = Chance(seed)
        self.no_group = no_group
        self.sockets = {}
        self.sent = {}
        self.log = None  # a list of (source, destination, data), for who wants to see it

    def socket(self, address):
        self.sockets[address] = made = Socket(self, address)
        return made


class Socket:
    def __init__(self, wire, address):
        self._wire = wire
        self._address = address
        self._queue = []
        self._arrived = asyncio.Event()
        self.receivers = [self]
        self.to_all = None if wire.no_group else GROUP
        self.network = None

    @staticmethod
    def address_of(host, port):
        return "%s:%d" % (host, port)

    def is_own(self, source):
        return source == self._address

    def send(self, address, data):
        assert len(data) <= MOST, "%d bytes" % len(data)
        wire = self._wire
        wire.sent[self._address] = wire.sent.get(self._address, 0) + len(data)
        if wire.log is not None:
            wire.log.append((self._address, address, bytes(data)))
        for one, there in list(wire.sockets.items()):
            if address in (one, GROUP) and not wire.chance.happens(wire.loss):
                there._queue.append((self._address, data))
                there._arrived.set()

    async def receive(self):
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.pop(0)
