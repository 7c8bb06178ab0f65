"""What strangers can cost a CoAP endpoint: no flood to others, no memory, nobody's place."""

from coap import Message, code, datagram, option, path_options
from coap.error import CoAPError
from coap.peers import UNPROVEN
from coap.strangers import REQUESTS_A_SECOND
from coap.transmission import EXCHANGE_LIFETIME
from coap_pair import ask_often, pair, put
from harness import memory_returns, truncations
from simulated_network import Counters

INTERPRETERS = ("micropython", "cpython")

HOUR = 3600 * 1000


def test_an_unproven_peer_is_sent_no_more_than_it_sent():
    """Whoever writes another's address on datagrams must not make us flood it."""
    network, _, server, _ = pair(needs_proof=None)
    server.endpoint._serve = lambda request, served: served.respond(
        Message(code.CONTENT, payload=bytes(600))
    )
    sent = []
    network.attach("victim", lambda source, data: None)
    chance = network.chance
    for number in range(300):
        message = put(bytes(chance.below(30)), *["a"] * chance.below(4))
        if chance.below(2):
            message.options.insert(0, (option.OSCORE, b"\x09\x01\x37"))  # needs no Echo first
        wire = datagram.encode(message, chance.below(2), number)
        sent.append(wire)
        network.call_at(number * 100, lambda wire=wire: network.send("victim", "server", wire))
    network.run(HOUR)
    counters = network.counters
    assert 0 < counters["victim"].received_bytes <= counters["victim"].sent_bytes
    assert server.endpoint.withheld > 50


def _answer_of(network, request, mtype=datagram.CON, mid=1, source="client"):
    """What the server says to a stranger's datagram."""
    heard = []
    network.attach(source, lambda _, data: heard.append(data))
    network.send(source, "server", datagram.encode(request, mtype, mid))
    network.run(network.now + 100)
    return datagram.decode(heard[0])[0] if heard else None


def test_an_echo_proves_the_address_and_no_other():
    """RFC 9175 2.4: nothing is done, or remembered, before."""
    network, _, server, counter = pair(needs_proof=None)
    challenge = _answer_of(network, put(b"open"))
    assert challenge.code == code.UNAUTHORIZED and not counter.applied
    echo = challenge.option(option.ECHO)
    assert len(echo) == 8
    request = put(b"open")
    request.options.append((option.ECHO, echo))
    assert _answer_of(network, request, mid=2, source="thief").code == code.UNAUTHORIZED
    assert not counter.applied
    assert _answer_of(network, request, mid=3).code == code.CHANGED
    assert counter.applied == [b"open"]
    # From now on it needs none, until it is forgotten.
    assert _answer_of(network, put(b"2"), mid=4).code == code.CHANGED
    network.run(2 * EXCHANGE_LIFETIME + 1000)
    assert server.endpoint.is_idle
    assert _answer_of(network, request, mid=5).code == code.UNAUTHORIZED
    assert counter.applied == [b"open", b"2"]


def test_a_crowd_of_strangers_takes_nobodys_place():
    """Eight places and 32 requests a second for all of them; a known peer is served meanwhile."""
    network, client, server, counter = pair(needs_proof=None)
    counter.network = network
    request = put(b"known")
    challenge = _answer_of(network, request, source="known")
    request.options.append((option.ECHO, challenge.option(option.ECHO)))
    assert _answer_of(network, request, mid=2, source="known").code == code.CHANGED
    # The table of all of them now: what waits lies all over the heap afterwards, between litter.
    network.counters.update({number: Counters() for number in range(2000)})
    for number in range(2000):
        wire = datagram.encode(put(b"crowd"), datagram.CON, number)
        network.call_at(
            network.now + number // 2,
            lambda number=number, wire=wire: network.send(number, "server", wire),
        )
    network.run(network.now + 900)
    assert len(server.endpoint._peers) == UNPROVEN + 1
    assert _answer_of(network, put(b"again"), mid=3, source="known").code == code.CHANGED
    assert counter.applied == [b"known", b"again"]
    assert server.endpoint.dropped >= 1800 - REQUESTS_A_SECOND
    network.run(HOUR)
    assert server.endpoint.is_idle


def test_what_wants_no_answer_is_heard_and_gets_none():
    """RFC 7967: a hint to a group is answered by nobody, and nobody is remembered for it."""
    network, client, server, counter = pair(needs_proof=None)
    heard = []
    hint = Message(code.POST, path_options("hint") + [(option.NO_RESPONSE, b"\x1a")], b"12")
    client.endpoint.tell("server", hint)
    network.run(100)
    server.endpoint.hear = lambda source, request: heard.append((source, request.payload))
    client.endpoint.tell("server", hint)
    network.run(200)
    assert heard == [("client", b"12")] and not counter.applied
    assert network.counters["server"].sent == 0 and server.endpoint.is_idle


def test_malformed_datagrams_cost_a_count():
    """A Reset for a confirmable one (4.2), silence for others."""
    network, _, server, counter = pair()
    wire = datagram.encode(put(b"x" * 20), datagram.CON, 1)
    broken = 0
    for cut in truncations(wire[:-21]):
        try:
            datagram.decode(cut)
        except CoAPError:
            broken += 1
        network.send("stranger", "server", cut)
    for garbage in (b"", b"\x40", b"\xff" * 40, bytes(1233)):
        network.send("stranger", "server", garbage)
    network.run(1000)
    assert server.endpoint.malformed == broken + 4


def test_a_flood_leaves_memory_as_it_was():
    """Bits flipped in a conversation, from many addresses: nothing is applied that was not sent,
    and all of it is forgotten.
    """

    def abuse():
        network, client, server, counter = pair(needs_proof=None)
        answers = ask_often(network, client, 4)
        wire = datagram.encode(put(b"y" * 30), datagram.CON, 77)
        for bit in range(8 * len(wire)):
            changed = bytearray(wire)
            changed[bit // 8] ^= 1 << bit % 8
            source = ("client", "server", bit % 20)[bit % 3]
            network.send(source, "server", changed)
            network.send(source, "client", changed)
            network.run(network.now + 20)
        network.run(HOUR)
        assert [answers.all[number][0][1] for number in range(4)] == [0] * 4
        assert client.endpoint.is_idle and server.endpoint.is_idle

    memory_returns(abuse)
