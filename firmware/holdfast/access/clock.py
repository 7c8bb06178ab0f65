"""The time as a decision sees it: a value that says where it comes from."""

SOURCE_NONE = "none"
SOURCE_RTC = "rtc"


class ClockReading:
    """One reading of the clock.

    ``now`` is in whole seconds since 1970-01-01T00:00Z, or None if nobody knows; ``source`` is one
    of the ``SOURCE_`` names.
    """

    def __init__(self, now, source: str):
        self.now = now
        self.source = source

    @classmethod
    def unknown(cls):
        """A clock that cannot be trusted for anything."""
        return cls(None, SOURCE_NONE)
