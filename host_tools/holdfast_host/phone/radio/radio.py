"""A radio for who waits: one event loop, in which bleak runs while the phone waits for it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

import coap

from ...errors import LinkClosed, UsageProblem
from ..link import ANSWER_SECONDS, StreamLink, Transcript
from . import find
from .bluetooth import Bluetooth, Connection
from .readers import Reader

_Done = TypeVar("_Done")


class Radio:
    """A context manager; what is still under way at its end is cancelled.

    A Ctrl-C while it waits cancels what it waits for, and is a KeyboardInterrupt then.
    """

    def __init__(self):
        self.bluetooth = Bluetooth()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, _Done]) -> _Done:
        """What ``work`` comes to."""
        return self._runner.run(work)

    def find(
        self, site: str, door: str, seconds: float, address: str | None = None
    ) -> list[Reader]:
        """Readers to try for ``door``, as find.for_door has it."""
        return self.run(find.for_door(self.bluetooth, site, door, seconds, address))

    def connect(
        self,
        reader: Reader,
        chunk: int,
        reached: Callable[[str], None] = lambda phase: None,
        transcript: Transcript | None = None,
    ) -> "RadioLink":
        """A link to ``reader`` with writes of at most ``chunk`` bytes. Raises LinkClosed."""
        connection = self.run(self.bluetooth.connect(reader.last, reached))
        return RadioLink(self, connection, min(chunk, connection.largest), transcript)


class RadioLink(StreamLink):
    """A connection over GATT. An answer is waited for ``answer_seconds``."""

    def __init__(
        self, radio: Radio, connection: Connection, chunk: int, transcript: Transcript | None
    ):
        super().__init__(chunk, transcript)
        self.answer_seconds = ANSWER_SECONDS
        self._radio = radio
        self._connection = connection

    def request(self, message: coap.Message, timeout: float | None = None) -> coap.Message:
        """Send a request and wait for its response: one round trip."""
        return super().request(message, self.answer_seconds if timeout is None else timeout)

    def close(self) -> None:
        """Disconnect."""
        with contextlib.suppress(LinkClosed, UsageProblem):
            self._radio.run(self._connection.close())

    def _write(self, chunk: bytes) -> None:
        self._radio.run(self._connection.write(chunk))

    def _read_some(self, seconds: float) -> bytes:
        return self._radio.run(self._connection.read(seconds))
