"""What an endpoint knows of those it speaks with: Message IDs, answers, and what they may cost."""

from micropython import const

from .transmission import EXCHANGE_LIFETIME

PEERS = const(32)  # wanted
UNPROVEN = const(8)
SEEN = const(32)  # Message IDs a peer, of the last EXCHANGE_LIFETIME
ANSWERS = const(2)  # a peer, for those who ask again
ANSWER_BYTES = const(8192)  # in all

# What is said again to a duplicate. Above all Message IDs, so that both fit one small integer.
SILENCE = const(0)
EMPTY_ACK = const(0x10000)
RST = const(0x20000)
ANSWER = const(0x30000)

_MID = const(0xFFFF)


class Peer:
    """Somebody at ``address``. Until it ``is_proven`` that datagrams reach it there, it gets no
    more than ``credit`` bytes of answers: anybody can write its address on theirs. ``is_wanted``
    is who is proven, or was asked something.
    """

    def __init__(self, address, is_wanted: bool):
        self.address = address
        self.is_wanted = is_wanted
        self.is_proven = False
        self.credit = 0
        self.holds = 0  # what is under way with it
        self.used = 0  # tick
        self.queue = []  # requests to it that wait for their turn
        self.outstanding = 0  # requests to it that await an acknowledgement or an answer
        self._mids = []  # Message IDs, each with what was said
        self._since = []  # ticks
        self._next = 0

    def seen(self, ticks, mid: int) -> int:
        """What was said to a message of this Message ID, -1 if it is new."""
        for index in range(len(self._mids)):
            entry = self._mids[index]
            if entry & _MID == mid and entry >= 0:
                if ticks.until(self._since[index]) > -EXCHANGE_LIFETIME:
                    return entry & ~_MID
                self._mids[index] = -1
        return -1

    def note(self, ticks, mid: int):
        """A new message came under ``mid``, to which nothing was said yet."""
        if not self._mids:  # not before: of strangers most are turned away
            self._mids = [-1] * SEEN
            self._since = [0] * SEEN
        self._mids[self._next] = mid
        self._since[self._next] = ticks.add(0)
        self._next = (self._next + 1) % SEEN

    def said(self, mid: int, what: int):
        """``what`` is EMPTY_ACK, RST or ANSWER."""
        for index in range(len(self._mids)):
            if self._mids[index] >= 0 and self._mids[index] & _MID == mid:
                self._mids[index] = mid | what


class Peers:
    """At most ``capacity`` who are wanted, and 8 more.

    Who is wanted gives way to nobody who is not. What nothing is under way with goes after
    EXCHANGE_LIFETIME, or before if its place is wanted, the longest unused first.
    """

    def __init__(self, ticks, capacity: int = PEERS):
        self._ticks = ticks
        self._capacity = capacity
        self._entries = {}
        self._answers = []  # (peer, Message ID, datagram), the oldest first
        self._answer_bytes = 0

    def __len__(self):
        return len(self._entries)

    def find(self, address):
        """The Peer there, or None."""
        return self._entries.get(address)

    def at(self, address, is_wanted: bool = False):
        """The Peer there, a new one if need be; None if there is no room for it."""
        peer = self._entries.get(address)
        if peer is None:
            if not self._has_room(is_wanted):
                return None
            peer = self._entries[address] = Peer(address, is_wanted)
        elif is_wanted and not self._want(peer):
            return None
        peer.used = self._ticks.add(0)
        return peer

    def prove(self, peer):
        """Datagrams do reach it: as long as there is room, that is remembered."""
        peer.is_proven = self._want(peer)

    def keep(self, peer, mid: int, data: bytes):
        """The datagram that answers each duplicate of the request ``mid``."""
        own = [entry for entry in self._answers if entry[0] is peer]
        if len(own) >= ANSWERS:
            self._drop(own[0])
        while self._answers and self._answer_bytes + len(data) > ANSWER_BYTES:
            self._drop(self._answers[0])
        self._answers.append((peer, mid, data))
        self._answer_bytes += len(data)

    def answer(self, peer, mid: int):
        """That datagram, or None if it is kept no more."""
        for owner, kept, data in self._answers:
            if owner is peer and kept == mid:
                return data
        return None

    def expire(self, left):
        """Forget who has been silent for long. The least of ``left`` and the milliseconds until
        the next will be; None for never.
        """
        stale = None
        for peer in self._entries.values():
            if peer.holds:
                continue  # what is under way has its own time
            wait = EXCHANGE_LIFETIME + self._ticks.until(peer.used)
            if wait <= 0:
                stale = peer
            elif left is None or wait < left:
                left = wait
        if stale is not None:
            self._forget(stale)
            return 0  # one at a time: nothing is copied
        return left

    def _want(self, peer):
        if not peer.is_wanted and self._has_room(True):
            peer.is_wanted = True
        return peer.is_wanted

    def _has_room(self, is_wanted):
        alike = [peer for peer in self._entries.values() if peer.is_wanted == is_wanted]
        if len(alike) < (self._capacity if is_wanted else UNPROVEN):
            return True
        oldest = None
        for peer in alike:
            if not peer.holds and (
                oldest is None or self._ticks.until(peer.used) < self._ticks.until(oldest.used)
            ):
                oldest = peer
        if oldest is None:
            return False
        self._forget(oldest)
        return True

    def _forget(self, peer):
        del self._entries[peer.address]
        for entry in [entry for entry in self._answers if entry[0] is peer]:
            self._drop(entry)

    def _drop(self, entry):
        self._answers.remove(entry)
        self._answer_bytes -= len(entry[2])
