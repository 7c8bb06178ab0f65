"""One connection's conversation: CoAP over a byte stream, without any I/O of its own."""

import cbor
import coap
import crypto
import oscore
from coap import stream
from untrusted import InvalidInput

from ..access import reason
from .handshake import Handshake
from .refusal import LinkRefusal

_EDHOC_PATH = (".well-known", "edhoc")


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

    ``responders`` and ``contexts`` are shared by all connections, ``server`` is the coap.Server for
    protected requests, and ``observer`` has ``deciding()`` and ``refused(reason, connection,
    credential)``. ``number`` names the connection in the log. Nothing that a phone sends raises out
    of here.
    """

    def __init__(self, responders, contexts, server, observer, limits, number: int):
        self.number = number
        self.closing = False
        self.close_reason = None  # a reason code once the link refused something and dropped it
        self.heard = False  # a valid message_1 or protected request has come
        self.round_trips = 0
        self.public_key_operations = 0
        self._billed = 0
        self._decoder = stream.Decoder(limits.message_size)
        self._handshake = Handshake(responders)
        self._contexts = contexts
        self._server = server
        self._observer = observer
        self._requests_left = limits.requests
        self._greeted = False

    @property
    def in_handshake(self) -> bool:
        """Whether the phone owes a message_3."""
        return self._handshake.is_waiting

    def close(self):
        """Give back what the connection holds."""
        self.closing = True
        self._handshake.abandon()

    async def receive(self, chunk) -> bytes:
        """The answer to the messages that ``chunk`` completes; look at ``closing`` afterwards."""
        answer = bytearray()
        try:
            for message in self._decoder.feed(chunk):
                answer.extend(await self._message(message))
                if self.closing:
                    break
        except InvalidInput:
            self._drop(reason.MALFORMED_MESSAGE, None)
            answer.extend(stream.encode(coap.Message(coap.ABORT)))
        return bytes(answer)

    async def _message(self, message):
        if not self._greeted:
            if message.code != coap.CSM:
                raise coap.ParseError("the first message is no CSM")
            stream.check_signal(message)
            self._greeted = True
            return stream.encode(stream.csm())
        if message.code >> 5 == 7:
            return self._signal(message)
        if message.code == coap.EMPTY:
            return b""
        if message.code >> 5 != 0:
            raise coap.ParseError("a response to no request")
        return stream.encode(await self._request(message))

    def _signal(self, message):
        stream.check_signal(message)
        if message.code == coap.PING:
            return stream.encode(coap.Message(coap.PONG, token=message.token))
        if message.code in (coap.RELEASE, coap.ABORT):
            self.closing = True
        return b""

    async def _request(self, request):
        self._requests_left -= 1
        if self._requests_left < 0:
            raise coap.ParseError("too many requests on one connection")
        before = crypto.public_key_operations()
        try:
            response = await self._route(request, before)
            self.round_trips += 1
        except LinkRefusal as refusal:
            self._observer.refused(refusal.reason, self.number, refusal.credential)
            if refusal.drop:
                self._drop(refusal.reason, None)
            response = refusal.response
        self.public_key_operations += crypto.public_key_operations() - before
        response.token = request.token
        return response

    async def _route(self, request, before):
        if request.option(coap.option.OSCORE) is not None:
            return await self._protected(request, before)
        if request.code == coap.POST and request.uri_path() == _EDHOC_PATH:
            return self._edhoc(request)
        raise LinkRefusal(reason.UNPROTECTED, coap.Message(coap.UNAUTHORIZED), drop=False)

    def _edhoc(self, request):
        """message_1 (preceded by true), or message_3 by itself (preceded by C_R)."""
        if request.payload[:1] != b"\xf5" and self._handshake.is_waiting:
            c_r, message_3 = _split_c_r(request.payload)
            association, completed = self._handshake.finish(c_r, message_3)
            self._contexts.add(c_r, association)
            payload = completed.prepare_message_4()
        else:
            payload = self._handshake.start(request.payload)
            self._observer.deciding()
        self.heard = True
        return coap.Message(
            coap.CHANGED,
            [(coap.option.CONTENT_FORMAT, coap.option.encode_uint(coap.CF_EDHOC))],
            payload,
        )

    async def _protected(self, request, before):
        handshake = request.option(coap.option.EDHOC) is not None
        try:
            if handshake:
                message_3, request = oscore.split(request)
            kid = oscore.option.decode(request.option(coap.option.OSCORE))[2]
            if kid is None:
                raise oscore.OSCOREError("a request names its kid", coap.BAD_OPTION)
        except coap.CoAPError as error:
            raise _protocol_refusal(error)
        if handshake:
            association, _ = self._handshake.finish(kid, message_3)
        else:
            association = self._contexts.find(kid)
            if association is None:
                raise LinkRefusal(
                    reason.UNKNOWN_CONTEXT,
                    coap.Message(
                        coap.UNAUTHORIZED,
                        [(coap.option.MAX_AGE, b"")],
                        b"Security context not found",
                    ),
                    drop=False,
                )
        try:
            plain, exchange = oscore.unprotect_request(association.context, request)
        except coap.CoAPError as error:
            if handshake:
                self._contexts.release(kid)
            raise _protocol_refusal(error, association.credential)
        if handshake:
            self._contexts.add(kid, association)
        self.heard = True
        self._observer.deciding()
        total = self.public_key_operations + crypto.public_key_operations() - before
        peer = Peer(association.credential, self.number, handshake, total - self._billed)
        self._billed = total
        response = await self._server.handle(plain, peer)
        return oscore.protect_response(association.context, response, exchange)

    def _drop(self, code, credential):
        self.closing = True
        if self.close_reason is None:
            self.close_reason = code


def _split_c_r(payload):
    try:
        end = cbor.skip(payload)
        item = payload[:end]
        value = cbor.decode(item, deterministic=True)
    except InvalidInput:
        raise coap.ParseError("message_3 is preceded by C_R")
    # RFC 9528 section 3.3.2: a one-byte integer is its own encoding.
    return (value if isinstance(value, bytes) else item), payload[end:]


def _protocol_refusal(error, credential=None):
    if isinstance(error, oscore.ReplayError):
        code = reason.REPLAYED
    elif isinstance(error, oscore.DecryptionError):
        code = reason.DECRYPTION_FAILED
    else:
        code = reason.MALFORMED_MESSAGE
    return LinkRefusal(
        code, coap.Message(error.code, [(coap.option.MAX_AGE, b"")], str(error).encode()), credential
    )
