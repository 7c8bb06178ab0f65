"""Bodies of more than one message (RFC 7959), as a server takes and gives them."""

import binascii

from micropython import const

from . import blockwise as _blockwise
from . import code as _code
from . import option as _option
from .blockwise import MAX_BODY, SZX
from .error import CoAPError
from .message import Message
from .transmission import MAX_TRANSMIT_WAIT, sooner

BODIES = const(4)  # at once, each way
BODY_BYTES = const(32768)  # in all, each way

_NO_CACHE_KEY = const(0x1C)  # option numbers with these of their bits 1 to 4 (RFC 7252 5.4.6)
_KEY_BITS = const(0x1E)


class _Body:
    def __init__(self, peer, key):
        self.peer = peer
        self.key = key
        self.content = bytearray()  # or a Message that is given
        self.size = 0
        self.due = 0


class Bodies:
    """What comes and goes in blocks, one body each way and peer, ``BODIES`` in all; what nobody
    goes on with is forgotten after MAX_TRANSMIT_WAIT.

    A body is one peer's, and of one request with its Request-Tag: no two are mixed.
    """

    def __init__(self, ticks, szx: int = SZX, max_body: int = MAX_BODY):
        self._ticks = ticks
        self._szx = szx
        self._max_body = max_body
        self._coming = []
        self._going = []

    @property
    def is_idle(self) -> bool:
        """Whether there is none."""
        return not (self._coming or self._going)

    def take(self, request: Message, peer) -> tuple:
        """``(whole request, None)``, or ``(None, response)`` for one of its blocks.

        ``peer`` is who asks, anything that can be compared. Raises CoAPError: 4.00 for what is no
        block, 4.08 for one whose body is not here.
        """
        self.poll(None)
        block = _blockwise.block_of(request, _option.BLOCK1)
        wanted = _blockwise.block_of(request, _option.BLOCK2)
        if block is not None and (block[0] or block[1]):
            response = self._add(request, peer, block)
            if response.code != request.code:
                return None, response
            request = response  # the whole
        elif wanted is not None and wanted[0]:
            body = _find(self._going, peer, _key(request))
            if body is not None:
                return None, self._cut(body.content, wanted, body)
            if request.code != _code.GET:
                raise CoAPError("no such body", _code.REQUEST_ENTITY_INCOMPLETE)
        options = _blockwise.without(
            request.options, _option.BLOCK1, _option.BLOCK2, _option.SIZE1, _option.REQUEST_TAG
        )
        return Message(request.code, options, request.payload, request.token), None

    def give(self, request: Message, response: Message, peer) -> Message:
        """What to answer ``request``, as it came, with: ``response``, or its block."""
        block = _blockwise.block_of(request, _option.BLOCK1)
        wanted = _blockwise.block_of(request, _option.BLOCK2)
        number, szx = 0, self._szx
        if wanted is not None:
            number, szx = wanted[0], min(wanted[2], szx)
        if wanted is not None or len(response.payload) > 16 << szx:
            body = None
            if len(response.payload) > 16 << szx:
                response = _with_etag(response)
                if not number:
                    body = self._keep(request, response, peer)
            response = self._cut(response, (number, False, szx), body)
        if block is not None:
            value = _blockwise.encode(block[0], False, min(block[2], self._szx))
            response.options = Message(0, response.options + [(_option.BLOCK1, value)]).options
        return response

    def poll(self, left):
        """Forget what nobody goes on with; ``left`` as of Transmissions."""
        for bodies in (self._coming, self._going):
            for body in list(bodies):
                wait = self._ticks.until(body.due)
                if wait <= 0:
                    bodies.remove(body)
                else:
                    left = sooner(left, wait)
        return left

    def _add(self, request, peer, block):
        # The whole request, or the response to this block of it.
        number, more, szx = block
        size = 16 << szx
        length = len(request.payload)
        if length > size or (more and length != size):
            raise CoAPError("a block of %d bytes" % length)
        key = _key(request)
        if not number:
            announced = request.uint_option(_option.SIZE1) or 0
            if announced > self._max_body:
                return self._too_large()
            body = _Body(peer, key)
            if not self._place(self._coming, body, max(announced, length)):
                raise CoAPError("too many bodies at once", _code.SERVICE_UNAVAILABLE)
        else:
            body = _find(self._coming, peer, key)
            if body is None or len(body.content) != number << szx + 4:
                raise CoAPError("a block before it is missing", _code.REQUEST_ENTITY_INCOMPLETE)
        end = len(body.content) + length
        if end > self._max_body or not self._grow(self._coming, body, end):
            self._coming.remove(body)
            return self._too_large()
        body.content.extend(request.payload)
        body.due = self._ticks.add(MAX_TRANSMIT_WAIT)
        if more:
            value = _blockwise.encode(number, True, min(szx, self._szx))
            return Message(_code.CONTINUE, [(_option.BLOCK1, value)])
        self._coming.remove(body)
        return Message(request.code, request.options, bytes(body.content), request.token)

    def _too_large(self):
        limit = _option.encode_uint(self._max_body)
        return Message(_code.REQUEST_ENTITY_TOO_LARGE, [(_option.SIZE1, limit)])

    def _keep(self, request, response, peer):
        body = _Body(peer, _key(request))
        body.content = response
        if not self._place(self._going, body, len(response.payload)):
            return None  # the rest is made anew, if that can be
        return body

    def _cut(self, response, wanted, body):
        number, _, szx = wanted
        szx = min(szx, self._szx)
        start = number << wanted[2] + 4
        payload = response.payload
        if start and start >= len(payload):
            raise CoAPError("no such block")
        end = start + (16 << szx)
        more = end < len(payload)
        options = list(response.options)
        options.append((_option.BLOCK2, _blockwise.encode(start >> szx + 4, more, szx)))
        if more and not number:
            options.append((_option.SIZE2, _option.encode_uint(len(payload))))
        if body is not None:
            if start:
                options = _blockwise.without(options, _option.OBSERVE)
            body.due = self._ticks.add(MAX_TRANSMIT_WAIT)
            if not more:
                self._going.remove(body)
        return Message(response.code, options, payload[start:end])

    def _place(self, bodies, body, size):
        # In the place of an older one of the same peer.
        for other in list(bodies):
            if other.peer == body.peer:
                bodies.remove(other)
        if len(bodies) >= BODIES or not self._grow(bodies, body, size):
            return False
        body.due = self._ticks.add(MAX_TRANSMIT_WAIT)
        bodies.append(body)
        return True

    def _grow(self, bodies, body, size):
        size = max(size, body.size)
        if sum([other.size for other in bodies if other is not body]) + size > BODY_BYTES:
            return False
        body.size = size
        return True


