"""The phone's link without a radio: a loopback TCP socket stands for the GATT byte stream.

Writes leave in chunks of one size, as notifications would; what is read comes in pieces of any
size.
"""

import asyncio
import gc
import socket

_BACKLOG = 4
_READ_SIZE = 512
MIN_CHUNK = 20


class Link:
    """One central's byte stream."""

    def __init__(self, reader, writer, chunk_size: int):
        self._reader = reader
        self._writer = writer
        self.chunk_size = chunk_size

    async def read(self) -> bytes:
        """The next piece, 1 to 512 bytes; empty once the other side is gone."""
        return await self._reader.read(_READ_SIZE)

    async def write(self, chunk):
        """Send at most ``chunk_size`` bytes and wait until they are taken."""
        self._writer.write(chunk)
        await self._writer.drain()

    def close(self):
        """Drop the central, at once. Takes no memory."""
        self._writer.s.close()


class Radio:
    """Listens on 127.0.0.1 at ``port``."""

    def __init__(self, port: int, chunk_size: int):
        self._port = port
        self._chunk_size = chunk_size
        self._socket = None

    def open(self):
        """The socket that listens; the port is taken at the first call. Raises OSError."""
        if self._socket is None:
            listening = socket.socket()
            try:
                listening.setblocking(False)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(socket.getaddrinfo("127.0.0.1", self._port)[0][-1])
                listening.listen(_BACKLOG)
                self._socket = listening
            finally:
                if self._socket is None:
                    listening.close()
        return self._socket

    async def run(self, connected):
        """Await ``connected(link)`` for each central, in a task of its own. Runs for ever, and may
        be run again when it was ended: who came meanwhile has waited.
        """
        listening = self.open()
        while True:
            await _readable(listening)  # pyright: ignore[reportGeneralTypeIssues]
            central = None
            try:
                central = listening.accept()[0]  # pyright: ignore[reportOptionalMemberAccess]
                central.setblocking(False)
                stream = asyncio.StreamReader(central)
                link = Link(stream, stream, self._chunk_size)
                asyncio.create_task(connected(link))
                central = None
            except OSError:
                pass  # it has gone already
            except MemoryError:
                gc.collect()
            finally:
                if central is not None:
                    central.close()


def _readable(listening):
    # What asyncio's own server waits by. It ends for good with one central that there is no memory
    # for, and keeps the port.
    yield asyncio.core._io_queue.queue_read(listening)  # pyright: ignore[reportAttributeAccessIssue]
