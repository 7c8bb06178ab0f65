"""Who watches a node from the LAN is told what changes, and that nothing did; it is bounded, ends
with whoever watches, and costs nothing where nobody does. Real nodes, in simulated time.
"""

import asyncio
import os
import sys

import cbor
import crypto
import oscore
import small_site as site
from coap import Message, code, option, path_options
from coap.client import Client
from coap.endpoint import Endpoint
from coap_site import Security
from holdfast.access import status
from holdfast.access.events.event import FETCHED
from lan_nodes import Lan
from lan_storm import happened
from memory_phone import Phone
from simulated_wire import Wire

INTERPRETERS = ("micropython",)

_GRANT = [[2, "later", b"\x01"]]
_ALL = 1 | 8 | 16  # unlock, carry events, administer
_BEAT_S = 0.1


class _Watcher:
    """A stranger's client at ``address``, which has made itself known to the node there is."""

    count = 0

    def __init__(self, lan, address, holder="ada"):
        _Watcher.count += 100
        changes = {2: holder, 7: crypto.sha256(holder.encode())[:8]}
        changes[9] = site.scope((1, site.DOOR, _ALL))
        private = crypto.sha256(holder.encode())
        changes[8] = site.confirmation(private)
        self.phone = Phone(site.holder_token(changes=changes), private, number=self.count)
        self._socket = lan.wire.socket(address)
        mac = crypto.sha256
        self._endpoint = Endpoint(self._socket.send, lan.time, os.urandom, mac, None)
        self._client = Client(self._endpoint, lan.time, os.urandom)
        self.told = []  # (code, decoded or raw payload, whether more follows)
        self._tasks = [asyncio.create_task(job) for job in (self._listen(), self._beat())]

    async def _listen(self):
        while True:
            source, data = await self._socket.receive()
            self._endpoint.receive(source, data)

    async def _beat(self):
        while True:
            await asyncio.sleep(_BEAT_S)
            self._endpoint.poll()

    async def ask(self, request, security=None):
        """What the first answer is."""
        found = []
        self._client.ask("node", request, lambda *told: found.append(told), security)
        while not found:
            await asyncio.sleep(_BEAT_S)
        return found[0][0]

    async def introduce(self):
        """The handshake, and one request that makes the context known."""
        waiting, message_1 = self.phone.message_1()
        begin = Message(code.POST, path_options(".well-known", "edhoc"), b"\xf5" + message_1)
        response = await self.ask(begin)
        message_3 = self.phone.finish(waiting, response.payload)
        get = Message(code.GET, path_options("time"))
        protected, exchange = oscore.protect_request(self.phone.context, get)
        response = await self.ask(oscore.combine(message_3, protected))
        plain = oscore.unprotect_response(self.phone.context, response, exchange)
        assert plain.code == code.CONTENT
        return self

    def watch(self, *path, query=None):
        """Observe what is there."""
        options = path_options(*path)
        options.append((option.OBSERVE, b""))
        if query is not None:
            options.append((option.URI_QUERY, query))
        security = Security(self.phone.context)
        request = Message(code.GET, options)
        return self._client.ask("node", request, self._heard, security)

    def _heard(self, response, failure):
        assert not failure, failure
        is_more = response.option(option.OBSERVE) is not None
        payload = response.payload
        is_cbor = response.uint_option(option.CONTENT_FORMAT) == option.CF_CBOR
        self.told.append((response.code, cbor.decode(payload) if is_cbor else payload, is_more))

    def vanish(self):
        """Nobody is there any more, and nothing says so."""
        for task in self._tasks:
            task.cancel()


def _site():
    lan = Lan(Wire())
    return lan, lan.node("node")


def _observations(node):
    return len(node.neighbours._observing)


async def test_the_status_is_told_when_it_changes_and_not_because_time_passes():
    """Within seconds of a change; else once in four minutes, so that what was told is never older
    than its Max-Age.
    """
    lan, node = _site()
    watcher = await _Watcher(lan, "ada").introduce()
    assert "holdfast.node.observing" not in sys.modules or os.getenv("HOLDFAST_JOINED")
    watcher.watch("status")
    await lan.until(lambda: watcher.told)
    assert watcher.told[0][0] == code.CONTENT and watcher.told[0][2]
    assert watcher.told[0][1][status.POLICY][0] == 1
    await asyncio.sleep(200)
    assert len(watcher.told) == 1
    node.reader.apply(lan.sign(_GRANT))
    assert await lan.until(lambda: len(watcher.told) == 2) <= 3
    assert watcher.told[1][1][status.POLICY][0] == 2 and watcher.told[1][2]
    await asyncio.sleep(2500)
    assert 12 <= len(watcher.told) <= 13
    assert _observations(node) == 1
    watcher.vanish()
    await lan.close()


