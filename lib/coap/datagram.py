"""CoAP over datagrams (RFC 7252 section 3): one message, one packet."""

from micropython import const

from . import code as _code
from . import option as _option
from .error import CoAPError
from .message import Message

CON = const(0)
NON = const(1)
ACK = const(2)
RST = const(3)

_VERSION = const(1)
_HEADER = const(4)
_MAX_TOKEN = const(8)


def encode(message: Message, mtype: int, mid: int) -> bytes:
    """The datagram that carries ``message`` as type ``mtype`` under Message ID ``mid``."""
    if len(message.token) > _MAX_TOKEN:
        raise ValueError("a token of more than 8 bytes")
    first = _VERSION << 6 | mtype << 4 | len(message.token)
    header = bytes((first, message.code)) + mid.to_bytes(2, "big")
    return header + message.token + _option.encode(message.options, message.payload)


def decode(data) -> tuple:
    """``(message, mtype, mid)`` of a datagram. Raises CoAPError on anything RFC 7252 forbids."""
    if len(data) < _HEADER:
        raise CoAPError("a datagram of less than 4 bytes")
    if data[0] >> 6 != _VERSION:
        raise CoAPError("not CoAP version 1")
    mtype, length, code = data[0] >> 4 & 3, data[0] & 0x0F, data[1]
    if length > _MAX_TOKEN:
        raise CoAPError("a reserved token length")
    options = _HEADER + length
    if options > len(data):
        raise CoAPError("the token is cut short")
    _check_kind(mtype, code)
    if code == _code.EMPTY and len(data) != _HEADER:
        raise CoAPError("an Empty message with something in it")
    message = Message(code, token=bytes(data[_HEADER:options]))
    message.options, message.payload = _option.decode(data, options)
    return message, mtype, data[2] << 8 | data[3]


def reset(data) -> bytes | None:
    """The Reset that rejects a confirmable datagram which decode refused (RFC 7252 section 4.2).

    None for the others: they are ignored in silence.
    """
    if len(data) < _HEADER or data[0] >> 4 != _VERSION << 2 | CON:
        return None
    return bytes((_VERSION << 6 | RST << 4, _code.EMPTY, data[2], data[3]))


def _check_kind(mtype: int, code: int) -> None:
    # RFC 7252 table 1: which kind of message may travel as which type.
    if code == _code.EMPTY:
        allowed = mtype != NON
    elif _code.is_request(code):
        allowed = mtype in (CON, NON)
    else:
        allowed = _code.is_response(code) and mtype != RST
    if not allowed:
        raise CoAPError("code %s in a message of type %d" % (_code.text(code), mtype))
