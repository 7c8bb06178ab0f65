"""Observing resources (RFC 7641): who is told of changes, and what is newer."""

from micropython import const

from . import option as _option
from .message import Message
from .transmission import ACKNOWLEDGED

OBSERVERS = const(8)  # in all
OBSERVERS_A_PEER = const(2)
CONFIRM_EVERY = const(4)  # notifications: the others may be lost
CONFIRM_WITHIN = const(3600000)  # ms

_REGISTER = const(0)
_DEREGISTER = const(1)
_RANGE = const(0x1000000)
_NEAR = const(128000)  # ms (section 3.4)


class Observer:
    """One who observes ``key``, whatever names the resource. ``state`` is the owner's, such as
    what protects its notifications.
    """

    def __init__(self, peer, token: bytes, key, state):
        self.peer = peer
        self.token = token
        self.key = key
        self.state = state
        self.number = 0  # of the last notification
        self.is_due = False  # something has changed since it was told last
        self.is_busy = False  # being told
        self.mid = -1
        self.unconfirmed = 0
        self.confirmed = 0  # tick


class Registry:
    """Who observes what at an ``endpoint``: at most two observations a peer, eight in all.

    ``render(observer)`` is called when it is to be told, and has ``notify`` called, then or later.
    One notification is under way to each: what changes meanwhile is told once it has arrived, so
    that the last state always is (section 4.5).
    """

    def __init__(self, endpoint, ticks, render):
        self._endpoint = endpoint
        self._ticks = ticks
        self._render = render
        self._entries = []
        endpoint.rejected = self._rejected

    def __len__(self):
        return len(self._entries)

    @property
    def observers(self) -> list:
        """All that observe now, the longest first."""
        return list(self._entries)

    def registered(self, served, request: Message, key, state=None):
        """The Observer that ``request``, in plain, makes of its sender; None if it makes none: it
        does not ask for it, gives it up, or there is no room, and then the response is one like
        any other (section 4.1).
        """
        observe = request.uint_option(_option.OBSERVE)
        if observe is None:
            return None
        peer, token = served.peer, served.token
        own = [entry for entry in self._entries if entry.peer is peer]
        for entry in own:
            if entry.token == token:
                self.end(entry)
                own.remove(entry)
        # Whoever gives one up may do so under a new token, as a proxy would.
        for entry in own:
            if entry.key == key and observe == _DEREGISTER:
                self.end(entry)
        if observe != _REGISTER or not peer.is_proven:
            return None
        if len(own) >= OBSERVERS_A_PEER or len(self._entries) >= OBSERVERS:
            return None
        entry = Observer(peer, token, key, state)
        entry.confirmed = self._ticks.add(0)
        peer.holds += 1
        self._entries.append(entry)
        return entry

    def numbered(self, observer: Observer, response: Message) -> Message:
        """``response`` as the observer's next notification; the first answers its request."""
        observer.number = (observer.number + 1) % _RANGE
        options = [(number, value) for number, value in response.options]
        options.append((_option.OBSERVE, _option.encode_uint(observer.number)))
        return Message(response.code, options, response.payload, observer.token)

    def changed(self, key):
        """What ``key`` names has another state now."""
        for entry in list(self._entries):
            if entry.key == key:
                self.tell(entry)

    def tell(self, observer: Observer):
        """What this one observes has another state, for it at least."""
        observer.is_due = True
        self._tell(observer)

    def notify(self, observer: Observer, message: Message):
        """Send what was rendered. One without Observe, such as an error, is the last (4.2)."""
        if observer not in self._entries:
            return
        message.token = observer.token
        if message.option(_option.OBSERVE) is None:
            self.end(observer)
            self._endpoint.notify(observer.peer, message, True, lambda outcome: None)
            return
        is_confirmable = (
            observer.unconfirmed + 1 >= CONFIRM_EVERY
            or self._ticks.until(observer.confirmed) < -CONFIRM_WITHIN
        )
        if is_confirmable:
            observer.unconfirmed = 0
            observer.confirmed = self._ticks.add(0)
            observer.mid = self._endpoint.notify(
                observer.peer, message, True, lambda outcome: self._ended(observer, outcome)
            )
        else:
            observer.unconfirmed += 1
            observer.mid = self._endpoint.notify(observer.peer, message, False, None)
            observer.is_busy = False
            self._tell(observer)

    def end(self, observer: Observer):
        """It observes no more."""
        if observer in self._entries:
            self._entries.remove(observer)
            observer.peer.holds -= 1

    def _tell(self, observer):
        if observer.is_due and not observer.is_busy and observer in self._entries:
            observer.is_due = False
            observer.is_busy = True
            self._render(observer)

    def _ended(self, observer, outcome):
        observer.is_busy = False
        if outcome == ACKNOWLEDGED:
            self._tell(observer)
        else:
            self.end(observer)

    def _rejected(self, address, mid):
        # A Reset to a notification that was not confirmable.
        for entry in list(self._entries):
            if entry.mid == mid and entry.peer.address == address:
                self.end(entry)


class Freshness:
    """Which of two notifications is newer, whatever order they came in (section 3.4)."""

    def __init__(self, ticks):
        self._ticks = ticks
        self._number = None
        self._since = 0

    def is_newer(self, number: int) -> bool:
        """Whether a notification with this Observe value is newer than all before it."""
        if self._number is not None and self._ticks.until(self._since) >= -_NEAR:
            if not 0 < (number - self._number) % _RANGE < _RANGE // 2:
                return False
        self._number = number
        self._since = self._ticks.add(0)
        return True
