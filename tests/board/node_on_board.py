"""Runs on the board: a node as its settings say, on a LAN where nobody is, until it waits; then it
prints how many bytes of heap it holds.

Settings, key and policy lie in /state. What hal is on hardware is played by what does nothing.
"""

import asyncio
import gc
import os
import time

from holdfast.roles.identity import NotReady as NotReady
from holdfast.roles.which import carries
from micropython import const

_HOME = "/state"
_KEPT = "/state/kept"
_WAITS_S = const(3)


class Hardware:
    """All that hal gives a node or one of its doors; it is ``now`` (seconds since 1970)."""

    def __init__(self, now):
        self._now = now
        self.console = self.strike = self.led = self.buzzer = self.clock = self.ticks = self
        self.inputs = {}
        self.of_doors = {}

    def line(self, fields):
        print(fields)

    def prepare(self, fields):
        return str(fields)

    def write(self, prepared):
        print(prepared)

    def pulse(self, ms):
        pass

    def end(self):
        pass

    def show(self, colour, effect):
        pass

    def beep(self, count):
        pass

    def seconds(self):
        return self._now

    def add(self, ms):
        return time.ticks_add(time.ticks_ms(), ms)

    def until(self, tick):
        return time.ticks_diff(tick, time.ticks_ms())

    def random_bytes(self, length):
        return os.urandom(length)


class Silence:
    """A socket on a LAN where nobody is."""

    to_all = ("224.0.0.1", 62435)
    network = None

    def __init__(self):
        self.receivers = (self,)

    def address_of(self, host, port):
        return host, port

    async def receive(self):
        await asyncio.Event().wait()

    def send(self, address, data):
        pass

    def is_own(self, source):
        return False


def main(now):
    """Be it, and print ``holds`` and the bytes once it waits."""
    hardware = Hardware(now)
    if carries(_HOME, hardware.random_bytes):
        node = _carrier(hardware)
    else:
        node = _doors(hardware)
    gc.collect()
    asyncio.run(_wait(node))


def _prepare():
    try:
        os.mkdir(_KEPT)
    except OSError:
        pass


def _carrier(hardware):
    from holdfast.roles import carrier_start

    settings, key = carrier_start.identity(_HOME, hardware.random_bytes, hardware, _prepare)
    carrier = carrier_start.make(settings, key, hardware, _KEPT, Silence())
    carrier.start()
    return carrier


def _doors(hardware):
    from holdfast.node.neighbours import Neighbours
    from holdfast.roles import start
    from holdfast.storage import let_go

    settings, key, p256 = start.identity(
        _HOME, _KEPT, hardware.random_bytes, hardware, _prepare
    )
    if start.is_controller(settings):
        from holdfast.roles.controller import Controller as role

        hardware.of_doors = {name: Hardware(0) for name, _ in settings.doors}
    else:
        from holdfast.roles.reader import Reader as role
    node = role(settings, key, hardware, _KEPT, p256_private_key=p256)
    node.start()
    Neighbours(node, Silence()).start()
    start.follow_policy(node, _HOME + "/policy.cbor")
    let_go(start)
    return node


async def _wait(node):
    running = asyncio.create_task(node.run())
    await asyncio.sleep(_WAITS_S)
    gc.collect()
    print("holds", gc.mem_alloc())
    running.cancel()
