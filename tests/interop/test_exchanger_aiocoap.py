"""aiocoap's client over real datagrams: the exchanger needs no stream to open a door.

The handshake is edhoc_peer.py's, OSCORE and UDP are aiocoap's; the socket here is the test's own.
"""

import asyncio

import aiocoap

import small_site as site
from coap import datagram
from holdfast.link.origin import Origin
from interop.aiocoap_phone import unlocks
from memory_phone import Hardware, make_reader


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, exchanger):
        self._exchanger = exchanger
        self._origins = {}
        self._answers = {}

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        asyncio.ensure_future(self._answer(data, addr))

    async def _answer(self, data, addr):
        request, mtype, mid = datagram.decode(data)
        if mtype != datagram.CON:
            return
        origin = self._origins.setdefault(addr, Origin(len(self._origins) + 1, False))
        response = await self._exchanger.respond(request, origin)
        if response is not None:
            self._transport.sendto(datagram.encode(response, datagram.ACK, mid), addr)


async def _unlocks(hardware, count):
    reader = make_reader(hardware)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Endpoint(reader.exchanger), ("127.0.0.1", 0)
    )
    client = await aiocoap.Context.create_client_context()
    base = "coap://127.0.0.1:%d" % transport.get_extra_info("sockname")[1]
    try:
        return await unlocks(client, base, count)
    finally:
        await client.shutdown()
        transport.close()


def test_aiocoap_opens_the_door_over_udp():
    """Cold once, warm after it: the answers come through a socket and a stranger's stack."""
    hardware = Hardware(site.NOW)
    assert asyncio.run(_unlocks(hardware, 4)) == [True] * 4
    assert hardware.opened == 4 and set(hardware.reasons()) == {"granted"}
