"""A request that came, until it is answered."""

from micropython import const

from .transmission import sooner

ACK_AFTER = const(800)  # ms: well before the client asks again

_ANSWER_WITHIN = const(93000)  # ms: MAX_TRANSMIT_WAIT, after which nobody waits any more


class Served:
    """One request of ``peer``, to be answered once, whenever that is.

    What takes longer than 800 ms is acknowledged, and its answer follows for itself (RFC 7252
    section 5.2.2).
    """

    def __init__(self, endpoint, peer, mid: int, token: bytes, is_confirmable: bool, ticks):
        self.peer = peer
        self.mid = mid
        self.token = token
        self.is_confirmable = is_confirmable
        self.is_acknowledged = False
        self._endpoint = endpoint
        self._is_open = True
        self._due = ticks.add(ACK_AFTER if is_confirmable else _ANSWER_WITHIN)

    @property
    def source(self):
        """The address that it came from."""
        return self.peer.address

    @property
    def is_proven(self) -> bool:
        """Whether it did come from there."""
        return self.peer.is_proven

    def respond(self, message):
        """Send the response, with the request's token. Of two the second is left out; None says
        that there is none. To who is not proven a diagnostic text is left out if it were more
        than what it has sent. Raises ValueError for a message of more than 1,152 bytes.
        """
        if not self._is_open:
            return
        self._is_open = False
        try:
            if message is None:
                if self.is_confirmable and not self.is_acknowledged:
                    self._endpoint.acknowledge(self.peer, self.mid)
                return
            message.token = self.token
            peer = self.peer
            if not peer.is_proven and message.code >= 0x80 and peer.credit < _size(message):
                message.payload = b""
            self._endpoint.answer(self, message)
        finally:
            self._endpoint.finish(self)

    def proven(self):
        """Its sender is who it says, as a protected request shows: what is sent it is not counted
        any more.
        """
        self._endpoint.prove(self.peer)

    def arrived(self, outcome: int):
        """A separate response has arrived, or never will: a client that is gone has no loss."""

    def poll(self, ticks, left):
        """As of Transmissions."""
        wait = ticks.until(self._due)
        if wait <= 0:
            if self.is_acknowledged or not self.is_confirmable:
                self._is_open = False
                self._endpoint.finish(self)
                return left
            self.is_acknowledged = True
            self._due = ticks.add(_ANSWER_WITHIN)
            self._endpoint.acknowledge(self.peer, self.mid)
            wait = _ANSWER_WITHIN
        return sooner(left, wait)


def _size(message):
    return 8 + sum([5 + len(value) for _, value in message.options]) + len(message.payload)
