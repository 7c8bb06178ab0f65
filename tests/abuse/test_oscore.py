"""Hostile OSCORE: a damaged unlock request opens nothing and costs the rightful one nothing."""

import cbor
import oscore
from coap import CoAPError, Message, code, option, path_options, stream
from harness import bit_flips, memory_returns, mutants, raises
from oscore_sides import SALT, contexts, new_window

INTERPRETERS = ("micropython", "cpython")
HEAP = "256K"


def _unlock(*extra, token=b""):
    options = path_options("doors", "lobby") + [(option.CONTENT_FORMAT, b"\x3c")]
    return Message(code.PUT, options + list(extra), cbor.encode({1: 1, 2: True}), token)


def _received(wire):
    try:
        return stream.Decoder(200).feed(wire)
    except CoAPError:
        return []


def _opened(server, wire):
    """The plain requests that ``wire`` becomes at the server."""
    plain = []
    for message in _received(wire):
        try:
            plain.append(oscore.unprotect_request(server, message)[0])
        except CoAPError:
            pass
    return plain


def test_every_damage_to_a_framed_unlock_is_refused_and_the_original_opens_once():
    """One context sees them all: no mutant decrypts, none moves the replay window."""
    client, server = contexts()
    wire = stream.encode(oscore.protect_request(client, _unlock())[0])

    def damage():
        for mutant in mutants(wire):
            assert _opened(server, mutant) == [], bytes(mutant)

    memory_returns(damage)
    assert _opened(server, wire) == [_unlock()]
    assert _opened(server, wire) == []
    damage()


def test_damage_while_the_window_is_lost_never_proves_freshness():
    """After a restart requests are decrypted before their age is known; only the one that carries
    the expected Echo, unharmed, may pass."""
    client, server = contexts()
    server.lose_window()
    server.sender_sequence_number = 64
    server.expected_echo = b"8 random"
    request = _unlock((option.ECHO, b"8 random"))
    wire = stream.encode(oscore.protect_request(client, request)[0])

    def damage():
        for mutant in mutants(wire):
            assert _opened(server, mutant) == [], bytes(mutant)
            assert server.is_window_lost

    memory_returns(damage)
    assert _opened(server, wire) == [request]
    assert _opened(server, wire) == []


def test_a_changed_token_changes_the_token_alone():
    """RFC 8613 leaves the token to the hop it belongs to: a flipped bit there is no damage to the
    request, so it passes, but even then once."""
    for token in bit_flips(b"tokn"):
        client, server = contexts()
        protected = oscore.protect_request(client, _unlock(token=b"tokn"))[0]
        protected.token = token
        changed = stream.encode(protected)
        assert _opened(server, changed) == [_unlock(token=token)]
        protected.token = b"tokn"
        assert _opened(server, stream.encode(protected)) == []


def test_every_damage_to_a_response_is_refused_and_the_original_counts_once():
    """A forged or torn answer must not end the exchange; with and without Partial IV."""
    for new_piv in (False, True):
        client, server = contexts()
        protected, sent = oscore.protect_request(client, _unlock())
        received = oscore.unprotect_request(server, protected)[1]
        granted = Message(code.CHANGED, [(option.CONTENT_FORMAT, b"\x3c")], b"\xa1\x01\xf5")
        answer = oscore.protect_response(server, granted, received, new_piv=new_piv)
        wire = stream.encode(answer)

        def accepted(data, client=client, sent=sent):
            found = []
            for message in _received(data):
                try:
                    found.append(oscore.unprotect_response(client, message, sent))
                except CoAPError:
                    pass
            return found

        def damage(accepted=accepted, wire=wire):
            for mutant in mutants(wire):
                if mutant[2:3] == wire[2:3]:  # the outer code means nothing: RFC 8613 section 4.2
                    assert accepted(mutant) == [], bytes(mutant)

        memory_returns(damage)
        assert accepted(wire) == [granted]
        assert accepted(wire) == []


def test_every_damage_to_a_combined_request_is_refused_or_leaves_the_request_alone():
    """message_3 stands in front unprotected by OSCORE; damage there is for EDHOC to find, damage
    behind it for us."""
    client, server = contexts()
    message_3 = cbor.encode(bytes(range(19)))
    protected = oscore.protect_request(client, _unlock())[0]
    wire = stream.encode(oscore.combine(message_3, protected))

    def parts(data):
        found = []
        for message in _received(data):
            try:
                found.append(oscore.split(message))
            except CoAPError:
                pass
        return found

    def damage():
        for mutant in mutants(wire):
            for found_3, request in parts(mutant):
                if found_3 != message_3:
                    continue
                raises(oscore.OSCOREError, oscore.unprotect_request, server, request)

    memory_returns(damage)
    found_3, request = parts(wire)[0]
    assert found_3 == message_3
    assert oscore.unprotect_request(server, request)[0] == _unlock()


def test_a_long_life_costs_no_memory():
    """The replay window keeps 32 places, however many requests and small gaps it has seen."""
    window = new_window()
    newest = 0

    def live():
        nonlocal newest
        for _ in range(10000):
            newest += 3
            window.accept(newest)

    memory_returns(live)


def test_another_doors_request_is_refused():
    """The same phone, another door: other keys, whatever the identifiers are."""
    client = contexts()[0]
    other = oscore.SecurityContext(bytes(16), SALT, b"\x37", b"\x01")
    protected = oscore.protect_request(client, _unlock())[0]
    raises(oscore.UNDECRYPTABLE, oscore.unprotect_request, other, protected)
    header = oscore.option.encode(b"\x00", None, b"\x37")
    mirrored = Message(protected.code, [(option.OSCORE, header)], protected.payload)
    raises(oscore.UNDECRYPTABLE, oscore.unprotect_request, client, mirrored)
