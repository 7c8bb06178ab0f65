"""Messages, options and datagrams. Streams and the server have files of their own."""

from coap import CoAPError, Message, code, datagram, error_response, option, path_options
from harness import raises, unhex

INTERPRETERS = ("micropython", "cpython")


def test_datagrams_of_rfc_7252_appendix_a_read_and_write_alike():
    """The two published examples of a whole message: GET /temperature and its answer."""
    cases = (
        (
            "4001 7d34 bb 74656d7065726174757265",
            Message(code.GET, path_options("temperature")),
            datagram.CON,
        ),
        ("6045 7d34 ff 32322e332043", Message(code.CONTENT, payload=b"22.3 C"), datagram.ACK),
        (
            "4101 7d35 20 bb 74656d7065726174757265",
            Message(code.GET, path_options("temperature"), token=b"\x20"),
            datagram.CON,
        ),
    )
    for text, message, mtype in cases:
        wire = unhex(text)
        mid = wire[2] << 8 | wire[3]
        assert datagram.encode(message, mtype, mid) == wire
        assert datagram.decode(wire) == (message, mtype, mid)
        assert datagram.decode(memoryview(bytearray(wire))) == (message, mtype, mid)


def test_every_border_of_an_option_header_survives_a_round_trip():
    """Deltas and lengths change form at 13 and 269: an error of one there shifts all the rest."""
    for number in (0, 1, 12, 13, 14, 268, 269, 270, 65535):
        for length in (0, 1, 12, 13, 14, 268, 269, 270, 1100, 65804):
            options = [(number, b"a" * length), (number, b"")]
            wire = option.encode(options, b"payload")
            assert option.decode(wire) == (options, b"payload"), (number, length)
    assert option.encode([(13, b""), (269 + 13, b"")]) == unhex("d000 e00000")
    for options in ([(2, b""), (1, b"")], [(65536, b"")], [(1, bytes(65805))]):
        raises(ValueError, option.encode, options)


def test_options_of_one_number_keep_their_order():
    """A path is its segments in order; MicroPython's sort alone would shuffle equal keys."""
    segments = [str(place) for place in range(20)]
    message = Message(code.GET, [(60, b"")] + path_options(*segments) + [(3, b"host")])
    assert message.uri_path() == tuple(segments)
    assert [number for number, _ in message.options] == [3] + 20 * [11] + [60]


def test_malformed_datagrams_are_refused():
    """Each is a message format error of RFC 7252; accepted, two parsers would disagree on it."""
    cases = (
        ("", "less than 4"),
        ("400100", "less than 4"),
        ("00010000", "version"),
        ("80010000", "version"),
        ("c0010000", "version"),
        ("49010000" + "00" * 9, "token length"),
        ("4f010000" + "00" * 15, "token length"),
        ("48010000" + "00" * 7, "token is cut"),
        ("40010000 ff", "without a payload"),
        ("40010000 b161 ff", "without a payload"),
        ("40010000 f0", "reserved option"),
        ("40010000 0f", "reserved option"),
        ("40010000 d0", "header is cut"),
        ("40010000 e000", "header is cut"),
        ("40010000 0d", "header is cut"),
        ("40010000 0e00", "header is cut"),
        ("40010000 b2 61", "cut short"),
        ("40010000 0dff 00", "cut short"),
        ("40010000 e0fef3", "65535"),
        ("40010000 e0fef2 10", "65535"),
        ("40010000 e0ffff", "65535"),
        ("40000000 00", "Empty"),
        ("41000000 00", "Empty"),
        ("40200000", "code 1.00"),
        ("40c00000", "code 6.00"),
        ("40e10000", "code 7.01"),
        ("50000000", "code 0.00"),
        ("60010000", "code 0.01"),
        ("70450000", "code 2.05"),
        ("70010000", "code 0.01"),
        ("40010000" + "00" * 33, "more than 32"),
    )
    for text, why in cases:
        error = raises(CoAPError, datagram.decode, unhex(text))
        assert why in str(error), (text, str(error))
    assert len(datagram.decode(unhex("40010000" + "00" * 32))[0].options) == 32
    assert datagram.decode(unhex("40010000 e0fef2"))[0].options == [(65535, b"")]
    assert datagram.decode(unhex("70001234"))[1:] == (datagram.RST, 0x1234)


