"""Framing over byte streams, and the messages about the connection itself (RFC 8323)."""

import sys

from coap import CoAPError, Message, code, path_options, signalling, stream
from harness import raises, unhex

INTERPRETERS = ("micropython", "cpython")


def _messages():
    """One message for each form of the length field, and others in between."""
    yield signalling.csm(1152, block_wise=True)
    yield Message(code.EMPTY)
    yield Message(code.GET, path_options("status"), token=b"12345678")
    for length in (0, 1, 11, 12, 13, 267, 268, 269, 65803, 65804, 65805):
        yield Message(code.PUT, payload=bytes(length), token=b"t")


def test_frames_of_rfc_8323_read_and_write_alike():
    """The published examples, and a frame on each side of every form of the length field."""
    examples = (
        ("01 43 7f", Message(code.VALID, token=b"\x7f")),
        ("01 e2 42", signalling.ping(b"\x42")),
        ("01 e3 42", Message(code.PONG, token=b"\x42")),
    )
    for text, message in examples:
        assert stream.encode(message) == unhex(text)
        assert stream.Decoder().feed(unhex(text)) == [message]
    heads = ((11, "c003ff"), (12, "d00003ff"), (267, "d0ff03ff"), (268, "e0000003ff"))
    heads += ((65803, "e0ffff03ff"), (65804, "f00000000003ff"), (70000, "f00000106403ff"))
    for length, head in heads:
        frame = stream.encode(Message(code.PUT, payload=b"x" * length))
        assert frame == unhex(head) + b"x" * length, length


def test_chunks_of_any_size_give_the_same_messages():
    """GATT cuts a stream anywhere, down to single bytes, and joins frames at will."""
    messages = list(_messages())
    wire = b"".join([stream.encode(message) for message in messages])
    for size in (1, 2, 3, 7, 20, 244, 5000, len(wire)):
        decoder = stream.Decoder(70000)
        found = []
        for start in range(0, len(wire), size):
            found.extend(decoder.feed(memoryview(wire)[start : start + size]))
        assert found == messages, size
    assert decoder.feed(b"") == []


def test_the_largest_frame_comes_whole_after_small_ones_and_cut_anywhere():
    """Its room is made when its length is known, and what is there of it by then moves along."""
    small = Message(1, path_options("doors"), token=b"t")
    large = Message(2, path_options("policy"), bytes(range(256)) * 4, token=b"12345678")
    frames = stream.encode(small) + stream.encode(large) + stream.encode(small)
    for size in (1, 2, 3, 5, 64, 383, 384, 385, 1000, len(frames)):
        decoder = stream.Decoder()
        found = []
        for at in range(0, len(frames), size):
            found += decoder.feed(frames[at : at + size])
        assert [(one.code, one.payload, one.token) for one in found] == [
            (one.code, one.payload, one.token) for one in (small, large, small)
        ]


def test_a_frame_that_there_is_no_memory_for_ends_the_stream():
    """What follows belongs to that frame, and is never read as another."""
    decoder = stream.Decoder(sys.maxsize >> 3)
    raises(MemoryError, decoder.feed, unhex("f000ffffff"))
    for chunk in (b"", bytes(400), stream.encode(Message(1, token=b"t"))):
        raises(CoAPError, decoder.feed, chunk)


def test_a_frame_over_the_limit_is_refused_once_its_length_is_known():
    """A peer that promises 4 GB must not make the reader wait for them, or make room for them."""
    for head in ("e0fefe", "f0ffffffff", "d003", "d403"):
        decoder = stream.Decoder(18)
        for byte in unhex(head)[:-1]:
            assert decoder.feed(bytes((byte,))) == []
        error = raises(CoAPError, decoder.feed, unhex(head)[-1:])
        assert "more than 18 bytes" in str(error)
    exact = stream.encode(Message(code.PUT, payload=bytes(14)))
    assert len(exact) == 18
    assert len(stream.Decoder(18).feed(exact)) == 1
    raises(CoAPError, stream.Decoder(17).feed, exact)
    raises(ValueError, stream.Decoder, 5)


