"""Strict decoder: one pass, bounded in depth, items and memory (RFC 8949 sections 3 and 5)."""

from micropython import const

from .encoder import MAX_BIGNUM_BYTES
from .text import is_utf8
from .types import UNDEFINED, DecodeError, Simple, Tag

MAX_DEPTH = 8
MAX_ITEMS = 512

_UNSIGNED = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)

_INDEFINITE = const(31)
_UNTIL_BREAK = const(-1)  # in place of a length
_BREAK = const(0xFF)
_POSITIVE_BIGNUM = const(2)
_NEGATIVE_BIGNUM = const(3)

_NO_KEY = "map key that is no integer, text or bytes"


def decode(
    data, *, deterministic: bool = False, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
):
    """The one item that is all of ``data`` (bytes, bytearray or memoryview).

    Arrays become list, maps dict, bignums int. Keys of a map are int and str, or int and bytes,
    each once: texts and byte strings never meet in one. At most ``max_depth`` arrays, maps and
    tags enclose one another, at most ``max_items`` items are read.
    ``deterministic`` also refuses all that the encoder would have written otherwise: longer heads
    and floats than needed, indefinite lengths, unsorted maps (RFC 8949 section 4.2.1).
    Raises DecodeError, and nothing else, whatever the bytes are.
    """
    value, end = decode_prefix(
        data, deterministic=deterministic, max_depth=max_depth, max_items=max_items
    )
    if end != len(data):
        raise DecodeError("%d bytes after the item's end" % (len(data) - end))
    return value


def decode_prefix(
    data,
    offset: int = 0,
    *,
    deterministic: bool = False,
    max_depth: int = MAX_DEPTH,
    max_items: int = MAX_ITEMS,
) -> tuple:
    """``(value, end)``: the item that begins at ``offset``, and where it ends. See decode."""
    decoder = _Decoder(data, offset, deterministic, max_items)
    value = decoder.item(max_depth)
    return value, decoder.position


def decode_sequence(
    data, *, deterministic: bool = False, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
) -> list:
    """All items of a CBOR sequence (RFC 8742); ``max_items`` is for all of them together."""
    decoder = _Decoder(data, 0, deterministic, max_items)
    values = []
    while decoder.position < len(data):
        values.append(decoder.item(max_depth))
    return values


def skip(
    data,
    offset: int = 0,
    *,
    deterministic: bool = False,
    max_depth: int = MAX_DEPTH,
    max_items: int = MAX_ITEMS,
) -> int:
    """Where the item that begins at ``offset`` ends; it is checked as strictly as decode does."""
    return decode_prefix(
        data, offset, deterministic=deterministic, max_depth=max_depth, max_items=max_items
    )[1]


