"""Protected requests and responses: what is inside, what is outside, what binds them."""

import crypto
import oscore
from coap import Message, ParseError, code, datagram, option, path_options
from harness import raises, unhex

INTERPRETERS = ("micropython", "cpython")

SECRET = bytes(range(16))
SALT = b"saltsalt"


def _contexts(id_context=None):
    client = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37", id_context)
    return client, oscore.SecurityContext(SECRET, SALT, b"\x37", b"\x01", id_context)


def _request(*extra, token=b"t"):
    options = path_options("doors", "lobby") + [(option.CONTENT_FORMAT, b"\x3c")]
    return Message(code.PUT, options + list(extra), b"\xa1\x01\x01", token)


def _asked(*extra):
    """(client, server, client's exchange, server's exchange) after one request."""
    client, server = _contexts()
    protected, sent = oscore.protect_request(client, _request(*extra))
    return client, server, sent, oscore.unprotect_request(server, protected)[1]


def _numbers(message):
    return [number for number, _ in message.options]


def test_a_request_and_its_response_come_back_as_they_were():
    """Method, path, payload and options inside; POST, 2.04 and the OSCORE option outside."""
    client, server = _contexts()
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
    client, server = _contexts()
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
    client, server = _contexts(b"site")
    protected = oscore.protect_request(client, _request())[0]
    assert oscore.option.decode(protected.option(option.OSCORE)) == (b"\x00", b"site", b"\x01")
    for other in (_contexts()[1], _contexts(b"other")[1]):
        raises(oscore.ContextNotFoundError, oscore.unprotect_request, other, protected)
    assert oscore.unprotect_request(server, protected)[0] == _request()


def test_each_refusal_has_the_response_of_section_8_2():
    """Codes and diagnostics are fixed by the RFC, so that a phone can tell what to do next."""
    client, server = _contexts()
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
        client, server = _contexts()
        protected = _sealed(client, bytes((code_inside,)) + inner)
        error = raises(
            (ParseError, oscore.FormatError), oscore.unprotect_request, server, protected
        )
        assert not isinstance(error, oscore.DecryptionError)
        raises(oscore.ReplayError, oscore.unprotect_request, server, protected)


def _sealed(client, plaintext):
    """A protected request around any plaintext."""
    piv = client.next_piv()
    exchange = oscore.Exchange(client.sender_id, piv)
    header = oscore.option.encode(piv, None, client.sender_id)
    ciphertext = _encrypted(client, exchange, plaintext)
    return Message(code.POST, [(option.OSCORE, header)], ciphertext)


def _encrypted(sender, exchange, plaintext):
    nonce = sender.nonce(exchange.request_kid, exchange.request_piv)
    return crypto.aes_ccm_encrypt(sender.sender_key, nonce, plaintext, exchange.aad())


def test_an_authentic_answer_is_still_an_answer():
    """A server with the key that answers with a request or with nonsense is not understood."""
    for plaintext in (bytes((code.PUT,)), bytes((code.EMPTY,)), bytes((code.CHANGED, 0xFF))):
        client, server, sent, received = _asked()
        ciphertext = _encrypted(server, received, plaintext)
        answer = Message(code.CHANGED, [(option.OSCORE, b"")], ciphertext)
        nonsense = (ParseError, oscore.FormatError)
        raises(nonsense, oscore.unprotect_response, client, answer, sent)


def test_a_response_belongs_to_one_request():
    """An answer that says "granted" must not be taken for the answer to another question."""
    client, server = _contexts()
    first, first_sent = oscore.protect_request(client, _request())
    second, second_sent = oscore.protect_request(client, _request())
    received = oscore.unprotect_request(server, second)[1]
    for new_piv in (False, True):
        answer = oscore.protect_response(server, Message(code.CHANGED), received, new_piv=new_piv)
        raises(oscore.DecryptionError, oscore.unprotect_response, client, answer, first_sent)
    assert oscore.unprotect_response(client, answer, second_sent).code == code.CHANGED


def test_only_one_final_response_is_taken():
    """RFC 8613 7.4: without a registration there is one response, with or without Partial IV."""
    for first_piv, second_piv in ((False, True), (True, True)):
        client, server, sent, received = _asked()
        answers = [
            oscore.protect_response(server, Message(code.CHANGED), received, new_piv=new_piv)
            for new_piv in (first_piv, second_piv)
        ]
        assert oscore.unprotect_response(client, answers[0], sent).code == code.CHANGED
        for answer in answers:
            raises(oscore.ReplayError, oscore.unprotect_response, client, answer, sent)


def test_a_second_response_takes_a_partial_iv_of_its_own():
    """The request's nonce serves once: twice would give away both plaintexts."""
    client, server, sent, received = _asked()
    answers = [oscore.protect_response(server, Message(code.CHANGED), received) for _ in range(3)]
    headers = [answer.option(option.OSCORE) for answer in answers]
    assert headers == [b"", unhex("0100"), unhex("0101")]
    assert len(set([answer.payload for answer in answers])) == 3


