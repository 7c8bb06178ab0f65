"""CoAP against aiocoap: its codec in memory, its clients and servers over loopback UDP and TCP."""

import asyncio
import socket

import aiocoap
import aiocoap.resource
import aiocoap.transports.tcp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coap
import oscore
from coap import code, datagram, option, path_options, signalling, stream
from coap.server import Server
from interop.test_oscore_aiocoap import SALT, SECRET, Static

BOUND = 30  # seconds; a hang must end the run
HOST = "127.0.0.1"

_OPTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            [option.URI_PATH, option.URI_QUERY, option.ETAG, option.ECHO, 2053, 65000]
        ),
        st.text("abc\u00e9/", min_size=1, max_size=8).map(str.encode),
    ),
    max_size=8,
)
_MESSAGES = st.builds(
    coap.Message,
    st.sampled_from([code.GET, code.PUT, code.CONTENT, code.NOT_FOUND]),
    _OPTIONS,
    st.binary(max_size=300),
    st.binary(max_size=8),
)


@given(_MESSAGES, st.integers(0, 0xFFFF))
def test_aiocoap_reads_and_writes_the_same_bytes(message, mid):
    """Our datagrams and frames, taken apart and put together again by somebody else."""
    wire = datagram.encode(message, datagram.CON, mid)
    theirs = aiocoap.Message.decode(wire)
    assert (theirs.code, theirs.mid, theirs.token) == (message.code, mid, message.token)
    assert theirs.payload == message.payload
    theirs.direction = aiocoap.message.Direction.OUTGOING
    assert theirs.encode() == wire

    frame = stream.encode(message)
    theirs = aiocoap.transports.tcp._decode_message(frame)
    assert aiocoap.transports.tcp._serialize(theirs) == frame


class Door:
    """A resource of ours."""

    understood = (option.IF_MATCH,)

    async def get(self, request, peer):
        return coap.Message(code.CONTENT, payload="/".join(request.uri_path()).encode())

    async def put(self, request, peer):
        return coap.Message(code.CHANGED, payload=request.payload)


def _server():
    server = Server()
    server.add(("doors", None), Door())
    return server


class Endpoint(asyncio.DatagramProtocol):
    """As little of RFC 7252's message layer as a client needs: piggybacked answers and Resets."""

    def __init__(self, context=None):
        self._server = _server()
        self._context = context

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        self._answering = asyncio.ensure_future(self._answer(data, addr))

    async def _answer(self, data, address):
        try:
            request, _, mid = datagram.decode(data)
        except coap.CoAPError:
            self._transport.sendto(datagram.reset(data), address)
            return
        if not code.is_request(request.code):
            return
        if self._context is None:
            response = await self._server.handle(request, address)
        else:
            response = await self._protected(request, address)
        self._transport.sendto(datagram.encode(response, datagram.ACK, mid), address)

    async def _protected(self, request, address):
        try:
            plain, exchange = oscore.unprotect_request(self._context, request)
        except oscore.EchoNeeded as needed:
            response = oscore.echo_challenge(self._context, needed.exchange, b"8 random")
        except coap.CoAPError as error:
            return coap.error_response(error, request.token)
        else:
            response = await self._server.handle(plain, address)
            response = oscore.protect_response(self._context, response, exchange)
        response.token = request.token
        return response


class Connection(asyncio.Protocol):
    """The server's end of one stream."""

    def __init__(self):
        self._server = _server()
        self._decoder = stream.Decoder()
        self._peer = signalling.Peer()

    def connection_made(self, transport):
        self._transport = transport
        transport.write(stream.encode(signalling.csm(1152)))

    def data_received(self, data):
        self._answering = asyncio.ensure_future(self._answer(data))

    async def _answer(self, data):
        for message in self._decoder.feed(data):
            reply = self._peer.receive(message)
            if code.is_request(message.code):
                reply = await self._server.handle(message, None)
            if reply is not None:
                self._transport.write(stream.encode(reply))
        if self._peer.has_released:
            self._transport.close()


def _run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, BOUND))


def _free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


async def _their_questions(scheme, port, transports, credentials=None):
    """Ask our server as an aiocoap client does; the answers' codes and payloads."""
    client = await aiocoap.Context.create_client_context(transports=transports)
    base = f"{scheme}://{HOST}:{port}"
    if credentials:
        client.client_credentials[base + "/*"] = credentials
    answers = []
    try:
        for method, path, options in (
            (aiocoap.GET, "/doors/lobby", {}),
            (aiocoap.PUT, "/doors/lobby", {"payload": b"z" * 900}),
            (aiocoap.PUT, "/doors/lobby", {"if_none_match": True}),
            (aiocoap.POST, "/doors/lobby", {}),
            (aiocoap.GET, "/windows", {}),
        ):
            request = aiocoap.Message(code=method, uri=base + path, **options)
            answer = await client.request(request).response
            answers.append((answer.code, answer.payload[:20]))
    finally:
        await client.shutdown()
    return answers


