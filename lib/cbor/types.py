"""What CBOR has and Python has not, and the error."""

from untrusted import InvalidInput


class DecodeError(InvalidInput):
    """The bytes are not one well-formed, valid item within the limits; the text says where."""


class Tag:
    """A tagged item (RFC 8949 section 3.4): ``number`` 0..2^64-1 and the ``value`` it encloses."""

    __slots__ = ("number", "value")

    def __init__(self, number: int, value):
        self.number = number
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self):
        return hash((self.number, self.value))

    def __repr__(self):
        return "Tag(%d, %r)" % (self.number, self.value)


class Simple:
    """A simple value (RFC 8949 section 3.3) that is no Python constant: 0..19, 23 or 32..255."""

    __slots__ = ("value",)

    def __init__(self, value: int):
        if not (0 <= value < 20 or value == 23 or 32 <= value < 256):
            raise ValueError("no simple value of its own: %d" % value)
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Simple) and self.value == other.value

    def __hash__(self):
        return hash(self.value)

    def __repr__(self):
        return "Simple(%d)" % self.value


class Raw:
    """Bytes that are an encoded item already; the encoder copies them as they are."""

    __slots__ = ("data",)

    def __init__(self, data: bytes):
        self.data = data


UNDEFINED = Simple(23)