class WholeServer:
    """A coap.Server whose resources see whole requests and give whole responses.

    ``name(peer)`` is what tells one peer from another.
    """

    def __init__(self, server, bodies: Bodies, name):
        self._server = server
        self._bodies = bodies
        self._name = name

    async def respond(self, request: Message, peer) -> Message:
        """As Server.respond."""
        name = self._name(peer)
        present = tuple([number for number, _ in request.options])
        options = _option.recognised(request.options, present)
        request = Message(request.code, options, request.payload, request.token)
        whole, response = self._bodies.take(request, name)
        if response is None:
            response = await self._server.respond(whole, peer)
            response = self._bodies.give(request, response, name)
        return response


def _find(bodies, peer, key):
    for body in bodies:
        if body.peer == peer and body.key == key:
            return body
    return None


def _key(request):
    # What makes two requests the same one (RFC 7959 section 2.4, RFC 9175 section 3.3).
    return request.code, [
        (number, value)
        for number, value in request.options
        if number & _KEY_BITS != _NO_CACHE_KEY
        and number not in (_option.BLOCK1, _option.BLOCK2, _option.OBSERVE)
    ]


def _with_etag(response):
    if response.option(_option.ETAG) is not None:
        return response
    etag = binascii.crc32(response.payload).to_bytes(4, "big")
    options = response.options + [(_option.ETAG, etag)]
    return Message(response.code, options, response.payload, response.token)
