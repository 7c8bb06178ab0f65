"""Whole requests over a bad network, in plain and under OSCORE: bodies, Echo, observations."""

from coap import Message, code, option, path_options
from coap.asked import NO_ANSWER
from coap.client import BROKEN, UNPROTECTED
from coap.observe import CONFIRM_EVERY, OBSERVERS, OBSERVERS_A_PEER, Freshness
from coap.transmission import EXCHANGE_LIFETIME
from coap_site import Asker, Site, protected_pair
from simulated_network import Chance, Network

INTERPRETERS = ("micropython", "cpython")

HOUR = 3600 * 1000
BODY = Chance(9).bytes(9000)


def _get(observe=None):
    options = path_options("status")
    if observe is not None:
        options.append((option.OBSERVE, option.encode_uint(observe)))
    return Message(code.GET, options)


def _put(body):
    return Message(code.PUT, path_options("status"), body)


def _pair(network, is_protected, seed=0):
    if is_protected:
        return protected_pair(network, seed)
    return Site(network, seed=seed), Asker(network, seed=seed)


def _is_at_base(site, asker):
    return (
        asker.node.endpoint.is_idle
        and site.node.endpoint.is_idle
        and site.bodies.poll(None) is None
        and not len(site.registry)
    )


def test_nine_kilobytes_both_ways():
    """No message of more than 1,152 bytes, in plain or protected."""
    for is_protected in (False, True):
        network = Network(1)
        longest = []
        site, asker = _pair(network, is_protected)
        for node in (site.node, asker.node):
            node.sent = longest
        asker.ask(_put(BODY), "put")
        asker.ask(_get(), "get")
        network.run(10000)
        assert ("put", code.CHANGED, b"", 0) in asker.heard
        assert ("get", code.CONTENT, BODY, 0) in asker.heard or site.puts == [BODY]
        asker.ask(_get(), "again")
        network.run(20000)
        assert asker.heard[-1] == ("again", code.CONTENT, BODY, 0)
        assert 1024 < max(longest) <= 1152
        network.run(EXCHANGE_LIFETIME + 30000)
        assert _is_at_base(site, asker)


def test_bodies_over_a_network_that_loses_doubles_and_overtakes():
    """A body arrives whole or the failure is said; nothing is put twice or mixed."""
    for seed, percent in enumerate((10, 25, 40)):
        for is_protected in (False, True):
            network = Network(seed)
            network.loss, network.duplication = percent / 100, 0.2
            network.delay = (1, 1000)
            site, asker = _pair(network, is_protected, seed)
            bodies = [Chance(number + 50).bytes(3000) for number in range(6)]
            for number, body in enumerate(bodies):
                asker.ask(_put(body), number)
                network.run(network.now + 600000)
            outcomes = {}
            for name, status, _, failure in asker.heard:
                assert name not in outcomes
                outcomes[name] = failure
                assert failure == NO_ANSWER or (failure == 0 and status == code.CHANGED)
            assert len(outcomes) == 6
            done = [body for number, body in enumerate(bodies) if outcomes[number] == 0]
            assert len(set(site.puts)) == len(site.puts)
            assert all([body in site.puts for body in done]) and set(site.puts) <= set(bodies)
            assert len(done) >= (6 if percent == 10 else 2), (percent, done)
            network.run(network.now + HOUR)
            assert _is_at_base(site, asker)


def test_a_server_that_restarted_is_satisfied_with_an_echo():
    """RFC 8613 Appendix B.1.2: the first request is challenged, and done once."""
    network = Network(1)
    site, asker = protected_pair(network)
    context = site.contexts[b"\x01"]
    context.lose_window()
    asker.ask(_put(b"open"), "put")
    network.run(1000)
    assert asker.heard == [("put", code.CHANGED, b"", 0)] and site.puts == [b"open"]
    assert network.counters["client"].sent == 2


def test_a_peer_that_knows_us_no_more_says_so_in_the_clear():
    network = Network(1)
    site, asker = protected_pair(network)
    ours = site.contexts[b"\x01"]
    site.contexts[b"\x01"] = asker.security.context  # which is none that fits
    asker.ask(_get(), "get")
    network.run(1000)
    assert asker.heard[0][3] == UNPROTECTED and asker.heard[0][1] >= 0x80
    site.contexts[b"\x01"] = ours
    asker.ask(_get(), "get")
    network.run(2000)
    assert asker.heard[1] == ("get", code.CONTENT, b"begin", 0)


