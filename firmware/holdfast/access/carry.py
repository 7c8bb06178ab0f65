"""What a carrier says to the node that decides, and what that answers: one CBOR array each way.

Pure: nothing here is believed or done. docs/protocol.md has the arrays.
"""

import cbor
from micropython import const
from untrusted import InvalidInput

INSTANCE = const(8)  # random bytes that a carrier draws at each start
MAX_PIECE = const(1024)  # bytes of a phone's link in one message

# Kinds of what is said
LOOK = 0  # nothing: how does the door stand
LINK = 1
GONE = 2
CARD = 3
PIN = 4
TAMPER = 5

# Of a link, in an answer: bits
CLOSED = 1  # it is over, once the bytes that come along are with the phone
MORE = 2  # there is something to be had yet: ask again, with no bytes if there are none

# What is shown, in the order of the answer's number (door/indicator.py)
SHOWN = (
    "ready",
    "deciding",
    "granted",
    "refused",
    "unlocked",
    "fault",
    "held",
    "forced",
    "tamper",
    "offline",
)

_MOST = const(0xFFFFFFFF)
_MAX_CARD = const(32)
_MAX_PIN = const(16)
_MAX_MS = const(3600000)
_DOOR_TAG = const(2)


class CarryRefused(InvalidInput):
    """Not what a carrier says, or not what it is answered."""


class Said:
    """What a carrier said: its ``instance``, the ``number`` of the message among those of this
    instance, the ``kind``, and ``rest``, what the kind has besides.

    LINK has (link, offset of the first of these bytes in what the phone sent, how many bytes to
    the phone have come so far, the bytes), GONE (link,), CARD (number,), PIN (digits,), TAMPER
    (whether it is on,).
    """

    def __init__(self, kind: int, instance: bytes, number: int, rest: tuple):
        self.kind = kind
        self.instance = instance
        self.number = number
        self.rest = rest

    def encode(self) -> bytes:
        """The payload."""
        return cbor.encode([self.kind, self.instance, self.number] + list(self.rest))


def parse(payload) -> Said:
    """The Said in ``payload``. Raises CarryRefused for anything that no carrier says."""
    items = _items(payload)
    if len(items) < 3 or type(items[0]) is not int or items[0] not in _RESTS:
        raise CarryRefused("nothing that a carrier says")
    kind, instance, number = items[:3]
    rest = tuple(items[3:])
    if not isinstance(instance, bytes) or len(instance) != INSTANCE or not _is_number(number):
        raise CarryRefused("a carrier names its instance and the number")
    checks = _RESTS[kind]
    if len(rest) != len(checks) or not all([fits(one) for fits, one in zip(checks, rest)]):
        raise CarryRefused("a carrier does not say %d so" % kind)
    return Said(kind, instance, number, rest)


class Answer:
    """What is answered: ``shown``, one of SHOWN, for ``ms`` (0: until it is something else).

    To LINK belong ``taken``, how many bytes of the phone have been taken in all, ``offset`` of
    ``data`` in what goes to the phone, ``flags`` as above, and ``proofs``, how many of the phone's
    requests could be decrypted so far. To LOOK belongs ``door``, the 2 bytes by which the door
    that it carries for is advertised (advert.py): any reader of it says them to all who pass.
    """

    taken = offset = flags = proofs = 0
    data = b""

    def __init__(self, shown: str, ms: int = 0, link=None, door=None):
        self.shown = shown
        self.ms = ms
        self.door = door
        self.is_of_link = link is not None
        if link is not None:
            self.taken, self.offset, self.data, self.flags, self.proofs = link

    def encode(self) -> bytes:
        """The payload."""
        items: list = [SHOWN.index(self.shown), self.ms]
        if self.is_of_link:
            items += [self.taken, self.offset, self.data, self.flags, self.proofs]
        elif self.door is not None:
            items.append(self.door)
        return cbor.encode(items)


def parse_answer(payload) -> Answer:
    """The Answer in ``payload``. Raises CarryRefused."""
    items = _items(payload)
    if len(items) not in (2, 3, 7):
        raise CarryRefused("no answer to a carrier")
    shown, ms = items[:2]
    if not _is_number(shown) or shown >= len(SHOWN) or not _is_number(ms) or ms > _MAX_MS:
        raise CarryRefused("no answer to a carrier")
    link = door = None
    if len(items) == 3:
        door = items[2]
        if not isinstance(door, bytes) or len(door) != _DOOR_TAG:
            raise CarryRefused("no door is named")
    elif len(items) == 7:
        taken, offset, data, flags, proofs = link = tuple(items[2:])
        if not (all(map(_is_number, (taken, offset, flags, proofs))) and _is_piece(data)):
            raise CarryRefused("no answer about a link")
    return Answer(SHOWN[shown], ms, link, door)


def _items(payload):
    if len(payload) > MAX_PIECE + 64:
        raise CarryRefused("too long")
    try:
        items = cbor.decode(payload, deterministic=True, max_depth=1, max_items=8)
    except InvalidInput as error:
        raise CarryRefused(str(error))
    if not isinstance(items, list):
        raise CarryRefused("no array")
    return items


def _is_number(value):
    return type(value) is int and 0 <= value <= _MOST


def _is_piece(value):
    return isinstance(value, bytes) and len(value) <= MAX_PIECE


def _is_card(value):
    return isinstance(value, bytes) and 0 < len(value) <= _MAX_CARD


def _is_pin(value):
    return isinstance(value, str) and 0 < len(value) <= _MAX_PIN


def _is_flag(value):
    return value is True or value is False


_RESTS = {
    LOOK: (),
    LINK: (_is_number, _is_number, _is_number, _is_piece),
    GONE: (_is_number,),
    CARD: (_is_card,),
    PIN: (_is_pin,),
    TAMPER: (_is_flag,),
}
