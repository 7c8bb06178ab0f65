"""A phone in memory at a whole reader, with the GATT service in between: what a Call is elsewhere.

In simulated time, so MicroPython only.
"""

import asyncio

import coap
from coap import stream
from gatt_bench import Bench, address
from memory_phone import Hardware, make_reader

DISCOVERY_MS = 1000  # until a phone that has connected can write
_PATIENCE_MS = 4000


class SimulatedHardware(Hardware):
    """Whose ticks are those of a Bench."""

    def __init__(self):
        super().__init__()
        self.bench = None

    def elapsed(self):
        return 0 if self.bench is None else self.bench.time.now


def make_bench(changes=None):
    """(Bench, Hardware, Reader) of a reader whose phones come over the air."""
    hardware = SimulatedHardware()
    bench = hardware.bench = Bench()
    reader = make_reader(hardware, changes, bench.limits)
    return bench, hardware, reader


class GattCall:
    """One connection. ``central`` has subscribed already."""

    def __init__(self, bench, central):
        self._bench = bench
        self.central = central
        self._decoder = stream.Decoder(4096)
        self._read = 0

    @property
    def dropped(self):
        """Whether the connection is over."""
        return not self.central.is_connected

    async def send(self, data, piece=None):
        """Write all of it, as far as one gets."""
        size = min(piece or 512, self.central.mtu - 3)
        for start in range(0, len(data), size):
            if not self.dropped:
                self.central.write(data[start : start + size])
                await asyncio.sleep_ms(15)

    async def answers(self):
        """The messages that came back since the last look, without the CSM."""
        data = self.central.received[self._read :]
        self._read += len(data)
        return [message for message in self._decoder.feed(data) if message.code != coap.code.CSM]

    async def ask(self, data, piece=None):
        """Send and return the one answer; None if there is none for too long."""
        await self.send(data, piece)
        until = self._bench.time.now + _PATIENCE_MS
        while self._bench.time.now < until:
            answers = await self.answers()
            if answers:
                return answers[-1]
            if self.dropped:
                break
            await asyncio.sleep_ms(15)
        return None

    async def hang_up(self):
        """Leave."""
        self.central.leave()
        await asyncio.sleep_ms(1)


async def call(bench, number, mtu=185, discovery_ms=DISCOVERY_MS):
    """Connect as soon as the reader is found, and be ready to write."""
    central = await bench.central(number, mtu)
    await asyncio.sleep_ms(discovery_ms)
    return GattCall(bench, central)


class Crowd:
    """Hogs, each of which takes a place whenever it finds one, does ``behave(central)``, and comes
    again. With ``is_changing`` each comes under another address every time.
    """

    def __init__(self, bench, seed=1):
        self._bench = bench
        self._seed = seed
        self._number = 1000
        self.visits = 0
        self._tasks = []

    def random(self, below):
        """A number that is the same in every run."""
        self._seed = (self._seed * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._seed >> 16) % below

    def come(self, count, behave, is_changing):
        """So many of them, from now on."""
        for _ in range(count):
            self._number += 1
            self._tasks.append(asyncio.create_task(self._hog(self._number, behave, is_changing)))

    async def settled(self, count):
        """Wait until each of so many places is taken by one."""
        while len(self._bench.ble.centrals) < count:
            await asyncio.sleep_ms(10)

    async def find(self, number):
        """A central, at some advertisement: who else waits for it has the same chance."""
        while True:
            await asyncio.sleep_ms(1 + self.random(60))
            central = self._bench.ble.connect(address(number))
            if central is not None:
                return central

    async def _hog(self, number, behave, is_changing):
        while True:
            central = await self.find(number)
            self.visits += 1
            try:
                await behave(central)
                while central.is_connected:
                    await asyncio.sleep_ms(20)
            except OSError:
                pass  # it was dropped
            if is_changing:
                self._number += 1
                number = self._number

    def go(self):
        """All of them, for good."""
        for task in self._tasks:
            task.cancel()
