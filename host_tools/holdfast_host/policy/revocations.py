"""What the authority took back, as a reader keeps it, with every time in full.

A reader keeps days (firmware/holdfast/access/policy/revocation.py); here the same rules go by the
exact ends and times of issue, so that both keep and drop the same tokens.
"""

import dataclasses

from holdfast.access.policy.revocation import MAX_REVOKED

_DAY_S = 86400
_LAST_DAY = 0xFFFF


@dataclasses.dataclass(frozen=True)
class Revocation:
    """A token that would end at ``end``; ``issued_at`` is None if nobody knows when it was issued.

    Times are in seconds since 1970.
    """

    end: int
    issued_at: int | None = None


@dataclasses.dataclass
class Revocations:
    """Token ids with their Revocation; tokens issued before ``watermark`` are refused, too, and so
    are those that end at or before ``dropped``: of these some were let go.
    """

    entries: dict[bytes, Revocation] = dataclasses.field(default_factory=dict)
    watermark: int = 0
    dropped: int = 0

    def add(self, cti: bytes, end: int, issued_at: int | None, now: int) -> None:
        """Keep one more; if that is too many, those that have ended by the day of ``now`` go."""
        before = self.entries.get(cti)
        if before is not None:
            end = max(end, before.end)
            if issued_at is not None and before.issued_at is not None:
                issued_at = max(issued_at, before.issued_at)
            else:
                issued_at = None
        elif len(self.entries) >= MAX_REVOKED:
            living = self.living(now)
            for other in self.entries.keys() - living.keys():
                self.until(_day_after(self.entries[other].end) * _DAY_S)
            self.entries = living
        self.entries[cti] = Revocation(end, issued_at)

    def living(self, now: int) -> dict[bytes, Revocation]:
        """Those that would be kept at ``now``, were there too many."""
        return {
            cti: entry for cti, entry in self.entries.items() if _day_after(entry.end) > _day(now)
        }

    def raise_watermark(self, watermark: int) -> None:
        """Refuse what was issued before ``watermark``, and let those revocations go."""
        if watermark <= self.watermark:
            return
        self.watermark = watermark
        self.entries = {
            cti: entry
            for cti, entry in self.entries.items()
            if entry.issued_at is None or _day_after(entry.issued_at) > _day(watermark)
        }

    def until(self, dropped: int) -> None:
        """Those that had ended at ``dropped`` were let go."""
        self.dropped = max(self.dropped, dropped)


def _day(time: int) -> int:
    return time // _DAY_S


def _day_after(time: int) -> int:
    return min(_day(time) + 1, _LAST_DAY)
