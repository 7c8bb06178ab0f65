"""How often an address may come and show nothing, before it is held to hurry."""

from micropython import const

_ADDRESSES = const(16)
_VISITS = const(4)
_FORGIVEN_AFTER_MS = const(10000)  # of staying away, one of them


class Attempts:
    """Counts the visits of the 16 addresses that came last; six bytes each.

    An address is a claim, and anybody can make one up or borrow another's. So the count decides
    how soon its central must speak, and never whether it may: that would shut out whom it is
    borrowed from.
    """

    def __init__(self, ticks):
        self._ticks = ticks
        self._counts = {}  # address: [visits not forgiven, tick of the last that was counted]

    def came(self, address: bytes) -> bool:
        """Whether it is within its visits, this one included."""
        address = bytes(address)
        count = self._counts.get(address)
        if count is None:
            if len(self._counts) >= _ADDRESSES:
                self._forget()
            count = self._counts[address] = [0, self._ticks.add(0)]
        forgiven = max(0, -self._ticks.until(count[1])) // _FORGIVEN_AFTER_MS
        count[0] = min(max(0, count[0] - forgiven) + 1, _VISITS + 1)
        count[1] = self._ticks.add(0)
        return count[0] <= _VISITS

    def proved(self, address: bytes):
        """Who came with it has shown who it is: what it did before is forgiven."""
        self._counts.pop(bytes(address), None)

    def _forget(self):
        ticks, counts = self._ticks, self._counts
        del counts[min(counts, key=lambda address: ticks.until(counts[address][1]))]
