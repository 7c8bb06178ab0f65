"""Handshakes that wait for their message_3, of all transports."""

from micropython import const

_CAPACITY = const(8)


class PendingHandshake:
    """One handshake between message_1 and its end, under the identifier ``c_r``.

    ``waiting`` is the edhoc.WaitMessage3 once message_2 is made, until message_3 takes it.
    """

    def __init__(self, c_r: bytes, origin):
        self.c_r = c_r
        self.origin = origin
        self.waiting = None
        self.due = 0


class PendingHandshakes:
    """At most eight, one an origin; each waits ``limit_ms`` by ``ticks`` and no longer.

    One more takes the place of the oldest: message_3 follows at once, and who fills the table from
    many addresses must be faster than that for all of the time. ``release(c_r)`` gives back the
    identifier of what ends here.
    """

    def __init__(self, ticks, limit_ms: int, release):
        self._ticks = ticks
        self._limit_ms = limit_ms
        self._release = release
        self._entries = []  # oldest first

    def begin(self, c_r: bytes, origin) -> PendingHandshake:
        """A new one for ``origin``, whose last one ends; its time begins when it is ``sent``."""
        self.drop(origin)
        if len(self._entries) >= _CAPACITY:
            self._end(self._entries[0])
        entry = PendingHandshake(c_r, origin)
        self._entries.append(entry)
        return entry

    def sent(self, entry: PendingHandshake, waiting) -> bool:
        """message_2 is on its way; False if the entry has ended meanwhile."""
        if entry not in self._entries:
            return False
        entry.waiting = waiting
        entry.due = self._ticks.add(self._limit_ms)
        return True

    def take(self, c_r: bytes, origin):
        """The entry that awaits message_3 under ``c_r`` from this ``origin``, or None.

        From another origin it is none: C_R is no secret, and message_3 is taken once.
        """
        for entry in self._entries:
            if entry.c_r == c_r and entry.origin is origin and entry.waiting is not None:
                return entry if self._ticks.until(entry.due) > 0 else None
        return None

    def awaits(self, origin) -> bool:
        """Whether ``origin`` owes a message_3."""
        return any([e.origin is origin and e.waiting is not None for e in self._entries])

    def complete(self, entry: PendingHandshake) -> bool:
        """The identifier of ``entry`` is its context's from now on; False if it has ended."""
        if entry not in self._entries:
            return False
        self._entries.remove(entry)
        return True

    def drop(self, origin):
        """End what ``origin`` has begun. Takes no memory."""
        for entry in self._entries:
            if entry.origin is origin:
                self._end(entry)
                return

    def _end(self, entry):
        self._entries.remove(entry)
        self._release(entry.c_r)
