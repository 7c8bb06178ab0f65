"""What the authority has taken back: single tokens, and everything issued before a time."""

from micropython import const
from untrusted import InvalidInput

MAX_REVOKED = 256

_DAY_S = const(86400)
_ENTRY = const(8)
_NAME = const(4)
_ENDS = const(4)  # where in an entry the day after the end is
_ISSUED = const(6)
_NEVER = const(0xFFFF)  # a day that never comes: an end too far, or an issue nobody knows
_SPREAD = 0x9E3779B97F4A7C15  # odd, 2^64 by the golden ratio: ids that count up lie far apart


class Revocations:
    """Up to 256 token ids that are refused, and the times before which tokens are.

    Never changes: ``added`` and ``raised`` give another. ``packed`` holds 8 bytes an entry in
    ascending order, 2 KB when full: 4 bytes that stand for the token's id, the day after its end
    and the day after its issue, in days since 1970 (2 each, 0xFFFF for never, or for an issue that
    is not known). Ids are random, or count: one that was not taken back looks like one of a full
    list once in sixteen million. ``watermark`` is the time before which no token may have been
    issued, ``dropped`` the highest end, day's end included, of those that were let go because they
    had ended: no clock that is set back brings such a token to life again. Times are in seconds
    since 1970.
    """

    def __init__(self, packed: bytes = b"", watermark: int = 0, dropped: int = 0):
        self.packed = packed
        self.watermark = watermark
        self.dropped = dropped

    def __len__(self) -> int:
        return len(self.packed) // _ENTRY

    def is_revoked(self, cti: bytes) -> bool:
        """Whether the token of this id was taken back."""
        if not self.packed:
            return False
        name = _name(cti)
        return self._is_at(self._position(name), name)

    def is_below_watermark(self, issued_at) -> bool:
        """Whether a token of this ``iat`` is too old; without one it is, once a watermark is."""
        return self.watermark > 0 and (issued_at is None or issued_at < self.watermark)

    def is_dropped(self, expires: int) -> bool:
        """Whether a token that ends at ``expires`` may be one that was let go."""
        return expires <= self.dropped

    def added(self, cti: bytes, expires: int, issued_at, now: int):
        """These and one more: ``cti`` of 8 bytes, of a token from ``issued_at``, None if that is
        not known, until ``expires``.

        If 256 others are there, those that have ended at ``now`` make room; raises InvalidInput
        if none has.
        """
        ends = min(expires // _DAY_S + 1, _NEVER)
        issued = _NEVER if issued_at is None else min(issued_at // _DAY_S + 1, _NEVER)
        kept = self
        name = _name(cti)
        at = self._position(name)
        is_known = self._is_at(at, name)
        if is_known:
            ends = max(ends, self._day(at, _ENDS))
            issued = max(issued, self._day(at, _ISSUED))
        elif len(self) >= MAX_REVOKED:
            # Who ends on a day that never comes has not ended, whatever the date.
            kept = self._living(min(now // _DAY_S, _NEVER - 1))
            if len(kept) >= MAX_REVOKED:
                raise InvalidInput("revocations: full, raise the watermark")
            at = kept._position(name)
        # On packed bytes: as objects 256 entries take a third of a board's heap.
        entry = name + ends.to_bytes(2, "big") + issued.to_bytes(2, "big")
        start = at * _ENTRY
        rest = start + _ENTRY if is_known else start
        packed = b"".join((kept.packed[:start], entry, kept.packed[rest:]))
        return Revocations(packed, self.watermark, kept.dropped)

    def raised(self, watermark: int):
        """These under another watermark; a lower one than there was changes nothing.

        Those it covers are let go: they were issued before it, so it refuses them.
        """
        if watermark <= self.watermark:
            return self
        day = min(watermark // _DAY_S, _NEVER - 1)
        packed = self._where(lambda index: self._day(index, _ISSUED) > day)
        return Revocations(packed, watermark, self.dropped)

    def until(self, dropped: int):
        """These, and those that had ended at ``dropped`` were let go somewhere else."""
        return Revocations(self.packed, self.watermark, max(self.dropped, dropped))

    def _living(self, today):
        ended = [self._day(index, _ENDS) for index in range(len(self))]
        ended = [day for day in ended if day <= today]
        packed = self._where(lambda index: self._day(index, _ENDS) > today)
        dropped = max(ended) * _DAY_S if ended else 0
        return Revocations(packed, self.watermark, max(self.dropped, dropped))

    def _where(self, is_kept):
        packed = bytearray()
        for index in range(len(self)):
            if is_kept(index):
                packed += self.packed[index * _ENTRY : (index + 1) * _ENTRY]
        return bytes(packed)

    def _is_at(self, index, name):
        return self.packed[index * _ENTRY : index * _ENTRY + _NAME] == name

    def _day(self, index, offset):
        at = index * _ENTRY + offset
        return self.packed[at] << 8 | self.packed[at + 1]

    def _position(self, name):
        """The index of ``name``, or of the entry before which it belongs."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.packed[middle * _ENTRY : middle * _ENTRY + _NAME] < name:
                low = middle + 1
            else:
                high = middle
        return low


def _name(cti):
    spread = int.from_bytes(cti, "big") * _SPREAD & 0xFFFFFFFFFFFFFFFF
    return (spread >> 32).to_bytes(_NAME, "big")


def is_whole(packed) -> bool:
    """Whether ``packed`` are entries in order, each once."""
    if not isinstance(packed, bytes) or len(packed) % _ENTRY:
        return False
    names = [packed[at : at + _NAME] for at in range(0, len(packed), _ENTRY)]
    return len(names) <= MAX_REVOKED and sorted(set(names)) == names
