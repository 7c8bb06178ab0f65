"""EDHOC message_3 and the first protected request in one (RFC 9668 section 3)."""

import cbor
from coap import CoAPError, Message, code, option
from micropython import const

from .error import OSCOREError

_BYTE_STRING = const(2)


def combine(message_3: bytes, protected_request: Message) -> Message:
    """The EDHOC + OSCORE request; ``message_3`` is one encoded CBOR byte string."""
    options = protected_request.options + [(option.EDHOC, b"")]
    payload = message_3 + protected_request.payload
    return Message(protected_request.code, options, payload, protected_request.token)


def split(request: Message) -> tuple:
    """``(message_3, protected request)`` of an EDHOC + OSCORE request (section 3.3.1).

    The connection identifier C_R is the kid in the protected request's OSCORE option.
    Raises OSCOREError (4.00) if there is no OSCORE option or the payload is not a byte string
    followed by a ciphertext, CoAPError (4.02) if there is more than one EDHOC option.
    """
    if len(request.options_of(option.EDHOC)) != 1:
        raise CoAPError("the EDHOC option is not there exactly once", code.BAD_OPTION)
    if request.option(option.OSCORE) is None:
        raise OSCOREError("an EDHOC option without an OSCORE option")
    payload = request.payload
    try:
        end = cbor.skip(payload, deterministic=True)
    except cbor.DecodeError:
        raise OSCOREError("message_3 is not a CBOR item")
    if payload[0] >> 5 != _BYTE_STRING or end == len(payload):
        raise OSCOREError("not message_3 and a ciphertext")
    options = [(number, value) for number, value in request.options if number != option.EDHOC]
    return payload[:end], Message(request.code, options, payload[end:], request.token)
