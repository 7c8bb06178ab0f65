"""aiocoap's client opens a door over a node's own CoAP endpoint, on a real socket of loopback.

The handshake is edhoc_peer.py's, OSCORE and UDP are aiocoap's; what answers is the firmware.
"""

import asyncio
import hashlib
import os

import aiocoap

import small_site as site
from coap_socket import Ticks
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from interop.aiocoap_phone import unlocks
from memory_phone import Hardware, make_reader

BOUND = 60  # seconds; a hang must end the run


class _Socket(asyncio.DatagramProtocol):
    def __init__(self):
        self._arrived = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport
        self.name = transport.get_extra_info("sockname")

    def datagram_received(self, data, addr):
        self._arrived.put_nowait((addr, data))

    def is_own(self, source):
        return source == self.name

    def send(self, address, data):
        self.transport.sendto(data, address)

    async def receive(self):
        return await self._arrived.get()


async def _unlocks(hardware, count):
    reader = make_reader(hardware)
    loop = asyncio.get_running_loop()
    _, sock = await loop.create_datagram_endpoint(_Socket, ("127.0.0.1", 0))

    def mac(data):
        return hashlib.sha256(b"key" + data).digest()

    lan = LanEndpoint(sock, Ticks(), os.urandom, mac, reader.exchanger, lambda: Origin(1, False))
    jobs = [asyncio.ensure_future(job) for job in (lan.run(), lan.keep_time())]
    client = await aiocoap.Context.create_client_context(transports=["simple6"])
    base = "coap://127.0.0.1:%d" % sock.name[1]
    try:
        return await unlocks(client, base, count, True)
    finally:
        for job in jobs:
            job.cancel()
        await client.shutdown()
        sock.transport.close()


def test_aiocoap_opens_the_door_by_a_nodes_endpoint():
    """An Echo first, then cold once and warm after it."""
    hardware = Hardware(site.NOW)
    answers = asyncio.run(asyncio.wait_for(_unlocks(hardware, 3), BOUND))
    assert answers == [True] * 3 and hardware.opened == 3
