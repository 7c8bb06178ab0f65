"""What the decoder refuses, each for its own reason."""

import cbor
from harness import raises, unhex

INTERPRETERS = ("micropython", "cpython")

# Each is refused for the reason given, whatever the mode.
MALFORMED = (
    ("", "cut short"),
    ("18", "length beyond"),
    ("1900", "length beyond"),
    ("1a000000", "length beyond"),
    ("1b00000000000000", "length beyond"),
    ("f8", "cut short"),
    ("f900", "length beyond"),
    ("fa000000", "length beyond"),
    ("41", "length beyond"),
    ("6261", "length beyond"),
    ("81", "more items than"),
    ("8200", "more items than"),
    ("a100", "more items than"),
    ("a20000", "more items than"),
    ("c6", "cut short"),
    ("0000", "after the item's end"),
    ("1c", "reserved additional"),
    ("1d", "reserved additional"),
    ("1e", "reserved additional"),
    ("1f", "reserved additional"),
    ("3c", "reserved additional"),
    ("3f", "reserved additional"),
    ("5c", "reserved additional"),
    ("7d", "reserved additional"),
    ("9e", "reserved additional"),
    ("bc", "reserved additional"),
    ("dd", "reserved additional"),
    ("df00ff", "reserved additional"),
    ("fc", "reserved simple"),
    ("fd", "reserved simple"),
    ("fe", "reserved simple"),
    ("f800", "simple value in two bytes"),
    ("f814", "simple value in two bytes"),
    ("f818", "simple value in two bytes"),
    ("f81f", "simple value in two bytes"),
    ("ff", "lone break"),
    ("81ff", "lone break"),
    ("8200ff", "lone break"),
    ("a1ff00", "lone break"),
    ("a100ff", "lone break"),
    ("c6ff", "lone break"),
    ("bf00ff", "lone break"),
    ("9f00", "cut short"),
    ("bf0000", "cut short"),
    ("5f4100", "cut short"),
    ("7f6161", "cut short"),
    ("5f00ff", "wrong chunk"),
    ("5f6161ff", "wrong chunk"),
    ("7f4161ff", "wrong chunk"),
    ("5f5f4100ffff", "wrong chunk"),
    ("5f80ff", "wrong chunk"),
    ("5f5c00ff", "reserved additional"),
    ("61ff", "UTF-8"),
    ("7f61c361a9ff", "UTF-8"),
    ("a201000100", "duplicate"),
    ("bf01000100ff", "duplicate"),
    ("a26161006161 00", "duplicate"),
    ("a24161004161 00", "duplicate"),
    ("a2410000 5f4100ff 00", "duplicate"),
    ("a20100180100", "duplicate"),
    ("a20100c2410100", "duplicate"),
    ("a1f500", "map key that is"),
    ("a1f600", "map key that is"),
    ("a1f700", "map key that is"),
    ("a1f93c0000", "map key that is"),
    ("a18000", "map key that is"),
    ("a1a000", "map key that is"),
    ("a1c60000", "map key that is"),
    ("a1e000", "map key that is"),
    # Nothing is made of a key that encloses others: its first byte is enough.
    ("a18100", "map key that is"),
    ("a1b8fe", "map key that is"),
    ("bfbf", "map key that is"),
    # Texts and byte strings in one map, whatever stands between them.
    ("a240006000", "texts and byte strings"),
    ("a260004000", "texts and byte strings"),
    ("a3 6000 0100 4000", "texts and byte strings"),
    ("bf 4000 20f5 6000 ff", "texts and byte strings"),
    ("a3 4000 5f40ff00", "duplicate"),
    ("a2 5fff00 7fff00", "texts and byte strings"),
    ("81a1 01 a2 4161f6 6161f6", "texts and byte strings"),
    ("d82a a2 4161f6 6161f6", "texts and byte strings"),
    ("c200", "bignum that is no"),
    ("c26100", "bignum that is no"),
    ("c380", "bignum that is no"),
    ("c25841" + "01" * 65, "bignum too long"),
)

# Well-formed, but not what the encoder writes.
NOT_DETERMINISTIC = (
    ("1800", "longer head"),
    ("1817", "longer head"),
    ("190000", "longer head"),
    ("1900ff", "longer head"),
    ("1a0000ffff", "longer head"),
    ("1b00000000ffffffff", "longer head"),
    ("3817", "longer head"),
    ("5800", "longer head"),
    ("7800", "longer head"),
    ("9800", "longer head"),
    ("b800", "longer head"),
    ("d80600", "longer head"),
    ("5fff", "indefinite"),
    ("7fff", "indefinite"),
    ("9fff", "indefinite"),
    ("bfff", "indefinite"),
    ("a202000100", "unsorted"),
    ("a2616200616100", "unsorted"),
    ("a2200018 64 00", "unsorted"),
    ("a262616100 616200", "unsorted"),
    ("c240", "longer integer"),
    ("c24101", "longer integer"),
    ("c248ffffffffffffffff", "longer integer"),
    ("c24a00010000000000000000", "longer integer"),
    ("c34101", "longer integer"),
    ("fa3fc00000", "longer float"),
    ("fb3ff8000000000000", "longer float"),
    ("fa7f800000", "longer float"),
    ("fb7ff0000000000000", "longer float"),
    ("fb47efffffe0000000", "longer float"),
    ("fa7fc00000", "longer float"),
    ("fb7ff8000000000000", "longer float"),
    ("f97e01", "longer float"),
    ("f97c01", "longer float"),
    ("f9fe00", "longer float"),
)


def _assert_refused(encoded, reason, deterministic):
    error = raises(cbor.DecodeError, cbor.decode, unhex(encoded), deterministic=deterministic)
    assert reason in str(error), (encoded, str(error))


def test_malformed_items_are_refused_and_the_cause_is_named():
    """Every rule of RFC 8949 that a decoder can forget, in both modes where the first cause is the
    same."""
    for encoded, reason in MALFORMED:
        _assert_refused(encoded, reason, False)
        raises(cbor.DecodeError, cbor.decode, unhex(encoded), deterministic=True)


def test_deterministic_mode_refuses_each_other_spelling():
    """What is refused in one mode is read in the other, so it is the mode that refuses."""
    for encoded, reason in NOT_DETERMINISTIC:
        _assert_refused(encoded, reason, True)
        cbor.decode(unhex(encoded))


def test_invalid_utf_8_is_refused():
    """MicroPython would take most of these: overlong forms, surrogates, numbers beyond U+10FFFF.
    Two texts that print alike must not be two names of one door."""
    invalid = (
        "80 bf c0 c1 f5 f8 fe ff 61ff "
        "c080 c1bf c2 c27f c2c0 c3c3 c3a9c3 "
        "e0 e0a0 e08080 e09fbf e0a07f e0a0c0 eda080 edbfbf ed7f80 e282 "
        "f0 f09080 f0808080 f08fbfbf f0908f f090807f f4908080 f5808080 f8888080"
    )
    for encoded in invalid.split():
        raw = unhex(encoded)
        error = raises(cbor.DecodeError, cbor.decode, bytes([0x60 + len(raw)]) + raw)
        assert "UTF-8" in str(error), encoded
    for encoded in "c280 dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf".split():
        raw = unhex(encoded)
        assert cbor.decode(bytes([0x60 + len(raw)]) + raw) == raw.decode()


def test_a_decode_error_is_invalid_input_and_says_where():
    """Whoever serves strangers catches one class; whoever reads the log wants the place."""
    from untrusted import InvalidInput

    error = raises(InvalidInput, cbor.decode, unhex("8301ff00"))
    assert "at byte 3" in str(error), str(error)
