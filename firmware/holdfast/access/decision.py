"""The answer to a request: yes or no, why, and what follows from it."""

from . import reason as _reason


class Decision:
    """``granted``, the exact ``reason`` code, and what a yes obliges to.

    ``strike_ms`` is for how many milliseconds the strike opens; ``by_grace`` says that it was
    granted without a trusted clock, which the event must tell.
    """

    def __init__(self, granted: bool, reason: int, strike_ms: int = 0, by_grace: bool = False):
        self.granted = granted
        self.reason = reason
        self.strike_ms = strike_ms
        self.by_grace = by_grace

    @classmethod
    def grant(cls, strike_ms: int, by_grace: bool = False):
        """Open, for ``strike_ms`` milliseconds."""
        return cls(True, _reason.GRANTED, strike_ms, by_grace)

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
