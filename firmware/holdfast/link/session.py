"""One connection's conversation: CoAP over a byte stream, without any I/O of its own."""

import asyncio

import oscore
from coap import (
    CoAPError,
    Message,
    ParseError,
    code,
    error_response,
    option,
    signalling,
    stream,
)
from untrusted import InvalidInput

from ..access import reason
from .computing import Bill
from .handshake import Handshake, edhoc_response
from .refusal import LinkRefusal

_EDHOC_PATH = (".well-known", "edhoc")
_EDHOC_UNDERSTOOD = (option.URI_HOST, option.URI_PORT, option.URI_PATH, option.ACCEPT)


class Peer:
    """Who a protected request comes from, and what it took to know.

    ``handshake`` tells whether this request completed one; ``public_key_operations`` counts what
    this connection has cost since its last protected request.
    """

    def __init__(self, credential, connection: int, handshake: bool, public_key_operations: int):
        self.credential = credential
        self.connection = connection
        self.handshake = handshake
        self.public_key_operations = public_key_operations


class Session:
    """Feeds on pieces of the stream and gives the bytes to answer with.

    ``responders`` and ``contexts`` are shared by all connections, ``server`` is the coap.Server
    for protected requests, and ``observer`` has ``deciding()``, ``challenged(connection)``,
    ``refused(reason, connection, credential, claimed)`` and ``answered()``: ``credential`` is
    proven, ``claimed`` is a holder's name and nothing more. ``number`` names the connection in
    the log. Nothing that a phone sends raises out of here.
    """

    def __init__(self, responders, contexts, server, observer, limits, number: int):
        self.number = number
        self.closing = False
        self.close_reason = None  # a reason code once the link refused something and dropped it
        self.heard = False  # a valid message_1 or protected request has come
        self.round_trips = 0
        self._bill = Bill()
        self._billed = 0
        self._decoder = stream.Decoder(limits.message_size)
        self._handshake = Handshake(responders, self._bill)
        self._contexts = contexts
        self._server = server
        self._observer = observer
        self._requests_left = limits.requests
        self._peer = signalling.Peer()

    @property
    def public_key_operations(self) -> int:
        """What the connection has cost so far."""
        return self._bill.public_key_operations

    @property
    def in_handshake(self) -> bool:
        """Whether the phone owes a message_3."""
        return self._handshake.is_waiting

    def close(self):
        """Give back what the connection holds."""
        self.closing = True
        self._handshake.abandon()
        self.answered()

    def ran_out_of_memory(self):
        """``receive`` raised MemoryError: let there be some at the phone's next try."""
        self.close_reason = reason.FAULT
        self._contexts.make_room()

    def answered(self):
        """What ``receive`` gave is on its way, or never will be: now is what could wait for it."""
        self._contexts.settle()
        self._observer.answered()

    async def receive(self, chunk) -> bytes:
        """The answer to the messages that ``chunk`` completes; look at ``closing`` afterwards."""
        answer = bytearray()
        try:
            for message in self._decoder.feed(chunk):
                answer.extend(await self._message(message))
                if self.closing:
                    break
                # One chunk can ask for a lot: door and other phones get their turn between two
                # messages.
                await asyncio.sleep(0)
        except CoAPError as error:
            self._drop(reason.MALFORMED_MESSAGE)
            answer.extend(stream.encode(signalling.abort(error)))
        return bytes(answer)

    async def _message(self, message):
        greets = not self._peer.is_ready
        reply = self._peer.receive(message)
        if self._peer.has_released or self._peer.has_aborted:
            self.closing = True
        if reply is not None:
            return stream.encode(reply)
        if greets and self._peer.is_ready:
            return stream.encode(signalling.csm())
        if message.code == code.EMPTY or code.is_signalling(message.code):
            return b""
        if not code.is_request(message.code):
            raise ParseError("a response to no request")
        return stream.encode(await self._request(message))

    async def _request(self, request):
        self._requests_left -= 1
        if self._requests_left < 0:
            raise ParseError("too many requests on one connection")
        try:
            response = await self._route(request)
        except LinkRefusal as refusal:
            self._observer.refused(refusal.reason, self.number, None, refusal.claimed)
            if refusal.drop:
                self._drop(refusal.reason)
            response = refusal.response
        self.round_trips += 1
        response.token = request.token
        return response

    async def _route(self, request):
        if request.option(option.OSCORE) is not None:
            # The outer code is not protected (RFC 8613 section 4.2): nobody gets to vary it.
            if request.code not in (code.POST, code.FETCH):
                raise ParseError("a protected request is a POST or a FETCH")
            return await self._protected(request)
        if request.code == code.POST and request.uri_path() == _EDHOC_PATH:
            return await self._edhoc(request)
        raise LinkRefusal(reason.UNPROTECTED, Message(code.UNAUTHORIZED), drop=False)

    async def _edhoc(self, request):
        try:
            option.recognised(request.options, _EDHOC_UNDERSTOOD)
        except CoAPError as error:
            raise _protocol_refusal(error)
        if self._handshake.is_start(request.payload):
            payload = await self._handshake.start(request.payload)
            self._observer.deciding()
        else:
            payload = await self._handshake.finish_alone(request.payload)
        self.heard = True
        return edhoc_response(code.CHANGED, payload)

    async def _protected(self, request):
        message_3 = None
        try:
            if request.option(option.EDHOC) is not None:
                message_3, request = oscore.split(request)
            kid = oscore.option.decode(request.option(option.OSCORE))[2]
            if kid is None:
                raise oscore.FormatError("a request names its kid")
        except CoAPError as error:
            raise _protocol_refusal(error)
        if message_3 is None:
            association = self._known(kid)
        else:
            association, _ = await self._handshake.finish(kid, message_3)
        try:
            plain, exchange = oscore.unprotect_request(association.context, request)
        except oscore.EchoNeeded as needed:
            return self._challenge(kid, association, needed)
        except CoAPError as error:
            # Whoever has heard the identifier can send it: it proves nothing.
            raise _protocol_refusal(error, association.credential.holder)
        if message_3 is None:
            self._contexts.used(kid)  # of one that is passing nothing is noted
        else:
            self._handshake.keep(association)
        self.heard = True
        self._observer.deciding()
        total = self.public_key_operations
        peer = Peer(
            association.credential, self.number, message_3 is not None, total - self._billed
        )
        self._billed = total
        try:
            response = await self._server.respond(plain, peer)
        except CoAPError as error:
            # No resource decided this, so nobody else shows and records it.
            self._observer.refused(reason.MALFORMED_REQUEST, self.number, peer.credential, None)
            response = error_response(error)
        protected = oscore.protect_response(association.context, response, exchange)
        if code.is_success(response.code):
            self._contexts.opened(kid, association)
        return protected

    def _challenge(self, kid, association, needed):
        # Authentic, but perhaps a recording: it is neither heard nor refused, and nobody is told.
        try:
            response = self._contexts.challenge(kid, association, needed)
        except oscore.ReplayError as error:
            raise _protocol_refusal(error, association.credential.holder)
        except (InvalidInput, OSError):
            # Without a Partial IV that is certainly new, this context can prove nothing any more.
            self._contexts.forget(kid)
            raise _protocol_refusal(oscore.ContextNotFoundError("no challenge can be made"))
        self._observer.challenged(self.number)
        return response

    def _known(self, kid):
        association = self._contexts.find(kid) or self._handshake.passing(kid)
        if association is None:
            raise _protocol_refusal(oscore.ContextNotFoundError("no such kid"))
        return association

    def _drop(self, why):
        self.closing = True
        self.close_reason = why


def _protocol_refusal(error, claimed=None):
    # An unknown context is not the end of the connection: a phone that knows us from before we
    # restarted can start over at once.
    drop = not isinstance(error, oscore.ContextNotFoundError)
    if not drop:
        why = reason.UNKNOWN_CONTEXT
    elif isinstance(error, oscore.ReplayError):
        why = reason.REPLAYED
    elif isinstance(error, oscore.DecryptionError):
        why = reason.DECRYPTION_FAILED
    else:
        why = reason.MALFORMED_MESSAGE
    # RFC 8613 section 8.2: errors in the clear are not to be cached.
    response = Message(error.code, [(option.MAX_AGE, b"")], error.diagnostic.encode())
    return LinkRefusal(why, response, claimed, drop)
