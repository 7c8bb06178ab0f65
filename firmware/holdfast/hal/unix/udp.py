"""The LAN of this machine: one UDP socket, bound to one address and port."""

import asyncio
import errno
import socket

_MAX = 1233  # bytes read of a datagram: one more than is taken, so that a longer one is known


class Udp:
    """Datagrams at ``host`` and ``port``. Addresses are as the socket has them, bytes here."""

    def __init__(self, host: str, port: int):
        found = socket.getaddrinfo(host, port)[0][-1]
        self.address = bytes(found)  # pyright: ignore[reportArgumentType]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self.address)

    async def receive(self) -> tuple:
        """``(source, data)`` of the next datagram. Raises OSError."""
        while True:
            try:
                data, source = self._socket.recvfrom(_MAX)
                return source, data
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
            await _readable(self._socket)  # pyright: ignore[reportGeneralTypeIssues]

    def send(self, address, data):
        """Hand a datagram to the network; OSError if it takes none now."""
        self._socket.sendto(data, address)

    def is_own(self, source) -> bool:
        """Whether ``source`` is this socket."""
        return source == self.address

    def close(self):
        """Give the port back."""
        self._socket.close()


def _readable(waited):
    # What asyncio's own streams wait by; to MicroPython a generator is awaitable.
    yield asyncio.core._io_queue.queue_read(waited)  # pyright: ignore[reportAttributeAccessIssue]
