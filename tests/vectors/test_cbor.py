"""RFC 8949 Appendix A, all of it."""

import cbor
from harness import raises, unhex, vectors

INTERPRETERS = ("micropython", "cpython")

# RFC 7049 had simple(24) here; RFC 8949 section 3.3 made two bytes for a value below 32 malformed.
WITHDRAWN = "f818"


def _items():
    items = vectors("cbor/appendix_a.json")
    assert len(items) == 82
    return [item for item in items if item["hex"] != WITHDRAWN]


# What JSON cannot say, by encoding (the file has the diagnostic notation instead).
def _special():
    inf, nan = float("inf"), float("nan")
    return {
        "f97c00": inf,
        "f97e00": nan,
        "f9fc00": -inf,
        "fa7f800000": inf,
        "fa7fc00000": nan,
        "faff800000": -inf,
        "fb7ff0000000000000": inf,
        "fb7ff8000000000000": nan,
        "fbfff0000000000000": -inf,
        "f7": cbor.UNDEFINED,
        "f0": cbor.Simple(16),
        "f8ff": cbor.Simple(255),
        "c074323031332d30332d32315432303a30343a30305a": cbor.Tag(0, "2013-03-21T20:04:00Z"),
        "c11a514b67b0": cbor.Tag(1, 1363896240),
        "c1fb41d452d9ec200000": cbor.Tag(1, 1363896240.5),
        "d74401020304": cbor.Tag(23, unhex("01020304")),
        "d818456449455446": cbor.Tag(24, unhex("6449455446")),
        "d82076687474703a2f2f7777772e6578616d706c652e636f6d": cbor.Tag(
            32, "http://www.example.com"
        ),
        "40": b"",
        "4401020304": unhex("01020304"),
        "a201020304": {1: 2, 3: 4},
        "5f42010243030405ff": unhex("0102030405"),
    }


def _expected(item, special):
    return special[item["hex"]] if item["hex"] in special else item["decoded"]


def test_decodes_every_item_of_appendix_a():
    """Every example has the value the RFC gives: a wrong one means that some other library's bytes
    are read as something else here."""
    special = _special()
    for item in _items():
        value = cbor.decode(unhex(item["hex"]))
        expected = _expected(item, special)
        if expected != expected:
            assert value != value, item["hex"]
            continue
        assert type(value) is type(expected), (item["hex"], value)
        assert value == expected, (item["hex"], value)


def test_encodes_back_what_appendix_a_calls_round_trip():
    """The shortest encoding is the RFC's, also of half floats, bignums and tags."""
    special = _special()
    checked = 0
    for item in _items():
        if item["roundtrip"]:
            assert cbor.encode(_expected(item, special)) == unhex(item["hex"]), item["hex"]
            assert cbor.encode(cbor.decode(unhex(item["hex"]))) == unhex(item["hex"]), item["hex"]
            checked += 1
    assert checked == 64, checked


def test_deterministic_mode_takes_the_shortest_definite_items_only():
    """An item that re-encodes to other bytes has two spellings, so a hash or a MAC over it could
    be argued about; it is refused, and no other is."""
    for item in _items():
        raw = unhex(item["hex"])
        if item["roundtrip"]:
            assert cbor.encode(cbor.decode(raw, deterministic=True)) == raw, item["hex"]
        else:
            raises(cbor.DecodeError, cbor.decode, raw, deterministic=True)


def test_refuses_the_one_example_that_rfc_8949_withdrew():
    """simple(24) in two bytes was an example of RFC 7049 and is malformed since."""
    raises(cbor.DecodeError, cbor.decode, unhex(WITHDRAWN))