def test_observe_goes_inside_and_outside():
    """RFC 8613 4.1.3.5: FETCH and 2.05 outside, the value of a notification only outside."""
    client, server = _contexts()
    request = _request((option.OBSERVE, b""))
    protected, sent = oscore.protect_request(client, request)
    assert protected.code == code.FETCH
    assert _numbers(protected) == [option.OBSERVE, option.OSCORE]
    stripped = Message(protected.code, protected.options[1:], protected.payload, b"t")
    plain, received = oscore.unprotect_request(server, stripped)
    assert plain == request  # a proxy that takes the outer option away changes nothing

    news = []
    for value in (b"", b"\x01", b"\x02"):
        notification = Message(code.CONTENT, [(option.OBSERVE, value)], b"n" + value)
        news.append(oscore.protect_response(server, notification, received))
    assert [message.code for message in news] == 3 * [code.CONTENT]
    assert [message.option(option.OBSERVE) for message in news] == [b"", b"\x01", b"\x02"]
    assert [message.option(option.OSCORE) for message in news] == [b"", b"\x01\x00", b"\x01\x01"]
    plain = oscore.unprotect_response(client, news[0], sent)
    assert (plain.option(option.OBSERVE), plain.payload) == (b"", b"n")
    plain = oscore.unprotect_response(client, news[2], sent)
    assert (plain.option(option.OBSERVE), plain.payload) == (b"", b"n\x02")
    for old in news:
        raises(oscore.ReplayError, oscore.unprotect_response, client, old, sent)

    end = oscore.protect_response(server, Message(code.NOT_FOUND), received)
    assert oscore.unprotect_response(client, end, sent).code == code.NOT_FOUND
    late = oscore.protect_response(
        server, Message(code.CONTENT, [(option.OBSERVE, b"")]), received
    )
    raises(oscore.ReplayError, oscore.unprotect_response, client, late, sent)


def test_a_notification_needs_a_registration():
    """A response to a plain request or to a cancellation must not become a notification."""
    for extra in ((), ((option.OBSERVE, b"\x01"),)):
        client, server, sent, received = _asked(*extra)
        notification = Message(code.CONTENT, [(option.OBSERVE, b"")])
        raises(ValueError, oscore.protect_response, server, notification, received)
        received.is_registration = True
        answer = oscore.protect_response(server, notification, received)
        raises(oscore.FormatError, oscore.unprotect_response, client, answer, sent)


def test_a_damaged_response_leaves_the_exchange_as_it_was():
    """Whoever can inject bytes must not be able to make the client drop the real answer."""
    client, server, sent, received = _asked()
    answer = oscore.protect_response(server, Message(code.CHANGED), received)
    strange = (
        (oscore.FormatError, code.PUT, [(option.OSCORE, b"")], answer.payload),
        (oscore.FormatError, code.CHANGED, [], answer.payload),
        (oscore.FormatError, code.CHANGED, [(option.OSCORE, b"\x00")], answer.payload),
        (oscore.FormatError, code.CHANGED, [(option.OSCORE, b"")], b""),
        (oscore.ContextNotFoundError, code.CHANGED, [(option.OSCORE, b"\x08k")], answer.payload),
        (oscore.DecryptionError, code.CHANGED, [(option.OSCORE, b"\x01\x00")], answer.payload),
        (oscore.DecryptionError, code.CHANGED, [(option.OSCORE, b"")], answer.payload + b"x"),
    )
    for expected, outer, options, payload in strange:
        message = Message(outer, options, payload)
        raises(expected, oscore.unprotect_response, client, message, sent)
    assert oscore.unprotect_response(client, answer, sent).code == code.CHANGED


def test_what_is_protected_is_not_protected_again():
    """Nested OSCORE is not defined (4.1.3.7), neither to make nor to take."""
    client, server, _, received = _asked()
    nested = _request((option.OSCORE, b""))
    raises(ValueError, oscore.protect_request, client, nested)
    inside = bytes((nested.code,)) + option.encode(nested.options, nested.payload)
    raises(oscore.FormatError, oscore.unprotect_request, server, _sealed(client, inside))
    raises(ValueError, oscore.protect_request, client, Message(code.CONTENT))
    raises(ValueError, oscore.protect_response, server, Message(code.GET), received)


def test_the_last_sequence_number_is_2_to_40_less_1():
    """RFC 8613 7.2.1: beyond it a nonce would return."""
    client, server = _contexts()
    client.sender_sequence_number = 2**40 - 2
    for piv in ("fffffffffe", "ffffffffff"):
        protected = oscore.protect_request(client, _request())[0]
        assert protected.option(option.OSCORE) == unhex("0d" + piv + "01")
        oscore.unprotect_request(server, protected)
    for _ in range(2):
        raises(oscore.SequenceExhausted, oscore.protect_request, client, _request())
    raises(oscore.ReplayError, oscore.unprotect_request, server, protected)


def test_partial_ivs_are_as_short_as_can_be():
    """RFC 8613 section 5; the server refuses any other spelling of a number."""
    client = _contexts()[0]
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
    client, server = _contexts()
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
