"""Who is refused on the LAN is told as an event, and a crowd fills no log with it: real nodes, in
simulated time.
"""

import asyncio
import os

import cbor
import crypto
import small_site as site
from coap import Message, code, option, path_options
from coap.client import Client
from coap.endpoint import Endpoint
from holdfast.access import reason
from holdfast.access.events.event import LAN_REFUSED
from lan_nodes import Lan
from lan_storm import Storm, happened
from oscore.table import kid_of
from simulated_wire import Wire

INTERPRETERS = ("micropython",)

HOUR = 3600


def _refused(node):
    """``(reason code, by, claimed, count)`` of each."""
    return [
        (fields["reason_code"], fields.get("by"), fields.get("claimed"), fields.get("count", 0))
        for kind, fields in happened(node)
        if kind == LAN_REFUSED
    ]


class _Stranger:
    """Somebody at ``address`` who speaks CoAP, and proves nothing but where that is."""

    def __init__(self, lan, address):
        self._socket = lan.wire.socket(address)
        self._endpoint = Endpoint(self._socket.send, lan.time, os.urandom, crypto.sha256, None)
        self._client = Client(self._endpoint, lan.time, os.urandom)
        self._tasks = [asyncio.create_task(job) for job in (self._listen(), self._beat())]

    async def _listen(self):
        while True:
            self._endpoint.receive(*await self._socket.receive())

    async def _beat(self):
        while True:
            await asyncio.sleep(1)
            self._endpoint.poll()

    async def ask(self, *path, payload=b"", method=code.GET, options=()):
        """The code of what is answered."""
        found = []
        request = Message(method, list(options) + path_options(*path), payload)
        self._client.ask("node", request, lambda response, _: found.append(response))
        while not found:
            await asyncio.sleep(0.1)
        return found[0] and found[0].code


async def test_a_crowd_of_strangers_is_a_few_events_and_hides_nobody_else():
    """Two hundred requests, of which four are told at once and one an hour, with how many there
    were; and who begins a handshake with what is none is told all the same.
    """
    lan = Lan(Wire())
    node = lan.node("node")
    stranger = _Stranger(lan, "nobody")
    for _ in range(200):
        assert await stranger.ask("status") == code.UNAUTHORIZED
    assert _refused(node) == [(reason.UNPROTECTED, None, None, 0)] * 4
    edhoc = (".well-known", "edhoc")
    await stranger.ask(*edhoc, method=code.POST, payload=b"\xf5\x03\x00\x58\x20" + bytes(33))
    found = _refused(node)
    assert len(found) == 5 and found[-1][3] == 196, found
    assert found[-1][0] not in (reason.UNPROTECTED, reason.UNKNOWN_CONTEXT)
    began = len(_refused(node))
    for _ in range(2):
        await asyncio.sleep(HOUR)
        for _ in range(10):
            await stranger.ask("status")
    assert 0 < len(_refused(node)) - began <= 2
    await lan.close()


async def test_who_guesses_at_protected_messages_shows_nobodys_name_as_proven():
    """What cannot be decrypted is somebody's claim; what is not known here is not told: any phone
    says it that knew the node before its flash was erased.
    """
    lan = Lan(Wire())
    node, other = lan.node("node"), lan.node("reader-2")
    await lan.until(lambda: node.knows and other.knows)
    stranger = _Stranger(lan, "nobody")
    kid = kid_of(node.reader.contexts.order[0])
    for number in range(40):
        protected = [(option.OSCORE, b"\x09" + bytes((number,)) + kid)]
        await stranger.ask("status", method=code.POST, payload=bytes(20), options=protected)
    found = _refused(node)
    assert 0 < len(found) <= 4 and all([one[1] is None for one in found]), found
    assert {one[0] for one in found} <= {reason.DECRYPTION_FAILED, reason.REPLAYED}
    assert all([one[2] in ("reader-2", None) for one in found]), found
    await lan.close()


async def test_a_node_that_oversteps_and_one_that_was_revoked_are_named():
    """Once an hour each, however often they ask."""
    lan = Lan(Wire())
    node, turned = lan.node("node"), lan.node("turned")
    await lan.until(lambda: node.knows and turned.knows)
    tag = turned.neighbours.peers.at(["node"])[0]
    wish = path_options("doors", site.DOOR) + [(option.CONTENT_FORMAT, b"\x3c")]
    for _ in range(10):
        request = Message(code.PUT, wish, cbor.encode({1: 1, 2: True}))
        await turned.neighbours.ask(tag, request)
        await turned.neighbours.ask(tag, Message(code.GET, path_options("status")))
        await turned.neighbours.ask(tag, Message(code.POST, path_options("policy"), b"\x80"))
    found = _refused(node)
    assert node.hardware.opened == 0 and len(found) == 1, found
    assert found[0][:2] == (reason.ACTION_NOT_ALLOWED, "turned")
    raw = lan.sign([[7, turned.cti, site.NOW + 3650 * site.DAY, site.NOW - site.DAY]])
    node.reader.apply(raw)
    await asyncio.sleep(HOUR)
    await turned.neighbours.ask(tag, Message(code.GET, path_options("status")))
    found = _refused(node)
    assert 1 < len(found) <= 8, found
    assert reason.REVOKED in [one[0] for one in found], found
    await lan.close()


async def test_a_site_at_work_names_nobody():
    """Losses, restarts and changes are no reason to suspect a node. What is left of a handshake
    that was cut off is a stranger's, and seldom.
    """
    storm = Storm(7, 2)
    storm.wire.loss = storm.wire.multicast_loss = 0.2
    await storm.until(storm.is_even, 600, 5)
    for node in list(storm.nodes.values()):
        storm.change(storm.readers[0])
        storm.happens(storm.readers[1], 3)
        await storm.until(storm.is_even, 600, 5)
        storm.kill(node)
        storm.start(node)
        await asyncio.sleep(300)
    found = [one for node in storm.nodes.values() for one in _refused(node)]
    assert len(found) <= 3, found
    assert all([one[:2] == (reason.HANDSHAKE_FAILED, None) for one in found]), found
    await storm.close()
