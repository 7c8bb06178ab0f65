"""What a node does for itself and its neighbours when it is due: policy, events, time, presence.

The machines of sync/ say what; here it is done, and they are told what became of it.
"""

import asyncio

from coap import Message, code, option, path_options
from micropython import const
from untrusted import InvalidInput

from ..access.events.event import CLOCK_REFUSED, CLOCK_SET
from ..access.tag import name_tag
from ..sync import dissemination as machine
from ..sync.dissemination import Dissemination
from ..sync.time import PeerTime

_CF_CBOR_SEQUENCE = const(63)  # application/cbor-seq, RFC 8742 section 7.2
_ABSENT_MS = const(10000)  # since the start, before nobody has been there is said
_TRUST_MS = const(20000)  # between two looks whether the time is known


class Errands:
    """Those of ``node`` with its ``neighbours``."""

    def __init__(self, neighbours, node, now: int):
        self._neighbours = neighbours
        self._node = node
        random_bytes = node.hardware.random_bytes
        known = neighbours.peers.by_tag
        self.dissemination = Dissemination(
            name_tag(node.settings.node),
            self._position,
            lambda: known,
            neighbours.say,
            random_bytes,
            now,
        )
        self.time = PeerTime(lambda: known, random_bytes, now)
        self._trust_at = now
        self.presence = self.uplink = None
        self._began = now
        self._is_urgent = self._is_news = False
        if neighbours.controller is not None:
            from ..sync import presence

            self._signs = presence
            self.presence = presence.Presence(now)

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        due = min(self.dissemination.due, self.time.due)
        if self.presence is not None:
            due = min(due, self.presence.due)
        if self.uplink is not None:
            at = self.uplink.due
            if at is not None and at < due and self._is_controller_known:
                due = at
        return due

    def run(self, now: int):
        """Begin all that is due."""
        while True:
            ask = self.dissemination.run(now)
            if ask is None:
                break
            try:
                asyncio.create_task(self._pull(ask))
            except MemoryError:
                self.dissemination.answered(ask, None, now)
                raise
        tag = self.time.run(now)
        if tag is not None:
            asyncio.create_task(self._ask_time(tag))
        if now >= self._trust_at:
            self._trust_at = now + _TRUST_MS
            self._look_at_clock(now)
        if self.presence is not None:
            self._look_at_controller(now)
            self._bring(now)

    # What comes

    def asked(self, tag: bytes, number: int):
        """The known node ``tag`` asks for what comes after changeset ``number``."""
        self.dissemination.asked(tag, number, self._neighbours.now())
        self._neighbours.look()

    def recorded(self, calls_for_help: bool):
        """There is one more event. Takes no memory, and raises nothing."""
        self._is_news = True
        if calls_for_help:
            self._is_urgent = True
        self._neighbours.look()

    def heard_of(self, tag: bytes, now: int):
        """The known node ``tag`` has shown itself in a protected message."""
        if self.presence is not None and tag == self._neighbours.controller:
            was_present = self.presence.is_present
            self.presence.proven(now)
            if not was_present and self.uplink is not None:
                self.uplink.returned(now)
            self._show(now)

    # The policy

    def _position(self):
        rules = self._node.stores.rules
        return rules.number, rules.head

    async def _pull(self, ask):
        if ask.kind == machine.PART:
            request = _get("snapshot", b"part=%d" % ask.number)
        else:
            request = _get("news", b"after=%d" % ask.number)
        response = await self._neighbours.ask(ask.peer, request, machine.GIVE_UP_MS)
        is_answer = response is not None and response.code == code.CONTENT
        payload = response.payload if is_answer else None
        sync, now = self.dissemination, self._neighbours.now
        for raw in sync.answered(ask, payload, now()):
            wanted = await self._take(raw)
            sync.changed(now())
            sync.taken(ask, now(), wanted)
        self._neighbours.look()

    async def _take(self, raw):
        """Take a changeset, or a snapshot's head or part: which part is wanted next, or None."""
        node = self._node
        try:
            if await node.apply_in_steps(raw):
                progress = node.stores.policies().snapshot_progress
                return None if progress is None else progress[1] + 1
        except (InvalidInput, OSError):
            pass  # recorded
        except MemoryError:
            node.exchanger.make_room()
        except Exception as error:
            node.fault("neighbours", error)
        return None

    # The events

    @property
    def _is_controller_known(self):
        return self._neighbours.controller in self._neighbours.peers.by_tag

    def _bring(self, now):
        if self.uplink is None:
            if not self._is_controller_known:
                return
            from ..sync.uplink import Uplink
            from .copies import Copies

            node = self._node
            log = Copies(
                node.stores.events, node.recorder, node.timekeeper.uptime, node.settings.controller
            )
            self.uplink = Uplink(log, node.hardware.random_bytes, now)
        if self._is_news:
            self.uplink.recorded(now, self._is_urgent)
            self._is_news = self._is_urgent = False
        if self._is_controller_known:
            try:
                batch = self.uplink.run(now)
                if batch is not None:
                    asyncio.create_task(self._post(batch))
            except OSError:
                self.uplink.answered(None, now)
            except MemoryError:
                self.uplink.answered(None, now)
                raise

    async def _post(self, batch):
        options = path_options("events")
        options.append((option.CONTENT_FORMAT, option.encode_uint(_CF_CBOR_SEQUENCE)))
        request = Message(code.POST, options, batch)
        response = await self._neighbours.ask(self._neighbours.controller, request)
        is_taken = response is not None and response.code == code.CHANGED
        self.uplink.answered(response.payload if is_taken else None, self._neighbours.now())
        self._neighbours.look()

    # The controller

    def _look_at_controller(self, now):
        presence, signs = self.presence, self._signs
        while True:
            what = presence.run(now)
            if not what:
                break
            if what == signs.PING:
                self._neighbours.ping(self._neighbours.controller, self._ponged)
            elif self._is_controller_known:
                asyncio.create_task(self._prove(signs.GIVE_UP_MS))
        self._show(now)

    def _ponged(self, is_there):
        if is_there:
            self.presence.ponged(self._neighbours.now())

    async def _prove(self, within_ms):
        # Whatever it answers counts when it comes (heard_of).
        request = Message(code.GET, path_options("time"))
        await self._neighbours.ask(self._neighbours.controller, request, within_ms)

    def _show(self, now):
        node = self._node
        is_offline = not self.presence.is_present
        if is_offline and now - self._began < _ABSENT_MS:
            return  # it has not had the time to show itself
        if is_offline == node.is_offline:
            return
        node.is_offline = is_offline
        fields = {"event": "controller", "present": not is_offline}
        node.hardware.console.line(fields)
        for unit in node.doors.values():
            doorway = unit.doorway
            doorway.is_offline = is_offline
            if doorway.alarm is None:
                doorway.show_alarm(None)

    # The time

    async def _ask_time(self, tag):
        now = self._neighbours.now
        asked_at = now()
        request = Message(code.GET, path_options("time"))
        response = await self._neighbours.ask(tag, request)
        if response is None or response.code != code.CONTENT:
            return
        try:
            self.time.answered(tag, response.payload, asked_at, now())
            agreed = self.time.agreed(now())
            if agreed is not None:
                self._agreed(*agreed)
        except (InvalidInput, OSError):
            pass  # no time, or no clock that could be set now

    def _agreed(self, time, error_s):
        node = self._node
        before = node.timekeeper.read().now
        fields = {"by": "peers", "old_time": before, "new_time": time}
        # What only makes the clock surer is no event: it comes once an hour, from each node.
        if not node.timekeeper.told(time, error_s):
            node.recorder.note(CLOCK_REFUSED, fields, anybody=True)
        elif node.timekeeper.is_moved:
            fields["detail"] = "none that was thought possible"
            node.recorder.note(CLOCK_SET, fields, anybody=True)
        node.tell_clock()

    def _look_at_clock(self, now):
        node = self._node
        if not node.timekeeper.read().is_trusted(node.stores.rules.max_uncertainty_s):
            self.time.lost(now)


def _get(name, query):
    options = path_options("policy", name)
    options.append((option.URI_QUERY, query))
    return Message(code.GET, options)
