"""Properties of the CoAP parsers over whatever hypothesis can think of."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from coap import CoAPError, Message, code, datagram, option, signalling, stream
from coap.server import Server

_VALUES = st.binary(max_size=300)
_NUMBERS = st.one_of(st.integers(0, 70), st.integers(0, 0xFFFF))
_OPTIONS = st.lists(st.tuples(_NUMBERS, _VALUES), max_size=32)
_REQUESTS = st.builds(
    Message,
    st.integers(1, 31),
    _OPTIONS,
    st.binary(max_size=400),
    st.binary(max_size=8),
)
# Bytes that get past the header more often than noise does.
_NEARLY = st.builds(
    lambda head, rest: head + rest,
    st.sampled_from([b"\x40\x01\x00\x00", b"\x44\x03\x00\x00tokn", b"\x60\x45\x00\x00"]),
    st.lists(
        st.sampled_from([b"\xff", b"\xb1a", b"\x00", b"\xd0\x01", b"\xe1\xff\xff", b"\x0d\xff"])
        | st.binary(max_size=3)
    ).map(b"".join),
)


@given(st.binary(max_size=200) | _NEARLY)
def test_bytes_are_a_datagram_of_one_spelling_or_refused(data):
    """No exception but ours, and no second spelling of what is accepted."""
    datagram.reset(data)
    try:
        message, mtype, mid = datagram.decode(data)
    except CoAPError:
        return
    assert datagram.encode(message, mtype, mid) == data


@given(_REQUESTS, st.integers(0, 0xFFFF))
def test_what_is_written_is_read_back(message, mid):
    """On both transports, whatever numbers, lengths and order the options have."""
    wire = datagram.encode(message, datagram.NON, mid)
    assert datagram.decode(wire) == (message, datagram.NON, mid)
    assert stream.Decoder(20000).feed(stream.encode(message)) == [message]


@given(st.lists(_REQUESTS, max_size=5), st.data())
def test_chunking_does_not_matter(messages, data):
    """Any cut of the stream gives the same messages."""
    wire = b"".join(map(stream.encode, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=20)))
    decoder = stream.Decoder(20000)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += decoder.feed(wire[start:end])
    assert found == messages


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(6, 100))
def test_a_noisy_stream_breaks_once_and_stays_broken(chunks, max_size):
    """No exception but ours; after the first nothing more comes out."""
    decoder = stream.Decoder(max_size)
    peer = signalling.Peer()
    broken = False
    for chunk in chunks:
        try:
            messages = decoder.feed(chunk)
        except CoAPError:
            broken = True
            continue
        assert not broken
        for message in messages:
            try:
                peer.receive(message)
            except CoAPError as error:
                signalling.abort(error)
                break
            assert len(stream.encode(message)) <= max_size


@given(st.binary(max_size=300), st.integers(0, 5))
def test_options_are_read_or_refused(data, offset):
    """The piece that OSCORE feeds with what it decrypted."""
    try:
        options, payload = option.decode(data, offset, max_options=8)
    except CoAPError:
        return
    assert len(options) <= 8
    assert option.encode(options, payload) == data[offset:]


class _Everything:
    """A resource that reads all it can from a request."""

    async def get(self, request, peer):
        request.uri_path()
        for number, _ in request.options:
            request.uint_option(number)
        return Message(code.CONTENT, payload=request.payload)

    post = put = delete = fetch = get


@given(_REQUESTS)
def test_every_request_gets_one_response(request):
    """With its token, whatever the options are."""
    server = Server()
    server.add(("a",), _Everything())
    server.add((None,), _Everything())
    server.add((), _Everything())
    response = asyncio.run(server.handle(request, None))
    assert code.is_response(response.code)
    assert response.token == request.token
