"""Deterministic encoder: one value, one encoding (RFC 8949 section 4.2.1)."""

from micropython import const

from .text import is_utf8
from .types import Raw, Simple, Tag

_UNSIGNED = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)
_FALSE = const(0xF4)
_TRUE = const(0xF5)
_NULL = const(0xF6)
_SIMPLE = const(7)
_FLOAT = const(0xF8)  # plus 1, 2 or 3 for 2, 4 or 8 bytes

_POSITIVE_BIGNUM = const(2)
_NEGATIVE_BIGNUM = const(3)
MAX_BIGNUM_BYTES = 64


def encode(value) -> bytes:
    """Encode ``value``: shortest heads and floats, definite lengths, sorted map keys.

    Takes None, bool, int (beyond 64 bits as a bignum, to 64 bytes), float, bytes-like, str, list
    or tuple, dict with keys of int and str, or of int and bytes, Tag, Simple and Raw. Raises
    ValueError for all else: the caller's mistake, never a peer's.
    """
    out = bytearray()
    _encode(out, value)
    return bytes(out)


def encode_sequence(*values) -> bytes:
    """Encode each of ``values``, one after the other (a CBOR sequence, RFC 8742)."""
    out = bytearray()
    for value in values:
        _encode(out, value)
    return bytes(out)


def bytes_head(length: int) -> bytes:
    """What a byte string of ``length`` bytes begins with, for who has it in pieces."""
    out = bytearray()
    _head(out, _BYTES, length)
    return bytes(out)


def _encode(out, value):
    kind = type(value)
    if kind is int:  # the two that there are most of, before a row of questions
        _encode_int(out, value)
    elif kind is bytes:
        _head(out, _BYTES, len(value))
        out.extend(value)
    elif value is None:
        out.append(_NULL)
    elif value is True:
        out.append(_TRUE)
    elif value is False:
        out.append(_FALSE)
    elif isinstance(value, int):
        _encode_int(out, value)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        _head(out, _BYTES, len(value))
        out.extend(value)
    elif isinstance(value, str):
        _encode_text(out, value)
    elif isinstance(value, (list, tuple)):
        _head(out, _ARRAY, len(value))
        for element in value:
            _encode(out, element)
    elif isinstance(value, dict):
        _encode_map(out, value)
    elif isinstance(value, Tag):
        if not 0 <= value.number < 1 << 64:
            raise ValueError("tag number beyond 64 bits")
        _head(out, _TAG, value.number)
        _encode(out, value.value)
    elif isinstance(value, Raw):
        out.extend(value.data)
    elif isinstance(value, Simple):
        _head(out, _SIMPLE, value.value)
    elif isinstance(value, float):
        _encode_float(out, value)
    else:
        raise ValueError("no CBOR for a %s" % type(value).__name__)


def _head(out, major, argument):
    major <<= 5
    if argument < 24:
        out.append(major | argument)
    elif argument < 1 << 8:
        out.append(major | 24)
        out.append(argument)
    else:
        info = 25 if argument < 1 << 16 else 26 if argument < 1 << 32 else 27
        out.append(major | info)
        out.extend(argument.to_bytes(1 << info - 24, "big"))


def _encode_int(out, value):
    if 0 <= value < 24:
        out.append(value)
        return
    negative = value < 0
    argument = -1 - value if negative else value
    if argument < 1 << 64:
        _head(out, _NEGATIVE if negative else _UNSIGNED, argument)
        return
    if argument >= 1 << 8 * MAX_BIGNUM_BYTES:
        raise ValueError("integer beyond %d bytes" % MAX_BIGNUM_BYTES)
    raw = argument.to_bytes(MAX_BIGNUM_BYTES, "big").lstrip(b"\0")
    _head(out, _TAG, _NEGATIVE_BIGNUM if negative else _POSITIVE_BIGNUM)
    _head(out, _BYTES, len(raw))
    out.extend(raw)


def _encode_text(out, value):
    try:
        raw = value.encode("utf-8")
    except UnicodeError:
        raise ValueError("text with a lone surrogate")
    if not is_utf8(raw):
        raise ValueError("text with a lone surrogate")
    _head(out, _TEXT, len(raw))
    out.extend(raw)


def _encode_map(out, value):
    entries = []
    strings = None
    for key, element in value.items():
        kind = type(key)
        if kind is not int:
            if kind is not str and kind is not bytes:
                raise ValueError("no map key: a %s" % kind.__name__)
            if strings is not None and kind is not strings:
                raise ValueError("texts and byte strings as keys of one map")
            strings = kind
        entries.append((encode(key), element))
    entries.sort(key=lambda entry: entry[0])
    _head(out, _MAP, len(entries))
    for key, element in entries:
        out.extend(key)
        _encode(out, element)


def _encode_float(out, value):
    from . import floats  # on a board there are none, mostly

    bits, size = floats.shortest(value)
    out.append(_FLOAT | (1 if size == 2 else 2 if size == 4 else 3))
    out.extend(bits.to_bytes(size, "big"))
