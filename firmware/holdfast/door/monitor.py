"""What becomes of a door: secured, released, unlocked, open, held open, forced.

Pure: how much time went by is told, and nothing is moved. A contact only reports; the strike
goes by who was let in, by hours and by the exit button.
"""

from micropython import const

# States, as they go over the wire.
SECURED = const(0)
RELEASED = const(1)
UNLOCKED = const(2)  # by schedule
OPEN = const(3)
HELD = const(4)  # open for too long
FORCED = const(5)  # opened while it was secured

# What ``look`` tells, as bits.
WAS_PASSED = const(1)
WAS_NOT_PASSED = const(2)
WAS_FORCED = const(4)
IS_HELD = const(8)
WAS_OPEN = const(16)  # at the start
IS_SHUT = const(32)  # again, after any of the three above

HELD_MS = const(30000)
# A leaf that is pulled as the strike falls is noticed a little later; whoever had leave to open it
# has not forced it.
GRACE_MS = const(1000)
# Between two looks in which nobody could look nothing is held against a door.
_LOOK_MS = const(100)


class Monitor:
    """One door, that may be open for ``held_ms`` before it is held open.

    ``state`` is one of the above.
    """

    def __init__(self, held_ms: int = HELD_MS):
        self._held_ms = held_ms
        self._is_open = None  # before the contact was heard
        self._grants = 0
        self._exits = 0
        self._free_ms = 0  # for so long yet whoever opens it has leave to
        self._theirs_ms = 0  # and it is who was granted
        self._waits = False  # to hear whether who was granted opens it
        self._open_ms = 0
        self._is_told = False  # that it is open where it should not be
        self.state = SECURED

    def look(self, ms: int, is_open, grants, granted_ms, exits, exit_ms, holds) -> int:
        """What there is to tell, as bits, after ``ms`` milliseconds more.

        ``is_open`` is what the contact says, None where there is none. ``grants`` and ``exits``
        count how often the door was released for somebody, ``granted_ms`` and ``exit_ms`` are
        what is left of that; ``holds``: it stands unlocked by schedule.
        """
        slow_ms = min(ms, _LOOK_MS)
        is_new = grants != self._grants
        is_granted = is_new or granted_ms > 0
        self._theirs_ms = GRACE_MS if is_granted else max(0, self._theirs_ms - slow_ms)
        is_free = is_granted or exits != self._exits or exit_ms > 0 or holds
        self._free_ms = GRACE_MS if is_free else max(0, self._free_ms - slow_ms)
        self._grants = grants
        self._exits = exits
        told = 0
        if is_open is not None:
            if is_new:
                # Who is let in at a door that is open walks through, and no contact tells.
                self._waits = self._is_open is False
                if self.state == FORCED:
                    self.state = OPEN
            told = self._moved(is_open)
            if self._waits and not self._theirs_ms:
                self._waits = False
                told |= WAS_NOT_PASSED
        if not is_open:
            is_released = granted_ms > 0 or exit_ms > 0
            self.state = RELEASED if is_released else UNLOCKED if holds else SECURED
        elif is_granted or holds:
            self._open_ms = 0
            if self.state == HELD:
                self.state = OPEN
        elif self.state == OPEN:
            # Not an exit's time: a detector that sees people pass would never let it end.
            self._open_ms += ms
            if self._open_ms >= self._held_ms:
                self.state = HELD
                self._is_told = True
                told |= IS_HELD
        return told

    def _moved(self, is_open):
        was_open = self._is_open
        self._is_open = is_open
        if is_open == was_open:
            return 0
        if not is_open:
            told = IS_SHUT if self._is_told else 0
            self._is_told = False
            return told
        self._open_ms = 0
        self.state = OPEN
        if was_open is None:
            self._is_told = True
            return WAS_OPEN
        if self._waits and self._theirs_ms:
            self._waits = False
            return WAS_PASSED
        if self._free_ms:
            return 0
        self.state = FORCED
        self._is_told = True
        return WAS_FORCED
