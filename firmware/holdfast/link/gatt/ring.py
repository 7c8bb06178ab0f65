"""The bytes that came and that nobody has read yet."""


class Ring:
    """Holds at most ``size`` bytes, in memory that ``prepare`` takes, once; none before.

    One side puts, the other takes, and either may interrupt the other: only ``put`` moves the end,
    and only ``take`` the beginning.
    """

    def __init__(self, size: int):
        self._size = size
        self._bytes = bytearray()
        self._first = self._end = 0

    @property
    def is_prepared(self) -> bool:
        """Whether it can hold anything."""
        return len(self._bytes) > 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take."""
        return self._first == self._end

    def prepare(self):
        """Take the memory, unless that was done."""
        if not self._bytes:
            self._bytes = bytearray(self._size + 1)  # one stays free: full is not empty

    def put(self, data: bytes) -> bool:
        """Append ``data``, all of it or, where there is no room, nothing. Says which."""
        ring, end = self._bytes, self._end
        size, length = len(ring), len(data)
        held = end - self._first
        if length >= size - (held if held >= 0 else held + size):
            return False
        past = end + length - size  # the bytes that go to the front
        if past <= 0:
            ring[end : end + length] = data
        else:
            view = memoryview(data)
            ring[end:] = view[: length - past]
            ring[:past] = view[length - past :]
        self._end = (end + length) % size
        return True

    def take(self, limit: int) -> bytes:
        """The oldest bytes, at most ``limit`` and perhaps fewer than there are; none if empty."""
        first, end = self._first, self._end
        if first == end:
            return b""
        if end < first:
            end = len(self._bytes)
        end = min(end, first + limit)
        taken = bytes(memoryview(self._bytes)[first:end])
        self._first = end % len(self._bytes)
        return taken

    def clear(self):
        """Forget all of it; while neither side is at work."""
        self._first = self._end = 0
