"""What a reader knows of the time, over a restart: the last few states, each sealed.

docs/flash_format.md has the bytes, docs/decisions/012 the figures.
"""

import cbor
from flashlog import FlashLog, LogFull
from micropython import const
from untrusted import InvalidInput

from .sealed import OVERHEAD

_VERSION = const(2)
_MAX_PLAIN = const(72)
_MAX_ENTRIES = const(16)
_FRAME = const(10)  # what FlashLog adds to a record
# One record a file, of at most 128 bytes: littlefs keeps so small a file inside its directory and
# erases a block for one save in many.
_SEGMENT = _MAX_PLAIN + OVERHEAD + _FRAME
_SEGMENTS = const(4)
_AAD = b"holdfast clock"


class ClockDamagedError(InvalidInput):
    """There are records of the clock and none can be believed: CLOCK_DAMAGED."""


class ClockStore:
    """The saved state of access/clock/state.py in ``directory``, under a key of the board's own.

    Who can write to the flash cannot make a state up, only bring back one that was there. Raises
    OSError.
    """

    def __init__(self, directory: str, sealer):
        self._sealer = sealer
        self._log = FlashLog(directory, _SEGMENT, _SEGMENTS)

    def load(self):
        """The last state that was saved, a tuple of integers and None; None if there never was.

        If the newest record is damaged it is the one before. Raises ClockDamagedError if there
        were records and all are: the time that the board once knew must not pass for none.
        """
        newest = None
        for _, record in self._log.records():
            newest = record
        try:
            return None if newest is None and not self._had_records() else self._open(newest)
        except InvalidInput:
            pass
        found = None
        for _, record in self._log.records():
            try:
                found = self._open(record)
            except InvalidInput:
                continue
        if found is None:
            raise ClockDamagedError("clock: no record can be believed")
        return found

    def save(self, state: tuple):
        """Keep a state, at most 16 integers or None, 72 bytes in all. It is durable then.

        Raises OSError: the state is kept or the one before it. Raises ValueError for another
        shape.
        """
        plain = cbor.encode([_VERSION] + list(state))
        if len(state) > _MAX_ENTRIES or len(plain) > _MAX_PLAIN or not _is_state(state):
            raise ValueError("no state of a clock")
        record = self._sealer.seal(plain, _AAD)
        for _ in range(_SEGMENTS):
            try:
                self._log.append(record)
                return
            except LogFull:
                self._log.drop_oldest()
        self._log.append(record)

    def _had_records(self):
        return self._log.next > 0 or self._log.damaged > 0

    def _open(self, record):
        if record is None:
            raise ClockDamagedError("clock: no record is whole")
        plain = self._sealer.open(record, _AAD)
        items = cbor.decode(plain, deterministic=True, max_depth=1, max_items=_MAX_ENTRIES + 2)
        if not isinstance(items, list) or not items or not _is_state(items):
            raise ClockDamagedError("clock: a record is no state")
        if items[0] != _VERSION:
            raise ClockDamagedError("clock: a record is of another version")
        return tuple(items[1:])


def _is_state(items):
    return all([item is None or type(item) is int for item in items])
