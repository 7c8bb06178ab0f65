"""A node's endpoint on a real socket of loopback, on MicroPython's own asyncio."""

import asyncio
import os

import crypto
from coap import Message, code, path_options
from holdfast.hal.unix.udp import Udp
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from memory_phone import make_reader

INTERPRETERS = ("micropython",)


class _Ticks:
    def add(self, ms):
        return self._now() + ms

    def until(self, tick):
        return tick - self._now()

    def _now(self):
        import time

        return time.time_ns() // 1000000


def _mac(data):
    return crypto.sha256(b"key" + data)


async def test_two_endpoints_meet_on_loopback():
    """What is refused in the clear is refused there, too, once the asker has followed the Echo;
    a socket's own packets are nothing.
    """
    sockets = []
    for port in range(40000 + os.urandom(1)[0] * 64, 65000):
        try:
            sockets.append(Udp("127.0.0.1", port))
        except OSError:
            continue  # somebody else's
        if len(sockets) == 2:
            break
    node = make_reader()
    lans = [
        LanEndpoint(made, _Ticks(), os.urandom, _mac, node.exchanger, lambda: Origin(1, False))
        for made in sockets
    ]
    jobs = [asyncio.create_task(lan.run()) for lan in lans]
    jobs.extend([asyncio.create_task(lan.keep_time()) for lan in lans])
    there = sockets[1].address
    sockets[1].send(there, b"\x40\1\0\1")
    answer = await lans[0].exchange(there, Message(code.GET, path_options("status")))
    assert answer.code == code.UNAUTHORIZED
    assert lans[1].endpoint.duplicates == lans[1].endpoint.malformed == 0
    for job in jobs:
        job.cancel()
    await asyncio.sleep(0)
    for made in sockets:
        made.close()