def test_only_a_confirmable_datagram_of_version_1_earns_a_reset():
    """A Reset to anything else would answer noise, or answer an answer."""
    assert datagram.reset(unhex("49011234")) == unhex("70001234")
    for text in ("50011234", "60451234", "70001234", "80011234", "400112", ""):
        assert datagram.reset(unhex(text)) is None
    assert datagram.decode(datagram.reset(unhex("4901abcd")))[1:] == (datagram.RST, 0xABCD)


def test_integers_take_as_few_bytes_as_they_need():
    """RFC 7252 section 3.2: zero is empty, and a reader takes leading zeros."""
    cases = (
        (0, ""),
        (1, "01"),
        (255, "ff"),
        (256, "0100"),
        (65536, "010000"),
        (2**32, "0100000000"),
    )
    for value, text in cases:
        assert option.encode_uint(value) == unhex(text)
        assert option.decode_uint(unhex("0000" + text)) == value
    message = Message(code.GET, [(option.CONTENT_FORMAT, b""), (option.MAX_AGE, b"\x0e\x10")])
    assert message.uint_option(option.CONTENT_FORMAT) == 0
    assert message.uint_option(option.MAX_AGE) == 3600
    assert message.uint_option(option.ACCEPT) is None


def test_what_a_receiver_may_pass_over_goes_and_the_rest_is_refused():
    """RFC 7252 5.4: impossible lengths and repetitions count as unrecognised, and only elective
    options may be unrecognised."""
    understood = (option.URI_PATH, option.URI_HOST)
    passed_over = (
        [(option.OBSERVE, b"1234")],
        [(option.MAX_AGE, b"12345")],
        [(option.ETAG, b"")],
        [(option.ECHO, b"")],
        [(option.ECHO, bytes(41))],
    )
    for options in passed_over:
        assert option.recognised(options, understood) == []
    twice = [(option.CONTENT_FORMAT, b"\x3c"), (option.CONTENT_FORMAT, b"\x3d")]
    assert option.recognised(twice, understood) == twice[:1]
    refused = (
        [(option.URI_PATH, bytes(256))],
        [(option.URI_HOST, b"")],
        [(option.URI_HOST, b"a"), (option.URI_HOST, b"b")],
        [(option.IF_MATCH, b"")],
        [(option.OSCORE, b"")],
        [(option.EDHOC, b"")],
        [(2049, b"")],
    )
    for options in refused:
        error = raises(CoAPError, option.recognised, options, understood)
        assert error.code == code.BAD_OPTION
    kept = [(option.URI_HOST, b"h"), (option.URI_PATH, b""), (option.URI_PATH, b"a"), (2050, b"x")]
    assert option.recognised(kept, understood) == kept


def test_a_path_must_be_utf8():
    """Otherwise a segment would have a second spelling that no resource's author thought of."""
    assert Message(code.GET, path_options("t\u00fcr", "1")).uri_path() == ("t\u00fcr", "1")
    for segment in (
        b"\xff",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"t\xc3",
    ):
        message = Message(code.GET, [(option.URI_PATH, segment)])
        assert raises(CoAPError, message.uri_path).code == code.BAD_OPTION


def test_an_error_becomes_the_response_that_names_it():
    """The peer learns the code and the text, under the token it asked with."""
    response = error_response(CoAPError("no such door", code.NOT_FOUND), b"\x01")
    assert response == Message(code.NOT_FOUND, payload=b"no such door", token=b"\x01")
    assert error_response(CoAPError("x", code.BAD_OPTION)).code == code.BAD_OPTION
    assert error_response(CoAPError("x")).code == code.BAD_REQUEST
    assert [code.text(c) for c in (code.GET, code.CONTENT, code.NOT_FOUND, code.ABORT)] == [
        "0.01",
        "2.05",
        "4.04",
        "7.05",
    ]


def test_a_message_does_not_show_what_it_carries():
    """Logs print messages, and payloads hold credentials."""
    shown = repr(Message(code.PUT, path_options("doors"), b"secret", b"t"))
    assert shown == "<0.03 options 11, payload 6 B>"
