"""Our CoAP over UDP against aiocoap, as client and as server, in plain and under OSCORE.

Real sockets of loopback; the OSCORE contexts of aiocoap are its own, in files.
"""

import asyncio
import contextlib
import json
import socket

import aiocoap
import aiocoap.credentials
import aiocoap.oscore_sitewrapper
import aiocoap.resource
import pytest

import coap
import oscore
from coap import code, option, path_options
from coap_site import Asker, Security, Site
from coap_socket import SocketNode, Ticks
from interop.test_oscore_aiocoap import SALT, SECRET

BOUND = 60  # seconds; a hang must end the run
HOST = "127.0.0.1"
BODY = bytes(range(250)) * 36  # 9,000 bytes, of which no block is another

PROTECTED = pytest.mark.parametrize("is_protected", [False, True], ids=["plain", "oscore"])


def _run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, BOUND))


def _context_files(folder, sender_id, recipient_id, received=None):
    """A security context as aiocoap keeps it; ``received`` is what it knows after a restart."""
    folder.mkdir()
    settings = {
        "sender-id_hex": sender_id.hex(),
        "recipient-id_hex": recipient_id.hex(),
        "secret_hex": SECRET.hex(),
        "salt_hex": SALT.hex(),
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    if received is not None:
        (folder / "sequence.json").write_text(
            json.dumps({"next-to-send": 32, "received": received})
        )
    return {"oscore": {"basedir": str(folder) + "/"}}


@contextlib.asynccontextmanager
async def _our_site(context):
    ticks = Ticks()
    site = Site(
        ticks,
        (HOST, 0),
        contexts=None if context is None else {context.recipient_id: context},
        make_node=SocketNode,
    )
    await site.node.open()
    try:
        yield site
    finally:
        site.node.close()


@contextlib.asynccontextmanager
async def _their_client(base, folder, is_protected):
    client = await aiocoap.Context.create_client_context(transports=["oscore", "simple6"])
    if is_protected:
        files = _context_files(folder / "client", b"\x01", b"\x37")
        client.client_credentials.load_from_dict({base + "/*": files})
    try:
        yield client
    finally:
        await client.shutdown()


@PROTECTED
def test_their_client_asks_our_server(tmp_path, is_protected):
    """Get, put, nine kilobytes both ways, and an observation that they end. Under OSCORE the
    server has just restarted: they follow its Echo.
    """

    async def talk():
        context = None
        if is_protected:
            context = oscore.SecurityContext(SECRET, SALT, b"\x37", b"\x01")
            context.lose_window()
            context.sender_sequence_number = 32
        async with _our_site(context) as site:
            base = "coap://%s:%d" % site.node.address
            async with _their_client(base, tmp_path, is_protected) as client:

                async def ask(method, payload=b""):
                    message = aiocoap.Message(code=method, uri=base + "/status", payload=payload)
                    answer = await client.request(message).response
                    return answer.code, answer.payload

                assert await ask(aiocoap.GET) == (code.CONTENT, b"begin")
                assert await ask(aiocoap.PUT, b"small") == (code.CHANGED, b"")
                assert await ask(aiocoap.GET) == (code.CONTENT, b"small")
                assert await ask(aiocoap.PUT, BODY) == (code.CHANGED, b"")
                assert await ask(aiocoap.GET) == (code.CONTENT, BODY)
                assert site.puts == [b"small", BODY] and site.bodies.is_idle
                await _observed(client, base, site, is_protected)

    _run(talk())


async def _observed(client, base, site, is_protected):
    """They are told of small and large states, and end it."""
    site.content = b"0"
    message = aiocoap.Message(code=aiocoap.GET, uri=base + "/status", observe=0)
    request = client.request(message)
    assert (await request.response).payload == b"0"
    assert len(site.registry) == 1
    notifications = aiter(request.observation)
    for state in (b"1", BODY, b"3", BODY[::-1], b"5"):
        site.change(state)
        assert (await anext(notifications)).payload == state
    request.observation.cancel()
    if is_protected:  # under OSCORE it goes on acknowledging what it does not want
        message = aiocoap.Message(code=aiocoap.GET, uri=base + "/status", observe=1)
        assert (await client.request(message).response).payload == b"5"
    while len(site.registry):
        site.change(b"is anybody there")
        await asyncio.sleep(0.05)


class Theirs(aiocoap.resource.ObservableResource):
    """The same resource, of aiocoap's."""

    def __init__(self):
        super().__init__()
        self.content = b"begin"
        self.puts = []

    async def render_get(self, request):
        return aiocoap.Message(payload=self.content)

    async def render_put(self, request):
        self.puts.append(request.payload)
        self.content = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED)


@contextlib.asynccontextmanager
async def _their_site(folder, is_protected):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    root = aiocoap.resource.Site()
    resource = Theirs()
    root.add_resource(["status"], resource)
    served = root
    credentials = aiocoap.credentials.CredentialsMap()
    if is_protected:
        # It was stopped hard, so that it does not know what it has seen.
        files = _context_files(folder / "server", b"\x37", b"\x01", "unknown")
        credentials.load_from_dict({":client": files})
        served = aiocoap.oscore_sitewrapper.OscoreSiteWrapper(root, credentials)
    server = await aiocoap.Context.create_server_context(
        served,
        bind=(HOST, port),
        transports=["oscore", "simplesocketserver"],
        server_credentials=credentials,
    )
    try:
        yield resource, (HOST, port)
    finally:
        await server.shutdown()


@PROTECTED
def test_our_client_asks_their_server(tmp_path, is_protected):
    """The same the other way round: under OSCORE we follow their Echo."""

    async def talk():
        async with _their_site(tmp_path, is_protected) as (resource, address):
            context = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37")
            security = Security(context) if is_protected else None
            asker = Asker(Ticks(), (HOST, 0), security, make_node=SocketNode)
            await asker.node.open()
            try:
                await _ask_theirs(asker, resource, address)
            finally:
                asker.node.close()

    _run(talk())


async def _ask_theirs(asker, resource, address):
    async def heard(count):
        while len(asker.heard) < count:
            await asyncio.sleep(0.01)
        return asker.heard[count - 1][1:]

    def request(method, payload=b"", *options):
        return coap.Message(method, path_options("status") + list(options), payload)

    asker.ask(request(code.GET), to=address)
    assert await heard(1) == (code.CONTENT, b"begin", 0)
    asker.ask(request(code.PUT, b"small"), to=address)
    assert await heard(2) == (code.CHANGED, b"", 0)
    asker.ask(request(code.PUT, BODY), to=address)
    assert await heard(3) == (code.CHANGED, b"", 0)
    asker.ask(request(code.GET), to=address)
    assert await heard(4) == (code.CONTENT, BODY, 0)
    assert resource.puts == [b"small", BODY]

    resource.content = b"0"
    watching = asker.ask(request(code.GET, b"", (option.OBSERVE, b"")), to=address)
    assert await heard(5) == (code.CONTENT, b"0", 0)
    # Notifications it sends whole, however long: more than one message holds comes to nobody.
    for count, state in enumerate((b"1", BODY[:900], b"3")):
        resource.content = state
        resource.updated_state()
        assert await heard(6 + count) == (code.CONTENT, state, 0)
    watching.give_up()
    while resource._observations:  # our Reset, or none, ends it there
        resource.updated_state()
        await asyncio.sleep(0.05)
    assert len(asker.heard) == 8
