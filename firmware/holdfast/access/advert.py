"""What a reader says of itself before anybody connects (docs/protocol.md, "Over the air").

Hints where to try, and nothing else: anybody can say the same. What counts is in the certificate.
"""

import crypto
from micropython import const
from untrusted import InvalidInput

# One GATT service, a characteristic that the phone writes, and one that notifies.
SERVICE = "3c050001-0b31-4d39-bb98-49479f5e9cf9"
RX = "3c050002-0b31-4d39-bb98-49479f5e9cf9"
TX = "3c050003-0b31-4d39-bb98-49479f5e9cf9"

MAX_LENGTH = 13  # bytes: what a scan response of 31 holds beside a UUID of 128 bits
MAX_DOORS = 4

_VERSION = const(0x10)  # in the upper half of the first byte
_OFFLINE = const(1)
_KNOWN_FLAGS = const(0x0F)  # of this version: what they may come to mean is no reason to refuse
_NODE_TAG = const(4)
_DOOR_TAG = const(2)


class Advert:
    """What was said: ``is_offline``, ``node`` (4 bytes), ``doors`` (a tuple of 2 bytes each)."""

    def __init__(self, is_offline: bool, node: bytes, doors: tuple):
        self.is_offline = is_offline
        self.node = node
        self.doors = doors


def encode(site: str, node: str, doors, is_offline: bool) -> bytes:
    """Service data of 5 to 13 bytes for the node's id and the names of its doors.

    Of more than four doors none is named: who looks for one of them has to ask.
    """
    named = doors if len(doors) <= MAX_DOORS else ()
    tags = b"".join([door_tag(site, door) for door in named])
    return of_tags(node_tag(site, node), tags, is_offline)


def of_tags(node: bytes, doors: bytes, is_offline: bool) -> bytes:
    """The same for who knows no more than the tag of the ``node`` and those of its ``doors``, one
    after the other.
    """
    return bytes((_VERSION | (_OFFLINE if is_offline else 0),)) + node + doors


def decode(data: bytes) -> Advert:
    """What service data say. Raises InvalidInput."""
    first = 1 + _NODE_TAG  # of the doors' bytes
    doors, over = divmod(len(data) - first, _DOOR_TAG)
    if over or not 0 <= doors <= MAX_DOORS:
        raise InvalidInput("advertisement: %d bytes" % len(data))
    if data[0] & ~_KNOWN_FLAGS != _VERSION:
        raise InvalidInput("advertisement: another version")
    tags = [data[at : at + _DOOR_TAG] for at in range(first, len(data), _DOOR_TAG)]
    return Advert(bool(data[0] & _OFFLINE), data[1:first], tuple(tags))


def node_tag(site: str, node: str) -> bytes:
    """The 4 bytes that stand for a node of ``site``."""
    return _tag(site, node)[:_NODE_TAG]


def door_tag(site: str, door: str) -> bytes:
    """The 2 bytes that stand for a door of ``site``."""
    return _tag(site, door)[:_DOOR_TAG]


def _tag(site, name):
    # Names have no control characters, so that a zero ends the first of them.
    return crypto.sha256(site.encode() + b"\x00" + name.encode())
