"""Protected requests: what is inside, what is outside, what is refused, what rides in front."""

import oscore
from coap import CoAPError, Message, code, datagram, option, path_options
from harness import raises, unhex
from oscore_sides import SALT, SECRET, contexts, sealed_request

INTERPRETERS = ("micropython", "cpython")


def _request(*extra, token=b"t"):
    options = path_options("doors", "lobby") + [(option.CONTENT_FORMAT, b"\x3c")]
    return Message(code.PUT, options + list(extra), b"\xa1\x01\x01", token)


def _numbers(message):
    return [number for number, _ in message.options]


def test_a_request_and_its_response_come_back_as_they_were():
    """Method, path, payload and options inside; POST, 2.04 and the OSCORE option outside."""
    client, server = contexts()
    request = _request((option.IF_MATCH, b"e"), (2053, b"unknown options go inside"))
    protected, sent = oscore.protect_request(client, request)
    assert (protected.code, protected.token) == (code.POST, b"t")
    assert protected.options == [(option.OSCORE, unhex("09 00 01"))]
    plain, received = oscore.unprotect_request(server, protected)
    assert plain == request

    response = Message(code.CONTENT, [(option.MAX_AGE, b"\x05")], b"granted", b"t")
    protected = oscore.protect_response(server, response, received)
    assert protected.code == code.CHANGED
    assert protected.options == [(option.OSCORE, b"")]
    assert oscore.unprotect_response(client, protected, sent) == response


def test_what_proxies_need_stays_outside():
    """Class U of RFC 8613 figure 5; an outer option of class E is thrown away."""
    client, server = contexts()
    outside = [(option.URI_HOST, b"h"), (option.URI_PORT, b"\x01"), (option.PROXY_SCHEME, b"coap")]
    request = _request(*outside)
    protected = oscore.protect_request(client, request)[0]
    assert protected.options == outside[:2] + [(option.OSCORE, unhex("090001"))] + outside[2:]
    forged = [
        (option.URI_PATH, b"other"),
        (option.IF_MATCH, b""),
        (option.ECHO, b"e"),
        (2049, b""),
    ]
    added = Message(protected.code, protected.options + forged, protected.payload, b"t")
    assert oscore.unprotect_request(server, added)[0] == request
    error = raises(
        ValueError, oscore.protect_request, client, _request((option.PROXY_URI, b"coap://h/p"))
    )
    assert not isinstance(error, oscore.OSCOREError)


def test_an_id_context_travels_and_must_match():
    """The same identifiers under another ID Context are another association."""
    client, server = contexts(b"site")
    protected = oscore.protect_request(client, _request())[0]
    assert oscore.option.decode(protected.option(option.OSCORE)) == (b"\x00", b"site", b"\x01")
    for other in (contexts()[1], contexts(b"other")[1]):
        raises(oscore.NO_CONTEXT, oscore.unprotect_request, other, protected)
    assert oscore.unprotect_request(server, protected)[0] == _request()


def test_each_refusal_has_the_response_of_section_8_2():
    """Codes and diagnostics are fixed by the RFC, so that a phone can tell what to do next."""
    client, server = contexts()
    good = oscore.protect_request(client, _request())[0]

    def refusal(options, payload=good.payload, outer=code.POST):
        message = Message(outer, options, payload, b"t")
        error = raises(oscore.OSCOREError, oscore.unprotect_request, server, message)
        return error.code, error.diagnostic

    def header(text):
        return [(option.OSCORE, unhex(text))]

    malformed = (code.BAD_OPTION, "Failed to decode COSE")
    for text in ("", "00", "0800", "01 00", "08 01", "29 00 01", "49 00 01", "89 00 01"):
        assert refusal(header(text)) == malformed, text
    for text in ("0e 000000000000 01", "0f 00000000000000 01", "0a 00", "0a 0001 01"):
        assert refusal(header(text)) == malformed, text
    for text in ("19 00", "19 00 02 61", "11 00 01 61 01", "01 00 01"):
        assert refusal(header(text)) == malformed, text
    assert refusal([]) == malformed
    assert refusal(good.options + good.options) == malformed
    assert refusal(good.options, b"") == malformed
    assert refusal(good.options, bytes(8)) == malformed
    for outer in (code.PUT, code.GET, code.CHANGED, code.EMPTY):
        assert refusal(good.options, outer=outer) == malformed
    unknown = (code.UNAUTHORIZED, "Security context not found")
    assert refusal(header("09 00 02")) == unknown
    assert refusal(header("09 00 0101")) == unknown
    assert refusal(header("19 00 01 61 01")) == unknown
    undecryptable = (code.BAD_REQUEST, "Decryption failed")
    assert refusal(header("09 01 01")) == undecryptable
    assert refusal(good.options, bytes(len(good.payload))) == undecryptable
    oscore.unprotect_request(server, good)
    assert refusal(good.options) == (code.UNAUTHORIZED, "Replay detected")


