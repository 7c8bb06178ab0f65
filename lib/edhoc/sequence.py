"""CBOR sequences read item by item, and the short form of identifiers (RFC 9528 section 3.3.2)."""

import cbor
from micropython import const

from .error import MALFORMED, EDHOCError

_UNSIGNED = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_ARRAY = const(4)
_MAP = const(5)

# An identifier becomes an OSCORE Sender ID, which is at most the nonce (13 bytes) less 6
# (RFC 8613 section 3.3).
MAX_IDENTIFIER = 7


class Reader:
    """Reads one CBOR sequence in order; every method raises EDHOCError for anything else.

    The error texts name the message and the field, never what was in it.
    """

    def __init__(self, data, name):
        self.data = data
        self.name = name
        self.offset = 0

    def error(self, text):
        """The error to raise about this sequence."""
        return EDHOCError(self.name + ": " + text, MALFORMED)

    def at_end(self) -> bool:
        """Whether every item was read."""
        return self.offset >= len(self.data)

    def at_integer(self) -> bool:
        """Whether the next item is an integer (and no bignum)."""
        return self._major() in (_UNSIGNED, _NEGATIVE)

    def at_bytes(self) -> bool:
        """Whether the next item is a byte string."""
        return self._major() == _BYTES

    def at_array(self) -> bool:
        """Whether the next item is an array."""
        return self._major() == _ARRAY

    def at_map(self) -> bool:
        """Whether the next item is a map."""
        return self._major() == _MAP

    def item(self):
        """The next item, of any type, in deterministic encoding."""
        try:
            value, self.offset = cbor.decode_prefix(self.data, self.offset, deterministic=True)
        except cbor.DecodeError:
            raise self.error("no deterministic CBOR")
        return value

    def integer(self, field) -> int:
        """The next item, which must be an integer of at most 64 bits."""
        if not self.at_integer():
            raise self.error(field + " is no integer")
        return self.item()

    def byte_string(self, field) -> bytes:
        """The next item, which must be a byte string."""
        if not self.at_bytes():
            raise self.error(field + " is no byte string")
        return self.item()

    def identifier(self, field, limit=MAX_IDENTIFIER) -> bytes:
        """The next item, an identifier of at most ``limit`` bytes in its only encoding."""
        if self.at_integer():
            start = self.offset
            self.item()
            if self.offset - start != 1:
                raise self.error(field + " is an integer beyond -24..23")
            return self.data[start : self.offset]
        value = self.byte_string(field)
        if len(value) > limit:
            raise self.error(field + " is too long")
        if _is_integer(value):
            raise self.error(field + " is a byte string where an integer must be")
        return value

    def finish(self):
        """Refuse anything left over."""
        if not self.at_end():
            raise self.error("too many elements")

    def _major(self):
        return None if self.at_end() else self.data[self.offset] >> 5


def _is_integer(identifier):
    return len(identifier) == 1 and (identifier[0] <= 0x17 or 0x20 <= identifier[0] <= 0x37)


def encode_identifier(identifier) -> bytes:
    """The wire form of a C_I, C_R or kid: a one-byte integer as it is, else a byte string."""
    return bytes(identifier) if _is_integer(identifier) else cbor.encode(identifier)


def split_identifier(data) -> tuple:
    """``(c_x, rest)`` of a message that a transport prepended with an identifier (A.2)."""
    reader = Reader(bytes(data), "message")
    identifier = reader.identifier("connection identifier")
    return identifier, reader.data[reader.offset :]


def check_identifier(identifier):
    """Raise ValueError if our own C_I or C_R could not be an OSCORE Sender ID."""
    if len(identifier) > MAX_IDENTIFIER:
        raise ValueError("connection identifier over %d bytes" % MAX_IDENTIFIER)
