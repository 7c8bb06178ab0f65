"""Protected responses: which request they belong to, how often, and notifications."""

import crypto
import oscore
from coap import CoAPError, Message, code, option, path_options
from harness import raises, unhex
from oscore_sides import contexts

INTERPRETERS = ("micropython", "cpython")


def _request(*extra):
    return Message(code.PUT, path_options("doors", "lobby") + list(extra), b"open", b"t")


def _asked(*extra):
    """(client, server, client's exchange, server's exchange) after one request."""
    client, server = contexts()
    protected, sent = oscore.protect_request(client, _request(*extra))
    return client, server, sent, oscore.unprotect_request(server, protected)[1]


def _encrypted(sender, exchange, plaintext):
    """Any plaintext as an answer under the request's nonce."""
    nonce = sender.nonce(exchange.request_kid, exchange.request_piv)
    return crypto.aes_ccm_encrypt(sender.sender_key, nonce, plaintext, exchange.aad())


def test_an_authentic_answer_is_still_an_answer():
    """A server with the key that answers with a request or with nonsense is not understood."""
    for plaintext in (bytes((code.PUT,)), bytes((code.EMPTY,)), bytes((code.CHANGED, 0xFF))):
        client, server, sent, received = _asked()
        ciphertext = _encrypted(server, received, plaintext)
        answer = Message(code.CHANGED, [(option.OSCORE, b"")], ciphertext)
        error = raises(CoAPError, oscore.unprotect_response, client, answer, sent)
        assert getattr(error, "why", oscore.MALFORMED) == oscore.MALFORMED


def test_a_response_belongs_to_one_request():
    """An answer that says "granted" must not be taken for the answer to another question."""
    client, server = contexts()
    first, first_sent = oscore.protect_request(client, _request())
    second, second_sent = oscore.protect_request(client, _request())
    received = oscore.unprotect_request(server, second)[1]
    for new_piv in (False, True):
        answer = oscore.protect_response(server, Message(code.CHANGED), received, new_piv=new_piv)
        raises(oscore.UNDECRYPTABLE, oscore.unprotect_response, client, answer, first_sent)
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
            raises(oscore.REPLAYED, oscore.unprotect_response, client, answer, sent)


def test_a_second_response_takes_a_partial_iv_of_its_own():
    """The request's nonce serves once: twice would give away both plaintexts."""
    client, server, sent, received = _asked()
    answers = [oscore.protect_response(server, Message(code.CHANGED), received) for _ in range(3)]
    headers = [answer.option(option.OSCORE) for answer in answers]
    assert headers == [b"", unhex("0100"), unhex("0101")]
    assert len(set([answer.payload for answer in answers])) == 3


def test_observe_goes_inside_and_outside():
    """RFC 8613 4.1.3.5: FETCH and 2.05 outside, the value of a notification only outside."""
    client, server = contexts()
    request = _request((option.OBSERVE, b""))
    protected, sent = oscore.protect_request(client, request)
    assert protected.code == code.FETCH
    assert [number for number, _ in protected.options] == [option.OBSERVE, option.OSCORE]
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
        raises(oscore.REPLAYED, oscore.unprotect_response, client, old, sent)

    end = oscore.protect_response(server, Message(code.NOT_FOUND), received)
    assert oscore.unprotect_response(client, end, sent).code == code.NOT_FOUND
    late = oscore.protect_response(
        server, Message(code.CONTENT, [(option.OBSERVE, b"")]), received
    )
    raises(oscore.REPLAYED, oscore.unprotect_response, client, late, sent)


def _ended(under_request_nonce, before):
    """(client, exchange, the last response) of an observation after ``before`` notifications that
    each had a Partial IV; the last one has Observe no more, and a Partial IV or none.
    """
    client, server, sent, received = _asked((option.OBSERVE, b""))
    for number in range(before):
        news = Message(code.CONTENT, [(option.OBSERVE, b"\x01")], b"%d" % number)
        sealed = oscore.protect_response(server, news, received, new_piv=True)
        assert oscore.unprotect_response(client, sealed, sent).payload == b"%d" % number
    received.is_answered = not under_request_nonce
    last = oscore.protect_response(server, Message(code.NOT_FOUND), received)
    assert (last.option(option.OSCORE) == b"") == under_request_nonce
    return client, server, sent, received, last


