"""A CoAP endpoint under whatever hypothesis sends it: nothing raises or is sent for nothing."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from coap import Message, code, datagram, option, path_options
from coap.peers import ANSWER_BYTES, PEERS, UNPROVEN
from coap.transmission import EXCHANGE_LIFETIME
from coap_site import Asker, Site, protected_pair
from simulated_network import Network

_OPTIONS = st.lists(
    st.tuples(
        st.sampled_from([option.OBSERVE, option.OSCORE, option.URI_PATH, option.BLOCK2])
        | st.sampled_from([option.BLOCK1, option.SIZE1, option.ECHO, option.REQUEST_TAG]),
        st.sampled_from([b"", b"\x08", b"\x0e", b"\x1e", b"\x0f", b"\x09\x00\x01"])
        | st.binary(max_size=9),
    ),
    max_size=6,
)
_MESSAGES = st.builds(
    lambda message, mtype, mid: _wire(message, mtype, mid),
    st.builds(
        Message,
        st.sampled_from([code.EMPTY, code.GET, code.PUT, code.CONTENT, code.CONTINUE, 0x81]),
        _OPTIONS,
        st.binary(max_size=40) | st.just(bytes(1024)),
        st.binary(max_size=8),
    ),
    st.integers(0, 3),
    st.integers(0, 40),
)
_DATAGRAMS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 60000), _MESSAGES | st.binary(max_size=60)),
    max_size=60,
)


def _wire(message, mtype, mid):
    return datagram.encode(message, mtype, mid)


@dataclasses.dataclass
class Ledger:
    sent: int = 0
    heard: int = 0


def _flood(network, datagrams, ledgers):
    for source, wait, data in datagrams:
        ledger = ledgers.setdefault(source, Ledger())
        if source not in network.counters:
            network.attach(
                source,
                lambda _, data, ledger=ledger: setattr(ledger, "heard", ledger.heard + len(data)),
            )
        ledger.sent += len(data)
        network.send(source, "server", data)
        network.send(source, "client", data)
        ledger.sent += len(data)
        network.run(network.now + wait)


@settings(max_examples=60)
@given(_DATAGRAMS)
def test_whatever_strangers_send_they_get_no_more_back(datagrams):
    """Nor do they take more memory than there is for them, and none when their time is over."""
    network = Network(1)
    site = Site(network, is_open=False)
    asker = Asker(network)
    site.content = bytes(3000)
    ledgers = {}
    _flood(network, datagrams, ledgers)
    for ledger in ledgers.values():
        assert ledger.heard <= ledger.sent
    for node in (site.node, asker.node):
        assert len(node.endpoint._peers) <= PEERS + UNPROVEN
        assert node.endpoint._peers._answer_bytes <= ANSWER_BYTES
    network.run(network.now + 2 * EXCHANGE_LIFETIME)
    assert site.node.endpoint.is_idle and asker.node.endpoint.is_idle
    site.bodies.poll(None)
    assert site.bodies.is_idle


@settings(max_examples=30)
@given(_DATAGRAMS)
def test_a_protected_conversation_goes_on_in_a_flood(datagrams):
    """What the client asks is done once, whatever others say meanwhile, and nothing else is."""
    network = Network(1)
    site, asker = protected_pair(network)
    asker.ask(Message(code.PUT, path_options("status"), bytes(range(250)) * 12), "put")
    _flood(network, [(source + 100, wait % 50, data) for source, wait, data in datagrams], {})
    network.run(network.now + 10000)
    assert site.puts == [bytes(range(250)) * 12]
    assert asker.heard == [("put", code.CHANGED, b"", 0)]


@settings(max_examples=40)
@given(st.integers(1, 2**32 - 1))
def test_bits_that_flip_on_the_way_change_nothing_that_is_done(seed):
    """Each third datagram has a bit flipped: under OSCORE what is put is what was asked to be."""
    network = Network(seed)
    site, asker = protected_pair(network, seed)
    send, chance = network.send, network.chance

    def spoiling(source, destination, data):
        if chance.below(3) == 0:
            changed = bytearray(data)
            changed[chance.below(len(data))] ^= 1 << chance.below(8)
            data = changed
        send(source, destination, data)

    network.send = spoiling
    bodies = [bytes((n,)) * 1500 for n in range(3)]
    for number, body in enumerate(bodies):
        asker.ask(Message(code.PUT, path_options("status"), body), number)
    network.run(3600 * 1000)
    assert len(set(site.puts)) == len(site.puts) and set(site.puts) <= set(bodies)
    names = [name for name, *_ in asker.heard]
    assert sorted(names) == [0, 1, 2]
    for name, status, _, failure in asker.heard:
        assert failure or (status == code.CHANGED and bodies[name] in site.puts) or status >= 0x80
    assert site.node.endpoint.is_idle and asker.node.endpoint.is_idle