EXPECTED = [
    (code.CONTENT, b"doors/lobby"),
    (code.CHANGED, b"z" * 20),
    (code.BAD_OPTION, b"critical option 5 is"),
    (code.METHOD_NOT_ALLOWED, b"no such method here"),
    (code.NOT_FOUND, b"no such resource"),
]


def test_their_udp_client_asks_our_server():
    """Content, a long payload, and three refusals, over real sockets."""

    async def talk():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Endpoint, local_addr=(HOST, 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            return await _their_questions("coap", port, ["simple6"])
        finally:
            transport.close()

    assert _run(talk()) == EXPECTED


@pytest.mark.parametrize("restarted", [False, True])
def test_their_oscore_client_asks_our_server(restarted):
    """The same under OSCORE; after a restart aiocoap follows our Echo by itself."""

    async def talk():
        context = oscore.SecurityContext(SECRET, SALT, b"\x37", b"\x01")
        if restarted:
            context.lose_window()
            context.sender_sequence_number = 32
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Endpoint(context), local_addr=(HOST, 0)
        )
        try:
            port = transport.get_extra_info("sockname")[1]
            client = Static(b"\x01", b"\x37")
            return await _their_questions("coap", port, ["oscore", "simple6"], client)
        finally:
            transport.close()

    assert _run(talk()) == EXPECTED


def test_their_tcp_client_asks_our_stream_server():
    """RFC 8323: their CSM, our CSM, requests under tokens, their Release."""

    async def talk():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Connection, HOST, 0)
        try:
            port = server.sockets[0].getsockname()[1]
            return await _their_questions("coap+tcp", port, ["tcpclient"])
        finally:
            server.close()

    assert _run(talk()) == EXPECTED


class TheirDoor(aiocoap.resource.Resource):
    """A resource of aiocoap's."""

    async def render_get(self, request):
        return aiocoap.Message(payload=b"their door", max_age=5)


async def _their_server(transport, port):
    site = aiocoap.resource.Site()
    site.add_resource(["doors", "lobby"], TheirDoor())
    return await aiocoap.Context.create_server_context(
        site, bind=(HOST, port), transports=[transport]
    )


class Inbox(asyncio.DatagramProtocol):
    """The datagrams that came."""

    def __init__(self):
        self.arrived = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.arrived.put_nowait(data)


def _check_their_answers(found, missing):
    assert (found.code, found.payload, found.token) == (code.CONTENT, b"their door", b"tk")
    assert found.uint_option(option.MAX_AGE) == 5
    assert (missing.code, missing.token) == (code.NOT_FOUND, b"")


def test_our_datagrams_ask_their_server():
    """Content and a refusal, each in the acknowledgement of our confirmable datagram."""

    async def talk():
        port = _free_port(socket.SOCK_DGRAM)
        server = await _their_server("simplesocketserver", port)
        transport, inbox = await asyncio.get_running_loop().create_datagram_endpoint(
            Inbox, remote_addr=(HOST, port)
        )

        async def ask(path, token, mid):
            request = coap.Message(code.GET, path_options(*path), token=token)
            transport.sendto(datagram.encode(request, datagram.CON, mid))
            answer, mtype, answered = datagram.decode(await inbox.arrived.get())
            assert (mtype, answered) == (datagram.ACK, mid)
            return answer

        try:
            _check_their_answers(
                await ask(("doors", "lobby"), b"tk", 1), await ask(("cellar",), b"", 2)
            )
        finally:
            transport.close()
            await server.shutdown()

    _run(talk())


def test_our_stream_asks_their_server():
    """CSM first, everything in odd chunks, two requests under way at once, a Ping; and after our
    Release they close."""

    async def talk():
        port = _free_port(socket.SOCK_STREAM)
        server = await _their_server("tcpserver", port)
        reader, writer = await asyncio.open_connection(HOST, port)
        decoder, peer, answers, pongs = stream.Decoder(70000), signalling.Peer(), [], []
        wire = b"".join(
            stream.encode(message)
            for message in (
                signalling.csm(1152, block_wise=True),
                coap.Message(code.GET, path_options("doors", "lobby"), token=b"tk"),
                coap.Message(code.GET, path_options("cellar")),
                signalling.ping(b"p"),
            )
        )
        try:
            for start in range(0, len(wire), 3):
                writer.write(wire[start : start + 3])
                await writer.drain()
            while data := await reader.read(100):
                for byte in data:
                    for message in decoder.feed(bytes([byte])):
                        assert peer.receive(message) is None
                        if message.code == code.PONG:
                            pongs.append(message.token)
                        elif code.is_response(message.code):
                            answers.append(message)
                if len(answers) + len(pongs) == 3:
                    writer.write(stream.encode(signalling.release()))
        finally:
            writer.close()
            await server.shutdown()
        return peer, answers, pongs

    peer, answers, pongs = _run(talk())
    assert peer.is_ready
    assert peer.block_wise
    assert peer.max_message_size > 1152
    assert pongs == [b"p"]
    _check_their_answers(*sorted(answers, key=lambda answer: answer.token, reverse=True))
