"""A node's CoAP endpoint on the LAN: its exchanger answers what comes, and it asks others."""

import asyncio

import oscore
from coap import CoAPError, Message, code, option
from coap.client import Client
from coap.endpoint import Endpoint
from micropython import const

PORT = const(62435)  # bound explicitly: nodes find each other there

_ORIGINS = const(16)
_BEAT = 0.25  # seconds between two looks at what is due


class LanEndpoint:
    """Serves and asks by ``socket``, which is bound to PORT already.

    ``socket`` has ``receive()``, awaited for (source, data), ``send(address, data)`` and
    ``is_own(source)``, which knows this node's own packets. ``ticks``, ``random`` and ``mac`` are
    as of coap.endpoint.Endpoint. ``exchanger`` answers, and ``make_origin()`` gives it an origin
    of a transport that keeps no order.

    ``run`` and ``keep_time`` are jobs; what they hold is bounded, whatever comes. Hints come to
    ``endpoint.hear`` and leave by ``endpoint.tell``.
    """

    def __init__(self, socket, ticks, random, mac, exchanger, make_origin):
        self._socket = socket
        self._exchanger = exchanger
        self._make_origin = make_origin
        self._origins = {}
        self._order = []  # of their addresses, the longest unused first
        self.endpoint = Endpoint(socket.send, ticks, random, mac, self._serve)
        self.client = Client(self.endpoint, ticks, random)

    async def run(self):
        """Take what comes, until this is cancelled. Raises what ``socket.receive`` raises."""
        while True:
            source, data = await self._socket.receive()
            if not self._socket.is_own(source):
                self.endpoint.receive(source, data)

    async def keep_time(self):
        """Do what is due, until this is cancelled."""
        while True:
            await asyncio.sleep(_BEAT)
            self.endpoint.poll()

    def ask(self, address, kid: bytes, request: Message, answered):
        """Ask the node at ``address`` that is known by ``kid``, protected, as coap.client.Client.

        Raises CoAPError if no such node is known or too much is asked at once, and what the store
        of contexts raises.
        """
        return self.client.ask(address, request, answered, _Security(self._exchanger, kid))

    async def exchange(self, address, request: Message) -> Message:
        """The response to ``request``, as both are on the wire: what link.partner sends by.

        A request in the clear is repeated once with the Echo that is asked for. Raises CoAPError
        if no response comes, or too much is asked at once.
        """
        response = await self._response(address, request)
        if request.option(option.OSCORE) is not None:
            return response
        repeated = oscore.repeat_with_echo(request, response)
        return response if repeated is None else await self._response(address, repeated)

    async def _response(self, address, request):
        found = []
        arrived = asyncio.Event()

        def answered(response, failure):
            found.append(response)
            arrived.set()

        asked = self.endpoint.request(address, request, answered)
        try:
            await arrived.wait()
        finally:
            self.endpoint.cancel(asked)
        if found[0] is None:
            raise CoAPError("no answer came")
        return found[0]

    def _serve(self, request, served):
        try:
            asyncio.create_task(self._answer(request, served))
        except MemoryError:
            self._exchanger.make_room()
            served.respond(_unavailable())

    async def _answer(self, request, served):
        origin = self._origins.get(served.source) or self._make_origin()
        proofs = origin.proofs
        if served.is_proven:
            self._keep(served.source, origin)
        try:
            response = await self._exchanger.respond(request, origin)
        except MemoryError:
            self._exchanger.make_room()
            response = _unavailable()
        except OSError:
            response = _unavailable()
        if origin.proofs != proofs:
            served.proven()
            self._keep(served.source, origin)
        elif not served.is_proven:
            # Its address may be another's: it takes no handshake from anybody.
            self._exchanger.leave(origin)
        origin.refusal = None  # no connection that could end
        served.respond(response)
        self._exchanger.answered()

    def _keep(self, address, origin):
        if address in self._origins:
            self._order.remove(address)
        elif len(self._order) >= _ORIGINS:
            self._exchanger.leave(self._origins.pop(self._order.pop(0)))
        self._origins[address] = origin
        self._order.append(address)


class _Security:
    """What protects the requests to the node known by ``kid``."""

    def __init__(self, exchanger, kid):
        self._exchanger = exchanger
        self._kid = kid

    def protect(self, request):
        try:
            return self._exchanger.ask(self._kid, request)
        except KeyError:
            raise CoAPError("nobody is known by this identifier")

    def unprotect(self, response, exchange):
        try:
            return self._exchanger.answer(self._kid, response, exchange)
        except KeyError:
            raise CoAPError("the node was forgotten meanwhile")


def _unavailable():
    return Message(code.SERVICE_UNAVAILABLE)
