"""What the codec writes, reads and limits. The refusals are in test_cbor_refusals.py."""

import cbor
from harness import raises, unhex

INTERPRETERS = ("micropython", "cpython")


def test_every_integer_has_the_shortest_head():
    """Both sides of every border, up and down, and bignums beyond: another head length would make
    another token of the same claims."""
    cases = (
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (0xFFFF, "19ffff"),
        (0x10000, "1a00010000"),
        (0xFFFFFFFF, "1affffffff"),
        (0x100000000, "1b0000000100000000"),
        (0xFFFFFFFFFFFFFFFF, "1bffffffffffffffff"),
        (1 << 64, "c249010000000000000000"),
        (-1, "20"),
        (-24, "37"),
        (-25, "3818"),
        (-256, "38ff"),
        (-257, "390100"),
        (-(1 << 64), "3bffffffffffffffff"),
        (-(1 << 64) - 1, "c349010000000000000000"),
        ((1 << 512) - 1, "c25840" + "ff" * 64),
    )
    for value, encoded in cases:
        assert cbor.encode(value) == unhex(encoded), value
        assert cbor.decode(unhex(encoded), deterministic=True) == value, encoded


def test_strings_and_arrays_have_the_shortest_head():
    """Lengths use the same heads as integers, in every major type that has a length."""
    for length, head in ((23, "57"), (24, "5818"), (255, "58ff"), (256, "590100")):
        value = bytes(length)
        assert cbor.encode(value) == unhex(head) + value
        assert cbor.decode(cbor.encode(value), deterministic=True) == value
    for length, head in ((23, "77"), (24, "7818"), (256, "790100")):
        value = "a" * length
        assert cbor.encode(value) == unhex(head) + value.encode()
        assert cbor.decode(cbor.encode(value), deterministic=True) == value
    for length, head in ((23, "97"), (24, "9818"), (256, "990100")):
        value = [0] * length
        assert cbor.encode(value) == unhex(head) + bytes(length)
        assert cbor.decode(cbor.encode(value), deterministic=True) == value


def test_map_keys_are_sorted_by_their_encoded_bytes():
    """The order of RFC 8949 section 4.2.1, not the older one by length first, and never the order
    of a dict, which MicroPython does not keep."""
    value = {"aa": 1, "b": 2, 100: 3, -1: 4, 10: 5, "z": 7, "": 8}
    assert cbor.encode(value) == unhex("a70a051864032004 6008 616202 617a07 62616101")
    assert cbor.decode(cbor.encode(value), deterministic=True) == value
    value = {b"aa": 1, b"b": 2, 100: 3, b"": 4}
    assert cbor.encode(value) == unhex("a41864034004 416202 42616101")
    assert cbor.decode(cbor.encode(value), deterministic=True) == value


def test_constants_stay_what_they_are():
    """True is no 1 and null no undefined: a claim of the wrong type must be seen as one."""
    for value, encoded in ((False, "f4"), (True, "f5"), (None, "f6")):
        assert cbor.encode(value) == unhex(encoded)
        assert cbor.decode(unhex(encoded)) is value
    assert cbor.decode(unhex("f7")) is cbor.UNDEFINED
    assert cbor.encode(cbor.UNDEFINED) == unhex("f7")
    assert cbor.encode([1, True, 0, False]) == unhex("8401f500f4")


def test_floats_take_the_shortest_size_that_keeps_the_number():
    """MicroPython has no half floats of its own; the borders of each size are where a hand-written
    conversion goes wrong."""
    cases = (
        (0.0, "f90000"),
        (-0.0, "f98000"),
        (1.5, "f93e00"),
        (65504.0, "f97bff"),
        (65505.0, "fa477fe100"),
        (65536.0, "fa47800000"),
        (2.0**-14, "f90400"),
        (2.0**-24, "f90001"),
        (1023 * 2.0**-24, "f903ff"),
        (2.0**-25, "fa33000000"),
        (1025 * 2.0**-25, "fa38002000"),
        # Computed: MicroPython before 1.26 reads the literal one bit too large.
        ((2.0 - 2.0**-23) * 2.0**127, "fa7f7fffff"),
        (2.0**128, "fb47f0000000000000"),
        (2.0**-149, "fa00000001"),
        (2.0**-150, "fb3690000000000000"),
        (2.0**-126, "fa00800000"),
        (5e-324, "fb0000000000000001"),
        (1.1, "fb3ff199999999999a"),
        (-4.1, "fbc010666666666666"),
        (float("inf"), "f97c00"),
        (-float("inf"), "f9fc00"),
    )
    for value, encoded in cases:
        assert cbor.encode(value) == unhex(encoded), value
        assert cbor.decode(unhex(encoded), deterministic=True) == value, encoded
    assert cbor.encode(float("nan")) == unhex("f97e00")
    assert cbor.encode(cbor.decode(unhex("f98000"))) == unhex("f98000")


def test_text_beyond_ascii_comes_back():
    """One character of each length of UTF-8, at the ends of its range."""
    value = "\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
    assert cbor.decode(cbor.encode(value), deterministic=True) == value