class _Decoder:
    def __init__(self, data, offset, deterministic, max_items):
        kind = type(data)
        if kind is not bytes and kind is not memoryview and kind is not bytearray:
            raise TypeError("CBOR is decoded from bytes, not from a %s" % kind.__name__)
        if offset < 0:
            raise ValueError("offset below 0")
        # A slice of a bytearray would copy twice; slices of the other two do not.
        self.data = memoryview(data) if kind is bytearray else data
        self.end = len(data)
        self.position = offset
        self.deterministic = deterministic
        self.items_left = max_items

    def item(self, depth):
        """The next item; at most ``depth`` more containers may enclose what is in it."""
        if self.items_left <= 0:
            raise self._error("too many items")
        self.items_left -= 1
        # As _byte() and _argument() do it, without two calls for each item.
        position = self.position
        if position >= self.end:
            raise self._error("cut short")
        initial = self.data[position]
        self.position = position + 1
        major = initial >> 5
        info = initial & 31
        if major > _TAG:
            return self._simple_or_float(info)
        argument = info if info < 24 else self._argument(major, info)
        if major == _UNSIGNED:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES or major == _TEXT:
            return self._string(major, argument)
        if depth <= 0:
            raise self._error("nested too deep")
        if major == _ARRAY:
            return self._array(argument, depth - 1)
        if major == _MAP:
            return self._map(argument, depth - 1)
        return self._tag(argument, depth - 1)

    def _error(self, text):
        return DecodeError("%s at byte %d" % (text, self.position))

    def _byte(self):
        if self.position >= self.end:
            raise self._error("cut short")
        byte = self.data[self.position]
        self.position += 1
        return byte

    def _take(self, length):
        # Compared before anything is allocated: a length is the peer's word, the input is a fact.
        if length > self.end - self.position:
            raise self._error("length beyond the input")
        start = self.position
        self.position += length
        return bytes(self.data[start : start + length])

    def _argument(self, major, info):
        """The argument of a head; _UNTIL_BREAK for an indefinite length."""
        if info < 24:
            return info
        if info < 28:
            size = 1 << (info - 24)
            argument = int.from_bytes(self._take(size), "big")
            if self.deterministic:
                # The least that needs this size: 24, 2^8, 2^16, 2^32.
                if argument < (24 if size == 1 else 1 << 4 * size):
                    raise self._error("longer head than needed")
            return argument
        if info == _INDEFINITE and _BYTES <= major <= _MAP:
            if self.deterministic:
                raise self._error("indefinite length")
            return _UNTIL_BREAK
        raise self._error("reserved additional information")

    def _at_break(self):
        if self.position < self.end and self.data[self.position] == _BREAK:
            self.position += 1
            return True
        return False

    def _string(self, major, length):
        if length != _UNTIL_BREAK:
            raw = self._take(length)
            if major == _BYTES:
                return raw
            if not is_utf8(raw):
                raise self._error("no UTF-8 in the text before")
            return str(raw, "utf-8")
        chunks = []
        while not self._at_break():
            initial = self._byte()
            if initial >> 5 != major or initial & 31 == _INDEFINITE:
                raise self._error("wrong chunk of an indefinite string")
            if len(chunks) >= self.items_left:
                raise self._error("too many chunks")
            chunks.append(self._string(major, self._argument(major, initial & 31)))
        self.items_left -= len(chunks)
        return (b"" if major == _BYTES else "").join(chunks)

    def _check_count(self, items):
        if items > self.end - self.position:
            raise self._error("more items than the input has bytes")
        if items > self.items_left:
            raise self._error("too many items")

    def _array(self, length, depth):
        values = []
        if length == _UNTIL_BREAK:
            while not self._at_break():
                values.append(self.item(depth))
            return values
        self._check_count(length)
        for _ in range(length):
            values.append(self.item(depth))
        return values

    def _map(self, length, depth):
        values = {}
        strings = None  # the type of the first key that is no integer
        previous = b""
        entries_left = length
        if length != _UNTIL_BREAK:
            self._check_count(2 * length)
        while entries_left if length != _UNTIL_BREAK else not self._at_break():
            entries_left -= 1
            start = self.position
            # What encloses others is refused by its first byte, before anything is made of it.
            if start < self.end and _ARRAY <= self.data[start] >> 5 <= _MAP:
                raise self._error(_NO_KEY)
            key = self.item(depth)
            # By type and not by isinstance(): True must not pass for 1.
            kind = type(key)
            if kind is not int:
                if kind is not str and kind is not bytes:
                    raise self._error(_NO_KEY)
                # Before the two are compared: MicroPython prints a warning each time.
                if strings is not None and kind is not strings:
                    raise self._error("texts and byte strings as keys of one map")
                strings = kind
            if key in values:
                raise self._error("duplicate map key")
            if self.deterministic:
                encoded = bytes(self.data[start : self.position])
                if encoded <= previous:
                    raise self._error("unsorted map key")
                previous = encoded
            values[key] = self.item(depth)
        return values

    def _tag(self, number, depth):
        value = self.item(depth)
        if number != _POSITIVE_BIGNUM and number != _NEGATIVE_BIGNUM:
            return Tag(number, value)
        if not isinstance(value, bytes):
            raise self._error("bignum that is no byte string")
        if len(value) > MAX_BIGNUM_BYTES:
            raise self._error("bignum too long")
        if self.deterministic and (len(value) <= 8 or value[0] == 0):
            raise self._error("longer integer than needed")
        magnitude = int.from_bytes(value, "big")
        return magnitude if number == _POSITIVE_BIGNUM else -1 - magnitude

    def _simple_or_float(self, info):
        if info < 20:
            return Simple(info)
        if info < 24:
            return (False, True, None, UNDEFINED)[info - 20]
        if info == 24:
            value = self._byte()
            if value < 32:
                raise self._error("simple value in two bytes that has one")
            return Simple(value)
        if info < 28:
            size = 1 << (info - 24)
            bits = int.from_bytes(self._take(size), "big")
            from . import floats  # on a board there are none, mostly

            if self.deterministic and not floats.is_shortest(bits, size):
                raise self._error("longer float than needed")
            return floats.from_bits(bits, size)
        raise self._error("lone break" if info == _INDEFINITE else "reserved simple value")
