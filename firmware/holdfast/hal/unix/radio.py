"""The phone's link without a radio: a loopback TCP socket stands for the GATT byte stream.

Writes leave in chunks of one size, as notifications would; what is read comes in pieces of any
size.
"""

import asyncio

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

    async def close(self):
        """Drop the central."""
        self._writer.close()
        await self._writer.wait_closed()


class Radio:
    """Listens on 127.0.0.1 at ``port``."""

    def __init__(self, port: int, chunk_size: int):
        self._port = port
        self._chunk_size = chunk_size

    async def start(self, connected):
        """Await ``connected(link)`` for each central, in a task of its own.

        Raises OSError if the port is taken.
        """

        async def accepted(reader, writer):
            await connected(Link(reader, writer, self._chunk_size))

        return await asyncio.start_server(accepted, "127.0.0.1", self._port, backlog=4)
