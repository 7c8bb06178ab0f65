"""A reader that loses power and starts again on the same flash. Runs on both interpreters."""

import asyncio
import os

import coap
import oscore
import small_site as site
from coap import stream
from coap.server import Server
from holdfast.access import Trust, reason
from holdfast.link.contexts import Contexts
from holdfast.link.engine import CryptoEngine
from holdfast.link.ephemeral import EphemeralKeys
from holdfast.link.exchanger import Exchanger
from holdfast.link.handshake import Handshakes
from holdfast.link.limits import Limits
from holdfast.link.listener import Listener
from holdfast.link.pending import PendingHandshakes
from holdfast.link.recent import RecentMessages
from holdfast.storage import files
from holdfast.storage.contexts import ContextStore
from holdfast.storage.sealed import Sealer, derive
from memory_phone import Call, Hardware


class NoStore:
    """What is kept over a restart where there is nothing to keep it on."""

    reserve = None

    def load(self, capacity):
        return ()

    def keep(self, context):
        pass

    def forget(self, kid):
        pass

    def echo(self) -> bytes:
        raise ValueError("no association of an earlier start")


class Flash:
    """A folder of its own for one test, that counts writes and can be made to fail.

    ``failing`` is None, or a function of a path that says whether an operation on it fails.
    """

    def __init__(self):
        self.path = (os.getenv("TMPDIR") or "/tmp") + "/holdfast-" + os.urandom(6).hex()
        self.writes = 0
        self.failing = None

    def __enter__(self):
        os.mkdir(self.path)
        self._genuine = files.read, files.write
        files.read, files.write = self._read, self._write
        return self

    def __exit__(self, *_):
        files.read, files.write = self._genuine
        _remove(self.path)

    def names(self):
        """What lies in the folder of contexts."""
        return sorted(os.listdir(self.path + "/contexts"))

    def image(self):
        """Every file of the folder of contexts."""
        folder = self.path + "/contexts/"
        return {name: self._genuine[0](folder + name, 4096) for name in self.names()}

    def _read(self, path, limit):
        self._operate(path)
        return self._genuine[0](path, limit)

    def _write(self, path, data):
        self._operate(path)
        self.writes += 1
        self._genuine[1](path, data)

    def _operate(self, path):
        if self.failing and self.failing(path):
            raise OSError(5)


class Restarting:
    """A door over restarts: the whole link, with a resource that only looks at the credential.

    Each start has random bytes never seen before. ``told`` is what the link refused, in names,
    ``asked`` the Peer of each wish that came through since the start.
    """

    def __init__(self, flash, capacity=16):
        self.flash = flash
        self.limits = Limits(contexts=capacity)
        self.binding = b"certificate"
        self.faults = []
        self.now = site.NOW
        self._starts = 0
        self.restart()

    def restart(self):
        """Power comes back."""
        self._starts += 1
        self.told, self.asked, self.opened, self.challenges = [], [], 0, 0
        self._hardware = Hardware()
        self._hardware.random_counter = 100000 * self._starts
        random_bytes = self._hardware.random_bytes
        store = open_store(self.flash.path, random_bytes, self.faults, self.binding)
        self.contexts = Contexts(self.limits.contexts, random_bytes(1)[0] % 48, store, 4)
        trust = Trust(site.SITE, [site.authority_public()], site.zone_keys)
        handshakes = Handshakes(
            [(0, site.READER_PRIVATE, site.device_certificate())],
            trust,
            EphemeralKeys(random_bytes),
            self.contexts,
            PendingHandshakes(self._hardware, 5000, self.contexts.release),
            RecentMessages(),
            CryptoEngine(pause),
            lambda credential: True,
        )
        server = Server()
        server.add(("doors", None), self)
        exchanger = Exchanger(handshakes, self.contexts, server, self)
        self.connected = Listener(exchanger, self.limits, self._hardware, self).connected

    async def put(self, request, peer):
        """The resource: opens for a credential that is in date and for this site."""
        self.asked.append(peer)
        credential = peer.credential
        granted = credential.audience == site.SITE and self.now < credential.expires
        self.opened += granted
        peer.is_served = granted
        answer = coap.code.CHANGED if granted else coap.code.FORBIDDEN
        return coap.Message(answer, (), b"\xa1\x01\xf5" if granted else b"\xa1\x01\xf4")

    def deciding(self):
        pass

    def arriving(self):
        pass

    def ended(self, fields):
        pass

    def left(self):
        pass

    def challenged(self, connection):
        self.challenges += 1

    def answered(self):
        pass

    def refused(self, code, connection, credential, claimed):
        self.told.append(reason.name(code))


async def pause():
    """What the role awaits in the middle of long work."""
    await asyncio.sleep(0)


def open_store(folder, random_bytes=os.urandom, faults=None, binding=b""):
    """A ContextStore of the small site's reader."""
    sealer = Sealer(derive(site.READER_PRIVATE, "contexts", b"place"), random_bytes)

    def fault(piece, error):
        if faults is not None:
            faults.append((piece, type(error).__name__))

    return ContextStore(folder + "/contexts", sealer, random_bytes, binding, fault)


async def ask(reader, phone, echo=None, call=None):
    """(call, frame, plain response or the clear one) of one warm request, with ``echo`` or not."""
    if call is None:
        call = Call(reader)
        await call.send(phone.hello())
    exchange, frame = wish(phone, echo)
    response = await call.ask(frame)
    if response is not None and response.option(coap.option.OSCORE) is not None:
        response = oscore.unprotect_response(phone.context, response, exchange)
    return call, frame, response


async def play(reader, data):
    """The last answer to ``data``, sent over a connection of its own."""
    call = Call(reader)
    response = await call.ask(data)
    await call.hang_up()
    return response


def wish(phone, echo=None):
    """(exchange, frame) of the phone's wish, with ``echo`` inside or not."""
    options = coap.path_options("doors", phone.door)
    if echo is not None:
        options.append((coap.option.ECHO, echo))
    request = coap.Message(coap.code.PUT, options, b"\xa2\x01\x01\x02\xf5")
    protected, exchange = oscore.protect_request(phone.context, request)
    return exchange, stream.encode(protected)


def echo_of(response):
    """The Echo value of a challenge; None if it is something else."""
    if response is None or response.code != coap.code.UNAUTHORIZED:
        return None
    return response.option(coap.option.ECHO)


async def warm_after_restart(reader, phone):
    """The phone's whole way: ask, take the challenge, ask again. The last response."""
    call, _, response = await ask(reader, phone)
    echo = echo_of(response)
    if echo is not None:
        _, _, response = await ask(reader, phone, echo, call)
    await call.hang_up()
    return response


def _remove(path):
    for name in os.listdir(path):
        try:
            os.remove(path + "/" + name)
        except OSError:
            _remove(path + "/" + name)
    os.rmdir(path)
