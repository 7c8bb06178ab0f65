"""The LAN as an ESP32 has it: one UDP socket on all of its addresses, and in one group."""

import asyncio
import errno
import socket

from micropython import const

_MAX = const(1233)  # bytes read of a datagram: one more than is taken, so that a longer is known
_ANY = b"\0\0\0\0"


class Udp:
    """Datagrams at ``port``. Addresses are as the socket has them, (IPv4 address, port) here.

    With a ``group``, an IPv4 address, what goes ``to_all`` goes there; one socket hears that, too.
    ``lan`` is the Lan that it goes by, whose address may come later, or change. Raises OSError if
    the port is taken.
    """

    def __init__(self, port: int, group, lan):
        self._port = port
        self._group = group
        self._lan = lan
        self._joined = None  # for which of its own addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("0.0.0.0", port))
        self.receivers = (self,)

    @property
    def network(self):
        """This board's address and its mask, as of Lan."""
        return self._lan.network

    @property
    def to_all(self):
        """Where a datagram goes to all; None while there is no network."""
        own = self._lan.address
        if own is None:
            return None
        if own != self._joined:
            # Anew for each address: the membership is an interface's, and it may have gone.
            try:
                self._socket.setsockopt(
                    socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _numbers(self._group) + _ANY
                )
            except OSError:
                pass  # it is a member already
            self._joined = own
        return self._group, self._port

    @staticmethod
    def address_of(host: str, port: int):
        """What ``send`` takes for an IPv4 address in decimals."""
        return host, port

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
        return source == (self._lan.address, self._port)


def _numbers(host):
    return bytes([int(part) for part in host.split(".")])


def _readable(waited):
    # What asyncio's own streams wait by; to MicroPython a generator is awaitable.
    yield asyncio.core._io_queue.queue_read(waited)  # pyright: ignore[reportAttributeAccessIssue]