def test_a_forged_success_is_passed_over():
    """Who hears the token can answer in the clear, but not for the server."""
    network = Network(1)
    site, asker = protected_pair(network)
    network.delay = (50, 50)
    asker.ask(_get(), "get")
    network.run(10)
    token = asker.node.endpoint._requests._entries[0].token
    from coap import datagram

    forged = datagram.encode(Message(code.CONTENT, (), b"evil", token), datagram.NON, 7)
    network.send("server", "client", forged)
    network.delay = (1, 1)
    network.run(500)
    assert asker.heard == [("get", code.CONTENT, b"begin", 0)]


def test_blocks_that_do_not_fit_are_a_failure():
    network = Network(1)
    site, asker = _pair(network, False)
    site.content = BODY
    cut = site.bodies._cut

    def lying(response, wanted, body):
        answer = cut(response, wanted, body)
        if wanted[0] == 3:
            answer.payload = answer.payload[:-1]
        return answer

    site.bodies._cut = lying
    asker.ask(_get(), "get")
    network.run(1000)
    assert asker.heard == [("get", None, None, BROKEN)]


# Observing


def test_an_observer_learns_each_state_and_the_last_one_for_sure():
    """Small and large states; with loss in between some are left out, and never the last."""
    for is_protected in (False, True):
        for percent in (0, 20, 40):
            network = Network(percent + 1)
            site, asker = _pair(network, is_protected, percent)
            conversation = asker.ask(_get(0), "watch")
            network.run(1000)
            network.loss, network.duplication, network.delay = percent / 100, 0.1, (1, 40)
            states = [b"state %d" % n if n % 4 else Chance(n).bytes(2500) for n in range(12)]
            for state in states:
                site.change(state)
                network.run(network.now + 120000)
            heard = [payload for _, _, payload, failure in asker.heard if not failure]
            assert heard[0] == b"begin"
            places = [states.index(payload) for payload in heard[1:]]
            assert places == sorted(places), places  # never back to an older one
            if percent == 0:
                assert heard == [b"begin"] + states
                assert len(site.registry) == 1
                conversation.give_up()
                for number in range(CONFIRM_EVERY + 1):
                    site.change(b"nobody hears this %d" % number)
                    network.run(network.now + 1000)
                assert len(asker.heard) == 13 and not len(site.registry)
            silent_ms = conversation.silent_ms
            network.run(network.now + 5000)
            assert conversation.silent_ms == silent_ms + 5000
            network.loss = 1  # the observer is gone without a word
            for number in range(CONFIRM_EVERY + 1):
                site.change(b"into the dark %d" % number)
            network.run(network.now + HOUR)
            assert not len(site.registry)


def test_an_observation_ends_as_either_side_says():
    """By Observe 1, by a response without Observe (by who forgets or is gone: above)."""
    network = Network(1)
    site, asker = _pair(network, False)
    asker.ask(_get(0), "watch")
    network.run(100)
    asker.ask(_get(1), "end")
    network.run(200)
    assert not len(site.registry)
    site.change(b"unheard")
    network.run(300)
    assert [name for name, _, _, _ in asker.heard] == ["watch", "end"]

    asker.ask(_get(0), "watch")
    network.run(400)
    observer = site.registry._entries[0]
    site.node.do(site.registry.notify, observer, Message(code.NOT_FOUND))
    network.run(500)
    assert asker.heard[-1][1:] == (code.NOT_FOUND, b"", 0) and not len(site.registry)
    assert len(asker.node.endpoint._requests) == 1  # the first, which does not know its end


def test_who_may_observe_is_bounded():
    """Nobody takes more than two, nor all of them more than eight; others get a plain answer."""
    network = Network(1)
    site = Site(network, is_open=False)
    askers = [Asker(network, number, seed=number) for number in range(OBSERVERS)]
    for asker in askers:
        for _ in range(OBSERVERS_A_PEER + 1):
            asker.ask(Message(code.PUT, path_options("p"), bytes(100)))
            asker.ask(_get(0))
    network.run(10000)
    # Strangers may have none: each notification would be a datagram that they did not pay for.
    assert not len(site.registry)
    for asker in askers:
        peer = site.node.endpoint._peers.find(asker.node.address)
        site.node.endpoint.prove(peer)
        for _ in range(OBSERVERS_A_PEER + 1):
            asker.ask(_get(0))
    network.run(20000)
    assert len(site.registry) == OBSERVERS


def test_freshness_goes_by_number_and_by_time():
    """RFC 7641 3.4: 24 bits that wrap, and after 128 s whatever comes is news."""
    network = Network(1)
    freshness = Freshness(network)
    told = [freshness.is_newer(n) for n in (5, 6, 6, 4, 0x7FFFFF, 0xFFFFF0, 3, 0xFFFFF1)]
    assert told == [True, True, False, False, True, True, True, False]
    network.run(128001)
    assert freshness.is_newer(1)
