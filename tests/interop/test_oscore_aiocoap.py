"""OSCORE against aiocoap's own implementation, both ways, in memory."""

import aiocoap
import pytest
from aiocoap import oscore as theirs

import coap
import oscore
from coap import code, datagram, option, path_options
from harness import raises

SECRET = bytes(range(1, 17))
SALT = bytes.fromhex("9e7ca92223786340")


class Static(theirs.CanProtect, theirs.CanUnprotect, theirs.SecurityContextUtils):
    """An aiocoap context in memory; aiocoap itself has only ones in files."""

    echo_recovery = None

    def __init__(self, sender_id, recipient_id, id_context=None, seen=True):
        self.alg_aead = theirs.algorithms[theirs.DEFAULT_ALGORITHM]
        self.hashfun = theirs.hashfunctions[theirs.DEFAULT_HASHFUNCTION]
        self.sender_id = sender_id
        self.recipient_id = recipient_id
        self.id_context = id_context
        self.derive_keys(SALT, SECRET)
        self.sender_sequence_number = 0
        self.recipient_replay_window = theirs.ReplayWindow(32, lambda: None)
        if seen:
            self.recipient_replay_window.initialize_empty()

    def post_seqnoincrease(self):
        pass


def _ours(sender_id, recipient_id, id_context=None):
    return oscore.SecurityContext(SECRET, SALT, sender_id, recipient_id, id_context)


def _to_them(message):
    """Our message as aiocoap receives it."""
    return aiocoap.Message.decode(datagram.encode(message, datagram.NON, 1))


def _to_us(message):
    """aiocoap's message as we receive it."""
    message.mid, message.mtype = 1, aiocoap.NON
    return datagram.decode(message.encode())[0]


def _their_request(method=aiocoap.PUT, **options):
    options.setdefault("uri_path", ["doors", "lobby"])
    return aiocoap.Message(code=method, payload=b"\xa1\x01\x01", _token=b"tk", **options)


def _their_response(status=aiocoap.CHANGED, **options):
    message = aiocoap.Message(code=status, payload=b"granted", **options)
    message.direction = aiocoap.message.Direction.OUTGOING
    return message


IDENTIFIERS = pytest.mark.parametrize(
    ("client_id", "server_id", "id_context"),
    [
        (b"\x01", b"\x37", None),
        (b"", b"\x00", None),
        (bytes(7), b"", b"site 7"),
        (b"k", b"K", b""),
    ],
)


@IDENTIFIERS
def test_our_client_and_their_server_understand_each_other(client_id, server_id, id_context):
    """Requests and responses, with and without Partial IV; a protected error is a response too."""
    client = _ours(client_id, server_id, id_context)
    server = Static(server_id, client_id, id_context)
    for status in (aiocoap.CHANGED, aiocoap.CONTENT, aiocoap.FORBIDDEN, aiocoap.NOT_FOUND):
        for reuse in (True, False):
            sent_options = [*path_options("doors", "lobby"), (option.CONTENT_FORMAT, b"\x3c")]
            request = coap.Message(code.PUT, sent_options, b"\xa1\x01\x01")
            protected, exchange = oscore.protect_request(client, request)
            plain, request_id = server.unprotect(_to_them(protected))
            assert plain.code == aiocoap.PUT
            assert plain.opt.uri_path == ("doors", "lobby")
            assert plain.opt.content_format == 60
            assert plain.payload == b"\xa1\x01\x01"

            request_id.can_reuse_nonce = reuse
            answer = _to_us(server.protect(_their_response(status, max_age=7), request_id)[0])
            assert (answer.option(option.OSCORE) == b"") == reuse
            response = oscore.unprotect_response(client, answer, exchange)
            assert response.code == status
            assert response.options == [(option.MAX_AGE, b"\x07")]
            assert response.payload == b"granted"


@IDENTIFIERS
def test_their_client_and_our_server_understand_each_other(client_id, server_id, id_context):
    """The same the other way round: a phone that uses aiocoap opens our door."""
    client = Static(client_id, server_id, id_context)
    server = _ours(server_id, client_id, id_context)
    for status in (code.CHANGED, code.CONTENT, code.FORBIDDEN, code.BAD_REQUEST):
        for new_piv in (False, True):
            request = _their_request(content_format=60)
            protected, request_id = client.protect(request)
            plain, exchange = oscore.unprotect_request(server, _to_us(protected))
            assert plain.code == code.PUT
            assert plain.uri_path() == ("doors", "lobby")
            assert plain.uint_option(option.CONTENT_FORMAT) == option.CF_CBOR
            assert plain.payload == b"\xa1\x01\x01"

            response = coap.Message(status, [(option.MAX_AGE, b"\x07")], b"granted")
            answer = oscore.protect_response(server, response, exchange, new_piv=new_piv)
            received, _ = client.unprotect(_to_them(answer), request_id)
            assert received.code == status
            assert received.opt.max_age == 7
            assert received.payload == b"granted"


def test_our_notifications_are_theirs_to_order():
    """A registration and three notifications: a Partial IV of our own from the second on."""
    client, server = Static(b"\x01", b"\x37"), _ours(b"\x37", b"\x01")
    protected, request_id = client.protect(_their_request(aiocoap.GET, observe=0))
    assert protected.code == aiocoap.FETCH
    plain, exchange = oscore.unprotect_request(server, _to_us(protected))
    assert exchange.is_registration
    assert plain.uint_option(option.OBSERVE) == 0
    ordered = []
    for number in range(3):
        news = coap.Message(code.CONTENT, [(option.OBSERVE, bytes([number]))], b"%d" % number)
        sealed = oscore.protect_response(server, news, exchange)
        received, _ = client.unprotect(_to_them(sealed), request_id)
        assert received.payload == b"%d" % number
        ordered.append(received.opt.observe)
    assert ordered == sorted(set(ordered))


