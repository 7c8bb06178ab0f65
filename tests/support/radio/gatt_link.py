"""A phone's link to a reader over bleak, for the phone's code, which knows nothing of asyncio."""

import asyncio

import coap
from coap import signalling, stream
from holdfast.access import advert
from holdfast_host.errors import LinkClosed

_LARGEST_MESSAGE = 4096


class GattLink:
    """What ``holdfast_host.phone`` speaks over, on a client of bleak that is connected.

    ``request`` blocks and is for another thread than that of the loop, ``ask`` does not.
    """

    def __init__(self, client):
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._decoder = stream.Decoder(_LARGEST_MESSAGE)
        self._peer = signalling.Peer()
        self._heard = asyncio.Queue()
        self._greeting = stream.encode(signalling.csm())
        self.round_trips = self.bytes_out = self.bytes_in = 0

    async def open(self):
        """Subscribe to what the reader says."""
        await self._client.start_notify(advert.TX, lambda _, value: self._take(bytes(value)))
        return self

    def lost(self):
        """The connection is over: who waits for an answer will have none."""
        self._heard.put_nowait(None)

    def request(self, message):
        """Send a request and wait for its response. Raises LinkClosed."""
        return asyncio.run_coroutine_threadsafe(self.ask(message), self._loop).result()

    async def ask(self, message):
        """Send a request and await its response. Raises LinkClosed, or bleak's own errors."""
        data, self._greeting = self._greeting + stream.encode(message), b""
        await self.send(data)
        answer = await self._heard.get()
        if answer is None:
            raise LinkClosed("the connection is over", "try again")
        self.round_trips += 1
        return answer

    async def send(self, data):
        """Write bytes as they are, in chunks as large as the MTU allows."""
        rx = self._client.services.get_characteristic(advert.RX)
        size = rx.max_write_without_response_size
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self.bytes_out += len(piece)
            await self._client.write_gatt_char(rx, piece, response=False)

    def _take(self, piece):
        self.bytes_in += len(piece)
        for message in self._decoder.feed(piece):
            self._peer.receive(message)
            if coap.code.is_response(message.code):
                self._heard.put_nowait(message)
