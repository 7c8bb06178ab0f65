"""framing.json: CoAP over a stream of bytes (RFC 8323 section 3.2 and 5)."""

from coap import CoAPError, Message, code, option, signalling, stream
from doc_vectors import show

_MOST = stream.BASE_MAX_MESSAGE_SIZE


async def make():
    """Frames, a stream in chunks, and streams that break the rules."""
    return {
        "comment": "CoAP on a stream. max_message_size is that of a frame, head included.",
        "max_message_size": _MOST,
        "vectors": [_frame(*one) for one in _frames()],
        "stream": _stream(),
        "broken": [_broken(*one) for one in _broken_streams()],
    }


def _frames():
    yield "csm", "The shortest CSM: no option.", signalling.csm()
    yield (
        "csm-options",
        "With Max-Message-Size 1152 (2) and Block-wise-Transfer (4).",
        (signalling.csm(_MOST, block_wise=True)),
    )
    yield "ping", "7.02 with a token, which the Pong has too.", signalling.ping(b"\x01\x02")
    yield "pong", "7.03", Message(code.PONG, token=b"\x01\x02")
    yield "release", "7.04: the sender wants to leave.", signalling.release()
    yield "release-hold-off", "7.04 with Hold-Off (4) of 30 s.", signalling.release(30)
    yield "abort", "7.05 with a text.", signalling.abort(CoAPError("a reserved token length"))
    yield "empty", "0.00 is passed over.", Message(0)
    yield "token", "A token of 8 bytes.", Message(code.GET, token=bytes(range(8)))
    path = [(option.URI_PATH, b"doors"), (option.URI_PATH, b"lobby")]
    yield "options", "Two options of one number: the second's delta is 0.", Message(code.PUT, path)
    long = [(option.URI_PATH, b"." * 13), (option.ECHO, b"\x01" * 8)]
    yield (
        "long-options",
        "A length of 13 and a delta of 241 take a byte more each.",
        (Message(code.GET, long)),
    )
    # Options and payload of so many bytes: one for the marker.
    for length in (12, 13, 268, 269, 1000):
        head = "alone" if length < 13 else "and one more" if length < 269 else "and two more"
        comment = "%d bytes after the token: the first byte %s." % (length, head)
        message = Message(code.CONTENT, (), b"\x55" * (length - 1))
        yield "length-%d" % length, comment, message


def _frame(name, comment, message):
    frame = stream.encode(message)
    (read,) = stream.Decoder().feed(frame)
    if read != message:
        raise ValueError("not read as it was written: " + name)
    entries = {"comment": comment, "frame": frame.hex(), "name": name}
    if code.is_signalling(message.code):
        entries["message"] = {
            "code": code.text(message.code),
            "options": [[number, show.plain(value)] for number, value in message.options],
            "payload": show.plain(message.payload),
            "token": show.plain(message.token),
        }
    else:
        entries["message"] = show.message(message)
    return entries


def _stream():
    messages = [
        signalling.csm(),
        Message(code.GET, [(option.URI_PATH, b"time")]),
        Message(code.CONTENT, (), b"\x55" * 30),
    ]
    whole = b"".join([stream.encode(message) for message in messages])
    chunks = [whole[start : start + 20] for start in range(0, len(whole), 20)]
    decoder = stream.Decoder()
    return {
        "chunks": [chunk.hex() for chunk in chunks],
        "comment": "Three frames in chunks of 20 bytes: a chunk's border means nothing.",
        "completes": [len(decoder.feed(chunk)) for chunk in chunks],
    }


def _broken_streams():
    yield "token-length", "A token length of 9.", b"\x09\x01"
    yield "too-long", "A frame of more than 1152 bytes: refused by its head.", b"\xe0\x03\xff\x02"
    yield "reserved-code", "A code of class 1.", b"\x00\x20"
    yield "empty-payload", "A payload marker and no payload.", b"\x10\x01\xff"
    yield "reserved-delta", "An option delta of 15.", b"\x20\x01\xf0\x00"


def _broken(name, comment, data):
    try:
        stream.Decoder().feed(data)
    except CoAPError as error:
        abort = stream.encode(signalling.abort(error))
        return {"abort": abort.hex(), "comment": comment, "name": name, "stream": data.hex()}
    raise ValueError("nothing is wrong with " + name)
