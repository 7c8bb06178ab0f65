"""What a node does for itself and its neighbours when it is due: the policy, and the time.

The machines of sync/ say what; here it is done, and they are told what became of it.
"""

import asyncio
import gc

from coap import Message, code, option, path_options
from micropython import const
from untrusted import InvalidInput

from ..access.events.event import CLOCK_REFUSED, CLOCK_SET
from ..access.tag import name_tag
from ..storage import let_go_late
from ..sync import dissemination as machine
from ..sync.dissemination import Dissemination
from ..sync.time import PeerTime

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
            neighbours.configured,
        )
        self._time = PeerTime(lambda: known, random_bytes, now)
        self._trust_at = now

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        return min(self.dissemination.due, self._time.due)

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
        tag = self._time.run(now)
        if tag is not None:
            asyncio.create_task(self._ask_time(tag))
        if now >= self._trust_at:
            self._trust_at = now + _TRUST_MS
            node = self._node
            if not node.timekeeper.read().is_trusted(node.stores.rules.max_uncertainty_s):
                self._time.lost(now)

    def asked(self, tag: bytes, number: int):
        """The known node ``tag`` asks for what comes after changeset ``number``."""
        self.dissemination.asked(tag, number, self._neighbours.now())
        self._neighbours.look()

    # The policy

    def _position(self):
        rules = self._node.stores.rules
        return rules.number, rules.head

    async def _pull(self, ask):
        sync, now = self.dissemination, self._neighbours.now
        payload = None
        try:
            if ask.kind == machine.PART:
                request = _get("snapshot", b"part=%d" % ask.number)
            else:
                request = _get("news", b"after=%d" % ask.number)
            payload = _content(await self._neighbours.ask(ask.peer, request, machine.GIVE_UP_MS))
        except MemoryError:
            pass  # as no answer: what is not answered would be waited for ever after
        came = sync.answered(ask, payload, now())
        wanted = None
        for raw in came:
            wanted = await self._take(raw)
            sync.changed(now())
            sync.taken(ask, now(), wanted)
        if came and wanted is None:
            # Nobody leaves with whom it would go: the next phone is to find the memory whole.
            let_go_late()
            gc.collect()
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

    # The time

    async def _ask_time(self, tag):
        now = self._neighbours.now
        asked_at = now()
        request = Message(code.GET, path_options("time"))
        payload = _content(await self._neighbours.ask(tag, request))
        if payload is None:
            return
        try:
            self._time.answered(tag, payload, asked_at, now())
            agreed = self._time.agreed(now())
            if agreed is not None:
                self._agreed(*agreed)
        except (InvalidInput, OSError):
            pass  # no time, or no clock that could be set now

    def _agreed(self, time, error_s):
        node = self._node
        fields = {"by": "peers", "old_time": node.timekeeper.read().now, "new_time": time}
        # What only makes the clock surer is no event: that comes once an hour, at each node.
        if not node.timekeeper.told(time, error_s):
            node.recorder.note(CLOCK_REFUSED, fields, anybody=True)
        elif node.timekeeper.is_moved:
            fields["detail"] = "none that was thought possible"
            node.recorder.note(CLOCK_SET, fields, anybody=True)
        node.tell_clock()


def _content(response):
    return response.payload if response is not None and response.code == code.CONTENT else None


def _get(name, query):
    options = path_options("policy", name)
    options.append((option.URI_QUERY, query))
    return Message(code.GET, options)
