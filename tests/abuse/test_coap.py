"""Hostile CoAP: only CoAPError comes out, and the heap goes back to where it was."""

import asyncio

from coap import CoAPError, Message, code, datagram, option, path_options, stream
from coap.server import Server
from harness import memory_returns, mutants, raises, taken, unhex

INTERPRETERS = ("micropython", "cpython")
HEAP = "256K"


def _unlock():
    options = path_options("doors", "lobby") + [
        (option.CONTENT_FORMAT, b"\x3c"),
        (option.ECHO, bytes(20)),
        (2049, bytes(30)),
    ]
    return Message(code.PUT, options, b"\xa2\x01\x01\x02\xf5", b"token")


def _read_datagram(wire):
    """Decoded or refused; what is decoded has only this one spelling."""
    try:
        message, mtype, mid = datagram.decode(wire)
    except CoAPError:
        return None
    assert datagram.encode(message, mtype, mid) == wire, wire
    return message


def _read_stream(wire, size=1000):
    """The messages before the stream ended or broke."""
    decoder = stream.Decoder(200)
    found = []
    try:
        for start in range(0, len(wire), size):
            found.extend(decoder.feed(wire[start : start + size]))
    except CoAPError:
        pass
    return found


def test_a_damaged_datagram_is_read_or_refused_and_nothing_else():
    """Whatever is accepted must be written back as the same bytes: no two spellings of a wish."""
    wire = datagram.encode(_unlock(), datagram.CON, 0x1234)

    def damage():
        for mutant in mutants(wire):
            _read_datagram(mutant)
            datagram.reset(mutant)

    assert _read_datagram(wire) == _unlock()
    memory_returns(damage)


def test_a_damaged_stream_is_read_or_refused_and_nothing_else():
    """A wrong length may join or split frames; never may it read beyond what came."""
    wire = stream.encode(_unlock())

    def damage():
        for mutant in mutants(wire):
            for message in _read_stream(mutant):
                stream.encode(message)

    assert _read_stream(wire + wire) == [_unlock(), _unlock()]
    memory_returns(damage)


def test_a_declared_length_is_not_believed():
    """Four gigabytes announced on a heap of 256 KB: refused at the header, nothing allocated."""
    heads = [unhex(text) for text in ("d0ff", "e00000", "e0ffff", "f000000000", "f0ffffffff")]

    def declare():
        for head in heads:
            for size in (1, 100):
                assert _read_stream(head + bytes(50), size) == []
        for text in ("40010000 0e ffff", "40010000 ee feff ffff", "48010000", "40010000 dd ffff"):
            raises(CoAPError, datagram.decode, unhex(text))

    memory_returns(declare)
    decoders = [stream.Decoder(200) for _ in heads]

    def declare_once():
        for decoder, head in zip(decoders, heads):
            raises(CoAPError, decoder.feed, head)

    spent = taken(declare_once)
    assert spent < 1024 * len(heads), spent


def test_short_inputs_are_all_read_or_refused():
    """Every datagram of a header and up to two bytes, and every stream of two bytes."""

    def short():
        for first in range(256):
            _read_datagram(bytes((first, 1, 0, 0, 0xB1, 0x61)))
            _read_datagram(bytes((0x40, first, 0, 0)))
            _read_datagram(bytes((0x40, 1, 0, 0, first)))
            for second in range(0, 256, 3):
                _read_datagram(bytes((0x40, 1, 0, 0, first, second)))
                _read_stream(bytes((first, second)))

    memory_returns(short)


def test_a_flood_of_options_is_bounded():
    """One byte on the wire would become a tuple, an integer and a bytes object each."""
    flood = b"\x40\x01\x00\x00" + bytes(1000)

    def rush():
        raises(CoAPError, datagram.decode, flood)
        raises(CoAPError, stream.Decoder(1100).feed, unhex("e002db01") + bytes(1000))

    memory_returns(rush)


def test_every_request_gets_a_response():
    """Whatever decodes, the server answers it with the same token and does not stumble."""

    class Door:
        async def put(self, request, peer):
            request.uri_path()
            return Message(code.CHANGED)

    server = Server()
    server.add(("doors", None), Door())
    wire = datagram.encode(_unlock(), datagram.CON, 1)

    async def serve():
        for mutant in mutants(wire):
            request = _read_datagram(mutant)
            if request is not None and code.is_request(request.code):
                response = await server.handle(request, None)
                assert response.token == request.token
                assert code.is_response(response.code)

    memory_returns(lambda: asyncio.run(serve()))
