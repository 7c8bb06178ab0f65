"""aiocoap's client over real datagrams: the exchanger needs no stream to open a door.

The handshake is edhoc_peer.py's, OSCORE and UDP are aiocoap's; the socket here is the test's own.
"""

import asyncio
import os

import aiocoap
import cbor2
from aiocoap.optiontypes import OpaqueOption

import small_site as site
from coap import datagram
from holdfast.link.origin import Origin
from interop.edhoc_suites import STAT_STAT, Suite0
from interop.test_stranger_phone import Credential, Initiator, Oscore
from memory_phone import Hardware, make_reader

_EDHOC = 21  # the option, RFC 9668


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
        private = os.urandom(32)
        changes = {7: os.urandom(8), 8: {1: Suite0.cose_key(private, STAT_STAT)}}
        token = site.holder_token(changes=changes)
        phone = Initiator(private, Credential(token), (), os.urandom(32), b"\x0c")
        begun = aiocoap.Message(
            code=aiocoap.POST,
            uri=base + "/.well-known/edhoc",
            payload=b"\xf5" + phone.message_1(),
        )
        message_2 = (await client.request(begun).response).payload
        message_3 = phone.message_3(message_2)
        context = Oscore(*phone.oscore())
        answers = []
        for number in range(count):
            wish = aiocoap.Message(
                code=aiocoap.PUT,
                uri_path=["doors", site.DOOR],
                content_format=60,
                payload=cbor2.dumps({1: 1, 2: True}),
            )
            protected, request_id = context.protect(wish)
            if number == 0:
                protected.opt.add_option(OpaqueOption(_EDHOC, b""))
                protected.payload = message_3 + protected.payload
            protected.unresolved_remote = base.removeprefix("coap://")
            protected.mtype = aiocoap.CON
            response = await client.request(protected).response
            plain, _ = context.unprotect(response, request_id)
            answers.append(cbor2.loads(plain.payload)[1])
        return answers
    finally:
        await client.shutdown()
        transport.close()


def test_aiocoap_opens_the_door_over_udp():
    """Cold once, warm after it: the answers come through a socket and a stranger's stack."""
    hardware = Hardware(site.NOW)
    assert asyncio.run(_unlocks(hardware, 4)) == [True] * 4
    assert hardware.opened == 4 and set(hardware.reasons()) == {"granted"}
