"""Protecting and verifying requests and responses (RFC 8613 sections 4, 5 and 8)."""

import crypto
from coap import Message, code, option
from micropython import const

from . import option as _header
from .error import MALFORMED, NO_CONTEXT, REPLAYED, UNDECRYPTABLE, EchoNeeded, OSCOREError

# Class U: what proxies need (section 4.1, RFC 8768, RFC 9668). Everything else goes inside.
_OUTER = (
    option.URI_HOST,
    option.URI_PORT,
    option.HOP_LIMIT,
    option.EDHOC,
    option.PROXY_URI,
    option.PROXY_SCHEME,
)

_TAG = const(8)


class Exchange:
    """One request and what its responses are bound to (section 7.1)."""

    def __init__(self, request_kid: bytes, request_piv: bytes):
        self.request_kid = request_kid
        self.request_piv = request_piv
        self.is_registration = False  # the request asks for notifications: Observe 0
        self.is_answered = False  # server: a response may have used the request's nonce
        self.is_finished = False  # client: a response that is no notification has come
        self.is_nonce_used = False  # client: a response under the request's nonce has come
        self.newest = -1  # client: highest Partial IV of the responses

    def aad(self) -> bytes:
        """The Enc_structure that binds a message to this exchange (section 5.4)."""
        # A kid has at most 7 bytes and a Partial IV 5, so every CBOR head here is one byte.
        aad_array = b"".join(
            (
                b"\x85\x01\x81\x0a",
                bytes((0x40 | len(self.request_kid),)),
                self.request_kid,
                bytes((0x40 | len(self.request_piv),)),
                self.request_piv,
                b"\x40",
            )
        )
        return b"\x83\x68Encrypt0\x40" + bytes((0x40 | len(aad_array),)) + aad_array


def protect_request(context, message: Message) -> tuple:
    """``(protected request, Exchange)`` for a request, which keeps its token."""
    if not code.is_request(message.code):
        raise ValueError("not a request")
    if message.option(option.PROXY_URI) is not None:
        raise ValueError("Proxy-Uri shows the path: use Proxy-Scheme and the Uri options instead")
    observe = message.option(option.OBSERVE)
    piv = context.next_piv()
    exchange = Exchange(context.sender_id, piv)
    exchange.is_registration = _is_registration(message)
    header = _header.encode(piv, context.id_context, context.sender_id)
    nonce = context.nonce(context.sender_id, piv)
    outer_code = code.POST if observe is None else code.FETCH
    return _seal(context, exchange, nonce, header, outer_code, message, observe), exchange


def unprotect_request(context, message: Message) -> tuple:
    """``(request, Exchange)`` of a protected request, in the context its kid names.

    Raises OSCOREError, as MALFORMED, NO_CONTEXT, REPLAYED or UNDECRYPTABLE, each with its
    response code; EchoNeeded while the replay window is lost; another coap.CoAPError if
    an authentic peer protected nonsense. Only a request that decrypts moves the replay window.
    """
    if message.code not in (code.POST, code.FETCH):
        raise OSCOREError("an outer code other than POST and FETCH", MALFORMED)
    piv, kid_context, kid = _read_header(message)
    if piv is None or kid is None:
        raise OSCOREError("a request without Partial IV or kid", MALFORMED)
    if _names_another(context, kid, kid_context):
        raise OSCOREError("the request names another context", NO_CONTEXT)
    number = int.from_bytes(piv, "big")
    is_known = not context.is_window_lost
    if is_known:
        context.check(number)
    exchange = Exchange(kid, piv)
    plaintext = _open(context, exchange, context.nonce(kid, piv), message.payload)
    if is_known:
        context.accept(number)
    plain = _restore(message, plaintext)
    if not code.is_request(plain.code):
        raise OSCOREError("a response inside a request", MALFORMED)
    exchange.is_registration = _is_registration(plain)
    if not is_known:
        exchange.is_answered = True  # for all we know, before the restart
        _require_fresh(context, exchange, plain)
        context.restart(number)
        context.expected_echo = None
    return plain, exchange


def protect_response(context, message: Message, exchange: Exchange, *, new_piv=False) -> Message:
    """The protected form of a response to ``exchange``'s request, which keeps its token.

    The first response uses the request's nonce and carries no Partial IV, unless ``new_piv``;
    every further one, such as a notification, takes a Partial IV of its own (section 8.3.1).
    """
    if not code.is_response(message.code):
        raise ValueError("not a response")
    observe = message.option(option.OBSERVE)
    if observe is not None and not exchange.is_registration:
        raise ValueError("a notification that nobody registered for")
    if new_piv or exchange.is_answered:
        piv = context.next_piv()
        nonce = context.nonce(context.sender_id, piv)
    else:
        piv = None
        nonce = context.nonce(exchange.request_kid, exchange.request_piv)
    exchange.is_answered = True
    outer_code = code.CHANGED if observe is None else code.CONTENT
    return _seal(context, exchange, nonce, _header.encode(piv), outer_code, message, observe)


