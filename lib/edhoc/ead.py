"""External authorization data: what an application may add to a message (RFC 9528 section 3.8).

An item is ``(label, critical, value)``: an integer 0 to 65535, a bool, and bytes or None.
Label 0 is padding; it is written when asked for and never handed on.
"""

import cbor
from micropython import const

from .error import EDHOCError

PADDING = 0

_MAX_LABEL = const(0xFFFF)
_MAX_ITEMS = const(8)
_MAX_LENGTH = const(512)


def encode(items) -> bytes:
    """The EAD field of ``items``, in their order. Raises ValueError for what may not be sent."""
    if len(items) > _MAX_ITEMS:
        raise ValueError("more than %d EAD items" % _MAX_ITEMS)
    field = b""
    for label, critical, value in items:
        if not 0 <= label <= _MAX_LABEL or (critical and label == PADDING):
            raise ValueError("no such EAD label")
        field += cbor.encode(-label if critical else label)
        if value is not None:
            field += cbor.encode(bytes(value))
    if len(field) > _MAX_LENGTH:
        raise ValueError("EAD over %d bytes" % _MAX_LENGTH)
    return field


def read(reader) -> tuple:
    """``(items, raw)``: everything that is left in the sequence, padding included."""
    raw = reader.data[reader.offset :]
    if len(raw) > _MAX_LENGTH:
        raise reader.error("EAD is too long")
    items = []
    while not reader.at_end():
        if len(items) == _MAX_ITEMS:
            raise reader.error("too many EAD items")
        label = reader.integer("ead_label")
        if abs(label) > _MAX_LABEL:
            raise reader.error("ead_label out of range")
        value = reader.byte_string("ead_value") if reader.at_bytes() else None
        items.append((abs(label), label < 0, value))
    return items, raw


def recognise(items, labels) -> list:
    """The items whose label is among ``labels``; of the others only critical ones matter.

    Raises EDHOCError for a critical item that nobody here understands.
    """
    known = []
    for item in items:
        label, critical, _ = item
        if label in labels and label != PADDING:
            known.append(item)
        elif critical:
            raise EDHOCError("critical EAD item not supported")
    return known
