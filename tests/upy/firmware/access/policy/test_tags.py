"""The short stand-ins for names, cards and PINs: the same bytes on the host and on every board."""

INTERPRETERS = ("micropython", "cpython")

import hashlib

from harness import raises, unhex
from holdfast.access.tag import CARD, KEY, NAME_TAG, PIN, card_key, name_tag
from untrusted import InvalidInput

LOOKUP_KEY = bytes(range(32))


def _hmac(data):
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in LOOKUP_KEY) + b"\x36" * 32 + data).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in LOOKUP_KEY) + b"\x5c" * 32 + inner).digest()


def test_a_name_is_known_by_the_first_six_bytes_of_its_digest():
    """Cache records hold these: with another cut or encoding every grant is for nowhere."""
    assert name_tag("lobby") == hashlib.sha256(b"lobby").digest()[:6]
    assert name_tag("Büro") == hashlib.sha256(unhex("42c3bc726f")).digest()[:6]
    assert len(name_tag("")) == NAME_TAG


def test_a_card_and_a_pin_of_the_same_bytes_are_not_the_same():
    """The kind is under the HMAC: a PIN typed in must not be the card whose number it spells."""
    for kind, value in ((CARD, b"1234"), (PIN, b"1234"), (CARD, b"\x00"), (CARD, b"x" * 32)):
        assert card_key(LOOKUP_KEY, kind, value) == _hmac(bytes([kind]) + value)[:KEY]
    assert card_key(LOOKUP_KEY, CARD, b"1234") != card_key(LOOKUP_KEY, PIN, b"1234")
    assert card_key(bytes(32), PIN, b"1234") != card_key(LOOKUP_KEY, PIN, b"1234")


def test_what_is_no_card_and_no_pin_has_no_key():
    """A reader that misread a card must not look up the empty one."""
    for kind, value in (
        (CARD, b""),
        (CARD, b"x" * 33),
        (PIN, b"123"),
        (PIN, b"12345678901"),
        (PIN, b"12a4"),
        (PIN, "١٢٣٤".encode()),
        (0, b"1234"),
        (3, b"1234"),
    ):
        raises(InvalidInput, card_key, LOOKUP_KEY, kind, value)
