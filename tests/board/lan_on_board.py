"""Runs on the board, joined with reader_on_board.py: the reader among the nodes of a LAN.

The board in qemu has no network: what stands for its UDP socket is the serial line, and all that
is loaded and run above it is what an ESP32 has. Lines to the host that begin with ``>`` are
datagrams, ``> HOST PORT HEX``; what comes is handed to ``put``.
"""

import asyncio

from holdfast.node.neighbours import GROUP, Neighbours
from micropython import const

_WAITING = const(6)  # datagrams that lwIP keeps for a socket; what comes then is lost
_PIECE = const(64)


class Datagrams:
    """As hal.esp32.udp.Udp, at ``own``, (IPv4 address, port)."""

    def __init__(self, own):
        self._own = own
        self._pieces = []
        self._arrived = asyncio.Event()
        self._came = []
        self.to_all = GROUP, own[1]
        self.network = None
        self.receivers = (self,)

    @staticmethod
    def address_of(host, port):
        return host, port

    def put(self, source, piece):
        """The next bytes of a datagram; the last ones with its ``source``, None before."""
        self._pieces.append(piece)
        if source is not None:
            data = b"".join(self._pieces)
            self._pieces.clear()
            if len(self._came) < _WAITING:
                self._came.append((source, data))
                self._arrived.set()

    async def receive(self):
        while not self._came:
            self._arrived.clear()
            await self._arrived.wait()
        return self._came.pop(0)

    def send(self, address, data):
        # In pieces: no line of it is to want what a socket does not.
        print("> %s %d " % address, end="")
        for start in range(0, len(data), _PIECE):
            print(bytes(data[start : start + _PIECE]).hex(), end="")
        print()

    def is_own(self, source):
        return source == self._own


def join(reader, own):
    """Be among the nodes of the LAN, as the role for an ESP32 is; its Datagrams."""
    datagrams = Datagrams(own)
    Neighbours(reader, datagrams).start()
    return datagrams
