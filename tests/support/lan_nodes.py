"""Readers of the small site on one wire, in simulated time: real nodes with real handshakes.

MicroPython only.
"""

import asyncio

import cbor
import crypto
import small_site as site
from harness import new_folder
from holdfast.node.neighbours import Neighbours
from holdfast.roles.reader import Reader
from holdfast.storage import settings
from memory_phone import Hardware
from simulated_time import SimulatedTime


class _Clock:
    def __init__(self, lan):
        self._time = lan.time
        self._began = lan.began

    def seconds(self):
        return site.NOW + (self._time.now - self._began) // 1000


class Lan:
    """One wire with nodes on it; ``history`` is what the authority has signed for them."""

    def __init__(self, wire):
        self.time = SimulatedTime.install()
        self.began = self.time.now
        self.wire = wire
        self.nodes = {}
        self.history = [site.changeset()]

    def sign(self, operations):
        """One more changeset, raw."""
        raw = site.changeset(operations, len(self.history) + 1, site.hash_of(self.history[-1]))
        self.history.append(raw)
        return raw

    def node(self, name, changes=None, follows=1):
        """A node called so, at the address ``name``, with settings changed so; it follows the
        first changesets of the history.
        """
        made = self.nodes[name] = LanNode(self, name, len(self.nodes), changes, follows)
        return made

    async def until(self, is_so, seconds=600, each=0.1):
        """Until ``is_so()``, looked at ``each`` so many seconds; how many seconds that took. Fails
        if it is not so in time.
        """
        began = self.time.now
        while not is_so():
            assert self.time.now - began < seconds * 1000, "not within %d s" % seconds
            await asyncio.sleep(each)
        return (self.time.now - began) / 1000

    async def close(self):
        for node in self.nodes.values():
            await node.stop()


class LanNode:
    def __init__(self, lan, name, number, changes, follows):
        self.lan = lan
        self.name = name
        self._number = number
        self._changes = changes or {}
        self._directory = new_folder()
        self._private = bytes((0x70 + number,)) * 32
        self.start()
        for raw in lan.history[:follows]:
            self.reader.apply(raw)

    @property
    def cti(self):
        return b"\x20\x21\x22\x23\x24\x25\x26" + bytes((self._number,))

    @property
    def policy(self):
        return self.reader.stores.rules.number

    @property
    def knows(self):
        """The names of the nodes that it knows."""
        known = self.neighbours.peers.by_tag.values()
        return sorted([one.credential.device for one in known])

    def start(self):
        """It starts, or starts again with what it keeps on flash."""
        configured = {
            3: self.name,
            6: site.device_certificate(self._private, {2: self.name, 7: self.cti}),
            13: crypto.x25519_public_key(self._private),
        }
        configured.update(self._changes)
        self.hardware = Hardware()
        self.hardware.random_counter = 1000 * self._number + 100000 * self.lan.time.now % 999983
        self.hardware.ticks = self.lan.time
        self.hardware.clock = _Clock(self.lan)
        self.reader = Reader(
            settings.decode(cbor.encode(site.settings_map(configured))),
            self._private,
            self.hardware,
            self._directory,
        )
        self.reader.start()
        self.neighbours = Neighbours(self.reader, self.lan.wire.socket(self.name))
        self.neighbours.start()
        self._task = asyncio.create_task(self.reader.run())

    async def stop(self):
        """The power is cut: what was only in memory is gone."""
        self.lan.wire.sockets.pop(self.name, None)
        self._task.cancel()
        await asyncio.sleep(0)