async def test_policy_and_events_are_told_and_nobodys_collection_makes_more_of_them():
    """What a notification gives is a collection, which is an event, which is no reason for
    another.
    """
    lan, node = _site()
    watcher = await _Watcher(lan, "ada").introduce()
    watcher.watch("policy", query=b"after=1")
    watcher.watch("events", query=b"after=0")
    await lan.until(lambda: len(watcher.told) == 2)
    await asyncio.sleep(100)
    assert len(watcher.told) == 2
    node.reader.apply(lan.sign(_GRANT))
    await lan.until(lambda: len(watcher.told) == 4)
    changesets, batch = watcher.told[2][1], watcher.told[3][1]
    if isinstance(changesets, bytes):
        changesets, batch = batch, changesets
    assert changesets == lan.history[1:] and isinstance(batch, bytes)
    await asyncio.sleep(1000)
    fetched = [kind for kind, _ in happened(node) if kind == FETCHED]
    assert len(fetched) == 1 and len(watcher.told) <= 4 + 2 * 5
    # Another holder may collect, and observes no events beside.
    other = await _Watcher(lan, "eve", "eve").introduce()
    other.watch("events")
    await lan.until(lambda: other.told)
    assert other.told[0][0] == code.CONTENT and not other.told[0][2]
    await lan.close()


async def test_a_holder_watches_twice_and_all_eight_times():
    """What watches begins again elsewhere, and again: it finds room, and nobody else loses his."""
    lan, node = _site()
    first = await _Watcher(lan, "first", "ada").introduce()
    first.watch("status")
    first.watch("policy")
    await lan.until(lambda: len(first.told) == 2 and _observations(node) == 2)
    again = await _Watcher(lan, "again", "ada").introduce()
    again.watch("status")
    await lan.until(lambda: again.told and again.told[0][2])
    assert _observations(node) == 2
    await lan.until(lambda: len(first.told) == 3)
    assert first.told[2] == (code.SERVICE_UNAVAILABLE, b"", False)
    others = []
    for number in range(4):
        name = "holder-%d" % number
        other = await _Watcher(lan, name, name).introduce()
        other.watch("status")
        other.watch("policy")
        await lan.until(lambda other=other: len(other.told) == 2)
        others.append(other)
    assert _observations(node) == 8
    assert [told[2] for other in others for told in other.told] == [True] * 6 + [False] * 2
    assert all([told[0] == code.CONTENT for other in others for told in other.told])
    await lan.close()


async def test_it_ends_with_who_watches():
    """By Observe 1, by a Reset, by silence, and with the right to it."""
    lan, node = _site()
    watcher = await _Watcher(lan, "ada").introduce()
    watcher.watch("status")
    await lan.until(lambda: watcher.told)
    request = Message(code.GET, path_options("status") + [(option.OBSERVE, b"\x01")])
    assert (await watcher.ask(request, Security(watcher.phone.context))).code == code.CONTENT
    assert _observations(node) == 0

    watching = watcher.watch("status")
    await lan.until(lambda: len(watcher.told) == 2)
    watching.give_up()  # what comes is answered with a Reset
    node.reader.apply(lan.sign(_GRANT))
    await lan.until(lambda: _observations(node) == 0)
    assert len(watcher.told) == 2

    watcher.watch("status")
    await lan.until(lambda: len(watcher.told) == 3)
    cti = crypto.sha256(b"ada")[:8]
    node.reader.apply(lan.sign([[7, cti, site.NOW + 31 * site.DAY, site.NOW]]))
    await lan.until(lambda: _observations(node) == 0)
    assert len(watcher.told) == 3

    gone = await _Watcher(lan, "gone", "eve").introduce()
    gone.watch("status")
    await lan.until(lambda: gone.told)
    gone.vanish()
    await lan.until(lambda: _observations(node) == 0, 2000, 10)
    assert not [line for line in node.hardware.lines if line["event"] == "fault"]
    await lan.close()


async def test_who_may_not_see_it_and_other_nodes_observe_nothing():
    lan, node = _site()
    plain = _Watcher(lan, "bob", "bob")
    plain.phone = Phone(number=9000)
    await plain.introduce()
    plain.watch("status")
    await lan.until(lambda: plain.told)
    assert plain.told[0][0] == code.FORBIDDEN and not plain.told[0][2]
    assert _observations(node) == 0
    other = lan.node("reader-2")
    await lan.until(lambda: node.knows and other.knows)
    request = Message(code.GET, path_options("policy") + [(option.OBSERVE, b"")])
    response = await other.neighbours.ask(other.neighbours.peers.at(["node"])[0], request)
    assert response.code in (code.CONTENT, code.FORBIDDEN)
    assert response.option(option.OBSERVE) is None and _observations(node) == 0
    await lan.close()
