"""A CoAP server whose resources can be large and observed, and clients of it, on the simulated
network, in plain or under OSCORE. Runs on MicroPython and CPython.
"""

import oscore
from coap import CoAPError, Message, code, error_response, option
from coap.bodies import Bodies
from coap.client import Client
from coap.observe import Registry
from oscore_sides import contexts
from simulated_endpoint import Node
from simulated_network import Chance


class Security:
    """What a client protects its requests with."""

    def __init__(self, context):
        self.context = context

    def protect(self, request):
        return oscore.protect_request(self.context, request)

    def unprotect(self, response, exchange):
        return oscore.unprotect_response(self.context, response, exchange)


class Site:
    """One resource, ``content``, at every path: GET, observed or not, and PUT.

    ``contexts`` are OSCORE contexts by the kid of requests; without one all is in plain.
    """

    def __init__(
        self, network, address="server", contexts=None, seed=0, is_open=True, make_node=Node
    ):
        self.is_open = is_open  # plain requests count as proven
        self.content = b"begin"
        self.puts = []
        self.network = network
        self.contexts = contexts
        self.registry = None
        self.node = make_node(network, address, self.serve, lambda request: False, seed)
        self.bodies = Bodies(network)
        self.registry = Registry(self.node.endpoint, network, self._render)

    def serve(self, message, served):
        exchange = context = None
        try:
            if self.contexts is not None:
                kid = oscore.option.decode(message.option(option.OSCORE) or b"")[2]
                context = self.contexts.get(kid)
                if context is None:
                    raise oscore.OSCOREError("no such kid", oscore.NO_CONTEXT)
                message, exchange = oscore.unprotect_request(context, message)
            if context is not None or self.is_open:
                served.proven()
            response = self._respond(message, served, (context, exchange, message))
        except oscore.EchoNeeded as needed:
            response = oscore.echo_challenge(context, needed.exchange, b"8 random")
        except CoAPError as error:
            response = error_response(error)
        served.respond(response)

    def change(self, content):
        """The resource has another state."""
        self.content = content
        self.node.do(self.registry.changed, "content")

    def _respond(self, request, served, state):
        context, exchange, _ = state
        try:
            whole, response = self.bodies.take(request, served.source)
            if response is None:
                observer = None
                if request.code == code.GET:
                    observer = self.registry.registered(served, whole, "content", state)
                response = self._apply(whole)
                if observer is not None:
                    response = self.registry.numbered(observer, response)
                response = self.bodies.give(request, response, served.source)
        except CoAPError as error:
            response = error_response(error)
        return self._protected(response, context, exchange)

    def _apply(self, request):
        if request.code == code.PUT:
            self.puts.append(request.payload)
            self.content = request.payload
            return Message(code.CHANGED)
        return Message(code.CONTENT, payload=self.content)

    def _protected(self, response, context, exchange):
        return (
            response if context is None else oscore.protect_response(context, response, exchange)
        )

    def _render(self, observer):
        context, exchange, request = observer.state
        response = self.registry.numbered(observer, Message(code.CONTENT, payload=self.content))
        response = self.bodies.give(request, response, observer.peer.address)
        self.registry.notify(observer, self._protected(response, context, exchange))


class Asker:
    """A client at ``address``, and what came of all it asked."""

    def __init__(self, network, address="client", security=None, seed=0, make_node=Node):
        self.node = make_node(network, address, None, None, seed)
        self.client = Client(self.node.endpoint, network, Chance(seed + 5).bytes)
        self.security = security
        self.heard = []

    def ask(self, request, name=None, to="server"):
        def answered(response, failure):
            self.heard.append(
                (name, response and response.code, response and response.payload, failure)
            )

        return self.node.do(self.client.ask, to, request, answered, self.security)


def protected_pair(network, seed=0):
    """(Site, Asker) that share an OSCORE context."""
    ours, theirs = contexts()
    site = Site(network, contexts={b"\x01": theirs}, seed=seed)
    return site, Asker(network, security=Security(ours), seed=seed)
