"""The phone's byte stream to a reader, in small chunks; and over TCP, in the place of GATT."""

import contextlib
import dataclasses
import socket
import time
from typing import Self

import coap
from coap import signalling, stream

from ..errors import LinkClosed, UsageProblem

CHUNK = 244  # what a GATT notification of an ordinary phone carries
SMALLEST_CHUNK = 20  # what every GATT link carries
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
_LARGEST_MESSAGE = 4096
_READ = 4096


@dataclasses.dataclass
class Transcript:
    """All that went over a link, in order: (``sent``, bytes), each one message or one read."""

    entries: list[tuple[bool, bytes]] = dataclasses.field(default_factory=list)

    def sent(self) -> bytes:
        """The phone's half of the stream, as it can be replayed over another link."""
        return b"".join(data for sent, data in self.entries if sent)

    def received(self) -> bytes:
        """The reader's half of the stream."""
        return b"".join(data for sent, data in self.entries if not sent)


class StreamLink:
    """One connection to a reader, over whatever carries bytes both ways; a context manager that
    closes it.

    A transport has ``close``, ``_write`` and ``_read_some``. ``bytes_out``, ``bytes_in`` and
    ``round_trips`` count what the connection has cost so far.
    """

    def __init__(self, chunk: int, transcript: Transcript | None = None):
        self.bytes_out = 0
        self.bytes_in = 0
        self.round_trips = 0
        self._chunk = chunk
        self._transcript = transcript
        self._decoder = stream.Decoder(_LARGEST_MESSAGE)
        self._peer = signalling.Peer()
        self._messages: list[coap.Message] = []
        self._greeting = stream.encode(signalling.csm())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        raise NotImplementedError

    def _write(self, chunk: bytes) -> None:
        """Send all of ``chunk``, of at most ``_chunk`` bytes. Raises LinkClosed."""
        raise NotImplementedError

    def _read_some(self, seconds: float) -> bytes:
        """What has come, within ``seconds``; empty once the connection has ended.

        Raises TimeoutError if nothing comes, or LinkClosed.
        """
        raise NotImplementedError

    def request(self, message: coap.Message, timeout: float = ANSWER_SECONDS) -> coap.Message:
        """Send a request and wait for its response: one round trip."""
        self.send(message)
        return self.receive(timeout)

    def send(self, message: coap.Message) -> None:
        """Send one message."""
        self.send_bytes(self.frame(message))

    def frame(self, message: coap.Message) -> bytes:
        """The bytes to send for ``message``; the first takes the phone's CSM along."""
        greeting, self._greeting = self._greeting, b""
        return greeting + stream.encode(message)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are, in chunks: also what no phone would send."""
        if self._transcript is not None:
            self._transcript.entries.append((True, bytes(data)))
        for start in range(0, len(data), self._chunk):
            self._write(data[start : start + self._chunk])
            self.bytes_out += len(data[start : start + self._chunk])

    def receive(self, timeout: float = ANSWER_SECONDS) -> coap.Message:
        """The next response; what the reader says of the connection itself is answered on the way.

        Raises LinkClosed if none has come ``timeout`` seconds from now, however busy the reader
        keeps the link, or if the reader ends the connection or breaks its rules.
        """
        deadline = time.monotonic() + timeout
        while True:
            while self._messages:
                message = self._messages.pop(0)
                if self._is_response(message):
                    self.round_trips += 1
                    return message
            self._messages = self._read(deadline)

    def _read(self, deadline: float) -> list[coap.Message]:
        try:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            chunk = self._read_some(left)
        except TimeoutError as error:
            raise LinkClosed(
                "the reader did not answer in time", "try again, nearer to the door"
            ) from error
        if not chunk:
            raise closed(None)
        self.bytes_in += len(chunk)
        if self._transcript is not None:
            self._transcript.entries.append((False, chunk))
        try:
            return self._decoder.feed(chunk)
        except coap.CoAPError as error:
            raise self._abort(error) from error

    def _is_response(self, message: coap.Message) -> bool:
        try:
            reply = self._peer.receive(message)
        except coap.CoAPError as error:
            raise self._abort(error) from error
        if self._peer.has_aborted:
            raise closed("it could not read what was sent")
        if reply is not None:
            self.send_bytes(stream.encode(reply))
        return coap.code.is_response(message.code)

    def _abort(self, error: coap.CoAPError) -> LinkClosed:
        with contextlib.suppress(LinkClosed):
            self.send_bytes(stream.encode(signalling.abort(error)))
        return LinkClosed(
            f"what answers there is no reader: {error}", "check the reader's address"
        )


class TcpLink(StreamLink):
    """A connection over a TCP socket."""

    def __init__(self, connection: socket.socket, chunk: int, transcript: Transcript | None):
        super().__init__(chunk, transcript)
        self._socket = connection

    @classmethod
    def connect(
        cls,
        host: str,
        port: int,
        *,
        chunk: int = CHUNK,
        timeout: float = CONNECT_SECONDS,
        transcript: Transcript | None = None,
    ) -> "TcpLink":
        """A link to the reader at ``host``:``port`` that writes at most ``chunk`` bytes at a time.

        Raises LinkClosed if none answers within ``timeout`` seconds.
        """
        if chunk < SMALLEST_CHUNK:
            raise UsageProblem(
                f"chunks of {chunk} bytes are smaller than any link's",
                f"use {SMALLEST_CHUNK} or more",
            )
        try:
            connection = socket.create_connection((host, port), timeout)
        except (OSError, UnicodeError) as error:  # the latter for a host name that cannot be one
            why = getattr(error, "strerror", None) or error
            raise LinkClosed(
                f"no reader answers at {host}:{port} ({why})",
                "start it with `holdfast reader run`, and give the port that it prints",
            ) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(connection, chunk, transcript)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _write(self, chunk: bytes) -> None:
        try:
            self._socket.sendall(chunk)
        except OSError as error:
            raise closed(error.strerror) from error

    def _read_some(self, seconds: float) -> bytes:
        try:
            self._socket.settimeout(seconds)
            return self._socket.recv(_READ)
        except TimeoutError:
            raise
        except OSError as error:
            raise closed(error.strerror) from error


def closed(why: str | None) -> LinkClosed:
    """The reader ended the connection, for what reason if it is known."""
    return LinkClosed(
        f"the reader closed the connection ({why})" if why else "the reader closed the connection",
        "try again; if it stays so, look at the reader's log",
    )
