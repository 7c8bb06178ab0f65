"""The Trickle algorithm (RFC 6206): saying seldom what all know, and soon what some do not.

Names are the RFC's: I is the length of the current interval, t the point in it at which this node
may transmit, c how many consistent transmissions were heard in it, k from how many on it stays
silent.
"""

from .chance import between


class Trickle:
    """One timer, by section 4.2. Times are in milliseconds.

    ``Imin`` is the shortest interval, ``doublings`` how often it may double up to ``Imax``, ``k``
    the redundancy constant; ``random_bytes(n)`` chooses t.

    One thing is not the RFC's, since what is heard here is not protected. Whoever repeats at once
    what a node would say can silence it for ever there; here for one Imax: ``is_silenced``.
    """

    def __init__(self, Imin: int, doublings: int, k: int, random_bytes, now: int):
        self.Imin = Imin
        self.Imax = Imin << doublings
        self.k = k
        self._random_bytes = random_bytes
        self._silent_since = None  # the first transmission that was suppressed since the last
        self.I = Imin
        self._begin(now)

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        return self._end if self.t is None else self.t

    def run(self, now: int) -> bool:
        """Whether this node transmits now. To be called when it is due; late, or too early, does
        no harm.
        """
        transmits = False
        if self.t is not None and now >= self.t:
            self.t = None
            transmits = self.c < self.k
            if transmits:
                self._silent_since = None
            elif self._silent_since is None:
                self._silent_since = now
        if now >= self._end:
            self.I = min(2 * self.I, self.Imax)
            # From the end on, as long as that lies in the interval: a node that hung begins now.
            self._begin(self._end if now < self._end + self.I // 2 else now)
        return transmits

    def is_silenced(self, now: int) -> bool:
        """Whether what others said has kept this node from transmitting for a whole Imax."""
        return self._silent_since is not None and now - self._silent_since >= self.Imax

    @property
    def silenced_at(self):
        """When ``is_silenced`` will be so, None while nothing was suppressed."""
        return None if self._silent_since is None else self._silent_since + self.Imax

    def spoke(self):
        """It was said in another way: its silence is over."""
        self._silent_since = None

    def consistent(self):
        """A transmission was heard that says what this node would say (rule 3)."""
        self.c += 1

    def inconsistent(self, now: int) -> bool:
        """Something else was heard, or this node knows more now (rule 6); True if it starts over.

        In an interval of Imin it does not: so at most once an Imin.
        """
        if self.I <= self.Imin:
            return False
        self.I = self.Imin
        self._begin(now)
        return True

    def _begin(self, at):
        self.c = 0
        self.t = at + between(self._random_bytes, self.I // 2, self.I)
        self._end = at + self.I
