"""The nodes around this one: who they are, where they are, and what they are asked.

Loaded where there is a LAN. Nothing here decides about a door: without any of it the door opens
as ever, and what fails here is begun again by the supervisor.
"""

import asyncio

import crypto
from coap import CoAPError, Message, code, path_options
from coap.blockwise import SZX, Transfer
from coap.bodies import Bodies, WholeServer
from micropython import const
from untrusted import InvalidInput

from ..access import reason, status
from ..access.decide import is_void
from ..access.tag import name_tag
from ..lan import peers as lan_peers
from ..lan.discovery import Discovery
from ..lan.endpoint import GROUP as GROUP
from ..lan.endpoint import LanEndpoint
from ..lan.peers import Peers
from ..link.exchanger import Exchanger
from ..link.origin import Origin
from ..resources.news import NewsResource
from ..sync import hint
from .errands import Errands
from .lan_server import LanObserver, LanServer

WITHIN_MS = const(20000)  # after which a question counts as not answered

_BEAT = 0.1  # seconds between two looks at what is due
_LOOK_MS = const(1000)
_TOLD = const(8)  # questions where this node is, of which so many are answered a second
_SECRET = const(16)
_SMALL_SZX = const(5)  # of what is brought: so a block and message_3 fit one datagram


class Neighbours:
    """Those of ``node``, which has started, by ``socket`` (hal.*.udp.Udp).

    ``controller`` is the Controller of a node that has one, else None. ``snapshot()`` gives the
    number of the snapshot that can be had here, None without one; whoever keeps one puts it there.
    """

    snapshot = staticmethod(lambda: None)

    def __init__(self, node, socket):
        self._node = node
        self._socket = socket
        hardware = node.hardware
        secret = hardware.random_bytes(_SECRET)
        self._bodies = bodies = Bodies(hardware.ticks)
        self._observing = self._refusals = None
        watched = LanServer(node.server, self._admit, self._refuse, self._observe)
        server = WholeServer(watched, bodies, _who)
        self.lan = LanEndpoint(
            socket,
            hardware.ticks,
            hardware.random_bytes,
            lambda data: crypto.hmac_sha256(secret, data),
            Exchanger(node.handshakes, node.contexts, server, LanObserver(node, self._refuse)),
            self._origin,
        )
        self.lan.failed = node.fault
        self.lan.endpoint.hear = self._hear  # pyright: ignore[reportAttributeAccessIssue]
        self._origins = self._told = self._told_at = 0
        self._tag = 0  # of transfers
        self._partners = {}  # (id or None, address): [Partner, how many ask it, until which tick]
        self._introductions = None
        name = node.settings.controller
        controller = None if name is None else name_tag(name)
        self.peers = Peers(controller)
        now = self.now()
        self._configured = [socket.address_of(*peer) for peer in node.settings.peers]
        self._discovery = Discovery(
            hardware.random_bytes,
            now,
            self.peers.is_at,
            self._configured,
            controller,
        )
        self._due = 0
        self.errands = Errands(self, node, now)
        self.controller = None
        if controller is not None:
            from .controller import Controller

            self.controller = Controller(self, node, controller, now)
        store, asked = node.stores.policies, self.errands.asked
        news = NewsResource(store, asked, lambda: self.snapshot())
        node.server.add(("policy", "news"), news)

    def start(self):
        """Be those of the node from now on, with jobs of its supervisor."""
        node = self._node
        node.neighbours = self
        if self.controller is not None:
            node.recorder.recorded = self.controller.recorded
        for receiver in self._socket.receivers:
            node.supervisor.add("lan", lambda receiver=receiver: self.lan.run(receiver))
        node.supervisor.add("lan time", self.lan.keep_time)
        node.supervisor.add("neighbours", self._run)

    def now(self) -> int:
        """Milliseconds since the start, which never wrap."""
        timekeeper = self._node.timekeeper
        timekeeper.uptime()
        return timekeeper.uptime_ms

    def configured(self) -> list:
        """The tags of those that are known where the settings say that somebody is."""
        return self.peers.at(self._configured)

    def look(self):
        """Something may be due sooner than was thought. Takes no memory."""
        self._due = 0

    # Asking

    async def ask(self, tag: bytes, request: Message, within_ms: int = WITHIN_MS):
        """What the known node with this ``tag`` answers to ``request``, whole both ways, and
        protected: the response Message, whatever its code, or None. Raises nothing.
        """
        known = self.peers.by_tag.get(tag)
        if known is None:
            return None
        try:
            name, address = known.credential.device, known.address
            response = await self._asked(name, address, request, within_ms)
        except MemoryError:
            return None  # the next time
        if response is None:
            self.peers.failed(tag)
        return response

    def say(self, message: Message, tag):
        """Send a hint to the known node with this ``tag``, or to all for None."""
        address = self._socket.to_all
        if tag is not None:
            known = self.peers.by_tag.get(tag)
            address = None if known is None else known.address
        if address is not None:
            self.lan.endpoint.tell(address, message)

    def seek(self, tag: bytes):
        """Ask all where the node with this ``tag`` is."""
        if self._socket.to_all is not None:
            message = self.errands.dissemination.hint(True, tag)
            self.lan.endpoint.tell(self._socket.to_all, message)

    def ping(self, tag: bytes, answered):
        """Whether somebody is where the known node with this ``tag`` is: ``answered(is_there)``,
        or nothing.
        """
        known = self.peers.by_tag.get(tag)
        if known is not None:
            try:
                self.lan.endpoint.ping(known.address, answered)
            except CoAPError:
                pass  # too much is under way: no sign

    async def _asked(self, name, address, request, within_ms):
        """What the device ``name`` answers, or whoever is at ``address`` for None; or None."""
        due = self._node.hardware.ticks.add(within_ms)
        entry = self._partners.get((name, address))
        if entry is None:
            entry = self._partners[name, address] = [self._partner(name, address), 0, due]
        entry[1] += 1
        entry[2] = due
        response = None
        try:
            response = await self._whole(entry[0], request)
            self._proven(entry[0].name, address)
        except MemoryError:
            self._node.exchanger.make_room()
        except (ValueError, OSError):
            pass  # no answer, or none that can be believed
        except Exception as error:
            self._node.fault("neighbours", error)
        finally:
            entry[1] -= 1
            if not entry[1]:
                del self._partners[name, address]
        return response

    def _partner(self, name, address):
        from ..link.partner import Partner  # and what introductions take

        key = name, address

        async def send(request):
            return await self.lan.exchange(address, request, self._partners[key][2])

        node = self._node
        if self._introductions is None:
            from ..link.introduction import Introductions

            self._introductions = Introductions(
                node.trust,
                node.ephemerals,
                node.contexts,
                node.engine,
                lambda: node.keys.entries[0][1:],
                self._is_neighbour,
            )
        return Partner(name, send, self._introductions, node.exchanger, node.contexts)

    async def _whole(self, partner, request):
        self._tag = (self._tag + 1) & 0xFFFF
        szx = SZX if not request.payload else _SMALL_SZX
        transfer = Transfer(request, self._tag.to_bytes(2, "big"), szx)
        message = transfer.message
        while message is not None:
            message = transfer.feed(await partner.ask(message))
        return transfer.response

    # Who is there

    def _proven(self, name, address):
        contexts = self._node.contexts
        kid = None if name is None else contexts.with_device(name)
        association = None if kid is None else contexts.find(kid)
        if association is not None:
            self._met(association.credential, address)

    def _met(self, credential, address):
        if self._is_neighbour(credential) and self.peers.proven(credential, address):
            if self.controller is not None:
                self.controller.heard(name_tag(credential.device), self.now())
            self.look()

    def _is_neighbour(self, credential) -> bool:
        is_other = credential.decides and credential.device != self._node.settings.node
        return is_other and not self._is_void(credential)

    def _is_void(self, credential):
        node = self._node
        return is_void(credential, node.stores, node.timekeeper.read())

    def _admit(self, peer):
        """A protected request came: who is known by it. Raises CoAPError for a device that is none
        any more.
        """
        credential = peer.credential
        if not credential.role:
            return
        if self._is_void(credential):
            raise CoAPError("no device of this site", code.FORBIDDEN)
        address = self.lan.source_of(peer.connection)
        if address is not None:
            self._met(credential, address)

    def _refuse(self, why, credential, claimed=None):
        if self._refusals is None:
            from .refusals import Refusals

            self._refusals = Refusals(self._node)
        if credential is not None and credential.role and self._is_void(credential):
            why = reason.REVOKED
        self._refusals.refused(why, credential, claimed)

    def _observe(self, request, peer, response):
        if self._observing is None:
            from .observing import Observing  # rare: only who watches a node pays for it

            noting = LanServer(self._node.server, self._admit, self._refuse)
            self._observing = Observing(self._node, self.lan, noting, self._bodies, _who)
        return self._observing.answered(request, peer, response)

    def _hear(self, source, request):
        now = self.now()
        try:
            if request.code != code.POST or request.uri_path() != (hint.PATH,):
                return
            said = hint.parse(request.payload)
        except InvalidInput:
            return
        dissemination = self.errands.dissemination
        if said[4] == dissemination.node and self._may_tell(now):
            self.lan.endpoint.tell(source, dissemination.hint(False))
        tag = dissemination.heard(said, now)
        if tag is None:
            return
        self.look()
        known = self.peers.by_tag.get(tag)
        if known is None or known.is_doubtful and known.address != source:
            self._discovery.heard(source, tag, now)

    def _may_tell(self, now):
        if now - self._told_at >= _LOOK_MS:
            self._told, self._told_at = 0, now
        self._told += 1
        return self._told <= _TOLD

    async def _meet(self, address, tag):
        name = response = None
        try:
            if tag is not None:
                # With whom there is a context already is asked under that.
                name = lan_peers.name_of(self._node.contexts, tag)
            request = Message(code.GET, path_options("time"))
            response = await self._asked(name, address, request, WITHIN_MS)
        except MemoryError:
            pass  # the next time
        finally:
            self._discovery.ended(response is not None and self.peers.is_at(address), self.now())
            self.look()

    # What it does all the time

    async def _run(self):
        while True:
            now = self.now()
            if now >= self._due:
                self._due = now + _LOOK_MS
                self._do(now)
            await asyncio.sleep(_BEAT)

    def _do(self, now):
        attempt = self._discovery.run(now)
        if attempt is not None:
            try:
                asyncio.create_task(self._meet(*attempt))
            except MemoryError:
                self._discovery.ended(False, now)
                raise
        self.errands.run(now)
        if self.controller is not None:
            self.controller.run(now)
            self._due = min(self._due, self.controller.due)
        due = self._discovery.due
        if due is not None:
            self._due = min(self._due, due)
        self._due = min(self._due, self.errands.due)

    def kept_up(self):
        """Another policy may be in force (called by the node)."""
        self.peers.forget(self._is_void)
        self.errands.dissemination.changed(self.now())
        self.look()

    # What it shows

    def status(self) -> dict:
        """What the node says of it in its status."""
        age = self.errands.dissemination.age(self.now())
        settings = self._node.settings
        told = {
            status.WIRING: settings.wiring,
            status.PEERS: len(self.peers.by_tag),
            status.KNOWLEDGE_AGE: None if age is None else age // 1000,
        }
        if self._socket.network is not None:
            told[status.NETWORK] = self._socket.network
        if self.controller is not None:
            told[status.CONTROLLER] = [settings.controller, self.controller.is_present]
        return told

    def _origin(self):
        self._origins += 1
        return Origin(self._origins, False, True)


def _who(peer):
    credential = peer.credential
    return credential.role, credential.name
