"""One central's byte stream: what it writes to ``rx``, and the notifications of ``tx``."""

import asyncio

from micropython import const

from .ring import Ring

_READ_SIZE = const(512)
_MIN_MTU = const(23)
_MAX_MTU = const(515)  # 512 bytes, the most that a characteristic holds
_HEADER = const(3)  # of a notification
# A phone at the edge of the radio's reach takes nothing for a while; one that has gone, for ever.
_TAKEN_WITHIN_MS = const(4000)
_TRY_AGAIN_MS = const(5)


class Link:
    """A place for one central after another: nobody's, or from ``begin`` on that of one central.

    ``tx`` is the characteristic that notifies. ``begin``, ``came``, ``mtu_is`` and ``left`` are
    called when the stack tells of it, between any two steps of all else. ``ring_size`` bytes may
    come before they are read. A central that writes more than that is dropped, since what follows
    a hole in a stream means nothing.
    """

    def __init__(self, ble, tx, ticks, ring_size: int):
        self._ble = ble
        self._tx = tx
        self._ticks = ticks
        self._ring = Ring(ring_size)
        self._flag = asyncio.ThreadSafeFlag()
        # aioble's name for it: a characteristic asks a connection for nothing else.
        self._conn_handle = None
        self._is_over = True  # nothing more will come
        self.address = bytearray(6)
        self.chunk_size = 0
        self.since = 0  # the tick of its beginning
        self.closed_at = None  # the tick of its end, if it was this side that ended it
        self.is_heard = False  # whether anything came
        self.is_spilt = False  # whether more came than there is room for
        self.is_served = False  # whether it is answered
        self.make_room = None  # of who serves it: ends one that has had its time
        self.is_hurried = False  # whether its address has used its visits up
        self.task: asyncio.Task | None = None  # that serves it

    @property
    def is_free(self) -> bool:
        """Whether it is nobody's."""
        return self._conn_handle is None and self.task is None

    @property
    def is_new(self) -> bool:
        """Whether it is a central's that nobody looks after yet."""
        return self._conn_handle is not None and self.task is None

    @property
    def is_arriving(self) -> bool:
        """Whether it is the place of a central that has said nothing so far."""
        return not (self._is_over or self.is_heard)

    def is_of(self, handle: int) -> bool:
        """Whether it is that of the stack's connection ``handle``."""
        return self._conn_handle == handle

    def prepare(self):
        """Take the memory that it needs, while there is nobody."""
        self._ring.prepare()

    def begin(self, handle: int, address: bytes) -> bool:
        """A central has come, if the link was prepared and is free. Says which."""
        if not (self.is_free and self._ring.is_prepared):
            return False
        self._ring.clear()
        self._flag.clear()
        self.address[:] = address
        self.chunk_size = _MIN_MTU - _HEADER
        self.since = self._ticks.add(0)
        self.closed_at = None
        self.is_heard = self.is_spilt = self.is_hurried = self._is_over = False
        self._conn_handle = handle
        return True

    def came(self, data):
        """The central has written ``data``, or something that there is no memory for: None."""
        if self._is_over:
            return
        if data is None or not self._ring.put(data):
            self.is_spilt = self._is_over = True
        self.is_heard = True
        self._flag.set()

    def mtu_is(self, mtu: int):
        """Both sides have said how long their messages may be."""
        self.chunk_size = max(_MIN_MTU, min(mtu, _MAX_MTU)) - _HEADER

    def left(self):
        """The central is gone."""
        self._conn_handle = None
        self._is_over = True
        self._flag.set()

    async def heard(self) -> bool:
        """Wait for the first byte. False if there will be none that can be answered."""
        while self.is_arriving:
            await self._flag.wait()
        return not self._is_over

    async def read(self) -> bytes:
        """The next piece, 1 to 512 bytes; empty once the other side is gone."""
        while True:
            if self.is_spilt or self.closed_at is not None:
                return b""
            if not self._ring.is_empty:
                return self._ring.take(_READ_SIZE)
            if self._is_over:
                return b""
            await self._flag.wait()

    async def write(self, chunk):
        """Notify at most ``chunk_size`` bytes and wait until the stack has taken them, whole.

        Raises OSError if the central is gone, and if it takes nothing for four seconds: then it is
        dropped.
        """
        until = None
        while True:
            if self._is_over:
                raise OSError("the central is gone")
            try:
                self._tx.notify(self, chunk)
                return
            except OSError:
                # Its buffers are full, mostly. Nothing of a notification that was refused was
                # sent, and what is final shows in the central's leaving.
                if until is None:
                    until = self._ticks.add(_TAKEN_WITHIN_MS)
                elif self._ticks.until(until) <= 0:
                    self.close()
                    raise
            except (TypeError, ValueError):  # aioble's, of a connection that has ended
                raise OSError("the central is gone")
            await asyncio.sleep_ms(_TRY_AGAIN_MS)

    def close(self):
        """Drop the central, at once. Takes no memory, and raises nothing."""
        self._is_over = True
        if self.closed_at is None:
            self.closed_at = self._ticks.add(0)
        self._flag.set()
        handle = self._conn_handle
        if handle is None:
            return
        try:
            if not self._ble.disconnect(handle) and self._conn_handle == handle:
                self.left()
        except (MemoryError, OSError):
            pass  # the radio tries again