def unprotect_response(context, message: Message, exchange: Exchange) -> Message:
    """The response in ``message`` to the request that ``exchange`` came with.

    Accepted are one final response and, for a registration, notifications of rising Partial IVs
    before it; their Observe value means nothing, since what arrives is always newer (7.4.1). One
    of all these may be under the request's nonce (8.4.2): the first notification, or the end of
    the observation. Raises what unprotect_request raises, but EchoNeeded; the exchange is then as
    before.
    """
    if not code.is_response(message.code):
        raise OSCOREError("not a response", MALFORMED)
    piv, kid_context, kid = _read_header(message)
    if _names_another(context, kid, kid_context):
        raise OSCOREError("the response names another context", NO_CONTEXT)
    if piv is None:
        number = exchange.newest
        is_old = exchange.is_nonce_used
        nonce = context.nonce(exchange.request_kid, exchange.request_piv)
    else:
        number = int.from_bytes(piv, "big")
        is_old = number <= exchange.newest
        nonce = context.nonce(context.recipient_id, piv)
    if exchange.is_finished or is_old:
        raise OSCOREError("not newer than the responses before it", REPLAYED)
    plain = _restore(message, _open(context, exchange, nonce, message.payload))
    if not code.is_response(plain.code):
        raise OSCOREError("a request inside a response", MALFORMED)
    is_notification = plain.option(option.OBSERVE) is not None
    if is_notification and not exchange.is_registration:
        raise OSCOREError("a notification that nobody registered for", MALFORMED)
    if piv is None:
        # Of notifications it can only be the first: later it is older than those that came.
        if is_notification and exchange.newest >= 0:
            raise OSCOREError("a notification older than those before it", REPLAYED)
        exchange.is_nonce_used = True
    exchange.newest = number
    exchange.is_finished = not is_notification
    return plain


def _is_registration(request: Message) -> bool:
    return request.uint_option(option.OBSERVE) == 0


def _seal(context, exchange, nonce, header, outer_code, message, observe) -> Message:
    inner = []
    outer = [(option.OSCORE, header)]
    for number, value in message.options:
        if number == option.OSCORE:
            raise ValueError("the message is protected already")
        (outer if number in _OUTER else inner).append((number, value))
    if observe is not None:
        outer.append((option.OBSERVE, observe))
        if code.is_response(message.code):  # inside, it says only "a notification" (4.1.3.5.2)
            inner = [(n, b"" if n == option.OBSERVE else value) for n, value in inner]
    plaintext = bytes((message.code,)) + option.encode(inner, message.payload)
    ciphertext = crypto.aes_ccm_encrypt(
        context.sender_key, nonce, plaintext, exchange.aad(), tag_length=_TAG
    )
    return Message(outer_code, outer, ciphertext, message.token)


def _open(context, exchange, nonce, ciphertext) -> bytes:
    try:
        return crypto.aes_ccm_decrypt(
            context.recipient_key, nonce, ciphertext, exchange.aad(), tag_length=_TAG
        )
    except crypto.AuthenticationError:
        raise OSCOREError("the message was not made with this context's key", UNDECRYPTABLE)


def _read_header(message: Message) -> tuple:
    values = message.options_of(option.OSCORE)
    if len(values) != 1:
        raise OSCOREError("%d OSCORE options" % len(values), MALFORMED)
    if len(message.payload) <= _TAG:
        raise OSCOREError("no room for a code and a tag", MALFORMED)
    return _header.decode(values[0])


def _names_another(context, kid, kid_context) -> bool:
    if kid is not None and kid != context.recipient_id:
        return True
    return kid_context is not None and kid_context != context.id_context


def _restore(message: Message, plaintext: bytes) -> Message:
    """The message inside: what was encrypted, and of the outside what proxies may see."""
    inner, payload = option.decode(plaintext, 1)
    options = [(number, value) for number, value in message.options if number in _OUTER]
    plain = Message(plaintext[0], options + inner, payload, message.token)
    if plain.option(option.OSCORE) is not None:
        raise OSCOREError("OSCORE inside OSCORE", MALFORMED)
    return plain


def _require_fresh(context, exchange, plain) -> None:
    echo = plain.option(option.ECHO)
    if (
        echo is None
        or context.expected_echo is None
        or not crypto.equal(echo, context.expected_echo)
    ):
        raise EchoNeeded(exchange, plain)
