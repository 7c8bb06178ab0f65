"""What the authority has taken back: single tokens, and everything issued before a time."""

from micropython import const
from untrusted import InvalidInput

from ..credential import CTI_LENGTH

MAX_REVOKED = 256
_EXPIRES_LENGTH = const(8)
_ENTRY_LENGTH = const(16)


class RevocationsFull(InvalidInput):
    """No room for one more revocation: raise the watermark instead."""


class Revocations:
    """Up to 256 token ids that are refused, and the time before which all tokens are.

    Never changes: ``added`` and ``raised`` give another. ``packed`` holds 16 bytes an entry, the
    token's id and its expiry (big-endian), in ascending order of ids; 4 KB when full. ``latest``
    is when the authority last took a token back. All times are in seconds since 1970.
    """

    def __init__(self, packed: bytes = b"", watermark: int = 0, latest: int = 0):
        self._packed = packed
        self.watermark = watermark
        self.latest = latest

    def __len__(self) -> int:
        return len(self._packed) // _ENTRY_LENGTH

    def __iter__(self):
        """Each (cti, expires), ascending."""
        for index in range(len(self)):
            yield self._cti(index), self._expires(index)

    def is_revoked(self, cti: bytes) -> bool:
        """Whether the token of this id was taken back."""
        return self._is_at(self._position(cti), cti)

    def is_below_watermark(self, issued_at) -> bool:
        """Whether a token of this ``iat`` is too old; without one it is, once a watermark is."""
        return self.watermark > 0 and (issued_at is None or issued_at < self.watermark)

    def added(self, cti: bytes, expires: int, now: int, issued_at: int):
        """These and one more: ``cti`` of 8 bytes, of a token that ends at ``expires``.

        ``issued_at`` is when the authority took it back. If 256 others are there, those that have
        ended at ``now`` make room; raises RevocationsFull if none has.
        """
        kept = self
        at = self._position(cti)
        is_known = self._is_at(at, cti)
        if is_known:
            expires = max(expires, self._expires(at))
        elif len(self) >= MAX_REVOKED:
            kept = self._living(now)
            if len(kept) >= MAX_REVOKED:
                raise RevocationsFull("revocations: full, raise the watermark")
            at = kept._position(cti)
        # On packed bytes: as objects 256 entries take a third of a board's heap.
        entry = cti + expires.to_bytes(_EXPIRES_LENGTH, "big")
        start = at * _ENTRY_LENGTH
        rest = start + _ENTRY_LENGTH if is_known else start
        packed = b"".join((kept._packed[:start], entry, kept._packed[rest:]))
        return Revocations(packed, self.watermark, max(self.latest, issued_at))

    def raised(self, watermark: int):
        """These under another watermark; a lower one than there was changes nothing.

        A watermark after the last revocation empties the list: a token is issued before it is
        taken back, so each on the list is under the watermark now.
        """
        if watermark <= self.watermark:
            return self
        packed = b"" if watermark > self.latest else self._packed
        return Revocations(packed, watermark, self.latest)

    def _living(self, now):
        living = bytearray()
        for index in range(len(self)):
            if self._expires(index) > now:
                start = index * _ENTRY_LENGTH
                living += self._packed[start : start + _ENTRY_LENGTH]
        return Revocations(bytes(living), self.watermark, self.latest)

    def _is_at(self, index, cti):
        return index < len(self) and self._cti(index) == cti

    def _cti(self, index):
        return self._packed[index * _ENTRY_LENGTH : index * _ENTRY_LENGTH + CTI_LENGTH]

    def _expires(self, index):
        at = index * _ENTRY_LENGTH + CTI_LENGTH
        return int.from_bytes(self._packed[at : at + _EXPIRES_LENGTH], "big")

    def _position(self, cti):
        """The index of ``cti``, or of the entry before which it belongs."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._cti(middle) < cti:
                low = middle + 1
            else:
                high = middle
        return low
