"""Who watches this node from the LAN (RFC 7641): told when what it asked for has become another.

Loaded when somebody asks to observe, and costs nothing before.
"""

import asyncio

import cbor
import crypto
import oscore
from coap import CoAPError, Message, code, error_response, option
from coap.observe import Registry
from micropython import const
from untrusted import InvalidInput

from ..access import status

MAX_AGE_S = const(300)  # what was told is true for so long, if nothing else is told

_LOOK_S = 2
_AGAIN_MS = const(240000)  # after which it is told once more, so that it is never over MAX_AGE_S
_A_HOLDER = const(2)
_PATHS = (("status",), ("policy",), ("events",))
_EVENTS = const(2)  # place among them
# What passes by itself is no change.
_PASSING = (
    status.CLOCK_ERROR,
    status.REVOCATIONS_AGE,
    status.UPTIME,
    status.CERTIFICATE_ENDS,
    status.KNOWLEDGE_AGE,
)


class Observing:
    """The observations of ``node``'s ``/status``, ``/policy`` and ``/events`` by ``lan``.

    ``server`` answers what is observed, ``bodies`` has what goes in blocks, of those that
    ``name(peer)`` tells apart. At most eight in all, two of an address and two of a holder, whose
    oldest ends for a third, as after a restart of what watches; one of ``/events``, since each
    collection is an event itself. Other nodes ask, and observe nothing.

    Each notification is made by the resource for who observes, by the rights it has then: who has
    lost them is told so, and that is the last; whose context was forgotten hears nothing more.
    """

    def __init__(self, node, lan, server, bodies, name):
        self._node = node
        self._lan = lan
        self._server = server
        self._bodies = bodies
        self._name = name
        self._registry = Registry(lan.endpoint, node.hardware.ticks, self._tell)
        node.supervisor.add("observing", self.run)

    def __len__(self):
        return len(self._registry)

    def answered(self, request: Message, peer, response: Message) -> Message:
        """``response`` to the ``request`` of ``peer``, which has an Observe option: the first
        notification if an observation begins with it, and any other one else.
        """
        served = self._lan.served_of(peer.connection, request.token)
        path = request.uri_path()
        if served is None or path not in _PATHS or request.code != code.GET:
            return response
        served.proven()  # it could be decrypted
        watch = None
        if peer.registration is not None:
            watch = self._watch(served, request, peer, response)
            if watch is None:
                return response
        key = [value for number, value in request.options if number == option.URI_QUERY]
        observer = self._registry.registered(served, request, [path] + key, watch)
        if observer is None or watch is None:
            return response
        return self._registry.numbered(observer, _aged(response))

    async def run(self):
        """Look now and then whether there is something to tell. Runs for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for observer in self._registry.observers:
                try:
                    await self._look(observer)
                except MemoryError:
                    self._node.exchanger.make_room()

    async def _look(self, observer):
        watch = observer.state
        is_old = self._node.hardware.ticks.until(watch.due) <= 0
        if watch.place and not is_old and self._mark(watch, None) == watch.mark:
            return  # nothing was added
        try:
            response = await self._server.respond(watch.request, watch.peer)
        except CoAPError as error:
            response = error_response(error)
        mark = self._mark(watch, response)
        if is_old or response.code != code.CONTENT or mark != watch.mark:
            watch.response, watch.mark = response, mark
            watch.due = self._node.hardware.ticks.add(_AGAIN_MS)
            self._registry.tell(observer)

    def _mark(self, watch, response):
        # What is another when there is something to tell.
        if watch.place == _EVENTS:
            try:
                return self._node.stores.events().head
            except OSError:
                return None
        if watch.place:
            rules = self._node.stores.rules
            return rules.number, rules.head
        if response.code != code.CONTENT:
            return None
        told = cbor.decode(response.payload)
        for key in _PASSING:
            if key in told:
                told[key] = None
        return crypto.sha256(cbor.encode(told))

    def _watch(self, served, request, peer, response):
        place = _PATHS.index(request.uri_path())
        kid, exchange = peer.registration
        association = self._node.contexts.find(kid)
        if response.code != code.CONTENT or peer.credential.role or association is None:
            return None
        own = []
        for observer in self._registry.observers:
            if observer.peer is served.peer and observer.token == served.token:
                continue  # it begins anew in its own place
            is_own = observer.state.peer.credential.name == peer.credential.name
            if place == _EVENTS == observer.state.place:
                if not is_own:
                    return None
                self._end(observer)
            elif is_own:
                own.append(observer)
        if len(own) >= _A_HOLDER:
            self._end(own[0])
        options = [entry for entry in request.options if entry[0] != option.OBSERVE]
        watch = _Watch(place, Message(request.code, options), peer, kid, exchange)
        watch.key = association.context.sender_key
        watch.response = response
        watch.mark = self._mark(watch, response)
        watch.due = self._node.hardware.ticks.add(_AGAIN_MS)
        return watch

    def _end(self, observer):
        observer.state.response = Message(code.SERVICE_UNAVAILABLE)
        self._tell(observer)

    def _tell(self, observer):
        """Send it what is to be told, as of Registry."""
        watch = observer.state
        association = self._node.contexts.find(watch.kid)
        if association is None or association.context.sender_key != watch.key:
            self._registry.end(observer)
            return
        response = watch.response
        if response.code == code.CONTENT:
            response = self._registry.numbered(observer, _aged(response))
        try:
            response = self._bodies.give(watch.request, response, self._name(watch.peer))
            response = oscore.protect_response(association.context, response, watch.exchange)
        except (InvalidInput, OSError):
            # No number that was certainly not used before, or no room: it has to ask again.
            self._registry.end(observer)
            return
        self._registry.notify(observer, response)


class _Watch:
    """What is watched, by whom, and what was told last."""

    def __init__(self, place, request, peer, kid, exchange):
        self.place = place  # among _PATHS
        self.request = request  # without Observe
        self.peer = peer
        self.kid = kid
        self.exchange = exchange
        self.key = b""  # of the context: another one may come under that identifier
        self.response: Message | None = None
        self.mark: object = None  # of it: what another answer has differs in
        self.due = 0  # tick


def _aged(response):
    options = response.options + [(option.MAX_AGE, option.encode_uint(MAX_AGE_S))]
    return Message(response.code, options, response.payload)
