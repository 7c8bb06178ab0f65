"""Bodies of more than one message (RFC 7959), as the one who asks sends and receives them."""

from micropython import const

from . import code as _code
from . import option as _option
from .error import CoAPError
from .message import Message

SZX = const(6)  # of blocks of 1,024 bytes, the greatest
MAX_BODY = const(16384)  # bytes
MAX_PLAINTEXT = const(1088)  # what one message may have inside OSCORE

_RESERVED = const(7)
_MAX_NUMBER = const(0xFFFFF)
_FRAME = const(32)  # bytes of what comes to the options of the request
_ANEW = const(3)  # times that a body may change while it is fetched
_BLOCKS = (_option.BLOCK1, _option.BLOCK2, _option.SIZE1, _option.SIZE2, _option.REQUEST_TAG)


def encode(number: int, more: bool, szx: int) -> bytes:
    """The value of a Block option (section 2.2)."""
    return _option.encode_uint(number << 4 | (8 if more else 0) | szx)


def decode(value: bytes) -> tuple:
    """``(number, more, szx)``: blocks have 2^(szx+4) bytes. Raises CoAPError, 4.00."""
    number = _option.decode_uint(value)
    if len(value) > 3 or number & 7 == _RESERVED:
        raise CoAPError("a Block option of a reserved size")
    return number >> 4, number & 8 != 0, number & 7


def block_of(message: Message, number: int):
    """``decode`` of the Block option ``number``, None without one."""
    value = message.option(number)
    return None if value is None else decode(value)


def without(options, *numbers) -> list:
    """``options`` but for those."""
    return [(number, value) for number, value in options if number not in numbers]


class Transfer:
    """One request of any size, and its response of any size.

    ``message`` is what to send first; ``feed`` gives what to send after each response to what was
    sent, until ``response`` is the whole one. ``tag``, a Request-Tag of up to 8 bytes, differs
    from that of each other request to the same resource whose blocks may still come: so no two
    bodies are mixed (RFC 9175 section 3). Nothing changes when ``feed`` raises.
    """

    def __init__(self, request: Message, tag: bytes, szx: int = SZX, max_body: int = MAX_BODY):
        self.response = None
        self._code = request.code
        self._options = without(request.options, *_BLOCKS)
        self._wanted = szx  # of the response
        self._tag = tag
        self._payload = request.payload
        self._max_body = max_body
        room = MAX_PLAINTEXT - len(_option.encode(self._options)) - _FRAME
        while szx and 16 << szx > room:
            szx -= 1
        self._szx = szx
        self._sent = 0  # bytes of the request that are there
        self._body = bytearray()
        self._etag = None
        self._anew = _ANEW
        self._is_receiving = False
        self.message = self._block()

    def feed(self, response: Message):
        """The next message to send, None if that was the last response.

        Raises CoAPError if it does not fit to what came before, or is more than ``max_body``.
        """
        block = block_of(response, _option.BLOCK2)
        if not self._is_receiving and self._is_in_blocks:
            following = self._acknowledged(response)
            if following is not None:
                return following
        if block is None or response.code >> 5 != 2:
            if self._body:
                # Another body, or none: what came before is no part of it.
                self._body = bytearray()
            self.response = response
            return None
        return self._received(response, block)

    @property
    def _is_in_blocks(self):
        return len(self._payload) > 16 << self._szx or self._sent > 0

    def _acknowledged(self, response):
        # A block of the request has come in; None if this is the response to all of it.
        block = block_of(response, _option.BLOCK1)
        end = self._sent + (16 << self._szx)
        if response.code == _code.REQUEST_ENTITY_TOO_LARGE and block is not None:
            if self._sent == 0 and block[2] < self._szx:
                self._szx = block[2]
                return self._block()
        if response.code >> 5 != 2:
            return None
        if end >= len(self._payload):
            if response.code == _code.CONTINUE:
                raise CoAPError("more is wanted than there is")
            return None
        if block is None or not block[1]:
            if response.code == _code.CONTINUE:
                raise CoAPError("an answer to no block")
            return None  # it does not want the rest
        if block[0] != self._sent >> self._szx + 4:
            raise CoAPError("an answer to another block")
        self._sent = end
        self._szx = min(self._szx, block[2])
        return self._block()

    def _block(self):
        start, szx = self._sent, self._szx
        end = start + (16 << szx)
        options = list(self._options)
        if self._is_in_blocks:
            more = end < len(self._payload)
            options.append((_option.BLOCK1, encode(start >> szx + 4, more, szx)))
            options.append((_option.REQUEST_TAG, self._tag))
            if not start:
                options.append((_option.SIZE1, _option.encode_uint(len(self._payload))))
        if self._wanted < SZX and end >= len(self._payload):
            options.append((_option.BLOCK2, encode(0, False, self._wanted)))
        return Message(self._code, options, self._payload[start:end])

    def _received(self, response, block):
        number, more, szx = block
        start = len(self._body)
        size = 16 << szx
        etag = response.option(_option.ETAG)
        if number << szx + 4 != start:
            raise CoAPError("a block that was not asked for")
        if start and etag != self._etag:
            if self._code not in (_code.GET, _code.FETCH) or not self._anew:
                raise CoAPError("the body changes while it is fetched")
            self._anew -= 1
            self._body = bytearray()
            self._is_receiving = True
            return self._ask(0, self._wanted)
        length = len(response.payload)
        if length > size or (more and length != size) or (start and not length):
            raise CoAPError("a block of %d bytes" % length)
        if start + length > self._max_body or number >= _MAX_NUMBER:
            raise CoAPError("a body of more than %d bytes" % self._max_body)
        self._etag = etag
        self._is_receiving = True
        self._body.extend(response.payload)
        if more:
            return self._ask(start + length, szx)
        options = without(response.options, _option.BLOCK2, _option.SIZE2)
        self.response = Message(response.code, options, bytes(self._body), response.token)
        return None

    def _ask(self, start, szx):
        options = without(self._options, _option.OBSERVE)
        options.append((_option.BLOCK2, encode(start >> szx + 4, False, szx)))
        if self._sent or len(self._payload) > 16 << self._szx:
            options.append((_option.REQUEST_TAG, self._tag))
        # A FETCH is told from another one by what it asks for.
        payload = self._payload if self._code == _code.FETCH and not self._sent else b""
        return Message(self._code, options, payload)