def test_authentic_nonsense_is_refused_and_used_up():
    """A peer with the key may still be broken: no exception but ours, and no second try."""
    for code_inside, inner in (
        (code.PUT, unhex("ff")),
        (code.PUT, unhex("b9")),
        (code.PUT, unhex("90")),
        (code.EMPTY, b""),
        (code.CONTENT, b""),
        (code.PING, b""),
    ):
        client, server = contexts()
        protected = sealed_request(client, bytes((code_inside,)) + inner)
        error = raises(CoAPError, oscore.unprotect_request, server, protected)
        assert getattr(error, "why", None) != oscore.UNDECRYPTABLE
        raises(oscore.REPLAYED, oscore.unprotect_request, server, protected)


def test_what_is_protected_is_not_protected_again():
    """Nested OSCORE is not defined (4.1.3.7), neither to make nor to take."""
    client, server = contexts()
    nested = _request((option.OSCORE, b""))
    raises(ValueError, oscore.protect_request, client, nested)
    inside = bytes((nested.code,)) + option.encode(nested.options, nested.payload)
    raises(oscore.MALFORMED, oscore.unprotect_request, server, sealed_request(client, inside))
    raises(ValueError, oscore.protect_request, client, Message(code.CONTENT))


def test_the_last_sequence_number_is_2_to_40_less_1():
    """RFC 8613 7.2.1: beyond it a nonce would return."""
    client, server = contexts()
    client.sender_sequence_number = 2**40 - 2
    for piv in ("fffffffffe", "ffffffffff"):
        protected = oscore.protect_request(client, _request())[0]
        assert protected.option(option.OSCORE) == unhex("0d" + piv + "01")
        oscore.unprotect_request(server, protected)
    for _ in range(2):
        raises(oscore.EXHAUSTED, oscore.protect_request, client, _request())
    raises(oscore.REPLAYED, oscore.unprotect_request, server, protected)


def test_partial_ivs_are_as_short_as_can_be():
    """RFC 8613 section 5; the server refuses any other spelling of a number."""
    client = contexts()[0]
    for number, text in ((0, "00"), (1, "01"), (255, "ff"), (256, "0100"), (2**32, "0100000000")):
        client.sender_sequence_number = number
        assert client.next_piv() == unhex(text)
        assert client.sender_sequence_number == number + 1


def test_identifiers_that_cannot_be_safe_are_refused():
    """EDHOC lets the peer choose one of them: the same on both sides would be the same key."""
    for sender, recipient in ((b"\x01", b"\x01"), (b"", b""), (bytes(8), b""), (b"", bytes(8))):
        raises(oscore.OSCOREError, oscore.SecurityContext, SECRET, SALT, sender, recipient)
    client = oscore.SecurityContext(SECRET, SALT, bytes(7), b"")
    server = oscore.SecurityContext(SECRET, SALT, b"", bytes(7))
    assert oscore.unprotect_request(server, oscore.protect_request(client, _request())[0])


def test_headers_of_rfc_8613_section_6_3_read_and_write_alike():
    """The five published examples of compression."""
    for text, fields in (
        ("090525", (b"\x05", None, b"\x25")),
        ("0900", (b"\x00", None, b"")),
        ("19050544616c656b", (b"\x05", b"Dalek", b"")),
        ("", (None, None, None)),
        ("0107", (b"\x07", None, None)),
    ):
        assert oscore.option.encode(*fields) == unhex(text)
        assert oscore.option.decode(unhex(text)) == fields


def test_message_3_rides_in_front_of_the_first_request():
    """The example of RFC 9668 section 3.4, taken apart and put together."""
    wire = unhex(
        "44025d1f 00003974 93 090001 c0 ff"
        "52d5535f3147e85f1cfacd9e78abf9e0a81bbf 612f1092f1776f1c1668b3825e"
    )
    combined, mtype, mid = datagram.decode(wire)
    message_3, protected = oscore.split(combined)
    assert message_3 == unhex("52d5535f3147e85f1cfacd9e78abf9e0a81bbf")
    assert protected.options == [(option.OSCORE, unhex("090001"))]
    assert protected.payload == unhex("612f1092f1776f1c1668b3825e")
    assert datagram.encode(oscore.combine(message_3, protected), mtype, mid) == wire


def test_a_combined_request_is_checked_before_it_is_split():
    """RFC 9668 3.3.1: 4.00 for a wrong payload; the option may stand only once, its value is
    ignored, and left in place it is a critical option nobody understands."""
    client, server = contexts()
    protected = oscore.protect_request(client, _request())[0]
    good = oscore.combine(b"\x43abc", protected)
    valued = [(n, b"ignored" if n == option.EDHOC else v) for n, v in good.options]
    assert oscore.split(Message(good.code, valued, good.payload))[0] == b"\x43abc"

    def refusal(options, payload):
        return raises(ValueError, oscore.split, Message(code.POST, options, payload)).code

    for payload in (
        b"",
        b"\x43abc",
        b"\x43ab",
        b"\x63abcx",
        b"\x58\x03abcx",
        b"\x5f\x41a\xffx",
        b"\x03x",
    ):
        assert refusal(good.options, payload) == code.BAD_REQUEST, payload
    assert refusal([(option.EDHOC, b"")], good.payload) == code.BAD_REQUEST
    assert refusal(protected.options, good.payload) == code.BAD_OPTION
    assert refusal(good.options + [(option.EDHOC, b"")], good.payload) == code.BAD_OPTION
    left = Message(code.POST, good.options, protected.payload, b"t")
    assert option.EDHOC in _numbers(oscore.unprotect_request(server, left)[0])
