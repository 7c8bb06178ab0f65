"""What a node reads of the time, for the reference that decides by it, and held against the truth.

Which reading is right after all that can happen to a clock is what test_clock_sequences.py tries:
here each decision is made again by the reading that there was.
"""

import copy


class Wrong(AssertionError):
    """A clock that nobody touched or lied to does not have the time."""


class Reading:
    """``now`` None if nobody knows; whether it is ``trusted`` by the limit of the site then."""

    def __init__(self, reading, limit):
        self.now = reading.now
        self.uncertainty = reading.uncertainty
        self.grace_used = reading.grace_used
        self._tells = reading.source in ("rtc", "peer", "authority") and self.now is not None
        self.trusted = self._tells and self.uncertainty <= limit

    def by(self, limit):
        """The same by another limit."""
        other = copy.copy(self)
        other.trusted = self._tells and self.uncertainty <= limit
        return other

    def __repr__(self):
        return f"{self.now}±{self.uncertainty} {self.trusted} {self.grace_used}"


class ReadClock:
    """The clock of a node; ``is_honest`` until somebody has moved it or has lied to it."""

    def __init__(self):
        self.is_honest = True
        self.timekeeper = None

    def started(self, timekeeper):
        """The node has started, and has this Timekeeper."""
        self.timekeeper = timekeeper

    def read(self, rules, true):
        """The Reading now, where it is ``true`` (seconds since 1970); raises Wrong."""
        reading = Reading(self.timekeeper.read(), rules.max_uncertainty_s)
        if self.is_honest and reading.trusted and abs(reading.now - true) > reading.uncertainty:
            raise Wrong(f"it is {true}, and the clock says {reading}")
        return reading
