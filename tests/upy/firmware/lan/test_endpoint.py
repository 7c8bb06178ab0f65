"""A whole unlock over UDP, and a node that asks: datagrams that get lost, in simulated time."""

import asyncio
import os

import cbor
import crypto
import oscore
import small_site as site
from coap import Message, code, option, path_options
from coap.client import Client
from coap.endpoint import Endpoint
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from memory_phone import Hardware, Phone, make_reader
from neighbours import OTHER, other_node, partner_of
from simulated_time import SimulatedTime
from simulated_wire import Wire

INTERPRETERS = ("micropython",)

_EDHOC = path_options(".well-known", "edhoc")


def _mac(data):
    return crypto.sha256(b"key" + data)


class _Place:
    """A reader on the LAN, and a phone's plain endpoint beside it."""

    def __init__(self, loss=0, seed=1):
        self.time = SimulatedTime.install()
        self.wire = Wire(loss, seed)
        self.hardware = Hardware()
        self.reader = make_reader(self.hardware)
        self.numbers = 0
        socket = self.wire.socket("reader")
        self.lan = LanEndpoint(
            socket, self.time, os.urandom, _mac, self.reader.exchanger, self._origin
        )
        self.phone_socket = self.wire.socket("phone")
        self.phone = Endpoint(self.phone_socket.send, self.time, os.urandom, _mac, None)
        self.tasks = [
            asyncio.create_task(job)
            for job in (self.lan.run(), self.lan.keep_time(), self._listen(), self._beat())
        ]

    def _origin(self):
        self.numbers += 1
        return Origin(self.numbers, False)

    async def _listen(self):
        while True:
            source, data = await self.phone_socket.receive()
            self.phone.receive(source, data)

    async def _beat(self):
        while True:
            await asyncio.sleep(0.25)
            self.phone.poll()

    async def close(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.sleep(0)

    async def heard(self, ask):
        """What comes of ``ask(answered)``: (response, failure)."""
        found = []
        ask(lambda response, failure: found.append((response, failure)) and None)
        while not found:
            await asyncio.sleep(0.1)
        return found[0]

    async def introduce(self, phone):
        """A cold unlock, by a client that follows the Echo; what came of it."""
        waiting, message_1 = phone.message_1()
        client = Client(self.phone, self.time, os.urandom)
        begin = Message(code.POST, _EDHOC, b"\xf5" + message_1)
        response, failure = await self.heard(lambda heard: client.ask("reader", begin, heard))
        if failure:
            return failure
        message_3 = phone.finish(waiting, response.payload)
        return await self.wish(phone, message_3)

    async def wish(self, phone, message_3=None):
        exchange, request = phone.wish()
        if message_3 is not None:
            request = oscore.combine(message_3, request)
        response, failure = await self.heard(
            lambda heard: self.phone.request("reader", request, heard)
        )
        return failure or phone.answer(response, exchange)[1][1]


async def test_a_door_opens_over_udp_cold_and_warm():
    """A stranger's address is proven by an Echo before any public-key work is done for it."""
    place, phone = _Place(), Phone()
    operations = crypto.public_key_operations()
    begin = Message(code.POST, _EDHOC, b"\xf5" + phone.message_1()[1])
    made = crypto.public_key_operations() - operations
    response, _ = await place.heard(lambda heard: place.phone.request("reader", begin, heard))
    assert response.code == code.UNAUTHORIZED and response.option(option.ECHO)
    assert crypto.public_key_operations() - operations == made
    assert place.wire.sent["reader"] <= place.wire.sent["phone"]
    assert await place.introduce(phone) is True
    assert await place.wish(phone) is True
    assert place.hardware.opened == 2
    await place.close()


async def test_a_door_opens_once_a_wish_over_a_network_that_loses():
    """Each wish has an answer or a failure, and the door opened once for each answer."""
    for seed in range(3):
        place, phone = _Place(0.25, seed + 1), Phone()
        if await place.introduce(phone) is not True:
            await place.close()
            continue
        granted, wishes = 1, 1
        for _ in range(6):
            wishes += 1
            granted += await place.wish(phone) is True
        assert granted >= 5 and granted <= place.hardware.opened <= wishes
        await place.close()


async def test_two_nodes_introduce_themselves_and_ask_over_a_network_that_loses():
    """The handshake, its Echo, and what is asked under the one context, both ways; what has no
    answer is a failure, and is asked again.
    """
    time = SimulatedTime.install()
    wire = Wire(0.2, 5)
    nodes = {"first": make_reader(), OTHER: other_node()}
    lans, jobs = {}, []
    for name, node in nodes.items():
        socket = wire.socket(name)
        lan = lans[name] = LanEndpoint(
            socket, time, os.urandom, _mac, node.exchanger, lambda: Origin(1, False, True)
        )
        jobs.extend([asyncio.create_task(lan.run()), asyncio.create_task(lan.keep_time())])

    async def ask(name, address, partner_name):
        async def send(request):
            return await lans[name].exchange(address, request)

        partner = partner_of(nodes[name], send, partner_name)
        for _ in range(6):
            try:
                return await partner.ask(Message(code.GET, path_options("policy")))
            except ValueError:
                pass
        raise AssertionError("no answer in six times")

    for name, address, partner_name in (
        ("first", OTHER, OTHER),
        ("first", OTHER, OTHER),
        (OTHER, "first", site.NODE),
    ):
        answer = await ask(name, address, partner_name)
        assert answer.code == code.CONTENT
        assert cbor.decode(answer.payload) == [site.changeset()]
    for job in jobs:
        job.cancel()
    await asyncio.sleep(0)


async def test_own_packets_and_unknown_nodes_are_nothing():
    place = _Place()
    socket = place.wire.sockets["reader"]
    socket.send("reader", b"\x40\x01\0\1")
    await asyncio.sleep(1)
    assert place.lan.endpoint.is_idle and place.lan.endpoint.malformed == 0
    try:
        place.lan.ask("phone", b"\x07", Message(code.GET, path_options("status")), None)
    except ValueError as error:
        assert "nobody is known" in str(error)
    else:
        raise AssertionError("asked nobody")
    await place.close()
