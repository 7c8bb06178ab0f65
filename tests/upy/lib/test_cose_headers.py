"""Shape and headers of a COSE object: what parse() refuses before any key is touched."""

import cbor
import cose
from cose import Key, mac0
from harness import raises
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")


def _parse(protected, unprotected, **options):
    raw = protected if isinstance(protected, bytes) else cbor.encode(protected)
    body = [raw, unprotected, b"content", b"signature"]
    return cose.parse(cbor.encode(cbor.Tag(18, body)), **options)


def test_a_well_made_object_is_taken_apart():
    """Both headers decoded, the protected one also as it is signed."""
    message = _parse({1: -8, 3: "text/plain"}, {4: b"k", "own": [1], -70000: None})
    assert message.tag == 18
    assert message.protected == {1: -8, 3: "text/plain"}
    assert message.protected_raw == cbor.encode({1: -8, 3: "text/plain"})
    assert message.unprotected == {4: b"k", "own": [1], -70000: None}
    assert (message.payload, message.signature, message.kid) == (b"content", b"signature", b"k")
    assert _parse({1: -8, 4: b"p"}, {}).kid == b"p"
    assert _parse({1: -8}, {}).kid is None


def test_an_empty_protected_header_has_one_signed_form():
    """RFC 9052 section 3: h'' and h'a0' are both read, and both are signed as h''."""
    assert _parse(b"", {}).protected_raw == b""
    assert _parse(b"\xa0", {}).protected_raw == b""
    assert _parse(b"\xa0", {}).protected == {}


def test_other_shapes_are_refused():
    """Each of these has been taken for a COSE object by some library."""
    parts = [b"", {}, b"content", b"signature"]
    tag = cbor.Tag
    shapes = (
        parts,
        tag(98, parts),
        tag(96, parts),
        tag(97, parts),
        tag(19, parts),
        tag(61, tag(18, parts)),
        tag(18, tag(18, parts)),
        tag(18, parts[:3]),
        tag(18, parts + [b""]),
        tag(17, parts[:3]),
        tag(16, parts),
        tag(16, parts[:2]),
        tag(18, []),
        tag(18, {}),
        tag(18, {0: b"", 1: {}, 2: b"", 3: b""}),
        tag(18, b""),
        tag(18, None),
        tag(18, [{}, {}, b"", b""]),
        tag(18, ["", {}, b"", b""]),
        tag(18, [None, {}, b"", b""]),
        tag(18, [b"", b"", b"", b""]),
        tag(18, [b"", [], b"", b""]),
        tag(18, [b"", None, b"", b""]),
        tag(18, [b"", {}, "", b""]),
        tag(18, [b"", {}, [], b""]),
        tag(18, [b"", {}, b"", ""]),
        tag(18, [b"", {}, b"", None]),
        tag(18, [b"", {}, b"", []]),
        tag(18, [b"\x80", {}, b"", b""]),
        tag(18, [b"\xf6", {}, b"", b""]),
        tag(18, [b"\x41\xa0", {}, b"", b""]),
        0,
        None,
        b"",
        {},
    )
    for shape in shapes:
        raises(cose.MALFORMED, cose.parse, cbor.encode(shape))
    for protected in (b"\xa1", b"\xa0\x00", b"\xa1\x01", b"\xff", b"\xa2\x01\x26\x01\x26"):
        raises(cbor.DecodeError, _parse, protected, {})
    good = cbor.encode(tag(18, parts))
    cose.parse(good)
    for raw in (good + b"\x00", good[:-1], b""):
        raises(cbor.DecodeError, cose.parse, raw)


def test_detached_content_is_refused_as_such():
    """A null in place of the content is good COSE, but there is nothing to verify."""
    for tag in (16, 17, 18):
        body = [b"", {}, None, b"signature"][: 3 if tag == 16 else 4]
        raises(cose.UNSUPPORTED, cose.parse, cbor.encode(cbor.Tag(tag, body)))


