"""What a characteristic or a descriptor holds: mp_bluetooth_gatts_db of extmod/modbluetooth.c."""

_DEFAULT_LENGTH = 20


class Attribute:
    """A value of up to 20 bytes, or as many as `resize` says. What is longer is cut, silently."""

    def __init__(self):
        self._buffer = bytearray(_DEFAULT_LENGTH)
        self._length = 0
        self._gathers = False

    def peek(self) -> bytes:
        """The value."""
        return bytes(memoryview(self._buffer)[: self._length])

    def take(self) -> bytes:
        """The value; one that gathers is empty afterwards."""
        value = self.peek()
        if self._gathers:
            self._length = 0
        return value

    def write(self, value: bytes):
        """Set the value from the board's side, which makes room for what is longer."""
        if len(value) > len(self._buffer):
            self._buffer = bytearray(len(value))
        self._buffer[: len(value)] = value
        self._length = len(value)

    def written(self, value):
        """Set the value from the central's side, or add to it: only as much as there is room."""
        start = self._length if self._gathers else 0
        end = min(start + len(value), len(self._buffer))
        self._buffer[start:end] = value[: end - start]
        self._length = end

    def resize(self, length: int, gathers: bool):
        """Have room for ``length`` bytes, none of them used."""
        self._buffer = bytearray(length)
        self._length = 0
        self._gathers = gathers
