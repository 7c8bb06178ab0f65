"""A board that is a process on this machine, its flash a folder."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cose import Key

from .. import files, locks
from ..errors import UsageProblem
from ..policy.history import History
from ..site.keys import Keys
from . import correct, rehearsal
from .board import NO_WORD, Enrolled, Running, introduced
from .process import ReaderProcess

KEYS = ("device.key", "device_p256.key")


class LocalBoard:
    """The reader whose state lies in ``state_folder``, which the caller has ``held``."""

    def __init__(self, state_folder: Path, held: locks.Hold):
        self._folder = state_folder
        self._held = held

    def introduce(self) -> Enrolled:
        """As of Board: of a reader without settings, which is what says them; those that there
        are stay in force.
        """
        with rehearsal.folder(self._folder, KEYS) as without:
            reader = ReaderProcess(without)
            begun = time.time()
            begin = reader.launch()
            try:
                event = reader.wait(
                    lambda event: event.get("event") == "unprovisioned", since=begin
                )
                heard = time.time()
            finally:
                reader.stop()
            for name in KEYS:
                if (without / name).exists() and not (self._folder / name).exists():
                    self.write(name, (without / name).read_bytes())
        try:
            return introduced(event or {}, begun, heard)
        except NO_WORD as error:
            raise rehearsal.told_of(self._folder, reader.failure(begin)) from error

    def read(self, name: str) -> bytes | None:
        """As of Board."""
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, data: bytes) -> None:
        """As of Board."""
        files.write(self._folder / name, data, files.PRIVATE)

    def remove(self, name: str) -> None:
        """As of Board."""
        files.remove(self._folder / name)

    def rehearse(
        self, changed: Mapping[str, bytes]
    ) -> contextlib.AbstractContextManager[Running] | None:
        """As of Board."""
        return self._rehearsed(changed)

    @contextlib.contextmanager
    def _rehearsed(self, changed: Mapping[str, bytes]) -> Iterator[Running]:
        with rehearsal.of(self._folder, changed) as reader:
            yield _LocalRunning(reader)

    @contextlib.contextmanager
    def start(self) -> Iterator[Running]:
        """As of Board."""
        with ReaderProcess(self._folder, held=self._held) as reader:
            yield _LocalRunning(reader)


class _LocalRunning:
    def __init__(self, reader: ReaderProcess):
        self._reader = reader

    @property
    def events(self) -> Sequence[dict]:
        return self._reader.events

    def failure(self, since: int) -> UsageProblem:
        return self._reader.failure(since)

    def tell_time(self, door: str, opened: Keys, history: History, authority_key: Key) -> None:
        correct.correct(self._reader.port, door, opened, history, authority_key)
