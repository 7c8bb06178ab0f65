"""CoAP's messages over a network that loses, doubles and overtakes them (RFC 7252 section 4)."""

from coap import Message, code, datagram
from coap.asked import CONTINUED, IGNORED, NO_ANSWER, QUEUE, REJECTED, REQUESTS
from coap.endpoint import MAX_MESSAGE
from coap.error import CoAPError
from coap.transmission import EXCHANGE_LIFETIME, MAX_TRANSMIT_WAIT
from coap_pair import Answers, ask_often, pair, put
from harness import raises

INTERPRETERS = ("micropython", "cpython")

HOUR = 3600 * 1000


def test_a_request_is_answered_in_its_acknowledgement():
    """Two datagrams, and nothing is left when its time is over."""
    network, client, server, counter = pair()
    answers = ask_often(network, client, 1)
    network.run(1000)
    assert answers.all == {0: [(b"0", 0)]} and counter.applied == [b"0"]
    assert network.counters["client"].sent == network.counters["server"].sent == 1
    network.run(EXCHANGE_LIFETIME + 2000)
    assert client.endpoint.is_idle and server.endpoint.is_idle


def test_whoever_takes_its_time_acknowledges_first():
    """5.2.2: the answer follows in a message of its own, and the client does not ask again."""
    network, client, server, counter = pair(after_ms=5000)
    answers = ask_often(network, client, 1)
    network.run(60000)
    assert answers.all == {0: [(b"0", 0)]} and counter.applied == [b"0"]
    assert (network.counters["client"].sent, network.counters["server"].sent) == (2, 2)


def test_one_is_outstanding_a_peer_and_the_others_wait():
    """4.7: NSTART is 1."""
    network, client, server, counter = pair(delay=(200, 200))
    answers = Answers()
    for number in range(5):
        client.request("server", put(b"%d" % number), answers.of(number))
    network.run(399)
    assert network.counters["client"].sent == 1
    network.run(5 * 400)
    assert counter.applied == [b"0", b"1", b"2", b"3", b"4"]
    assert [answers.all[number] for number in range(5)] == [[(b"%d" % n, 0)] for n in range(5)]


