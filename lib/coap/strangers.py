"""Requests of those whose address may be another's: proof by Echo (RFC 9175), and how many."""

from micropython import const

from . import code as _code
from . import option as _option
from .message import Message
from .transmission import EXCHANGE_LIFETIME

REQUESTS_A_SECOND = const(32)  # of all that bring no proof

_ECHO = const(8)  # bytes


class Strangers:
    """``mac(data)`` gives a code under a key of this endpoint alone.

    Nothing is remembered of anybody: an Echo value is a code over address and time, which whoever
    receives it where it claims to be can send back for one to two EXCHANGE_LIFETIME.
    """

    def __init__(self, ticks, mac):
        self._ticks = ticks
        self._mac = mac
        self._epoch = 0
        self._epoch_end = ticks.add(EXCHANGE_LIFETIME)
        self._requests = 0  # in this second
        self._second_end = ticks.add(1000)

    def has_proof(self, address, request: Message) -> bool:
        """Whether ``request`` has an Echo value that was sent to ``address``."""
        echo = request.option(_option.ECHO)
        if echo is None or len(echo) != _ECHO:
            return False
        self._age()
        # A guess takes a datagram: how long comparing takes tells it nothing.
        return echo in (self._echo(address, self._epoch), self._echo(address, self._epoch - 1))

    def are_too_many(self) -> bool:
        """Count one more request; whether this second has had its share of them."""
        if self._ticks.until(self._second_end) <= 0:
            self._second_end = self._ticks.add(1000)
            self._requests = 0
        self._requests += 1
        return self._requests > REQUESTS_A_SECOND

    def challenge(self, address, request: Message) -> Message:
        """4.01 with an Echo value: the request will be looked at when it comes with that."""
        self._age()
        options = [(_option.MAX_AGE, b""), (_option.ECHO, self._echo(address, self._epoch))]
        return Message(_code.UNAUTHORIZED, options, b"", request.token)

    def _age(self):
        past = -self._ticks.until(self._epoch_end)
        if past >= 0:
            epochs = 1 + past // EXCHANGE_LIFETIME
            self._epoch += epochs
            self._epoch_end = self._ticks.add(epochs * EXCHANGE_LIFETIME - past)

    def _echo(self, address, epoch):
        return self._mac(repr((epoch, address)).encode())[:_ECHO]
