"""The keys of a reader's events, and how far the events have been checked."""

import dataclasses
from collections.abc import Callable

from holdfast.access.events import acknowledgement
from holdfast.access.events import record as event_record
from holdfast.access.events.record import EventError

MOST_STEPS = 10_000_000  # of a key, from the last that is known: no log is that long


@dataclasses.dataclass(frozen=True)
class Checked:
    """How far a reader's events have been checked: its chain's root and the last event.

    ``next_key`` is the key of the event after it, 32 bytes, and ``acknowledgement_key`` the one
    that the reader believes the auditor by, 32 bytes, empty if it is not known: secrets.
    """

    root_number: int
    root: bytes
    head_number: int
    head_code: bytes
    next_key: bytes
    acknowledgement_key: bytes = b""

    def word(self) -> bytes:
        """The auditor's word to the reader that its events up to the last one are safe."""
        return acknowledgement.encode(
            self.acknowledgement_key, self.root, self.head_number, self.head_code
        )

    @property
    def head(self) -> tuple[int, bytes]:
        """Number and code of the last event."""
        return self.head_number, self.head_code

    def __repr__(self) -> str:
        return f"<Checked up to {self.head_number}>"


class Chain:
    """One chain: from event ``base`` on, and the keys known of it."""

    def __init__(self, base: int, root: bytes, root_key: Callable[[bytes], bytes]):
        self.base = base
        self.root = root
        self._root_key = root_key
        self._known: dict[int, bytes] = {}
        self._latest = (base, b"")

    def know(self, number: int, key: bytes) -> None:
        """The key of one event, from elsewhere."""
        self._known[number] = key

    def key(self, number: int) -> bytes:
        """The key of an event of this chain. Raises InvalidInput."""
        points = [point for point in (*self._known.items(), self._latest) if point[1]]
        at, key = max((point for point in points if point[0] <= number), default=(None, b""))
        if at is None:
            at, key = self.base, self._root_key(self.root)
            self.know(at, key)
        if number - at > MOST_STEPS:
            raise EventError("no event has such a number")
        for _ in range(number - at):
            key = event_record.next_key(key)
        self._latest = (number, key)
        return key
