"""A controller of the small site, and readers that bring their events to it. Runs on both
interpreters.
"""

import cbor
import coap
import crypto
import small_site as site
from coap import code, option
from harness import new_folder
from holdfast.access import credential as labels
from holdfast.access.events import batch as batches
from holdfast.roles.controller import Controller
from holdfast.storage import settings
from memory_phone import Hardware
from neighbours import other_node

NAME = "controller"
CTI = b"\x30\x31\x32\x33\x34\x35\x36\x37"

_PRIVATE = b"\x66" * 32
_CF_CBOR_SEQUENCE = option.encode_uint(63)


class Peer:
    """Who a request comes from: the bearer of ``credential``."""

    connection = 1
    side = None
    handshake = False
    public_key_operations = 0
    is_served = False

    def __init__(self, credential):
        self.credential = credential


def controller(doors=(site.DOOR,), directory=None, hardware=None, policy=None, **more):
    """A controller with these ``doors`` that follows the changesets ``policy``; what hal gave each
    of them is in ``hardware.of_doors``.
    """
    claims = {2: NAME, 7: CTI, labels.ROLE: labels.ROLE_CONTROLLER, 9: None}
    if doors:
        claims[9] = site.scope(*[(1, name, 1) for name in doors])
    configured = {
        3: NAME,
        4: [[name, 3000 + 100 * place] for place, name in enumerate(doors)],
        6: site.device_certificate(_PRIVATE, claims),
        13: crypto.x25519_public_key(_PRIVATE),
    }
    hardware = hardware or Hardware()
    hardware.of_doors = {name: Hardware() for name in doors}
    node = Controller(
        settings.decode(cbor.encode(site.settings_map(configured))),
        _PRIVATE,
        hardware,
        directory or new_folder(),
        **more,
    )
    node.start()
    for raw in (site.changeset(),) if policy is None else policy:
        node.apply(raw)
    return node


def reader(name="reader-2", directory=None):
    """A reader with a memory of its own, and the Peer that it is for others."""
    node = other_node(name, directory)
    return node, peer_of(node)


def peer_of(node):
    """The Peer that ``node`` is for others, by its certificate."""
    trust = node.trust
    token = trust.read(node.keys.certificate(0))
    return Peer(crypto.finish(trust.authenticate_steps(token, True)))


def holder(bits, *doors, name="carla"):
    """The Peer of a holder with these permission bits at the ``doors``."""
    places = [(1, door, bits) for door in doors or (site.DOOR,)]
    trust = other_node().trust
    token = site.holder_token(changes={2: name, 9: site.scope(*places)})
    return Peer(trust.authenticate(token))


async def ask(node, peer, method, path, payload=b"", queries=(), content_format=None):
    """What ``node`` answers to a request of ``peer`` that could be decrypted."""
    options = [(option.URI_PATH, part) for part in path]
    if content_format is not None:
        options.append((option.CONTENT_FORMAT, content_format))
    options += [(option.URI_QUERY, query) for query in queries]
    request = coap.Message(method, options, payload)
    try:
        return await node.server.respond(request, peer)
    except coap.CoAPError as error:
        return coap.error_response(error)


async def push(node, peer, batch):
    """A reader posts a batch; the answer."""
    return await ask(node, peer, code.POST, (b"events",), batch, (), _CF_CBOR_SEQUENCE)


def batch_of(reader, after=-1, is_first=False):
    """The reader's events after that number, as its uplink would post them."""
    encoded = reader.stores.events().batch(after, 800, 5)
    if not is_first:
        return encoded
    (batch,) = batches.decode(encoded)
    batch.certificate = reader.keys.certificate(0)
    return batch.encode()


async def collected(node, peer, name, path=(b"events", b"of")) -> tuple:
    """(raw records, last batch) that ``peer`` gets of the node of this name."""
    found, after = [], -1
    while True:
        queries = [b"node=" + name.encode()]
        if after >= 0:
            queries.append(b"after=%d" % after)
        answer = await ask(node, peer, code.GET, path, b"", queries)
        if answer.code != code.CONTENT:
            return answer, None
        (batch,) = batches.decode(answer.payload)
        if not batch.records:
            return found, batch
        found += batch.records
        after = batches_last(batch)


def batches_last(batch):
    """Number of the last event of a batch."""
    from holdfast.access.events import record as event_record

    return event_record.number_of(batch.records[-1])
