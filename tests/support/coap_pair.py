"""A CoAP server that counts and a client of it on the simulated network. Both interpreters."""

from coap import Message, code, path_options
from simulated_endpoint import Node
from simulated_network import Network


class Counter:
    """A server that must not do a thing twice, and may take its time."""

    def __init__(self, network, after_ms=0):
        self.network = network
        self.after_ms = after_ms
        self.node = None
        self.applied = []

    def __call__(self, request, served):
        self.applied.append(request.payload)
        response = Message(code.CHANGED, payload=request.payload)
        if self.after_ms:
            self.network.call_after(self.after_ms, lambda: self.node.do(served.respond, response))
        else:
            served.respond(response)


class Answers:
    """What came of each request."""

    def __init__(self):
        self.all = {}

    def of(self, number):
        self.all[number] = []

        def answered(response, failure):
            self.all[number].append((response and response.payload, failure))

        return answered


def pair(seed=1, after_ms=0, needs_proof=lambda request: False, **faults):
    network = Network(seed)
    for name, value in faults.items():
        setattr(network, name, value)
    counter = Counter(network, after_ms)
    server = counter.node = Node(network, "server", counter, needs_proof, seed)
    client = Node(network, "client", None, None, seed)
    return network, client, server, counter


def put(payload, *path):
    return Message(code.PUT, path_options(*path or ("doors", "lobby")), payload)


def ask_often(network, client, count, every_ms=50, to="server"):
    answers = Answers()
    for number in range(count):

        def ask(number=number):
            client.request(to, put(b"%d" % number), answers.of(number))

        network.call_at(network.now + every_ms * number, ask)
    return answers
