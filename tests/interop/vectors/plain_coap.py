"""CoAP on a stream of bytes, written from docs/protocol.md, RFC 7252 and RFC 8323 alone."""

GET, POST, PUT = 0x01, 0x02, 0x03
CHANGED, CONTENT, BAD_REQUEST, UNAUTHORIZED = 0x44, 0x45, 0x80, 0x81
CSM, PING, PONG, ABORT = 0xE1, 0xE2, 0xE3, 0xE5
OSCORE, URI_PATH, CONTENT_FORMAT, URI_QUERY, EDHOC, ECHO = 9, 11, 12, 15, 21, 252

MOST = 1152


class Broken(Exception):
    """What came is no CoAP."""


def encode_options(options, payload) -> bytes:
    """RFC 7252 section 3.1: ``options`` are (number, bytes) in order of numbers."""
    made, before = b"", 0
    for number, value in options:
        delta, more_delta = _shortened(number - before)
        length, more_length = _shortened(len(value))
        made += bytes([delta << 4 | length]) + more_delta + more_length + value
        before = number
    return made + (b"\xff" + payload if payload else b"")


def decode_options(data) -> tuple:
    """``(options, payload)``."""
    options, number, at = [], 0, 0
    while at < len(data):
        if data[at] == 0xFF:
            if at + 1 == len(data):
                raise Broken("a marker without a payload")
            return options, data[at + 1 :]
        delta, length = data[at] >> 4, data[at] & 15
        at += 1
        delta, at = _extended(data, at, delta)
        length, at = _extended(data, at, length)
        if at + length > len(data):
            raise Broken("an option that is cut")
        number += delta
        options.append((number, data[at : at + length]))
        at += length
    return options, b""


def _shortened(value):
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes([value - 13])
    return 14, (value - 269).to_bytes(2, "big")


def _extended(data, at, nibble):
    if nibble < 13:
        return nibble, at
    if nibble == 15:
        raise Broken("15 is reserved")
    size, base = (1, 13) if nibble == 13 else (2, 269)
    return base + int.from_bytes(data[at : at + size], "big"), at + size


def frame(code, options=(), payload=b"", token=b"") -> bytes:
    """RFC 8323 section 3.2."""
    body = encode_options(options, payload)
    length, more = _shortened(len(body))
    return bytes([length << 4 | len(token)]) + more + bytes([code]) + token + body


class Frames:
    """The frames in a stream, whatever chunks it comes in."""

    def __init__(self):
        self._held = b""

    def feed(self, chunk) -> list:
        """Those that it completes, each ``(code, options, payload, token)``."""
        self._held += chunk
        found = []
        while True:
            one = self._next()
            if one is None:
                return found
            found.append(one)

    def _next(self):
        held = self._held
        if not held:
            return None
        nibble, token_length = held[0] >> 4, held[0] & 15
        if token_length > 8:
            raise Broken("a token of more than 8 bytes")
        more = (0, 1, 2, 4)[max(0, nibble - 12)]
        if len(held) < 1 + more:
            return None
        length = nibble
        if more:
            length = (13, 269, 65805)[nibble - 13] + int.from_bytes(held[1 : 1 + more], "big")
        start = 1 + more + 1 + token_length
        if start + length > MOST:
            raise Broken("a frame of more than 1152 bytes")
        if len(held) < start + length:
            return None
        code = held[1 + more]
        if code >> 5 in (1, 6):
            raise Broken("a reserved code")
        self._held = held[start + length :]
        options, payload = decode_options(held[start : start + length])
        return code, options, payload, held[2 + more : start]


def option(options, number):
    """The first value of that number, or None."""
    return next((value for present, value in options if present == number), None)


def path(*segments) -> list:
    """Uri-Path options."""
    return [(URI_PATH, segment.encode()) for segment in segments]
