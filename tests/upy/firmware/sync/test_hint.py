"""The one datagram that nobody protects: small, strict, and plain CoAP to whoever listens."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from coap import code, datagram, option
from harness import mutants, raises
from holdfast.sync import hint
from untrusted import InvalidInput

HEAD = bytes(range(32))
TAG = b"sender"
# docs/protocol.md shows this one.
SHOWN = "50020001b468696e74113cd1e91aff850107480001020304050607" + "4673656e646572f5"


def _payload(*items):
    return cbor.encode(list(items))


def test_it_is_the_datagram_of_the_document():
    raw = datagram.encode(hint.message(7, HEAD, TAG, True), datagram.NON, 1)
    assert raw.hex() == SHOWN
    message, mtype, mid = datagram.decode(raw)
    assert (mtype, mid, message.code) == (datagram.NON, 1, code.POST)
    assert message.uri_path() == (hint.PATH,)
    assert hint.parse(message.payload) == (7, HEAD[:8], TAG, True, None)


def test_it_is_small_and_wants_no_answer():
    """A thousand nodes that answered one multicast with 4.04 would be the flood themselves."""
    raw = datagram.encode(hint.message(0xFFFFFFFF, HEAD, TAG, False), datagram.NON, 0xFFFF)
    assert len(raw) <= 40 <= hint.MAX_BYTES
    message, _, _ = datagram.decode(raw)
    assert message.uint_option(option.NO_RESPONSE) == 2 + 8 + 16
    assert not option.is_critical(option.NO_RESPONSE)  # who does not know it ignores it


def test_it_may_ask_where_another_one_is():
    """A question is never shorter than the longest answer, so that nobody is flooded by it."""
    asks = hint.message(0, bytes(8), TAG, True, b"sought")
    assert hint.parse(asks.payload) == (0, bytes(8), TAG, True, b"sought")
    shortest = datagram.encode(asks, datagram.NON, 1)
    answer = datagram.encode(hint.message(0xFFFFFFFF, HEAD, TAG, False), datagram.NON, 0xFFFF)
    longest = hint.message(0xFFFFFFFF, HEAD, TAG, True, b"sought")
    assert len(answer) <= len(shortest)
    assert len(datagram.encode(longest, datagram.NON, 0xFFFF)) <= 47


def test_every_other_form_is_refused():
    good = _payload(1, 7, HEAD[:8], TAG, True)
    assert hint.parse(good) == (7, HEAD[:8], TAG, True, None)
    for bad in (
        _payload(2, 7, HEAD[:8], TAG, True),
        _payload(True, 7, HEAD[:8], TAG, True),
        _payload(1, -1, HEAD[:8], TAG, True),
        _payload(1, 1 << 32, HEAD[:8], TAG, True),
        _payload(1, True, HEAD[:8], TAG, True),
        _payload(1, 7, HEAD[:7], TAG, True),
        _payload(1, 7, HEAD, TAG, True),
        _payload(1, 7, HEAD[:8], TAG + b"x", True),
        _payload(1, 7, "headhead", TAG, True),
        _payload(1, 7, HEAD[:8], TAG),
        _payload(1, 7, HEAD[:8], TAG, 1),
        _payload(1, 7, HEAD[:8], TAG, True, True),
        _payload(1, 7, HEAD[:8], TAG, True, None),
        _payload(1, 7, HEAD[:8], TAG, True, TAG + b"x"),
        _payload(1, 7, HEAD[:8], TAG, True, TAG, TAG),
        _payload(1, 7, HEAD[:8], [TAG], True),
        cbor.encode({1: 7}),
        good + b"\x00",
        b"\x85\x01\x18\x07\x48" + HEAD[:8] + b"\x46" + TAG + b"\xf5",  # 7 in two bytes
        good + bytes(hint.MAX_BYTES),
        b"",
    ):
        raises(InvalidInput, hint.parse, bad)


def test_whatever_is_cut_or_flipped_is_refused_or_another_hint():
    """It is nobody's word, and must never be anything but a hint or InvalidInput."""
    whole = [1, 7, HEAD[:8], TAG, True, b"sought"]
    for mutant in list(mutants(_payload(*whole[:5]))) + list(mutants(_payload(*whole))):
        try:
            number, head, node, _, sought = hint.parse(bytes(mutant))
        except InvalidInput:
            continue
        assert 0 <= number < 1 << 32 and len(head) == 8 and len(node) == 6
        assert sought is None or len(sought) == 6
