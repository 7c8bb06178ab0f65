"""A Radio on a stack without an air, in simulated time: what a test of link/gatt begins with.

aioble is the real one where AIOBLE_PATH names the folder that holds it, and otherwise the stand-in
beside this file. MicroPython only.
"""

import asyncio
import os
import sys

from simulated_time import SimulatedTime

_HERE = __file__.rsplit("/", 1)[0]
STAND_IN = _HERE + "/without_radio"
REAL = os.getenv("AIOBLE_PATH")

sys.path.insert(0, STAND_IN)
if REAL:
    sys.path.insert(0, REAL)

import bluetooth

from holdfast.access import advert
from holdfast.hal.esp32.ble import Ble
from holdfast.link.gatt.radio import Radio
from holdfast.link.limits import Limits


def address(number):
    """The random address of one central."""
    return b"\xc0\x00\x00\x00" + number.to_bytes(2, "big")


class Bench:
    """``radio`` on ``ble``, switched off so far, which tells ``lines``; ``said`` is what it is to
    advertise.
    """

    _task: asyncio.Task

    def __init__(self, limits=None, ticks=None):
        self.time = SimulatedTime.install()
        self.ble = bluetooth.BLE()
        self.ble.fails = {}
        self.ble.active(False)
        self.lines = []
        self.said = advert.encode("site", "node", ["lobby"], False)
        self.limits = limits or Limits(connections=Ble.CONNECTIONS - 1)
        self.radio = Radio(
            Ble("Holdfast"), ticks or self.time, self.limits, lambda: self.said, self
        )

    def line(self, fields):
        self.lines.append(fields)

    def reasons(self):
        """Why centrals were dropped, or the radio had to begin anew."""
        return [line["reason"] for line in self.lines]

    async def run(self, connected):
        """Let the radio run until ``end``; returns once it can be found."""
        self._task = asyncio.create_task(self.radio.run(connected))
        await self.found()

    async def end(self):
        """Cancel it, as a supervisor does."""
        task = self._task
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        await asyncio.sleep_ms(1)

    async def found(self, within_ms=60000):
        """Wait until it can be connected to."""
        until = self.time.now + within_ms
        while self.ble.advertised is None:
            assert self.time.now < until, self.lines
            await asyncio.sleep_ms(5)

    async def central(self, number, mtu=None):
        """Who finds it first, connects; with another MTU if that is asked for."""
        while True:
            await self.found()
            central = self.ble.connect(address(number))
            if central is not None:
                break
        if mtu is not None:
            central.exchange_mtu(mtu)
        return central


async def echo(link):
    """Answer each piece with itself, in chunks; who is told "proof" has shown who it is."""
    is_proven = False
    while True:
        data = await link.read()
        if not data:
            return is_proven
        is_proven = is_proven or data.startswith(b"proof")
        start = 0
        try:
            while start < len(data):
                end = start + link.chunk_size
                await link.write(memoryview(data)[start:end])
                start = end
        except OSError:
            return is_proven
