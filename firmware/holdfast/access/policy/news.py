"""What one node tells another that asks for the policy: where it is, and what comes after n.

The deterministic CBOR array ``[number, head, snapshot, [changeset, ...]]``: number and hash of the
last changeset in force there; the number that a snapshot stands at which can be had there, or
null; the changesets after n in order, as many as fit and are kept.

For nodes that ask each other: no board loads this to open a door.
"""

import cbor
from micropython import const
from untrusted import InvalidInput

from .changeset import HASH, MAX_BYTES, MAX_NUMBER

MAX_CHANGESETS = const(8)
ROOM = const(1024)  # bytes of changesets in one answer, one of the longest or several

_ITEMS = const(4)
_LONGEST = MAX_BYTES + 64
_HEAD = const(3)  # bytes of CBOR before a changeset, at most


class News:
    """Number and head (32 bytes) of a node's policy, the number of a snapshot or None, and raw
    changesets that follow the number that was asked about.
    """

    def __init__(self, number: int, head: bytes, snapshot, changesets):
        self.number = number
        self.head = head
        self.snapshot = snapshot
        self.changesets = changesets

    def encode(self) -> bytes:
        """At most 1,088 bytes, of as many of the changesets as fit."""
        found = []
        room = ROOM
        for raw in self.changesets[:MAX_CHANGESETS]:
            room -= len(raw) + _HEAD
            if found and room < 0:
                break
            found.append(raw)
        return cbor.encode([self.number, self.head, self.snapshot, found])


def parse(payload: bytes) -> News:
    """The News in ``payload``. Raises InvalidInput. Of the changesets only their sizes are known:
    whoever follows them checks them.
    """
    if len(payload) > _LONGEST:
        raise InvalidInput("no news: too long")
    items = cbor.decode(
        payload, deterministic=True, max_depth=2, max_items=_ITEMS + MAX_CHANGESETS + 1
    )
    if not isinstance(items, list) or len(items) != _ITEMS:
        raise InvalidInput("no news: not [number, head, snapshot, changesets]")
    number, head, snapshot, changesets = items
    if not _is_number(number) or not isinstance(head, bytes) or len(head) != HASH:
        raise InvalidInput("no news: no number and head")
    if snapshot is not None and not _is_number(snapshot):
        raise InvalidInput("no news: no number of a snapshot")
    if not isinstance(changesets, list) or len(changesets) > MAX_CHANGESETS:
        raise InvalidInput("no news: no list of at most %d changesets" % MAX_CHANGESETS)
    for raw in changesets:
        if not isinstance(raw, bytes) or not 0 < len(raw) <= MAX_BYTES:
            raise InvalidInput("no news: a changeset is none")
    return News(number, head, snapshot, changesets)


def _is_number(value):
    return type(value) is int and 0 <= value <= MAX_NUMBER
