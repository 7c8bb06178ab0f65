"""aiocoap's client opens a door over a node's own CoAP endpoint, on a real socket of loopback.

The handshake is edhoc_peer.py's, OSCORE and UDP are aiocoap's; what answers is the firmware.
"""

import asyncio
import hashlib
import os

import aiocoap
import cbor2
from aiocoap.optiontypes import OpaqueOption

import small_site as site
from coap_socket import Ticks
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from interop.edhoc_suites import STAT_STAT, Suite0
from interop.test_stranger_phone import Credential, Initiator, Oscore
from memory_phone import Hardware, make_reader

BOUND = 60  # seconds; a hang must end the run
_EDHOC = 21  # the option, RFC 9668


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
        private = os.urandom(32)
        changes = {7: os.urandom(8), 8: {1: Suite0.cose_key(private, STAT_STAT)}}
        token = site.holder_token(changes=changes)
        phone = Initiator(private, Credential(token), (), os.urandom(32), b"\x0c")
        message_1 = b"\xf5" + phone.message_1()

        async def begin(**options):
            message = aiocoap.Message(
                code=aiocoap.POST, uri=base + "/.well-known/edhoc", payload=message_1, **options
            )
            return await client.request(message).response

        challenge = await begin()
        assert challenge.code == aiocoap.UNAUTHORIZED
        response = await begin(echo=challenge.opt.echo)
        message_3 = phone.message_3(response.payload)
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
        for job in jobs:
            job.cancel()
        await client.shutdown()
        sock.transport.close()


def test_aiocoap_opens_the_door_by_a_nodes_endpoint():
    """An Echo first, then cold once and warm after it."""
    hardware = Hardware(site.NOW)
    answers = asyncio.run(asyncio.wait_for(_unlocks(hardware, 3), BOUND))
    assert answers == [True] * 3 and hardware.opened == 3
