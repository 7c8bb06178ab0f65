"""Phones' links that a carrier brings: each a byte stream like one over the air.

What names a byte is its link and its offset. So a message that comes twice, late, or not at all
changes nothing: bytes are taken once and in order, and what went to the phone is kept until the
carrier says that it has come.
"""

import asyncio

from micropython import const

from ..access import carry
from .listener import Listener

_ROOM = const(2048)  # bytes to a phone that the carrier has not fetched
_NAP_S = 0.005
_PATIENCE_MS = const(250)  # for which one message waits for what the phone is answered
_CONNECTIONS = const(4)  # of one carrier
_MAX_OFFSET = const(0xFFFFFFFF - 1024)


class CarriedLink:
    """One phone's link, as ``link.connection`` reads and writes it."""

    chunk_size = const(1024)

    def __init__(self):
        self.taken = 0  # bytes of the phone that came, in all
        self.offset = 0  # of the first byte that is kept, in what goes to the phone
        self.is_over = False
        self._in = b""
        self._out = bytearray()
        self._is_waiting = False  # whoever serves it wants more, or has to get rid of some
        self._changed = asyncio.Event()

    # Who serves it

    async def read(self) -> bytes:
        """The next piece; empty once the other side is gone."""
        while not self._in:
            if self.is_over:
                return b""
            await self._wait()
        piece, self._in = self._in, b""
        return piece

    async def write(self, chunk):
        """Keep ``chunk`` for the phone, once there is room. Raises OSError if it is gone."""
        while not self.is_over and len(self._out) + len(chunk) > _ROOM:
            await self._wait()
        if self.is_over:
            raise OSError("the phone is gone")
        self._out.extend(chunk)

    def close(self):
        """It is over; what is kept for the phone can still be fetched. Takes no memory."""
        self.is_over = True
        self._changed.set()

    async def _wait(self):
        self._is_waiting = True
        self._changed.clear()
        await self._changed.wait()

    def _go_on(self):
        self._is_waiting = False
        self._changed.set()

    # Who brings it

    def put(self, offset: int, data: bytes):
        """These bytes of the phone, of which those count that are next; none while those before
        were not read.
        """
        known = self.taken - offset
        if self.is_over or self._in or known < 0 or known >= len(data):
            return
        if self.taken > _MAX_OFFSET:
            self.close()
            return
        self._in = data[known:]
        self.taken += len(self._in)
        self._go_on()

    def fetched(self, count: int):
        """So many bytes, from the first on, have come to the carrier; fewer than it said before
        is an old message, and more than there are ends the link.
        """
        come = count - self.offset
        if come > len(self._out):
            self.close()
        elif come > 0:
            self._out = self._out[come:]
            self.offset = count
            self._go_on()

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes of what was put, unless something is put or fetched."""
        return self.is_over or self._is_waiting

    def told(self, proofs: int) -> tuple:
        """``(taken, offset, data, flags, proofs)`` for the carrier."""
        data = bytes(self._out[: carry.MAX_PIECE])
        is_all = len(data) == len(self._out)
        flags = 0
        if not self.is_settled or not is_all:
            flags = carry.MORE
        elif self.is_over:
            flags = carry.CLOSED
        return self.taken, self.offset, data, flags, proofs


class CarriedLinks:
    """The links of one carrier: four at a time, as many as a reader serves over the air, which
    make room for each other as there (Listener).

    ``observer`` is as of a Listener. ``origin_of()`` gives the ``observer`` of the Origin of a new
    link, which hears what comes of it (Exchanger), and has ``origin``, which is put there.
    ``may_begin()`` says whether one more may. The connections' numbers begin above ``first``.
    """

    def __init__(self, exchanger, limits, ticks, observer, origin_of, may_begin, first: int):
        self._listener = Listener(exchanger, limits, ticks, observer, first)
        self._ticks = ticks
        self._origin_of = origin_of
        self._may_begin = may_begin
        self._links = {}  # number: (CarriedLink, what hears of it)
        self._highest = 0  # links are numbered from 1 on, and none begins twice

    @property
    def is_idle(self) -> bool:
        """Whether no phone is there."""
        return self._listener.is_idle

    @property
    def count(self) -> int:
        """How many links there are."""
        return len(self._links)

    async def take(self, number: int, offset: int, fetched: int, data: bytes) -> tuple:
        """``(what CarriedLink.told gives, what hears of the link or None)``, once what came of
        these bytes is known, or a quarter of a second later.
        """
        link, observer = self._links.get(number, (None, None))
        if link is None:
            if number <= self._highest or offset or fetched or not self._may_begin():
                return (offset, fetched, b"", carry.CLOSED, 0), None
            link, observer = self._begin(number)
        link.fetched(fetched)
        link.put(offset, data)
        end = self._ticks.add(_PATIENCE_MS)
        await asyncio.sleep(0)
        while not link.is_settled and self._ticks.until(end) > 0:
            await asyncio.sleep(_NAP_S)
        told = link.told(0 if observer.origin is None else observer.origin.proofs)
        if told[3] & carry.CLOSED and not told[2]:
            self.gone(number)
        return told, observer

    def gone(self, number: int):
        """The phone of this link has gone."""
        if number in self._links:
            self._links.pop(number)[0].close()

    def close(self):
        """The carrier has begun anew: it has none of these links any more."""
        for number in list(self._links):
            self.gone(number)
        self._highest = 0

    def _begin(self, number):
        # One that was closed here is kept until the carrier has fetched its last bytes; it may
        # have gone itself, and then those that came first make room.
        while len(self._links) >= 2 * _CONNECTIONS:
            self.gone(min(self._links))
        self._highest = number
        link, observer = CarriedLink(), self._origin_of()
        self._links[number] = link, observer
        asyncio.create_task(self._listener.connected(link, observer))
        return link, observer