def test_malformed_frames_are_refused_and_end_the_stream():
    """After one wrong byte nobody knows where the next frame begins."""
    cases = (
        ("09 01", "token length"),
        ("0f 01", "token length"),
        ("00 20", "code 1.00"),
        ("00 c1", "code 6.01"),
        ("10 01 ff", "without a payload"),
        ("10 01 f0", "reserved option"),
        ("10 01 b1", "cut short"),
        ("10 01 d0", "header is cut"),
        ("30 01 e0ffff", "65535"),
        ("d014 01" + "00" * 33, "more than 32"),
    )
    good = stream.encode(Message(code.GET))
    for text, why in cases:
        for size in (1, 3, 100):
            decoder = stream.Decoder()
            assert decoder.feed(good) == [Message(code.GET)]
            wire = unhex(text)
            failures = []
            for start in range(0, len(wire), size):
                try:
                    assert decoder.feed(wire[start : start + size]) == []
                except CoAPError as error:
                    failures.append(str(error))
            assert why in failures[0], (text, failures)
            assert "broke earlier" in str(raises(CoAPError, decoder.feed, good))


def test_the_first_message_is_a_csm_and_its_settings_hold():
    """RFC 8323 5.3: settings add up over several CSMs; what is not said stays as it was."""
    peer = signalling.Peer()
    assert (peer.is_ready, peer.max_message_size, peer.block_wise) == (False, 1152, False)
    assert peer.receive(Message(code.EMPTY)) is None
    raises(CoAPError, peer.receive, Message(code.GET))
    raises(CoAPError, peer.receive, signalling.ping())
    assert peer.receive(signalling.csm(300, block_wise=True)) is None
    assert (peer.is_ready, peer.max_message_size, peer.block_wise) == (True, 300, True)
    peer.receive(signalling.csm())
    assert (peer.max_message_size, peer.block_wise) == (300, True)
    peer.receive(Message(code.CSM, [(2, b"12345"), (6, b"an elective stranger")]))
    assert peer.max_message_size == 300
    assert peer.receive(Message(code.GET)) is None
    assert peer.receive(Message(code.CONTENT)) is None


def test_a_ping_is_answered_with_its_token():
    """The Pong is how a phone learns that the reader still listens."""
    peer = signalling.Peer()
    peer.receive(signalling.csm())
    assert peer.receive(signalling.ping(b"abc")) == Message(code.PONG, token=b"abc")
    custody = Message(code.PING, [(2, b"")], token=b"c")
    assert peer.receive(custody) == Message(code.PONG, token=b"c")
    assert peer.receive(Message(code.PONG, token=b"abc")) is None


def test_release_and_abort_are_remembered():
    """Release lets outstanding answers leave first, Abort does not, and may even come first."""
    peer = signalling.Peer()
    peer.receive(signalling.csm())
    peer.receive(signalling.release(60, "going down"))
    assert (peer.has_released, peer.has_aborted) == (True, False)
    peer = signalling.Peer()
    peer.receive(signalling.abort(CoAPError("why")))
    assert (peer.has_released, peer.has_aborted) == (False, True)
    assert signalling.release(60).options == [(4, b"\x3c")]


def test_a_critical_signalling_option_aborts_and_is_named_for_a_csm():
    """RFC 8323 5.2 and 5.6: no signalling option may be half understood."""
    for kind in (code.CSM, code.PING, code.PONG, code.RELEASE, code.ABORT):
        peer = signalling.Peer()
        peer.receive(signalling.csm())
        error = raises(CoAPError, peer.receive, Message(kind, [(9, b"")]))
        farewell = signalling.abort(error)
        assert farewell.code == code.ABORT
        assert farewell.payload == b"critical signalling option 9 is not understood"
        assert farewell.options == ([(2, b"\x09")] if kind == code.CSM else [])
        assert not (peer.has_released or peer.has_aborted)
    raises(CoAPError, peer.receive, Message(0xE6))
    too_long = raises(CoAPError, stream.Decoder(64).feed, unhex("e0ffff"))
    assert signalling.abort(too_long).payload == b"a frame of more than 64 bytes"
