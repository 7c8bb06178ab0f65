"""Short fixed-size stand-ins for names, cards and PINs, so that records have one size."""

import crypto
from micropython import const
from untrusted import InvalidInput

NAME_TAG = 6  # bytes
KEY = 8  # bytes

CARD = 1  # the raw bytes of a card's UID or credential number
PIN = 2  # ASCII digits

_MAX_CARD = const(32)
_MIN_PIN = const(4)
_MAX_PIN = const(10)


def name_tag(name) -> bytes:
    """The 6 bytes that stand for the name of a place or schedule: SHA-256 of its UTF-8, cut.

    Two names of one site share a tag with a chance of 2^-48 a pair. The names come from the
    authority, so nobody gains by looking for such a pair. Where an event is decided again only
    tags are known: bytes are one already.
    """
    return name if isinstance(name, bytes) else crypto.sha256(name.encode())[:NAME_TAG]


def card_key(lookup_key: bytes, kind: int, value: bytes) -> bytes:
    """The 8 bytes under which a card or PIN is known: HMAC-SHA-256 of kind and value, cut.

    ``lookup_key`` is the site's secret of 32 bytes: without it a list of such keys would give the
    PINs away to whoever tries all of them. ``kind`` is CARD (1 to 32 bytes) or PIN (4 to 10 ASCII
    digits). Raises InvalidInput for any other value.
    """
    if kind == CARD:
        fits = 0 < len(value) <= _MAX_CARD
    elif kind == PIN:
        fits = _MIN_PIN <= len(value) <= _MAX_PIN and all(48 <= digit <= 57 for digit in value)
    else:
        fits = False
    if not fits:
        raise InvalidInput("no card of 1 to 32 bytes and no PIN of 4 to 10 digits")
    return crypto.hmac_sha256(lookup_key, bytes((kind,)) + value)[:KEY]