def test_nobody_there():
    """Five datagrams, each after twice the time, and a failure within MAX_TRANSMIT_WAIT."""
    network, client, _, _ = pair(loss=1)
    answers = ask_often(network, client, 1)
    times = []
    send = network.send
    network.send = lambda *arguments: (times.append(network.now), send(*arguments))
    network.run(MAX_TRANSMIT_WAIT)
    assert answers.all == {0: [(None, NO_ANSWER)]}
    waits = [after - before for before, after in zip(times, times[1:])]
    assert len(waits) == 4 and 2000 <= waits[0] <= 3000
    assert [wait // waits[0] for wait in waits] == [1, 2, 4, 8]
    assert not len(client.endpoint._requests) and not len(client.endpoint._transmissions)


def test_somebody_who_speaks_no_coap_rejects_it():
    network, client, _, _ = pair()
    network.attach(
        "server",
        lambda source, data: network.send("server", source, bytes((0x70, 0)) + data[2:4]),
    )
    answers = ask_often(network, client, 1)
    network.run(1000)
    assert answers.all == {0: [(None, REJECTED)]}


def test_a_ping_finds_who_is_there():
    network, client, _, _ = pair()
    found = []
    client.do(client.endpoint.ping, "server", found.append)
    client.do(client.endpoint.ping, "nobody", found.append)
    network.run(100)
    assert found == [True]
    network.run(MAX_TRANSMIT_WAIT)
    assert found == [True, False]


def _check_faults(seed, after_ms, percent):
    network, client, server, counter = pair(
        seed, after_ms, loss=percent / 100, duplication=0.2, delay=(1, 1500)
    )
    count = 24
    answers = ask_often(network, client, count, every_ms=100000)
    network.run(HOUR)
    for number in range(count):
        assert len(answers.all[number]) == 1, (seed, number, answers.all[number])
        payload, failure = answers.all[number][0]
        assert payload == b"%d" % number if failure == 0 else failure == NO_ANSWER
        if failure == 0:
            assert b"%d" % number in counter.applied
    assert len(counter.applied) == len(set(counter.applied)), (seed, percent)
    assert client.endpoint.is_idle and server.endpoint.is_idle
    return sum([answers.all[number][0][1] == 0 for number in range(count)])


def test_each_ends_once_and_nothing_is_done_twice():
    """Loss to 40 %, doubled, overtaken, with answers at once and late."""
    for seed, percent in enumerate((0, 5, 10, 20, 30, 40)):
        for after_ms in (0, 700, 1300):
            answered = _check_faults(seed, after_ms, percent)
            assert answered >= (24 if percent <= 5 else 12), (percent, after_ms, answered)


def test_a_link_that_is_cut_one_way_ends_in_a_failure_and_heals():
    """What was done is done once, though its answer never came."""
    network, client, server, counter = pair(cuts={("server", "client")})
    answers = ask_often(network, client, 1)
    network.run(MAX_TRANSMIT_WAIT)
    assert answers.all == {0: [(None, NO_ANSWER)]} and counter.applied == [b"0"]
    network.cuts.clear()
    answers = ask_often(network, client, 1)
    network.run(2 * MAX_TRANSMIT_WAIT)
    assert answers.all == {0: [(b"0", 0)]}


def test_a_duplicate_gets_the_same_bytes():
    """4.5: also if the resource would say something else by now, as long as one may come."""
    network, _, server, counter = pair()
    heard = []
    network.attach("client", lambda source, data: heard.append(data))
    wire = datagram.encode(put(b"x" * 40), datagram.CON, 7)
    for at in (0, 10, 100000, EXCHANGE_LIFETIME - 1):
        network.call_at(at, lambda: network.send("client", "server", wire))
    network.run(EXCHANGE_LIFETIME + 10)
    assert len(heard) == 4 and len(set(heard)) == 1 and len(counter.applied) == 1
    network.run(2 * EXCHANGE_LIFETIME)
    network.send("client", "server", wire)  # a Message ID that may be used again
    network.run(3 * EXCHANGE_LIFETIME)
    assert len(counter.applied) == 2


def test_what_nobody_asked_is_rejected():
    """4.2, and RFC 7641 3.6: a forgotten observation ends by it."""
    network, _, server, _ = pair()
    heard = []
    network.attach("peer", lambda source, data: heard.append(data))
    for mid, mtype in ((1, datagram.CON), (2, datagram.NON), (3, datagram.ACK)):
        message = Message(code.CONTENT, token=b"none", payload=b"?")
        network.send("peer", "server", datagram.encode(message, mtype, mid))
    network.send("peer", "server", datagram.encode(Message(code.EMPTY), datagram.CON, 4))
    network.run(1000)
    assert heard == [bytes((0x70, 0, 0, mid)) for mid in (1, 2, 4)]


def test_a_late_copy_of_an_answer_is_acknowledged_again():
    """A Reset would tell the server that nobody wanted the answer, which came."""
    network, client, _, _ = pair()
    heard = []
    asked = []

    def server(source, data):
        heard.append(data)
        message, mtype, mid = datagram.decode(data)
        if code.is_request(message.code):
            answer = Message(code.CONTENT, token=message.token, payload=b"!")
            for _ in range(3):
                network.send("server", source, datagram.encode(answer, datagram.CON, 99))

    network.attach("server", server)
    client.request("server", put(b""), lambda *answer: asked.append(answer))
    network.run(1000)
    assert len(asked) == 1 and heard[1:] == [bytes((0x60, 0, 0, 99))] * 3


def test_who_guesses_the_message_id_answers_nothing():
    """Off the path nobody knows the token, nor answers from another address."""
    network, client, _, _ = pair(cuts={("client", "server")})
    answers = ask_often(network, client, 1)
    network.run(10)
    mid = client.endpoint._mid
    for token in (b"", b"\0\0\0\0"):
        forged = datagram.encode(Message(code.CHANGED, token=token), datagram.ACK, mid)
        network.send("server", "client", forged)
    token = client.endpoint._requests._entries[0].token
    forged = datagram.encode(Message(code.CHANGED, token=token), datagram.ACK, mid)
    network.send("elsewhere", "client", forged)
    network.run(100)
    assert answers.all == {0: []}
    network.send("server", "client", forged)
    network.run(200)
    assert answers.all == {0: [(b"", 0)]}


def test_what_is_no_answer_is_passed_over_and_what_continues_stays():
    """A forged one under OSCORE is none (RFC 8613 8.4); a notification is one of many."""
    network, client, _, _ = pair()
    said = []

    def answered(response, failure):
        said.append(response.payload)
        return {b"forged": IGNORED, b"first": CONTINUED, b"second": CONTINUED}.get(
            response.payload
        )

    def server(source, data):
        message, _, _ = datagram.decode(data)
        if code.is_request(message.code):
            for mid, payload in enumerate((b"forged", b"first", b"second", b"end", b"late")):
                answer = Message(code.CONTENT, token=message.token, payload=payload)
                network.send("server", source, datagram.encode(answer, datagram.NON, mid))

    network.attach("server", server)
    client.request("server", put(b""), answered)
    network.run(1000)
    assert said == [b"forged", b"first", b"second", b"end"]
    assert not len(client.endpoint._requests)


def test_too_much_at_once_is_said_at_once():
    network, client, _, _ = pair()
    answers = Answers()
    for number in range(QUEUE + 1):
        client.request("server", put(b""), answers.of(number))
    raises(CoAPError, client.request, "server", put(b""), None)
    for number in range(REQUESTS - QUEUE - 1):
        client.request(number, put(b""), answers.of(100 + number))
    raises(CoAPError, client.request, "another", put(b""), None)
    raises(ValueError, client.request, "far", put(bytes(MAX_MESSAGE)), None)
    network.run(HOUR)
    assert len(answers.all) == REQUESTS
    assert all([len(outcome) == 1 for outcome in answers.all.values()])
    assert client.endpoint.is_idle