def test_reads_bytes_bytearray_and_memoryview_alike():
    """A link hands over slices of its buffer; what is decoded must not change with the buffer."""
    raw = cbor.encode({1: b"value", 2: "text", 3: [1000, 1.5]})
    expected = cbor.decode(raw)
    buffer = bytearray(b"xx" + raw)
    for data in (bytearray(raw), memoryview(raw), memoryview(buffer)[2:]):
        value = cbor.decode(data, deterministic=True)
        assert value == expected
        assert type(value[1]) is bytes
    value = cbor.decode(memoryview(buffer)[2:])
    for index in range(len(buffer)):
        buffer[index] = 0
    assert value == expected
    raises(TypeError, cbor.decode, "text")
    raises(ValueError, cbor.decode_prefix, raw, -1)


def test_one_item_of_many_can_be_read_or_skipped():
    """EDHOC puts items one after the other; the end returned is where the next begins."""
    raw = cbor.encode_sequence(1, [2, {3: b"4"}], "five")
    assert raw == cbor.encode(1) + cbor.encode([2, {3: b"4"}]) + cbor.encode("five")
    assert cbor.decode_sequence(raw) == [1, [2, {3: b"4"}], "five"]
    assert cbor.decode_sequence(b"") == []
    value, end = cbor.decode_prefix(raw, 1)
    assert value == [2, {3: b"4"}]
    assert cbor.skip(raw, 1) == end
    assert cbor.decode_prefix(raw, end) == ("five", len(raw))
    raises(cbor.DecodeError, cbor.decode_prefix, raw, len(raw))
    raises(cbor.DecodeError, cbor.decode_prefix, raw, len(raw) + 1)
    raises(cbor.DecodeError, cbor.skip, raw + b"\x18", len(raw))
    raises(cbor.DecodeError, cbor.decode_sequence, raw[:-1])


def test_raw_is_copied_as_it_is():
    """What was signed is embedded byte for byte, also where we would have written otherwise."""
    assert cbor.encode([cbor.Raw(unhex("1800")), 1]) == unhex("82180001")
    assert cbor.encode({1: cbor.Raw(unhex("a0"))}) == unhex("a101a0")


def test_tags_and_simple_values_compare_by_what_they_hold():
    """They stand in for plain values in tests and in claims, so two of the same are the same."""
    assert cbor.Tag(6, [1]) == cbor.decode(unhex("c68101"))
    assert cbor.Tag(6, [1]) != cbor.Tag(7, [1])
    assert cbor.Tag(6, 1) != 1
    assert cbor.Simple(32) == cbor.decode(unhex("f820"))
    assert cbor.Simple(0) != 0
    assert len({cbor.Simple(0), cbor.Simple(0), cbor.Tag(1, 2), cbor.Tag(1, 2)}) == 2
    for value in (-1, 20, 21, 22, 24, 31, 256):
        raises(ValueError, cbor.Simple, value)


def test_nesting_is_allowed_to_the_given_depth_and_no_further():
    """Each level is a call on a small stack. The limit counts arrays, maps and tags."""
    for opening in ("81", "a101", "c6", "9f"):
        closing = "ff" if opening == "9f" else ""
        for depth in (1, 8, 20):
            raw = unhex(opening * depth + "00" + closing * depth)
            cbor.decode(raw, max_depth=depth)
            raises(cbor.DecodeError, cbor.decode, raw, max_depth=depth - 1)
    cbor.decode(unhex("81" * 8 + "00"))
    raises(cbor.DecodeError, cbor.decode, unhex("81" * 9 + "00"))
    assert cbor.decode(b"\x00", max_depth=0) == 0
    raises(cbor.DecodeError, cbor.decode, b"\x80", max_depth=0)


def test_items_are_allowed_to_the_given_number_and_no_further():
    """An item costs more memory than its byte on the wire, wherever in the document it stands."""
    documents = (
        ("8400010203", 5),
        ("9f00010203ff", 5),
        ("a200010203", 5),
        ("bf00010203ff", 5),
        ("82820001820203", 7),
        ("c600", 2),
        ("5f40404040ff", 5),
        ("825f4040ff7f6060ff", 7),
    )
    for encoded, items in documents:
        cbor.decode(unhex(encoded), max_items=items)
        raises(cbor.DecodeError, cbor.decode, unhex(encoded), max_items=items - 1)
    raises(cbor.DecodeError, cbor.decode_sequence, bytes(5), max_items=4)
    assert len(cbor.decode(cbor.encode([0] * 511))) == 511
    raises(cbor.DecodeError, cbor.decode, cbor.encode([0] * 512))


def test_what_has_no_encoding_is_the_callers_mistake():
    """It is no InvalidInput: a server must not take its own bug for a stranger's."""
    from untrusted import InvalidInput

    mistakes = (
        object(),
        {1.5: 1},
        {None: 1},
        {True: 1},
        {(1, 2): 1},
        [{False: 1}],
        {1, 2},
        1 << 512,
        -(1 << 512) - 1,
        cbor.Tag(-1, 0),
        cbor.Tag(1 << 64, 0),
        "\ud800",
    )
    for value in mistakes:
        error = raises(ValueError, cbor.encode, value)
        assert not isinstance(error, InvalidInput)


def test_a_byte_string_in_pieces_has_the_head_of_one_in_one():
    """At each length where heads grow."""
    for length in (0, 1, 23, 24, 255, 256):
        assert cbor.bytes_head(length) + bytes(length) == cbor.encode(bytes(length))
    assert cbor.bytes_head(65535) == b"\x59\xff\xff"
    assert cbor.bytes_head(65536) == b"\x5a\x00\x01\x00\x00"
