"""Confirmable messages until they are acknowledged, or given up (RFC 7252 section 4.2)."""

from micropython import const

# RFC 7252 section 4.8, times in milliseconds. The random factor is 1.5.
ACK_TIMEOUT = const(2000)
MAX_RETRANSMIT = const(4)
MAX_TRANSMIT_WAIT = const(93000)
EXCHANGE_LIFETIME = const(247000)

# How a transmission ends.
ACKNOWLEDGED = const(0)
TIMED_OUT = const(1)
RESET = const(2)


class Transmission:
    """One confirmable message under way to ``peer``.

    ``data`` is the datagram, and ``ended(outcome)`` is called once, with ACKNOWLEDGED, TIMED_OUT
    or RESET. ``is_ours``: it answers nothing, so that it counts against no credit.
    """

    def __init__(self, peer, mid: int, data: bytes, ended, is_ours: bool):
        self.peer = peer
        self.mid = mid
        self.data = data
        self.ended = ended
        self.is_ours = is_ours
        self.left = MAX_RETRANSMIT
        self.timeout = ACK_TIMEOUT
        self.due = 0


class Transmissions:
    """All that are under way. ``emit(peer, data, is_ours)`` sends, ``random(n)`` gives n bytes."""

    def __init__(self, ticks, random, emit):
        self._ticks = ticks
        self._random = random
        self._emit = emit
        self._entries = []

    def __len__(self):
        return len(self._entries)

    def start(self, peer, mid: int, data: bytes, ended, is_ours: bool = False) -> Transmission:
        """Send ``data`` and see to it that it arrives."""
        entry = Transmission(peer, mid, data, ended, is_ours)
        # From ACK_TIMEOUT to that times 1.5; all nodes that lost one datagram do not come at once.
        spread = int.from_bytes(self._random(2), "big") * (ACK_TIMEOUT // 2) >> 16
        entry.timeout += spread
        entry.due = self._ticks.add(entry.timeout)
        peer.holds += 1
        self._entries.append(entry)
        self._emit(peer, data, is_ours)
        return entry

    def find(self, address, mid: int):
        """The one to ``address`` under this Message ID, or None."""
        for entry in self._entries:
            if entry.mid == mid and entry.peer.address == address:
                return entry
        return None

    def end(self, entry: Transmission, outcome: int):
        """It has arrived, or was rejected: nothing more is sent. What has ended stays so."""
        if self.forget(entry):
            entry.ended(outcome)

    def forget(self, entry: Transmission) -> bool:
        """Nobody wants it any more; False if it has ended already."""
        if entry not in self._entries:
            return False
        self._entries.remove(entry)
        entry.peer.holds -= 1
        return True

    def poll(self, left):
        """Send again what is due. The least of ``left`` and the milliseconds until the next is;
        None for never.
        """
        for entry in list(self._entries) if self._entries else ():
            wait = self._ticks.until(entry.due)
            if wait <= 0:
                if entry not in self._entries:
                    continue  # one before it has ended it
                if not entry.left:
                    self.end(entry, TIMED_OUT)
                    continue
                entry.left -= 1
                entry.timeout *= 2
                wait = entry.timeout
                entry.due = self._ticks.add(wait)
                self._emit(entry.peer, entry.data, entry.is_ours)
            left = sooner(left, wait)
        return left


def sooner(left, wait: int) -> int:
    """The lesser of two waits, of which the first may be None."""
    return wait if left is None or wait < left else left
