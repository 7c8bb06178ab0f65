"""CoAP endpoints on real sockets of this machine, CPython's asyncio around them."""

import asyncio
import hashlib
import os
import time

from coap.endpoint import Endpoint


class Ticks:
    """Milliseconds of this machine, as ticks of hal."""

    def add(self, ms):
        return self._now() + ms

    def until(self, tick):
        return tick - self._now()

    def _now(self):
        return int(time.monotonic() * 1000)


class SocketNode(asyncio.DatagramProtocol):
    """A simulated_endpoint.Node on a UDP socket of loopback; made by ``opened``."""

    def __init__(self, ticks, address, serve, needs_proof=None, seed=0):
        key = os.urandom(16)
        self.address = address
        self._transport = self._timer = None
        self.endpoint = Endpoint(
            self._send,
            ticks,
            os.urandom,
            lambda data: hashlib.sha256(key + data).digest(),
            serve,
            needs_proof,
        )

    async def open(self):
        """Bind to ``address``, a host and a port, 0 for any."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        self.address = self._transport.get_extra_info("sockname")

    def close(self):
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def do(self, function, *arguments):
        try:
            return function(*arguments)
        finally:
            self._poll()

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        self.do(self.endpoint.receive, addr, data)

    def _send(self, destination, data):
        self._transport.sendto(data, destination)

    def _poll(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = self.endpoint.poll()
        if left is not None:
            self._timer = asyncio.get_running_loop().call_later(left / 1000, self._poll)
