"""The answer to a request: yes or no, why, and what follows from it."""

from . import reason as _reason


class Decision:
    """``granted``, the exact ``reason`` code, and for how many milliseconds the strike opens."""

    def __init__(self, granted: bool, reason: int, strike_ms: int = 0):
        self.granted = granted
        self.reason = reason
        self.strike_ms = strike_ms

    @classmethod
    def grant(cls, strike_ms: int):
        """Open, for ``strike_ms`` milliseconds."""
        return cls(True, _reason.GRANTED, strike_ms)

    @classmethod
    def refuse(cls, reason: int):
        """Stay closed, for this exact ``reason``."""
        return cls(False, reason)

    @property
    def reason_name(self) -> str:
        """The exact reason in the words of the event log."""
        return _reason.name(self.reason)

    @property
    def coarse(self) -> int:
        """The reason code that a phone may know."""
        return _reason.coarse(self.reason)
