"""The UDP sockets of this computer, in a thread of their own with asyncio's loop."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from typing import Self

import coap

from ..errors import LinkClosed
from . import asking
from .asking import Asking
from .link import LanLink
from .places import Place

_OPEN_SECONDS = 10  # for a name to be looked up
_LOOK_SECONDS = 1  # between two looks whether there is anybody who could answer


class Ticks:
    """Milliseconds of this machine, as ticks of hal."""

    def add(self, ms: int) -> int:
        """The tick ``ms`` from now."""
        return self._now() + ms

    def until(self, tick: int) -> int:
        """Milliseconds until ``tick``."""
        return tick - self._now()

    def _now(self) -> int:
        return time.monotonic_ns() // 1_000_000


class Udp:
    """Links to nodes. A context manager: at its end all that is under way has no answer.

    Each link has a socket of its own, connected to its node: so the system drops what others send
    to it, and tells if nobody listens there.
    """

    def __init__(self, patience_ms: int = asking.PATIENCE_MS):
        self._patience_ms = patience_ms
        self._loop = asyncio.new_event_loop()
        self._channels: set[_Channel] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join()
        self._loop.close()

    def link(self, place: Place) -> LanLink:
        """A link to whoever is at ``place``. From any thread. Raises LinkClosed."""
        opening = asyncio.run_coroutine_threadsafe(self._open(place), self._loop)
        try:
            channel = opening.result(_OPEN_SECONDS)
        except (OSError, UnicodeError, concurrent.futures.TimeoutError) as error:
            opening.cancel()
            why = getattr(error, "strerror", None) or "it was not found in time"
            raise LinkClosed(f"{place} cannot be reached: {why}", "check the address") from error
        return LanLink(str(place), channel.exchange, channel.close)

    async def _open(self, place: Place) -> "_Channel":
        _, channel = await self._loop.create_datagram_endpoint(
            lambda: _Channel(self._loop, self._channels, self._patience_ms),
            remote_addr=(place.host, place.port),
        )
        return channel

    def _stop(self) -> None:
        for channel in list(self._channels):
            channel.end()
        self._loop.call_soon(self._loop.stop)


class _Channel(asyncio.DatagramProtocol):
    """One connected socket, and who asks by it. Methods without a word run in the loop."""

    def __init__(self, loop, channels, patience_ms):
        self._loop = loop
        self._channels = channels
        self._timer = None
        self._transport = None
        self._asking = Asking("", self._send, Ticks(), patience_ms)
        channels.add(self)

    def exchange(self, request: coap.Message) -> tuple[coap.Message | None, int]:
        """As of LanLink. From any other thread, one at a time."""
        answer: concurrent.futures.Future = concurrent.futures.Future()
        try:
            self._loop.call_soon_threadsafe(self._ask, request, answer)
        except RuntimeError:  # the loop has ended
            return None, asking.SILENT
        while True:
            try:
                return answer.result(_LOOK_SECONDS)
            except concurrent.futures.TimeoutError:
                # What was handed to a loop that had just ended nobody does.
                if self._loop.is_closed():
                    return None, asking.SILENT

    def close(self) -> None:
        """From any other thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.end)

    def end(self):
        self._channels.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._asking.give_up()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        self._do(self._asking.receive, "", data)

    def error_received(self, exc):
        if isinstance(exc, ConnectionRefusedError):
            self._do(self._asking.refused)

    def _ask(self, request, answer):
        if self._transport is None:
            answer.set_result((None, asking.SILENT))
            return
        try:
            self._do(self._asking.ask, request, lambda *said: answer.set_result(said))
        except (coap.CoAPError, ValueError) as error:
            answer.set_exception(error)

    def _send(self, destination, data):
        if self._transport is not None:
            self._transport.sendto(data)

    def _do(self, function, *arguments):
        function(*arguments)
        self._poll()

    def _poll(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = self._asking.poll()
        if left is not None and self._transport is not None:
            self._timer = self._loop.call_later(left / 1000, self._poll)
