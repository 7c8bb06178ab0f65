"""Requests to others, until they are answered (RFC 7252 sections 4.7, 5.2 and 5.3)."""

from micropython import const

from . import datagram as _datagram
from .error import CoAPError
from .transmission import ACKNOWLEDGED, MAX_TRANSMIT_WAIT, RESET, sooner

QUEUE = const(8)  # requests a peer that wait
REQUESTS = const(32)  # in all

# Why there is no response.
NO_ANSWER = const(1)
REJECTED = const(2)  # a Reset: whoever is there does not understand it

# What is said of a response that came.
ENDED = const(0)
CONTINUED = const(1)  # more will come, whenever
IGNORED = const(2)  # it is none: go on waiting for one

_TOKEN = const(4)  # random bytes
_NON_WAIT = const(10000)  # ms for the answer to a request that may be lost


class Asked:
    """One request under way to ``peer``. ``token`` names its responses."""

    def __init__(self, peer, message, token: bytes, answered, is_confirmable: bool):
        self.peer = peer
        self.message = message
        self.token = token
        self.answered = answered
        self.is_confirmable = is_confirmable
        self.transmission = None
        self.is_sent = False
        self.is_outstanding = False  # counts against NSTART
        self.due = None  # when nobody waits any more


class Requests:
    """All of an endpoint's that were asked, with one outstanding a peer: NSTART."""

    def __init__(self, endpoint, ticks, random, transmissions):
        self._endpoint = endpoint
        self._ticks = ticks
        self._random = random
        self._transmissions = transmissions
        self._entries = []

    def __len__(self):
        return len(self._entries)

    def ask(self, peer, message, answered, is_confirmable: bool) -> Asked:
        """As Endpoint.request."""
        if len(self._entries) >= REQUESTS or len(peer.queue) >= QUEUE:
            raise CoAPError("too many requests at once")
        token = self._random(_TOKEN)
        while any([entry.token == token for entry in self._entries]):
            token = self._random(_TOKEN)
        message.token = token
        self._endpoint.encode(message, _datagram.CON, 0)  # too long: now, not when its turn comes
        asked = Asked(peer, message, token, answered, is_confirmable)
        peer.holds += 1
        self._entries.append(asked)
        peer.queue.append(asked)
        self._next(peer)
        return asked

    def find(self, address, token: bytes):
        """The one to ``address`` that is named so and was sent, or None."""
        for asked in self._entries:
            if asked.token == token and asked.peer.address == address:
                return asked if asked.is_sent else None
        return None

    def answered(self, asked: Asked, response):
        """A response came; it acknowledges the request as well (RFC 7252 section 4.2)."""
        said = asked.answered(response, 0)
        if said == IGNORED or asked not in self._entries:
            return
        if said == CONTINUED:
            asked.due = None
            self._sent(asked)
            self._settle(asked)
        else:
            self.end(asked)

    def end(self, asked: Asked):
        """Nothing more is expected of it, whatever comes."""
        if asked in self._entries:
            self._entries.remove(asked)
            asked.peer.holds -= 1
            if asked in asked.peer.queue:
                asked.peer.queue.remove(asked)
            self._sent(asked)
            self._settle(asked)

    def poll(self, left):
        """As of Transmissions."""
        for asked in list(self._entries) if self._entries else ():
            if asked.due is None:
                continue
            wait = self._ticks.until(asked.due)
            if wait > 0:
                left = sooner(left, wait)
            elif asked in self._entries:
                self._fail(asked, NO_ANSWER)
        return left

    def _next(self, peer):
        while peer.queue and not peer.outstanding:
            asked = peer.queue.pop(0)
            message, asked.message = asked.message, None
            asked.is_sent = asked.is_outstanding = True
            peer.outstanding += 1
            mid = self._endpoint.next_mid()
            if asked.is_confirmable:
                asked.due = self._ticks.add(MAX_TRANSMIT_WAIT)
                data = self._endpoint.encode(message, _datagram.CON, mid)
                asked.transmission = self._transmissions.start(
                    peer, mid, data, lambda outcome, asked=asked: self._ended(asked, outcome), True
                )
            else:
                asked.due = self._ticks.add(_NON_WAIT)
                self._endpoint.out(
                    peer.address, self._endpoint.encode(message, _datagram.NON, mid)
                )

    def _ended(self, asked, outcome):
        asked.transmission = None
        if outcome == ACKNOWLEDGED:
            # A separate response is to come, from now on within as much time again.
            asked.due = self._ticks.add(MAX_TRANSMIT_WAIT)
            self._settle(asked)
        else:
            self._fail(asked, REJECTED if outcome == RESET else NO_ANSWER)

    def _fail(self, asked, failure):
        if asked in self._entries:
            self.end(asked)
            asked.answered(None, failure)

    def _sent(self, asked):
        if asked.transmission is not None:
            transmission, asked.transmission = asked.transmission, None
            self._transmissions.forget(transmission)

    def _settle(self, asked):
        if asked.is_outstanding:
            asked.is_outstanding = False
            asked.peer.outstanding -= 1
            self._next(asked.peer)
