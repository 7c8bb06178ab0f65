"""Somebody on the wire of a site who hears all that is sent and sends whatever it likes, under any
address. MicroPython only.
"""

from coap import datagram
from holdfast.access.tag import name_tag
from holdfast.sync import hint

ADDRESS = "attacker"


class Attacker:
    """On the wire of a Storm; ``genuine`` is what it has recorded: (source, destination, data)."""

    def __init__(self, storm):
        self._storm = storm
        self._chance = storm.chance
        self.sent = 0
        self.genuine = storm.wire.log = []

    def stop_recording(self):
        """What it has is enough."""
        self._storm.wire.log = None

    def send(self, source, destination, data):
        """Under the address ``source``, whoever that is."""
        self.sent += 1
        self._storm.wire.send(source, destination, data)

    def disturb(self):
        """One datagram made of a genuine one, to whom that went or to somebody else."""
        below = self._chance.below
        source, to, data = self.genuine[below(len(self.genuine))]
        names = list(self._storm.nodes)
        if to not in names or not below(8):
            to = names[below(len(names))]
        changed = bytearray(data)
        kind = below(8)
        if kind in (0, 1) and len(changed) > 3:
            # As it was, but for the Message ID: so it is no duplicate, and OSCORE has to know it.
            changed[2:4] = self._chance.bytes(2)
        elif kind == 2:
            changed = changed[: below(len(changed))]
        elif kind == 3:
            for _ in range(1 + below(8)):
                place = below(len(changed))
                changed[place] ^= 1 << below(8)
        elif kind == 4:
            changed.extend(self._chance.bytes(1 + below(40)))
        elif kind == 5:
            other = self.genuine[below(len(self.genuine))][2]
            changed = changed[: below(len(changed))] + other[below(len(other)) :]
        elif kind == 6:
            changed = self._chance.bytes(below(1300))
        if not below(4):
            source = (ADDRESS, "%s-%d" % (ADDRESS, below(1000)), names[below(len(names))])[
                below(3)
            ]
        self.send(source, to, bytes(changed))

    def hint(self, node, number, head, tag, source=ADDRESS):
        """A forged hint to ``node``: the one named ``tag`` be at this changeset."""
        message = hint.message(number, head, tag, True)
        mid = self.sent & 0xFFFF
        self.send(source, node.name, datagram.encode(message, datagram.NON, mid))

    def agree(self):
        """A hint to each node that says what it would say itself."""
        for node in self._storm.nodes.values():
            rules = node.reader.stores.rules
            self.hint(node, rules.number, rules.head, b"forged")

    def differ(self):
        """A hint to each node that another, in its own name, be far ahead."""
        names = list(self._storm.nodes)
        for place, name in enumerate(names):
            other = names[place - 1]
            self.hint(self._storm.nodes[name], 1 << 30, bytes(32), name_tag(other), other)


def held(node) -> dict:
    """How much a node remembers of others, by what: each of it has a bound."""
    neighbours, reader = node.neighbours, node.reader
    lan, endpoint = neighbours.lan, neighbours.lan.endpoint
    return {
        "peers of CoAP": (len(endpoint._peers), 40),
        "transmissions": (len(endpoint._transmissions), 40),
        "requests": (len(endpoint._requests), 40),
        "answers": (len(endpoint._peers._answers), 64),
        "served": (len(endpoint._served), 8),
        "being answered": (len(lan._answering), 8),
        "origins": (len(lan._origins), 16),
        "handshakes": (len(reader.handshakes.pending._entries), 8),
        "contexts": (len(reader.contexts.order), sum(reader.contexts._most)),
        "neighbours": (len(neighbours.peers.by_tag), 64),
        "places": (len(neighbours._discovery._places), 20),
        "partners": (len(neighbours._partners), 16),
    }