def test_their_notifications_reach_us_in_order_and_once():
    """The same the other way round; an old one that comes late is refused."""
    client, server = _ours(b"\x01", b"\x37"), Static(b"\x37", b"\x01")
    request = coap.Message(code.GET, [(option.OBSERVE, b""), *path_options("events")])
    protected, exchange = oscore.protect_request(client, request)
    plain, request_id = server.unprotect(_to_them(protected))
    assert plain.opt.observe == 0
    sealed = []
    for number in range(4):
        news = _their_response(aiocoap.CONTENT, observe=number)
        sealed.append(_to_us(server.protect(news, request_id)[0]))
    for number in (0, 1, 3):
        plain = oscore.unprotect_response(client, sealed[number], exchange)
        assert plain.option(option.OBSERVE) is not None
    for old in sealed:
        raises(oscore.REPLAYED, oscore.unprotect_response, client, old, exchange)


def test_their_observation_ends_under_the_request_s_nonce():
    """RFC 8613 8.4.2: notifications with a Partial IV, then a response that has none."""
    client, server = _ours(b"\x01", b"\x37"), Static(b"\x37", b"\x01")
    request = coap.Message(code.GET, [(option.OBSERVE, b""), *path_options("events")])
    protected, exchange = oscore.protect_request(client, request)
    _, request_id = server.unprotect(_to_them(protected))
    request_id.can_reuse_nonce = False
    for number in range(3):
        news = _their_response(aiocoap.CONTENT, observe=number)
        sealed = _to_us(server.protect(news, request_id)[0])
        assert sealed.option(option.OSCORE) != b""
        oscore.unprotect_response(client, sealed, exchange)
    request_id.can_reuse_nonce = True
    last = _to_us(server.protect(_their_response(aiocoap.NOT_FOUND), request_id)[0])
    assert last.option(option.OSCORE) == b""
    assert oscore.unprotect_response(client, last, exchange).code == code.NOT_FOUND
    raises(oscore.REPLAYED, oscore.unprotect_response, client, last, exchange)


def test_each_refuses_what_the_other_made_for_someone_else():
    """Replayed, altered, under another key: both sides have the same opinion."""
    client, server = _ours(b"\x01", b"\x37"), Static(b"\x37", b"\x01")
    protected, exchange = oscore.protect_request(client, coap.Message(code.GET))
    altered = coap.Message(protected.code, protected.options, protected.payload[:-1] + b"\x00")
    with pytest.raises(theirs.ProtectionInvalid):
        server.unprotect(_to_them(altered))
    _, request_id = server.unprotect(_to_them(protected))
    with pytest.raises(theirs.ReplayError):
        server.unprotect(_to_them(protected))
    answer = _to_us(server.protect(_their_response(), request_id)[0])
    other = oscore.protect_request(client, coap.Message(code.GET))[1]
    raises(oscore.UNDECRYPTABLE, oscore.unprotect_response, client, answer, other)
    oscore.unprotect_response(client, answer, exchange)

    client, server = Static(b"\x01", b"\x37"), _ours(b"\x37", b"\x01")
    protected = _to_us(client.protect(_their_request())[0])
    altered = coap.Message(protected.code, protected.options, protected.payload[:-1] + b"\x00")
    raises(oscore.UNDECRYPTABLE, oscore.unprotect_request, server, altered)
    oscore.unprotect_request(server, protected)
    raises(oscore.REPLAYED, oscore.unprotect_request, server, protected)


def test_their_client_recovers_our_restarted_server():
    """RFC 8613 B.1.2 live: our 4.01 with Echo, their second try, our answer."""
    client, server = Static(b"\x01", b"\x37"), _ours(b"\x37", b"\x01")
    server.lose_window()
    server.sender_sequence_number = 32
    protected, request_id = client.protect(_their_request())
    with pytest.raises(oscore.EchoNeeded) as needed:
        oscore.unprotect_request(server, _to_us(protected))
    challenge = oscore.echo_challenge(server, needed.value.exchange, b"8 random")
    plain, _ = client.unprotect(_to_them(challenge), request_id)
    assert (plain.code, plain.opt.echo) == (aiocoap.UNAUTHORIZED, b"8 random")

    protected, request_id = client.protect(_their_request(echo=plain.opt.echo))
    _, exchange = oscore.unprotect_request(server, _to_us(protected))
    answer = oscore.protect_response(server, coap.Message(code.CHANGED), exchange)
    assert client.unprotect(_to_them(answer), request_id)[0].code == aiocoap.CHANGED


def test_our_client_recovers_their_restarted_server():
    """The same the other way round."""
    client, server = _ours(b"\x01", b"\x37"), Static(b"\x37", b"\x01", seen=False)
    server.echo_recovery = b"8 random"
    server.sender_sequence_number = 32
    request = coap.Message(code.PUT, path_options("doors", "lobby"))
    protected, exchange = oscore.protect_request(client, request)
    with pytest.raises(theirs.ReplayErrorWithEcho) as needed:
        server.unprotect(_to_them(protected))
    challenge = _to_us(needed.value.to_message())
    plain = oscore.unprotect_response(client, challenge, exchange)
    repeated = oscore.repeat_with_echo(request, plain)

    protected, exchange = oscore.protect_request(client, repeated)
    _, request_id = server.unprotect(_to_them(protected))
    answer = _to_us(server.protect(_their_response(), request_id)[0])
    assert oscore.unprotect_response(client, answer, exchange).code == code.CHANGED
