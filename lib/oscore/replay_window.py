"""Which Partial IVs have been accepted (RFC 8613 sections 3.2.2 and 7.4, RFC 6347 4.1.2.6)."""

from .error import ReplayError


class ReplayWindow:
    """A sliding window over the last ``size`` Partial IVs.

    Made by ``new`` for keys never used before, by ``lost`` when what was accepted under them has
    been forgotten. A lost window accepts nothing until ``restart`` is told of a fresh Partial IV.
    """

    def __init__(self, size: int, is_initialised: bool):
        self._size = size
        self.restart(-1)
        self.is_initialised = is_initialised  # whether the window can tell new from old

    @classmethod
    def new(cls, size: int = 32):
        """A window that has seen nothing."""
        return cls(size, True)

    @classmethod
    def lost(cls, size: int = 32):
        """A window that no longer knows what it has seen."""
        return cls(size, False)

    def moved(self):
        """The same window elsewhere in memory; this one must not be used any more."""
        there = ReplayWindow(self._size, self.is_initialised)
        there._newest = self._newest
        there._seen = self._seen
        return there

    def check(self, piv: int) -> None:
        """Raises ReplayError unless ``piv`` has not been accepted and is recent enough to tell."""
        if not self.is_initialised:
            raise ReplayError("the replay window is lost")
        age = self._newest - piv
        if age >= self._size or (age >= 0 and self._seen >> age & 1):
            raise ReplayError("Partial IV %d was used before or is too old" % piv)

    def accept(self, piv: int) -> None:
        """Check ``piv`` and strike it out, in one step."""
        self.check(piv)
        ahead = piv - self._newest
        if ahead < 0:
            self._seen |= 1 << -ahead
            return
        if ahead < self._size:
            self._seen = (self._seen << ahead | 1) & ((1 << self._size) - 1)
        else:
            self._seen = 1
        self._newest = piv

    def restart(self, piv: int) -> None:
        """Begin again above ``piv``, which belongs to a request proven fresh (Appendix B.1.2)."""
        self._newest = piv
        self._seen = (1 << self._size) - 1  # bit n: newest - n is not to be accepted again
        self.is_initialised = True
