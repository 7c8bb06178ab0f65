"""The time as a decision sees it: a value that says where it comes from and how far it is off."""

from micropython import const

from .. import reason

SOURCE_RTC = "rtc"  # the board's own clock, since it was last told the time
SOURCE_PEER = "peer"  # another node, in a protected message since the start
SOURCE_AUTHORITY = "authority"  # the authority, in a protected message since the start
SOURCE_TOKEN = "token"  # it is later than a token's issue
SOURCE_FLOOR = "floor"  # it is later than what flash says
SOURCE_NONE = "none"

_TRUSTED = (SOURCE_RTC, SOURCE_PEER, SOURCE_AUTHORITY)

SKEW_S = 300  # how far off the authority's computers may be

# grace_used of a reading whose grace is not charged on flash yet: more than any site allows.
UNCHARGED = const(0x3FFFFFFF)


class ClockReading:
    """One reading of the clock.

    ``now`` is in whole seconds since 1970-01-01T00:00Z, or None if nobody knows; ``source`` is one
    of the ``SOURCE_`` names; ``uncertainty`` how many seconds ``now`` may be off, to either side.
    With the sources token and floor ``now`` is only the time before which it cannot be.
    ``grace_used`` is the seconds of uptime spent without a trusted clock. ``fault`` is 0, or the
    reason code that every request gets while the clock's memory is damaged.
    """

    def __init__(
        self, now, source: str, uncertainty: int = 0, grace_used: int = 0, fault: int = 0
    ):
        self.now = now
        self.source = source
        self.uncertainty = uncertainty
        self.grace_used = grace_used
        self.fault = fault

    @classmethod
    def unknown(cls):
        """A clock that cannot be trusted for anything."""
        return cls(None, SOURCE_NONE)

    @classmethod
    def damaged(cls):
        """A clock whose memory cannot be read, so that no time is too late for it."""
        return cls(None, SOURCE_NONE, fault=reason.CLOCK_DAMAGED)

    def is_trusted(self, max_uncertainty_s: int) -> bool:
        """Whether it tells the time, and no further off than ``max_uncertainty_s`` seconds."""
        return (
            self.now is not None
            and not self.fault
            and self.source in _TRUSTED
            and self.uncertainty <= max_uncertainty_s
        )
