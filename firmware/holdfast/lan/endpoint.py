"""A node's CoAP endpoint on the LAN: its exchanger answers what comes, and it asks others."""

import asyncio

import oscore
from coap import CoAPError, Message, code, option
from coap.endpoint import Endpoint
from micropython import const

PORT = const(62435)  # bound explicitly: nodes find each other there
GROUP = "239.255.243.227"  # where hints go to all

_ORIGINS = const(16)
_BEAT = 0.25  # seconds between two looks at what is due


class LanEndpoint:
    """Serves and asks by ``socket``, which is bound to PORT already.

    ``socket`` has ``receive()``, awaited for (source, data), ``send(address, data)`` and
    ``is_own(source)``, which knows this node's own packets; ``run`` is to be run for each of what
    has such a ``receive``. ``ticks``, ``random`` and ``mac`` are
    as of coap.endpoint.Endpoint. ``exchanger`` answers, and ``make_origin()`` gives it an origin
    of a transport that keeps no order.

    ``run`` and ``keep_time`` are jobs; what they hold is bounded, whatever comes. Hints come to
    ``endpoint.hear`` and leave by ``endpoint.tell``.
    """

    failed = None  # failed(piece, error): what a resource raised that it must not

    def __init__(self, socket, ticks, random, mac, exchanger, make_origin):
        self._socket = socket
        self._exchanger = exchanger
        self._make_origin = make_origin
        self._origins = {}
        self._order = []  # of their addresses, the longest unused first
        self._answering = []  # (number of the origin, Served) of each that is being answered
        self._waiting = []  # _Waiting with a time
        self._ticks = ticks
        self._random = random
        self._client = None
        self.endpoint = Endpoint(socket.send, ticks, random, mac, self._serve)

    @property
    def client(self):
        """The coap.client.Client; made, and loaded, for who observes or asks without a Partner."""
        if self._client is None:
            from coap.client import Client

            self._client = Client(self.endpoint, self._ticks, self._random)
        return self._client

    async def run(self, receiver=None):
        """Take what comes, until this is cancelled. Raises what ``socket.receive`` raises."""
        receiver = receiver or self._socket
        while True:
            source, data = await receiver.receive()
            if not self._socket.is_own(source):
                self.endpoint.receive(source, data)
            # Also while more is there already: a flood is no reason not to open a door.
            await asyncio.sleep(0)

    async def keep_time(self):
        """Do what is due, until this is cancelled."""
        while True:
            await asyncio.sleep(_BEAT)
            self.endpoint.poll()
            for waiting in list(self._waiting) if self._waiting else ():
                if self._ticks.until(waiting.due) <= 0:
                    waiting.answered(None, 0)

    def source_of(self, number: int):
        """The address that the requests of the origin with this number come from, of which one is
        being answered now; None if there is none.
        """
        for one, served in self._answering:
            if one == number:
                return served.source
        return None

    def served_of(self, number: int, token: bytes):
        """The coap.served.Served with this ``token`` of that origin that is being answered now, or
        None.
        """
        for one, served in self._answering:
            if one == number and served.token == token:
                return served
        return None

    def ask(self, address, kid: bytes, request: Message, answered):
        """Ask the node at ``address`` that is known by ``kid``, protected, as coap.client.Client.

        Raises CoAPError if no such node is known or too much is asked at once, and what the store
        of contexts raises.
        """
        return self.client.ask(address, request, answered, _Security(self._exchanger, kid))

    async def exchange(self, address, request: Message, due=None) -> Message:
        """The response to ``request``, as both are on the wire: what link.partner sends by.

        A request in the clear is repeated once with the Echo that is asked for. Raises CoAPError
        if no response comes, until the tick ``due`` if that is given, or too much is asked at
        once.
        """
        response = await self._response(address, request, due)
        if request.option(option.OSCORE) is not None:
            return response
        repeated = oscore.repeat_with_echo(request, response)
        return response if repeated is None else await self._response(address, repeated, due)

    async def _response(self, address, request, due):
        waiting = _Waiting(due)
        asked = self.endpoint.request(address, request, waiting.answered)
        if due is not None:
            self._waiting.append(waiting)
        try:
            await waiting.arrived.wait()
        finally:
            self.endpoint.cancel(asked)
            if due is not None:
                self._waiting.remove(waiting)
        if waiting.response is None:
            raise CoAPError("no answer came")
        return waiting.response

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
        place = origin.number, served
        self._answering.append(place)
        try:
            response = await self._exchanger.respond(request, origin)
        except MemoryError:
            self._exchanger.make_room()
            response = _unavailable()
        except OSError:
            response = _unavailable()
        except Exception as error:
            # A bug of a resource: told, and no reason to leave who asked without an answer.
            response = _unavailable()
            if self.failed is not None:
                self.failed("lan", error)
        finally:
            self._answering.remove(place)
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


class _Waiting:
    """For the response to one request."""

    def __init__(self, due):
        self.due = due
        self.response = None
        self.arrived = asyncio.Event()

    def answered(self, response, failure):
        if not self.arrived.is_set():
            self.response = response
            self.arrived.set()


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