def test_header_parameters_have_their_types():
    """RFC 9052 table 3, in either header."""
    wrong = (
        {1: b"alg"},
        {1: None},
        {1: True},
        {1: 1.5},
        {3: -1},
        {3: b"type"},
        {3: True},
        {4: "kid"},
        {4: 1},
        {5: "iv"},
        {5: b""},
        {6: 1},
        {6: b""},
        {b"bytes": 1},
    )
    for header in wrong:
        raises(cose.MALFORMED, _parse, header, {})
        raises(cose.MALFORMED, _parse, {}, header)
    _parse({1: "text", 3: 0, 4: b"", 5: b"iv"}, {})
    _parse({}, {1: -8, 3: "text/plain", 4: b"", 6: b"p"})


def test_a_label_stands_once():
    """In one header, or in one of the two: the second could contradict the first."""
    raises(cbor.DecodeError, _parse, b"\xa2\x01\x26\x01\x27", {})
    raw = cbor.encode_sequence(b"", cbor.Raw(b"\xa2\x04\x41a\x04\x41b"), b"content", b"signature")
    raises(cbor.DecodeError, cose.parse, b"\xd2\x84" + raw)
    for label, value in ((1, -8), (3, 0), (4, b"k"), (5, b"iv"), ("own", 1), (-70000, 1)):
        raises(cose.MALFORMED, _parse, {label: value}, {label: value})


def test_iv_and_partial_iv_exclude_each_other():
    """RFC 9052 section 3.1, wherever they stand."""
    raises(cose.MALFORMED, _parse, {5: b"iv", 6: b"p"}, {})
    raises(cose.MALFORMED, _parse, {}, {5: b"iv", 6: b"p"})
    raises(cose.MALFORMED, _parse, {5: b"iv"}, {6: b"p"})
    raises(cose.MALFORMED, _parse, {6: b"p"}, {5: b"iv"})


def test_an_unknown_critical_header_is_refused():
    """Its maker says that who does not understand it must not accept the message."""
    for label in (7, 33, 258, -70000, "own"):
        error = raises(cose.CRITICAL, _parse, {1: -8, 2: [label], label: 1}, {})
        assert "critical" in str(error)
    raises(cose.CRITICAL, _parse, {1: -8, 2: [1, 99], 99: 1}, {})
    _parse({1: -8, 2: [1]}, {})
    _parse({1: -8, 2: [1, 3, 4], 3: 0, 4: b"k"}, {})
    _parse({1: -8, 99: 1}, {98: 1})


def test_crit_itself_is_well_made():
    """Protected, not empty, and of labels that are there (RFC 9052 section 3.1)."""
    for crit in ([], None, 1, b"", "x", {}, [None], [b"x"], [True], [1.0], [99], ["x"], [4]):
        raises(cose.MALFORMED, _parse, {1: -8, 2: crit}, {4: b"k"})
    raises(cose.MALFORMED, _parse, {1: -8}, {2: [1]})


def test_what_parse_refuses_is_not_made_either():
    """A mistake in our own headers shows where it is made, not at the peer's."""
    key = Key.symmetric(bytes(32), cose.ALG_HMAC_256)
    for protected, unprotected in (
        ({4: "kid"}, {}),
        ({4: b"k"}, {4: b"k"}),
        ({}, {1: 5}),
        ({2: [99]}, {}),
        ({}, {2: [1]}),
    ):
        raises(
            cose.MALFORMED,
            mac0.create,
            b"content",
            key,
            protected=protected,
            unprotected=unprotected,
        )
    given = {3: 0}
    mac0.create(b"content", key, protected=given)
    assert given == {3: 0}  # the caller's dict stays the caller's


def test_nesting_is_bounded():
    """The limit is the caller's to set, and holds in the protected header too."""
    deep = cbor.encode({99: [[[[]]]]})
    _parse(deep, {})
    raises(InvalidInput, _parse, deep, {}, max_depth=4)
    raises(InvalidInput, _parse, b"", {99: [[[[]]]]}, max_depth=4)
