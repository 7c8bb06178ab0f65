"""The node that this one's events go to: whether it is there, what people see of that, and the way
of the events. Loaded for a node that has one.
"""

import asyncio

from coap import Message, code, option, path_options
from micropython import const

from ..sync import presence as signs
from ..sync.presence import Presence
from ..sync.seeking import Seeking
from ..sync.uplink import Uplink
from .copies import Copies

_CF_CBOR_SEQUENCE = const(63)  # application/cbor-seq, RFC 8742 section 7.2
_ABSENT_MS = const(10000)  # since the start, before it is said that nobody is there


class Controller:
    """That of ``node``, known among its ``neighbours`` by ``tag`` once it has proven itself."""

    def __init__(self, neighbours, node, tag: bytes, now: int):
        self._neighbours = neighbours
        self._node = node
        self._tag = tag
        self._began = now
        self._is_urgent = self._is_news = False
        self._presence = Presence(now)
        self._seeking = Seeking(node.hardware.random_bytes, now)
        log = Copies(
            node.stores.events,
            node.recorder,
            node.timekeeper.uptime,
            node.settings.controller,
            lambda: node.keys.certificate(0),
        )
        self._uplink = Uplink(log, node.hardware.random_bytes, now)

    @property
    def is_present(self) -> bool:
        """Whether it has shown itself lately."""
        return self._presence.is_present

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        due = self._presence.due
        at = self._uplink.due
        return at if at is not None and at < due and self._is_known else due

    def run(self, now: int):
        """Begin all that is due."""
        while True:
            what = self._presence.run(now)
            if not what:
                break
            if what == signs.PING:
                self._neighbours.ping(self._tag, self._ponged)
            else:
                if self._is_known:
                    asyncio.create_task(self._prove())
                if not self._presence.is_present and self._seeking.is_due(now):
                    self._neighbours.seek(self._tag)
        self._show(now)
        if self._is_news:
            self._uplink.recorded(now, self._is_urgent)
            self._is_news = self._is_urgent = False
        if self._is_known:
            self._bring(now)

    def recorded(self, calls_for_help: bool):
        """There is one more event. Takes no memory, and raises nothing."""
        self._is_news = True
        if calls_for_help:
            self._is_urgent = True
        self._neighbours.look()

    def heard(self, tag: bytes, now: int):
        """The known node ``tag`` has shown itself in a protected message."""
        if tag != self._tag:
            return
        if not self._presence.is_present:
            self._uplink.returned(now)
            self._seeking.ended()
        self._presence.proven(now)
        self._show(now)

    @property
    def _is_known(self):
        return self._tag in self._neighbours.peers.by_tag

    # The events

    def _bring(self, now):
        try:
            batch = self._uplink.run(now)
            if batch is not None:
                asyncio.create_task(self._post(batch))
        except OSError:
            self._uplink.answered(None, now)
        except MemoryError:
            self._uplink.answered(None, now)
            raise

    async def _post(self, batch):
        has = response = None
        try:
            options = path_options("events")
            options.append((option.CONTENT_FORMAT, option.encode_uint(_CF_CBOR_SEQUENCE)))
            request = Message(code.POST, options, batch)
            response = await self._neighbours.ask(self._tag, request)
        except MemoryError:
            pass  # as no answer: what is not answered would be waited for ever after
        if response is not None and response.code == code.CHANGED:
            has = response.payload
        self._uplink.answered(has, self._neighbours.now())
        self._neighbours.look()

    # Whether it is there

    def _ponged(self, is_there):
        if is_there:
            self._presence.ponged(self._neighbours.now())

    async def _prove(self):
        # Whatever it answers counts when it comes (``heard``).
        request = Message(code.GET, path_options("time"))
        await self._neighbours.ask(self._tag, request, signs.GIVE_UP_MS)

    def _show(self, now):
        node = self._node
        is_offline = not self._presence.is_present
        if is_offline and now - self._began < _ABSENT_MS:
            return  # it has not had the time to show itself
        if is_offline == node.is_offline:
            return
        node.is_offline = is_offline
        for unit in node.doors.values():
            doorway = unit.doorway
            doorway.is_offline = is_offline
            if doorway.alarm is None:
                doorway.show_alarm(None)
        node.hardware.console.line({"event": "controller", "present": not is_offline})
