"""The changesets a board has followed, sealed, in the order in which it took them."""

from flashlog import FlashLog, LogFull
from micropython import const

from ..sealed import DamagedError

_NUMBER = const(4)
_ENOSPC = const(28)  # not in MicroPython's errno
_PURPOSE = b"holdfast changeset record"


class ChangesetLog:
    """Raw changesets by number, in a FlashLog of ``segments`` segments. Opening raises OSError."""

    def __init__(self, directory: str, sealer, segment_size: int, segments: int):
        self._log = FlashLog(directory, segment_size, segments)
        self._sealer = sealer

    @property
    def position(self) -> int:
        """Number of the record that comes next; never goes back."""
        return self._log.next

    def append(self, number: int, raw: bytes) -> bool:
        """Keep one more, durably; False if there is no room. Raises OSError."""
        name = number.to_bytes(_NUMBER, "big")
        try:
            self._log.append(name + self._sealer.seal(raw, _PURPOSE + name))
        except LogFull:
            return False
        return True

    def make_room(self):
        """Forget the oldest. Raises OSError."""
        if not self._log.drop_oldest():
            raise OSError(_ENOSPC)

    def since(self, position: int):
        """Each (number, raw) from ``position`` on, in the order of writing. Raises OSError.

        raw is None, and number 0, for what is damaged, also where it was the last.
        """
        upcoming = position
        for at, record in self._log.records(position):
            if at != upcoming:
                yield 0, None
            upcoming = at + 1
            number = _number(record)
            raw = self._unsealed(record)
            yield (0, None) if raw is None else (number, raw)
        if upcoming < self._log.next:
            yield 0, None

    def after(self, number: int, limit: int):
        """Each (number, raw) of the changesets that follow ``number`` without a gap.

        As many as there are, at most ``limit``. Raises OSError.
        """
        upcoming = number + 1
        for _, record in self._log.records():
            if upcoming > number + limit:
                return
            if _number(record) == upcoming:
                raw = self._unsealed(record)
                if raw is not None:
                    yield upcoming, raw
                    upcoming += 1

    def _unsealed(self, record):
        try:
            return self._sealer.open(record[_NUMBER:], _PURPOSE + record[:_NUMBER])
        except DamagedError:
            return None


def _number(record) -> int:
    return int.from_bytes(record[:_NUMBER], "big")
