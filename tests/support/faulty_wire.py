"""Sockets as hal's on a simulated_network, whose time is that of all tasks: what a wire does to
datagrams, done to whole nodes. MicroPython only.
"""

import asyncio

from simulated_network import Network
from simulated_time import SimulatedTime
from simulated_wire import GROUP, MOST, Socket


class FaultyWire(Network):
    """What lan_nodes.Lan takes for its wire, with the faults of a Network, which may be changed at
    any time.

    ``log``, if it is a list, gets (source, destination, data) of all that is sent.
    """

    no_group = False
    log = None

    def __init__(self, seed):
        self._time = SimulatedTime.install()
        self._began = self._time.now
        Network.__init__(self, seed)
        self.sockets = {}

    @property
    def now(self):
        """Milliseconds since it was made."""
        return self._time.now - self._began

    @now.setter
    def now(self, _):
        pass  # it passes by itself

    def socket(self, address):
        """A new one there; whoever had one before hears nothing more."""
        made = self.sockets[address] = _Socket(self, address)
        self.attach(address, made.arrived)
        return made

    def cut(self, *islands):
        """Nothing passes between these groups of addresses any more; without any all heals."""
        self.cuts = {
            (one, other)
            for island in islands
            for one in island
            for others in islands
            if others is not island
            for other in others
        }

    def call_at(self, ms, function):
        """As a Network's; asyncio waits for it."""
        entry = [function]

        async def later():
            await asyncio.sleep_ms(ms - self.now)
            if entry[0] is not None:
                entry[0]()

        asyncio.create_task(later())
        return entry


class _Socket(Socket):
    def arrived(self, source, data):
        self._queue.append((source, data))
        self._arrived.set()

    def send(self, address, data):
        assert len(data) <= MOST, "%d bytes" % len(data)
        wire = self._wire
        if wire.log is not None:
            wire.log.append((self._address, address, bytes(data)))
        if wire.sockets.get(self._address) is not self:
            return  # its power was cut
        if address == GROUP:
            wire.multicast(self._address, data)
        else:
            wire.send(self._address, address, data)
