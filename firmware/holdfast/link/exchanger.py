"""The protected exchange, without a transport: EDHOC, OSCORE, Echo, and the resources behind."""

import oscore
from coap import CoAPError, Message, code, error_response, option
from oscore import OSCOREError
from untrusted import InvalidInput

from ..access import reason
from .handshake import edhoc_response
from .refusal import LinkRefusal

_EDHOC_PATH = (".well-known", "edhoc")
_EDHOC_UNDERSTOOD = (option.URI_HOST, option.URI_PORT, option.URI_PATH, option.ACCEPT)


class Peer:
    """Who a protected request comes from, and what it took to know.

    ``credential`` is proven. ``handshake`` tells whether this request completed one;
    ``public_key_operations`` counts what its origin has cost since its last protected request.
    A resource that did something for this peer sets ``is_served``. ``side`` is the ``observer`` of
    its Origin, if there is one. ``registration`` is ``(kid, exchange)`` of a request that asks for
    notifications (RFC 7641): what protects them.
    """

    is_served = False
    side = None
    registration: tuple | None = None

    def __init__(self, credential, connection: int, handshake: bool, public_key_operations: int):
        self.credential = credential
        self.connection = connection
        self.handshake = handshake
        self.public_key_operations = public_key_operations


class Exchanger:
    """Answers what comes to a node, whatever it came by, and asks other nodes.

    ``handshakes`` and ``contexts`` are those of the node, ``server`` is the coap.Server for
    protected requests, and ``observer`` has ``deciding()``, ``challenged(connection)`` and
    ``refused(reason, connection, credential, claimed)``: ``credential`` is proven, ``claimed`` is
    a holder's name and nothing more.
    """

    def __init__(self, handshakes, contexts, server, observer):
        self._handshakes = handshakes
        self._contexts = contexts
        self._server = server
        self._observer = observer

    async def respond(self, request: Message, origin):
        """The response Message to ``request`` from ``origin``, None for what is no request.

        Look at ``origin.refusal`` afterwards. Nothing that anybody sends raises out of here, but
        MemoryError and OSError may.
        """
        if not code.is_request(request.code):
            return None
        try:
            response = await self._route(request, origin)
        except LinkRefusal as refusal:
            observer = origin.observer or self._observer
            observer.refused(refusal.reason, origin.number, None, refusal.claimed)
            if refusal.drop:
                origin.refusal = refusal.reason
            response = refusal.response
        response.token = request.token
        return response

    def ask(self, kid: bytes, request: Message) -> tuple:
        """``(protected request, exchange)`` for the node that is known by ``kid``.

        Raises KeyError if none is, OSCOREError, and what the store of contexts raises.
        """
        return oscore.protect_request(self._context(kid), request)

    def answer(self, kid: bytes, response: Message, exchange) -> Message:
        """What the node known by ``kid`` says in its ``response`` to what ``ask`` gave.

        Raises CoAPError, and KeyError if the node was forgotten meanwhile.
        """
        return oscore.unprotect_response(self._context(kid), response, exchange)

    def leave(self, origin):
        """``origin`` is no more. Takes no memory, and raises nothing."""
        self._handshakes.abandon(origin)

    def answered(self):
        """An answer is on its way, or never will be: now is what could wait for it. Raises
        nothing.
        """
        self._contexts.flush()
        self._observer.answered()

    def make_room(self):
        """Memory has ended: let there be some the next time."""
        self._contexts.make_room()

    async def _route(self, request, origin):
        if request.option(option.OSCORE) is not None:
            # The outer code is not protected (RFC 8613 section 4.2): nobody gets to vary it.
            if request.code not in (code.POST, code.FETCH):
                raise _protocol_refusal(CoAPError("a protected request is a POST or a FETCH"))
            return await self._protected(request, origin)
        if request.code == code.POST:
            try:
                is_edhoc = request.uri_path() == _EDHOC_PATH
            except CoAPError as error:  # a segment that is no text
                raise _protocol_refusal(error)
            if is_edhoc:
                return await self._edhoc(request, origin)
        raise LinkRefusal(reason.UNPROTECTED, Message(code.UNAUTHORIZED), drop=False)

    async def _edhoc(self, request, origin):
        try:
            option.recognised(request.options, _EDHOC_UNDERSTOOD)
        except CoAPError as error:
            raise _protocol_refusal(error)
        payload, has_begun = await self._handshakes.respond(request.payload, origin)
        if has_begun:
            (origin.observer or self._observer).deciding()
        return edhoc_response(code.CHANGED, payload)

    async def _protected(self, request, origin):
        message_3 = entry = None
        try:
            if request.option(option.EDHOC) is not None:
                message_3, request = oscore.split(request)
            kid = oscore.option.decode(request.option(option.OSCORE))[2]
            if kid is None:
                raise OSCOREError("a request names its kid", oscore.MALFORMED)
        except CoAPError as error:
            raise _protocol_refusal(error)
        if message_3 is None:
            association = self._known(kid, origin)
        else:
            entry, association, _ = await self._handshakes.finish(kid, message_3, origin)
        try:
            plain, exchange = oscore.unprotect_request(association.context, request)
        except oscore.EchoNeeded as needed:
            return self._challenge(kid, association, needed, origin)
        except CoAPError as error:
            # Whoever has heard the identifier can send it: it proves nothing.
            raise _protocol_refusal(error, association.credential.name)
        if entry is None:
            self._contexts.used(kid)  # of one that is passing nothing is noted
        else:
            self._handshakes.keep(entry, association)
        origin.proofs += 1
        observer = origin.observer or self._observer
        observer.deciding()
        total = origin.public_key_operations
        peer = Peer(
            association.credential, origin.number, entry is not None, total - origin.charged
        )
        origin.charged = total
        if origin.observer is not None:
            peer.side = origin.observer
        if exchange.is_registration:
            peer.registration = kid, exchange
        try:
            response = await self._server.respond(plain, peer)
        except CoAPError as error:
            # No resource decided this, so nobody else shows and records it.
            observer.refused(reason.MALFORMED_REQUEST, origin.number, peer.credential, None)
            response = error_response(error)
        protected = oscore.protect_response(association.context, response, exchange)
        # The other nodes of a site are few, and come again all the time.
        if peer.is_served or association.credential.role:
            self._contexts.opened(kid, association)
        return protected

    def _challenge(self, kid, association, needed, origin):
        # Authentic, but perhaps a recording: it proves nothing, and is not refused either.
        try:
            response = self._contexts.challenge(kid, association, needed)
        except (InvalidInput, OSError) as error:
            if isinstance(error, OSCOREError) and error.why == oscore.REPLAYED:
                raise _protocol_refusal(error, association.credential.name)
            # Without a Partial IV that is certainly new, this context can prove nothing any more.
            self._contexts.forget(kid)
            raise _protocol_refusal(OSCOREError("no challenge can be made", oscore.NO_CONTEXT))
        (origin.observer or self._observer).challenged(origin.number)
        return response

    def _context(self, kid):
        association = self._contexts.find(kid)
        if association is None:
            raise KeyError(kid)
        return association.context

    def _known(self, kid, origin):
        association = self._contexts.find(kid)
        if association is None and origin.passing is not None and origin.passing[0] == kid:
            association = origin.passing[1]
        if association is None:
            raise _protocol_refusal(OSCOREError("no such kid", oscore.NO_CONTEXT))
        return association


def _protocol_refusal(error, claimed=None):
    cause = error.why if isinstance(error, OSCOREError) else oscore.MALFORMED
    # An unknown context is not the end of the connection: a phone that knows us from before we
    # restarted can start over at once.
    drop = cause != oscore.NO_CONTEXT
    if not drop:
        why = reason.UNKNOWN_CONTEXT
    elif cause == oscore.REPLAYED:
        why = reason.REPLAYED
    elif cause == oscore.UNDECRYPTABLE:
        why = reason.DECRYPTION_FAILED
    else:
        why = reason.MALFORMED_MESSAGE
    # RFC 8613 section 8.2: errors in the clear are not to be cached.
    response = Message(error.code, [(option.MAX_AGE, b"")], error.diagnostic.encode())
    return LinkRefusal(why, response, claimed, drop)
