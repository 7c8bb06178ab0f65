"""Properties of OSCORE: the replay window against a set, nonces against all that came before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import crypto
import oscore
from coap import CoAPError, Message, code, option
from harness import raises
from oscore_sides import contexts, new_window, sealed_request

_HEADERS = st.binary(max_size=20) | st.builds(
    lambda flags, rest: bytes([flags]) + rest, st.integers(0, 0x1F), st.binary(max_size=12)
)


@given(_HEADERS)
def test_a_header_has_one_spelling_or_is_refused(value):
    """No exception but ours; what is accepted is written back as it came."""
    try:
        fields = oscore.option.decode(value)
    except oscore.OSCOREError:
        return
    assert oscore.option.encode(*fields) == value


@given(
    st.integers(0, 255),
    st.lists(st.tuples(st.just(option.OSCORE), _HEADERS), max_size=2),
    st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=5)), max_size=4),
    st.binary(max_size=60),
)
def test_noise_is_refused_by_every_entrance(outer, headers, others, payload):
    """Requests, responses and combined requests: only CoAPError, and nothing is accepted."""
    client, server = contexts()
    message = Message(outer, headers + others, payload)
    exchange = oscore.protect_request(client, Message(code.GET))[1]
    with pytest.raises(CoAPError):
        oscore.unprotect_request(server, message)
    with pytest.raises(CoAPError):
        oscore.unprotect_response(client, message, exchange)
    try:
        oscore.split(message)
    except CoAPError:
        pass
    assert not server.is_window_lost


@given(st.binary(min_size=1, max_size=80))
def test_an_authentic_peer_may_protect_anything(plaintext):
    """With the right key too: a request comes out whole, or an error of ours."""
    client, server = contexts()
    message = sealed_request(client, plaintext)
    try:
        plain = oscore.unprotect_request(server, message)[0]
    except CoAPError:
        pass
    else:
        assert bytes([plain.code]) + option.encode(plain.options, plain.payload) == plaintext
    raises(oscore.REPLAYED, oscore.unprotect_request, server, message)


@given(
    st.integers(1, 32),
    st.lists(st.one_of(st.integers(0, 200), st.integers(0, 2**40 - 1)), max_size=150),
)
def test_the_window_is_a_set_with_a_lower_end(size, pivs):
    """Against the plainest model there is: all that was accepted, and how far back one may go."""
    window = new_window(size)
    seen = set()
    for piv in pivs:
        fresh = piv not in seen and piv > max(seen, default=-1) - size
        for step in (window.check, window.accept):
            if fresh:
                step(piv)
            else:
                raises(oscore.REPLAYED, step, piv)
        if fresh:
            seen.add(piv)


@given(st.integers(0, 2**40 - 1), st.lists(st.integers(-70, 70), max_size=60))
def test_a_restarted_window_takes_nothing_at_or_below_where_it_began(start, steps):
    """The request proven fresh is the lower limit (RFC 8613 B.1.2)."""
    window = new_window()
    window.lose_window()
    raises(oscore.REPLAYED, window.check, start)
    window.restart(start)
    seen = {start}
    for step in steps:
        piv = start + step
        if piv > start and piv not in seen and piv > max(seen) - 32:
            window.accept(piv)
            seen.add(piv)
        else:
            raises(oscore.REPLAYED, window.accept, piv)


class Nonces(RuleBasedStateMachine):
    """Two endpoints that ask, answer, answer again, notify, lose messages and restart.

    Whatever they do, no key ever meets a nonce twice.
    """

    @initialize()
    def begin(self):
        self.used = set()
        self.ends = contexts()
        self.in_flight = []  # (sender's number, protected request)
        self.open = []  # (server's number, exchange)
        self.restarts = 0
        self.real = crypto.aes_ccm_encrypt
        crypto.aes_ccm_encrypt = self.encrypt

    def teardown(self):
        crypto.aes_ccm_encrypt = self.real

    def encrypt(self, key, nonce, plaintext, aad, tag_length=8):
        assert (key, nonce) not in self.used, "a nonce came back"
        self.used.add((key, nonce))
        return self.real(key, nonce, plaintext, aad, tag_length)

    @rule(asking=st.integers(0, 1), observe=st.booleans(), echo=st.booleans())
    def ask(self, asking, observe, echo):
        options = [(option.OBSERVE, b"")] if observe else []
        expected = self.ends[1 - asking].expected_echo
        if echo and expected:
            options.append((option.ECHO, expected))
        protected = oscore.protect_request(self.ends[asking], Message(code.FETCH, options))[0]
        self.in_flight.append((asking, protected))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def deliver(self, data):
        """Any request that was ever sent, also for the second time."""
        asking, protected = data.draw(st.sampled_from(self.in_flight))
        server = self.ends[1 - asking]
        try:
            exchange = oscore.unprotect_request(server, protected)[1]
        except oscore.EchoNeeded as needed:
            value = server.expected_echo or b"restart %d" % self.restarts
            oscore.echo_challenge(server, needed.exchange, value)
            exchange = needed.exchange
        except oscore.OSCOREError as error:
            assert error.why == oscore.REPLAYED
            return
        self.open.append((1 - asking, exchange))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), new_piv=st.booleans(), notify=st.booleans())
    def answer(self, data, new_piv, notify):
        """Any request that was accepted, also for the second time."""
        answering, exchange = data.draw(st.sampled_from(self.open))
        options = [(option.OBSERVE, b"")] if notify and exchange.is_registration else []
        response = Message(code.CONTENT, options)
        oscore.protect_response(self.ends[answering], response, exchange, new_piv=new_piv)

    @rule(who=st.integers(0, 1))
    def restart(self, who):
        """RAM is lost; the number in flash is ahead of the last one used."""
        self.restarts += 1
        end = self.ends[who]
        end.lose_window()
        end.expected_echo = None
        end.sender_sequence_number += 10
        self.open = [(number, exchange) for number, exchange in self.open if number != who]


TestNonces = Nonces.TestCase
