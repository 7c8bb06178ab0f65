"""Replay protection, and what happens when a restart has forgotten it."""

import oscore
from coap import Message, code, option, path_options
from harness import raises
from oscore_sides import contexts, new_window

INTERPRETERS = ("micropython", "cpython")

ECHO = b"8 random"


def _request(*extra):
    return Message(code.PUT, path_options("doors", "lobby") + list(extra), b"open", b"t")


def _restarted(server):
    """What a store makes of a context after a restart (Appendix B.1)."""
    server.lose_window()
    server.expected_echo = None
    server.sender_sequence_number += 100
    return server


def test_the_window_takes_each_number_once_and_none_too_old():
    """RFC 6347 4.1.2.6 with 32 places: reordering inside is fine, a step beyond is not."""
    window = new_window()
    assert not window.is_window_lost
    for piv in (5, 3, 0, 36, 35, 10):
        window.check(piv)
        window.accept(piv)
        raises(oscore.REPLAYED, window.check, piv)
        raises(oscore.REPLAYED, window.accept, piv)
    for old in (0, 3, 4):
        raises(oscore.REPLAYED, window.check, old)
    raises(oscore.REPLAYED, window.check, 5)
    window.accept(6)
    window.accept(2**40 - 1)
    window.accept(2**40 - 32)
    raises(oscore.REPLAYED, window.check, 2**40 - 33)
    raises(oscore.REPLAYED, window.check, 37)


def test_a_failed_check_changes_nothing():
    """A stranger's number must not push a rightful one out of the window."""
    window = new_window(4)
    window.accept(10)
    raises(oscore.REPLAYED, window.accept, 6)
    window.check(10**12)
    for piv in (9, 8, 7, 11):
        window.accept(piv)


def test_requests_may_arrive_out_of_order_but_only_once():
    """A protected unlock that is sent again opens nothing."""
    client, server = contexts()
    wire = [oscore.protect_request(client, _request())[0] for _ in range(40)]
    for place in (2, 0, 1, 39, 20, 8):
        oscore.unprotect_request(server, wire[place])
    for place in (2, 0, 1, 39, 20, 8, 3, 7):
        error = raises(oscore.REPLAYED, oscore.unprotect_request, server, wire[place])
        assert (error.code, error.diagnostic) == (code.UNAUTHORIZED, "Replay detected")
    oscore.unprotect_request(server, wire[9])


def test_a_forgery_does_not_move_the_window():
    """Section 8.2: the window moves after decryption. Moving before, one forged datagram with a
    high number would lock a phone out."""
    client, server = contexts()
    good = oscore.protect_request(client, _request())[0]
    header = oscore.option.encode(b"\xff\xff\xff\xff\xff", None, b"\x01")
    forged = Message(code.POST, [(option.OSCORE, header)], good.payload)
    raises(oscore.UNDECRYPTABLE, oscore.unprotect_request, server, forged)
    assert oscore.unprotect_request(server, good)[0] == _request()


def test_after_a_restart_the_second_try_is_accepted():
    """Appendix B.1.2: 4.01 with Echo under a Partial IV of the server's own, then the request."""
    client, server = contexts()
    used = [oscore.protect_request(client, _request())[0] for _ in range(3)]
    oscore.unprotect_request(server, used[2])
    _restarted(server)

    protected, sent = oscore.protect_request(client, _request())
    needed = raises(oscore.EchoNeeded, oscore.unprotect_request, server, protected)
    assert needed.message == _request()
    challenge = oscore.echo_challenge(server, needed.exchange, ECHO)
    assert oscore.option.decode(challenge.option(option.OSCORE))[0] == b"\x64"
    plain = oscore.unprotect_response(client, challenge, sent)
    assert plain == Message(code.UNAUTHORIZED, [(option.ECHO, ECHO)])

    repeated = oscore.repeat_with_echo(_request((option.ECHO, b"old")), plain)
    assert repeated == _request((option.ECHO, ECHO))
    protected, sent = oscore.protect_request(client, repeated)
    plain, received = oscore.unprotect_request(server, protected)
    assert plain == repeated
    assert not server.is_window_lost
    answer = oscore.protect_response(server, Message(code.CHANGED), received)
    assert oscore.unprotect_response(client, answer, sent).code == code.CHANGED
    for old in used + [protected]:
        raises(oscore.REPLAYED, oscore.unprotect_request, server, old)
    oscore.unprotect_request(server, oscore.protect_request(client, _request())[0])

    server.lose_window()  # an Echo value proves freshness once
    again = oscore.protect_request(client, repeated)[0]
    raises(oscore.EchoNeeded, oscore.unprotect_request, server, again)


def test_only_the_expected_echo_proves_freshness():
    """Not a guess, not a prefix, not one from before the restart, not one outside OSCORE."""
    client, server = contexts()
    _restarted(server)
    guess = oscore.protect_request(client, _request((option.ECHO, b"")))[0]
    raises(oscore.EchoNeeded, oscore.unprotect_request, server, guess)
    first = oscore.protect_request(client, _request())[0]
    needed = raises(oscore.EchoNeeded, oscore.unprotect_request, server, first)
    oscore.echo_challenge(server, needed.exchange, ECHO)
    for value in (b"", ECHO[:-1], ECHO + b"x", b"9 random"):
        request = oscore.protect_request(client, _request((option.ECHO, value)))[0]
        raises(oscore.EchoNeeded, oscore.unprotect_request, server, request)
    outside = oscore.protect_request(client, _request())[0]
    outside = Message(
        code.POST, outside.options + [(option.ECHO, ECHO)], outside.payload, outside.token
    )
    raises(oscore.EchoNeeded, oscore.unprotect_request, server, outside)
    good = oscore.protect_request(client, _request((option.ECHO, ECHO)))[0]
    _restarted(server)
    raises(oscore.EchoNeeded, oscore.unprotect_request, server, good)
    server.expected_echo = ECHO
    oscore.unprotect_request(server, good)
    raises(ValueError, oscore.echo_challenge, server, needed.exchange, b"")
    raises(ValueError, oscore.echo_challenge, server, needed.exchange, bytes(41))


def test_a_replay_after_a_restart_gets_a_challenge_and_no_more():
    """The recorded unlock of yesterday: authentic, and still nothing may happen."""
    client, server = contexts()
    recorded = oscore.protect_request(client, _request())[0]
    received = oscore.unprotect_request(server, recorded)[1]
    answer = oscore.protect_response(server, Message(code.CHANGED), received)
    _restarted(server)
    seen = [answer.payload]
    for _ in range(3):
        needed = raises(oscore.EchoNeeded, oscore.unprotect_request, server, recorded)
        challenge = oscore.echo_challenge(server, needed.exchange, ECHO)
        assert challenge.option(option.OSCORE) != b""
        answer = oscore.protect_response(server, Message(code.CHANGED), needed.exchange)
        assert answer.option(option.OSCORE) != b""  # the request's nonce was used back then
        assert challenge.payload not in seen
        seen.append(challenge.payload)
    assert server.is_window_lost


def test_other_answers_ask_for_no_repetition():
    """Only 4.01 with Echo makes a client send its wish again."""
    echo = [(option.ECHO, ECHO)]
    for response in (Message(code.CHANGED, echo), Message(code.UNAUTHORIZED)):
        assert oscore.repeat_with_echo(_request(), response) is None