def test_an_observation_may_end_under_the_request_s_nonce():
    """RFC 8613 8.4.2: without Observe and without Partial IV, which libcoap does: a client that
    takes it for old would wait for news for ever.
    """
    for before in (0, 1, 3):
        for under_request_nonce in (True, False):
            client, server, sent, received, last = _ended(under_request_nonce, before)
            damaged = Message(last.code, last.options, last.payload[:-1] + b"x")
            raises(oscore.UNDECRYPTABLE, oscore.unprotect_response, client, damaged, sent)
            assert oscore.unprotect_response(client, last, sent).code == code.NOT_FOUND
            raises(oscore.REPLAYED, oscore.unprotect_response, client, last, sent)
            late = Message(code.CONTENT, [(option.OBSERVE, b"")])
            late = oscore.protect_response(server, late, received, new_piv=True)
            raises(oscore.REPLAYED, oscore.unprotect_response, client, late, sent)


def test_the_request_s_nonce_serves_one_response():
    """The first notification had it: whatever else has it is refused, unread. And a notification
    that has it after others is older than they are, and refused without ending anything.
    """
    client, server, sent, received = _asked((option.OBSERVE, b""))
    news = Message(code.CONTENT, [(option.OBSERVE, b"")], b"first")
    first = oscore.protect_response(server, news, received)
    later = oscore.protect_response(server, news, received)
    assert first.option(option.OSCORE) == b"" and later.option(option.OSCORE) != b""
    received.is_answered = False  # a server that uses the nonce twice
    end = oscore.protect_response(server, Message(code.NOT_FOUND), received)
    assert end.option(option.OSCORE) == b""
    oscore.unprotect_response(client, first, sent)
    raises(oscore.REPLAYED, oscore.unprotect_response, client, end, sent)
    oscore.unprotect_response(client, later, sent)
    raises(oscore.REPLAYED, oscore.unprotect_response, client, end, sent)

    client, server, sent, received = _asked((option.OBSERVE, b""))
    first = oscore.protect_response(server, news, received)
    later = oscore.protect_response(server, news, received)
    received.is_answered = False
    end = oscore.protect_response(server, Message(code.NOT_FOUND), received)
    oscore.unprotect_response(client, later, sent)
    raises(oscore.REPLAYED, oscore.unprotect_response, client, first, sent)
    assert not sent.is_finished
    assert oscore.unprotect_response(client, end, sent).code == code.NOT_FOUND


def test_a_notification_needs_a_registration():
    """A response to a plain request or to a cancellation must not become a notification."""
    for extra in ((), ((option.OBSERVE, b"\x01"),)):
        client, server, sent, received = _asked(*extra)
        notification = Message(code.CONTENT, [(option.OBSERVE, b"")])
        raises(ValueError, oscore.protect_response, server, notification, received)
        received.is_registration = True
        answer = oscore.protect_response(server, notification, received)
        raises(oscore.MALFORMED, oscore.unprotect_response, client, answer, sent)


def test_a_damaged_response_leaves_the_exchange_as_it_was():
    """Whoever can inject bytes must not be able to make the client drop the real answer."""
    client, server, sent, received = _asked()
    answer = oscore.protect_response(server, Message(code.CHANGED), received)
    strange = (
        (oscore.MALFORMED, code.PUT, [(option.OSCORE, b"")], answer.payload),
        (oscore.MALFORMED, code.CHANGED, [], answer.payload),
        (oscore.MALFORMED, code.CHANGED, [(option.OSCORE, b"\x00")], answer.payload),
        (oscore.MALFORMED, code.CHANGED, [(option.OSCORE, b"")], b""),
        (oscore.NO_CONTEXT, code.CHANGED, [(option.OSCORE, b"\x08k")], answer.payload),
        (oscore.UNDECRYPTABLE, code.CHANGED, [(option.OSCORE, b"\x01\x00")], answer.payload),
        (oscore.UNDECRYPTABLE, code.CHANGED, [(option.OSCORE, b"")], answer.payload + b"x"),
    )
    for expected, outer, options, payload in strange:
        message = Message(outer, options, payload)
        raises(expected, oscore.unprotect_response, client, message, sent)
    assert oscore.unprotect_response(client, answer, sent).code == code.CHANGED


def test_only_a_response_can_be_protected_as_one():
    """A mistake of ours, so a plain ValueError."""
    _, server, _, received = _asked()
    raises(ValueError, oscore.protect_response, server, Message(code.GET), received)
    nested = Message(code.CHANGED, [(option.OSCORE, b"")])
    raises(ValueError, oscore.protect_response, server, nested, received)
