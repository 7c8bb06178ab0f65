"""The LAN of this machine: one UDP socket, bound to one address and port, and one for a group."""

import asyncio
import errno
import socket

from micropython import const

_MAX = const(1233)  # bytes read of a datagram: one more than is taken, so that a longer is known

# Linux has these for IPPROTO_IP; this port names only the last.
_IPPROTO_IP = const(0)
_IP_MULTICAST_IF = const(32)
_IP_ADD_MEMBERSHIP = const(35)


class Udp:
    """Datagrams at ``host`` and ``port``. Addresses are as the socket has them, bytes here.

    With a ``group``, an IPv4 address, what goes ``to_all`` goes there, and what others send there
    is received by the second of the ``receivers``. Where the machine has no multicast, ``to_all``
    is None. ``network`` is the address that it is bound to, text, None if that is any; this port
    tells nobody the mask. Raises OSError if the port is taken.
    """

    def __init__(self, host: str, port: int, group=None):
        self.network = host if any(_numbers(host)) else None
        self.address = self.address_of(host, port)
        self.to_all = None
        self._socket = _bound(self.address)
        self.receivers: list = [self]
        if group is not None:
            self._join(group, host, port)

    def _join(self, group, host, port):
        try:
            here = _numbers(host)
            address = self.address_of(group, port)
            joined = _bound(address, True)
            self.receivers.append(_Group(joined))
            joined.setsockopt(_IPPROTO_IP, _IP_ADD_MEMBERSHIP, _numbers(group) + here)
            if any(here):
                self._socket.setsockopt(_IPPROTO_IP, _IP_MULTICAST_IF, here)
            self.to_all = address
        except OSError:
            # Who is configured is met all the same.
            for made in self.receivers[1:]:
                made.close()
            del self.receivers[1:]

    @staticmethod
    def address_of(host: str, port: int):
        """What ``send`` takes for an IPv4 address in decimals."""
        found = socket.getaddrinfo(host, port)[0][-1]
        return bytes(found)  # pyright: ignore[reportArgumentType]

    async def receive(self) -> tuple:
        """``(source, data)`` of the next datagram. Raises OSError."""
        return await _receive(self._socket)

    def send(self, address, data):
        """Hand a datagram to the network; OSError if it takes none now."""
        self._socket.sendto(data, address)

    def is_own(self, source) -> bool:
        """Whether ``source`` is this socket."""
        return source == self.address

    def close(self):
        """Give the port back."""
        for made in self.receivers[1:]:
            made.close()
        self._socket.close()


class _Group:
    def __init__(self, joined):
        self._socket = joined

    async def receive(self):
        return await _receive(self._socket)

    def close(self):
        self._socket.close()


def _bound(address, is_shared=False):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    is_bound = False
    try:
        made.setblocking(False)
        if is_shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        is_bound = True
    finally:
        if not is_bound:
            made.close()
    return made


async def _receive(bound):
    while True:
        try:
            data, source = bound.recvfrom(_MAX)
            return source, data
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
        await _readable(bound)  # pyright: ignore[reportGeneralTypeIssues]


def _numbers(host):
    return bytes([int(part) for part in host.split(".")])


def _readable(waited):
    # What asyncio's own streams wait by; to MicroPython a generator is awaitable.
    yield asyncio.core._io_queue.queue_read(waited)  # pyright: ignore[reportAttributeAccessIssue]
