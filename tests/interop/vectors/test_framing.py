"""framing.json, read and written by a framing that shares no code with the firmware, and by
aiocoap's.
"""

import pytest
from aiocoap.transports import tcp

from interop.vectors import files, replay
from interop.vectors import plain_coap as coap
from interop.vectors.files import unhex

FRAMING = files.load("framing")
_SIGNALLING = 7


def _message(shown):
    """(code, options, payload, token) of a message there."""
    code = replay.code_of(shown["code"])
    if code >> 5 == _SIGNALLING:
        options = [(number, unhex(value)) for number, value in shown["options"]]
    else:
        options = replay.options_of(shown)
    return code, options, unhex(shown["payload"]), unhex(shown.get("token", ""))


@pytest.mark.parametrize("shown", FRAMING["vectors"], ids=files.name_of)
def test_frames_both_ways(shown):
    """In one piece and byte by byte."""
    message = _message(shown["message"])
    frame = unhex(shown["frame"])
    assert coap.frame(*message) == frame
    assert coap.Frames().feed(frame) == [message]
    frames = coap.Frames()
    found = [frames.feed(frame[at : at + 1]) for at in range(len(frame))]
    assert found[-1] == [message] and not any(found[:-1])


@pytest.mark.parametrize("shown", FRAMING["vectors"], ids=files.name_of)
def test_aiocoap_reads_the_same(shown):
    """A stranger's library for RFC 8323."""
    code, _, payload, token = _message(shown["message"])
    frame = unhex(shown["frame"])
    sizes = tcp._extract_message_size(frame)
    assert sizes and sum(sizes) == len(frame)
    read = tcp._decode_message(frame)
    assert (int(read.code), read.payload, read.token) == (code, payload, token)


def test_a_stream_in_chunks():
    """How many frames each chunk completes."""
    frames = coap.Frames()
    stream = FRAMING["stream"]
    found = [frames.feed(unhex(chunk)) for chunk in stream["chunks"]]
    assert [len(some) for some in found] == stream["completes"]
    assert [message for some in found for message in some] == [
        (coap.CSM, [], b"", b""),
        (coap.GET, coap.path("time"), b"", b""),
        (coap.CONTENT, [], b"\x55" * 30, b""),
    ]
    assert {len(chunk) for chunk in stream["chunks"][:-1]} == {40} and sum(
        stream["completes"]
    ) == 3


@pytest.mark.parametrize("shown", FRAMING["broken"], ids=files.name_of)
def test_broken_streams(shown):
    """Nobody reads them, and the reader's last word is an Abort with a text."""
    with pytest.raises(coap.Broken):
        coap.Frames().feed(unhex(shown["stream"]))
    ((code, options, payload, _),) = coap.Frames().feed(unhex(shown["abort"]))
    assert code == coap.ABORT and not options and payload.decode()


def test_the_limit_of_a_frame_is_that_of_the_document():
    """A frame over it is refused by its head alone."""
    assert FRAMING["max_message_size"] == coap.MOST == 1152
    lengths = [len(unhex(shown["frame"])) for shown in FRAMING["vectors"]]
    assert max(lengths) <= coap.MOST
