"""The phone's stream: chunks of any size, and a peer that says anything, or nothing."""

import contextlib
import socket
import threading
import time

import pytest

import coap
from coap import signalling, stream
from holdfast_host.errors import LinkClosed, UsageProblem
from holdfast_host.phone.link import TcpLink, Transcript

GET = coap.Message(coap.code.GET, coap.path_options("x"))
CONTENT = coap.Message(coap.code.CONTENT, (), b"answer")
CSM = stream.encode(signalling.csm())


@pytest.fixture
def served():
    """``served(speak)``: the port of a server that runs ``speak(connection)`` for one client."""
    with contextlib.ExitStack() as stack:

        def serve(speak):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def run():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    speak(connection)

            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            return listener.getsockname()[1]

        yield serve


def says(*parts):
    def speak(connection):
        connection.recv(1000)
        for part in parts:
            connection.sendall(part)
        connection.recv(1000)

    return speak


def test_a_request_is_one_round_trip(served):
    """With the greeting in the same breath, and every byte counted."""
    heard = []

    def speak(connection):
        heard.append(connection.recv(1000))
        connection.sendall(CSM + stream.encode(CONTENT))
        connection.recv(1)

    transcript = Transcript()
    with TcpLink.connect("127.0.0.1", served(speak), transcript=transcript) as link:
        assert link.request(GET) == CONTENT
    assert heard == [CSM + stream.encode(GET)] == [transcript.sent()]
    assert transcript.received() == CSM + stream.encode(CONTENT)
    assert (link.round_trips, link.bytes_out) == (1, len(heard[0]))
    assert link.bytes_in == len(CSM + stream.encode(CONTENT))


def test_the_greeting_goes_once(served):
    """A second CSM would only cost bytes."""
    port = served(says(CSM + stream.encode(CONTENT) * 2))
    transcript = Transcript()
    with TcpLink.connect("127.0.0.1", port, transcript=transcript) as link:
        link.request(GET)
        link.request(GET)
    assert transcript.sent() == CSM + stream.encode(GET) * 2
    assert [sent for sent, _ in transcript.entries].count(True) == 2


def test_chunks_may_be_of_any_size(served, monkeypatch):
    """Written 20 bytes at a time, whatever the message: what every GATT link carries."""
    large = coap.Message(coap.code.POST, (), bytes(range(256)) * 3)
    whole = CSM + stream.encode(large)
    heard, writes = [], []

    def speak(connection):
        while chunk := connection.recv(1000):
            heard.append(chunk)

    with TcpLink.connect("127.0.0.1", served(speak), chunk=20) as link:
        send = link._socket.sendall
        monkeypatch.setattr(
            link, "_socket", Spy(link._socket, lambda data: (writes.append(len(data)), send(data)))
        )
        link.send(large)
    assert writes == [20] * (len(whole) // 20) + [len(whole) % 20]
    assert link.bytes_out == len(whole)


class Spy:
    """A socket whose ``sendall`` is another."""

    def __init__(self, real, sendall):
        self._real = real
        self.sendall = sendall

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_answers_in_single_bytes_are_put_together(served):
    """The other direction."""

    def speak(connection):
        connection.recv(1000)
        for byte in CSM + stream.encode(CONTENT):
            connection.sendall(bytes([byte]))
        connection.recv(1)

    with TcpLink.connect("127.0.0.1", served(speak)) as link:
        assert link.request(GET) == CONTENT


def test_a_chunk_smaller_than_any_link_is_refused():
    """Before anything is sent."""
    with pytest.raises(UsageProblem, match="chunks of 19"):
        TcpLink.connect("127.0.0.1", 1, chunk=19)


def test_nobody_listens():
    """The cause, and what to start."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(LinkClosed, match="no reader answers") as closed:
            TcpLink.connect("127.0.0.1", unused.getsockname()[1])
    assert "reader run" in closed.value.next_step


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70, ".", "a..b"])
def test_a_host_that_is_none(host):
    """Names come from a command line."""
    with pytest.raises(LinkClosed, match="no reader answers"):
        TcpLink.connect(host, 1, timeout=5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "closed the connection"),
        (CSM[:1], "closed the connection"),
        (CSM + stream.encode(CONTENT)[:-1], "closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no reader"),
        (b"\xff" * 100, "no reader"),
        (stream.encode(CONTENT), "no reader"),
        (CSM + b"\xf0\xff\xff\xff\xff\x45", "no reader"),
        (CSM + stream.encode(signalling.abort(coap.CoAPError("no"))), "closed the connection"),
        (CSM + stream.encode(coap.Message(0xE7)), "no reader"),
        (stream.encode(coap.Message(coap.code.CSM, [(1, b"")])), "no reader"),
    ],
)
def test_a_peer_that_breaks_the_rules_is_left(served, data, words):
    """Cut off, too large, critical options, another protocol: an end with a cause."""

    def speak(connection):
        connection.recv(1000)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)

    with TcpLink.connect("127.0.0.1", served(speak)) as link:
        with pytest.raises(LinkClosed, match=words):
            link.request(GET)


def test_silence_ends(served):
    """A person waits at the door."""
    with TcpLink.connect("127.0.0.1", served(says())) as link:
        with pytest.raises(LinkClosed, match="in time"):
            link.request(GET, timeout=0.05)


def test_chatter_ends_too(served):
    """A peer that keeps the link busy without ever answering buys no time with it."""

    def speak(connection):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            connection.sendall(CSM * 50)

    with TcpLink.connect("127.0.0.1", served(speak)) as link:
        with pytest.raises(LinkClosed, match="in time"):
            link.request(GET, timeout=0.2)


def test_a_ping_is_answered(served):
    """RFC 8323 section 5.4: a reader may ask whether the phone is still there."""
    pong = stream.encode(coap.Message(coap.code.PONG, token=b"t"))
    heard = []

    def speak(connection):
        connection.recv(1000)
        connection.sendall(CSM + stream.encode(signalling.ping(b"t")))
        heard.append(connection.recv(1000))
        connection.sendall(stream.encode(CONTENT))
        connection.recv(1)

    with TcpLink.connect("127.0.0.1", served(speak)) as link:
        assert link.request(GET) == CONTENT
    assert heard == [pong]


def test_requests_of_the_peer_are_no_answers(served):
    """Only a response ends the wait."""
    empty = coap.Message(coap.code.EMPTY)
    port = served(says(CSM, *map(stream.encode, (GET, empty, CONTENT))))
    with TcpLink.connect("127.0.0.1", port) as link:
        assert link.request(GET) == CONTENT


def test_bytes_as_they_are_can_be_sent(served):
    """What no phone would send, and what a phone sent before."""
    heard = []

    def speak(connection):
        heard.append(connection.recv(1000))

    with TcpLink.connect("127.0.0.1", served(speak)) as link:
        frame = link.frame(GET)
        assert frame == CSM + stream.encode(GET)
        link.send_bytes(frame[:5])
        with pytest.raises(LinkClosed):
            link.receive()
    assert heard == [frame[:5]]


def test_a_peer_that_is_gone_is_noticed_in_writing(served):
    """A write into a closed connection fails late, and not always."""
    with TcpLink.connect("127.0.0.1", served(lambda connection: None)) as link:
        with pytest.raises(LinkClosed, match="closed the connection"):
            for _ in range(1000):
                link.send_bytes(bytes(100))
            link.receive(1)
