"""CoAP options: numbers, wire format (RFC 7252 section 3.1) and who may ignore them (5.4)."""

from micropython import const

from . import code as _code
from .error import CoAPError

IF_MATCH = const(1)
URI_HOST = const(3)
ETAG = const(4)
IF_NONE_MATCH = const(5)
OBSERVE = const(6)
URI_PORT = const(7)
LOCATION_PATH = const(8)
OSCORE = const(9)
URI_PATH = const(11)
CONTENT_FORMAT = const(12)
MAX_AGE = const(14)
URI_QUERY = const(15)
HOP_LIMIT = const(16)
ACCEPT = const(17)
LOCATION_QUERY = const(20)
EDHOC = const(21)
BLOCK2 = const(23)
BLOCK1 = const(27)
SIZE2 = const(28)
PROXY_URI = const(35)
PROXY_SCHEME = const(39)
SIZE1 = const(60)
ECHO = const(252)
NO_RESPONSE = const(258)
REQUEST_TAG = const(292)

CF_TEXT = const(0)
CF_COSE_SIGN1 = const(18)  # application/cose; cose-type="cose-sign1"
CF_LINK_FORMAT = const(40)
CF_CBOR = const(60)
CF_CWT = const(61)
CF_EDHOC = const(64)  # application/edhoc+cbor-seq
CF_CID_EDHOC = const(65)  # application/cid-edhoc+cbor-seq
CF_OSCORE = const(10001)

MAX_OPTIONS = 32

_MAX_NUMBER = const(0xFFFF)
_MAX_LENGTH = const(65804)
_PAYLOAD_MARKER = const(0xFF)

# (number, least length, greatest length, repeatable), by number, of RFC 7252 table 4 and what came
# later: RFC 7641, 7959, 7967, 8613, 8768, 9175, 9668. EDHOC's value is ignored, not limited.
_DEFINED = (
    (IF_MATCH, 0, 8, True),
    (URI_HOST, 1, 255, False),
    (ETAG, 1, 8, True),
    (IF_NONE_MATCH, 0, 0, False),
    (OBSERVE, 0, 3, False),
    (URI_PORT, 0, 2, False),
    (LOCATION_PATH, 0, 255, True),
    (OSCORE, 0, 255, False),
    (URI_PATH, 0, 255, True),
    (CONTENT_FORMAT, 0, 2, False),
    (MAX_AGE, 0, 4, False),
    (URI_QUERY, 0, 255, True),
    (HOP_LIMIT, 1, 1, False),
    (ACCEPT, 0, 2, False),
    (LOCATION_QUERY, 0, 255, True),
    (EDHOC, 0, 0xFFFF, False),
    (BLOCK2, 0, 3, False),
    (BLOCK1, 0, 3, False),
    (SIZE2, 0, 4, False),
    (PROXY_URI, 1, 1034, False),
    (PROXY_SCHEME, 1, 255, False),
    (SIZE1, 0, 4, False),
    (ECHO, 1, 40, False),
    (NO_RESPONSE, 0, 1, False),
    (REQUEST_TAG, 0, 8, True),
)


def is_critical(number: int) -> bool:
    """Whether a receiver that does not understand option ``number`` must refuse the message."""
    return number & 1 == 1


def encode_uint(value: int) -> bytes:
    """``value`` big endian in as few bytes as possible; zero is empty (RFC 7252 section 3.2)."""
    length = 0
    while value >> (8 * length):
        length += 1
    return value.to_bytes(length, "big")


def decode_uint(value: bytes) -> int:
    """The number in an option's ``value``; leading zero bytes are allowed."""
    return int.from_bytes(value, "big")


def recognised(options: list, understood: tuple) -> list:
    """``options`` without those a receiver may pass over (RFC 7252 sections 5.4.1, 5.4.3, 5.4.5).

    An option of an impossible length and the second one of an unrepeatable kind count as not
    recognised, and so does a critical one whose number is not in ``understood``.
    Raises CoAPError (4.02) if an option so found is critical; elective ones are left out.
    """
    kept = []
    previous = None
    for number, value in options:
        if is_critical(number) and number not in understood:
            raise CoAPError("critical option %d is not understood" % number, _code.BAD_OPTION)
        if _is_defined(number, len(value), number == previous):
            kept.append((number, value))
        elif is_critical(number):
            text = "option %d repeats or has %d bytes" % (number, len(value))
            raise CoAPError(text, _code.BAD_OPTION)
        previous = number
    return kept


def _is_defined(number: int, length: int, repeats: bool) -> bool:
    for defined, least, greatest, repeatable in _DEFINED:
        if defined >= number:
            return defined > number or (
                least <= length <= greatest and (repeatable or not repeats)
            )
    return True


def encode(options: list, payload: bytes = b"") -> bytes:
    """What follows the token: ``options``, (number, value) pairs in rising order, ``payload``."""
    encoded = bytearray()
    previous = 0
    for number, value in options:
        delta = number - previous
        if delta < 0 or number > _MAX_NUMBER or len(value) > _MAX_LENGTH:
            raise ValueError("option %d of %d bytes after %d" % (number, len(value), previous))
        delta_nibble, delta_extension = shorten(delta)
        length_nibble, length_extension = shorten(len(value))
        encoded.append(delta_nibble << 4 | length_nibble)
        encoded.extend(delta_extension)
        encoded.extend(length_extension)
        encoded.extend(value)
        previous = number
    if payload:
        encoded.append(_PAYLOAD_MARKER)
        encoded.extend(payload)
    return bytes(encoded)


def shorten(number: int) -> tuple:
    """``(nibble, extension bytes)`` of a delta or a length; nibble 15 is for frames alone."""
    if number < 13:
        return number, b""
    if number < 269:
        return 13, bytes((number - 13,))
    if number < 65805:
        return 14, (number - 269).to_bytes(2, "big")
    return 15, (number - 65805).to_bytes(4, "big")


def decode(data, offset: int = 0, *, max_options: int = MAX_OPTIONS) -> tuple:
    """``(options, payload)`` of the rest of a message, which begins at ``offset`` of ``data``.

    ``options`` is a list of (number, value bytes) in rising order, ``payload`` bytes.
    Raises CoAPError on reserved or truncated fields, a number beyond 65535, more than
    ``max_options`` options, and a payload marker that nothing follows.
    """
    options = []
    number = 0
    end = len(data)
    while offset < end:
        first = data[offset]
        offset += 1
        if first == _PAYLOAD_MARKER:
            if offset == end:
                raise CoAPError("a payload marker without a payload")
            return options, bytes(data[offset:])
        delta, offset = _extended(data, offset, end, first >> 4)
        length, offset = _extended(data, offset, end, first & 0x0F)
        number += delta
        if number > _MAX_NUMBER:
            raise CoAPError("an option number beyond 65535")
        if length > end - offset:
            raise CoAPError("option %d is cut short" % number)
        if len(options) == max_options:
            raise CoAPError("more than %d options" % max_options)
        options.append((number, bytes(data[offset : offset + length])))
        offset += length
    return options, b""


def _extended(data, offset: int, end: int, nibble: int) -> tuple:
    if nibble < 13:
        return nibble, offset
    if nibble == 15:
        raise CoAPError("a reserved option delta or length")
    following = nibble - 12
    if following > end - offset:
        raise CoAPError("an option header is cut short")
    if nibble == 13:
        return data[offset] + 13, offset + 1
    return (data[offset] << 8 | data[offset + 1]) + 269, offset + 2
