"""The reader: a node with a door of its own, and phones that come to it."""

import asyncio
import gc

import crypto
from micropython import const

from ..access.events.event import STORAGE_FAULT
from ..door.unit import DoorUnit
from ..link.connection import let_go
from ..link.listener import Listener
from ..node.node import Node
from ..resources.doors import UnlockResource
from ..storage import let_go_late

_STAND_EVERY_MS = const(500)


class Reader(Node):
    """One door, decided here.

    ``hardware`` has ``strike``, ``led`` and ``buzzer`` besides what a Node needs, and perhaps
    ``inputs`` (DoorUnit).
    """

    # Whether a job looks after doors that stand unlocked by schedule: None at a site that has
    # none, False until it begins.
    _stands = None
    _is_running = False

    def start(self):
        """Secure the door, then start as every node does."""
        name, strike_ms = self.settings.doors[0]
        unit = DoorUnit(
            name,
            strike_ms,
            self.hardware,
            self.stores,
            self.timekeeper,
            self.recorder,
            self.stores.fault,
        )
        self.doors[name] = unit
        self.door = unit.doorway
        unit.start()
        self.server.add(("doors", None), UnlockResource(self.doors))
        Node.start(self)
        self.listener = Listener(self.exchanger, self.limits, self.hardware.ticks, self)
        self.supervisor.add("door", self.door.run, self._rest)
        if unit.watched is not None:
            self.supervisor.add("inputs", unit.watched.run)
        self.add_jobs(self._is_idle)

    @property
    def card_reader(self):
        """The CardReader for antenna and keypad; made, and loaded, for a board that has them."""
        return self.doors[self.settings.doors[0][0]].card_reader

    async def run(self):
        """Do what is to be done all the time. Runs for ever."""
        self._is_running = True
        let_go_late()  # of what only the start needed
        try:
            await self.supervisor.run()
        finally:
            self.door.close()

    def keep_up(self):
        """What every node does; a door that stands unlocked goes by the new policy first."""
        if self._stands:
            self._stand()
        Node.keep_up(self)
        if self._stands is None and self._rules is not None and self._rules.modes:
            # The job begins with the supervisor's next look. Who is let in before that counts.
            self._stands = self._is_running
            self.supervisor.add("standing", self._keep_standing)
            if self._stands:
                self._stand()

    def answered(self):
        """An answer is on its way: what the door does for who was the first comes after it."""
        Node.answered(self)
        if self._stands:
            self._stand()

    async def _keep_standing(self):
        # Not before all is started that a reader has: nobody stands in the open for that.
        self._stands = True
        while True:
            self._stand()
            await asyncio.sleep(_STAND_EVERY_MS / 1000)

    def _stand(self):
        for unit in self.doors.values():
            unit.access_point.stand(self.hardware.ticks)

    async def connected(self, link) -> bool:
        """Serve one central; never raises for what it sends. Gives whether it has shown who it
        is.
        """
        is_proven = False
        try:
            is_proven = await self.listener.connected(link)
            if self._is_idle():
                # While nobody waits: the next phone finds a key ready and the memory whole.
                await self.ephemerals.prepare(self.engine, self._is_idle)
                let_go_late()
                gc.collect()
                if self._is_idle():
                    self.contexts.move()
        except MemoryError:
            pass  # there may be some for the next one
        finally:
            let_go(link)
        return is_proven

    def _rest(self, is_resting):
        for unit in self.doors.values():
            unit.set_faulty(is_resting)
            if is_resting:
                self.recorder.owe(STORAGE_FAULT, {"detail": unit.name + " is secured by faults"})

    def arriving(self):
        """A central is there (called by the listener)."""
        self.keep_up()

    def ended(self, fields):
        """A connection is over (called by the listener)."""
        self.show()
        self.recorder.pay()
        self.hardware.console.line(fields)

    def left(self):
        """No central is there any more (called by the listener)."""
        self.door.rest()
        self.tokens.flush()

    def _is_idle(self):
        return self.listener.is_idle


def describe(settings) -> dict:
    """What a reader says of itself once it serves."""
    return {
        "event": "ready",
        "site": settings.site,
        "node": settings.node,
        "settings": settings.number,
        "doors": [door for door, _ in settings.doors],
        "suites": [0] if settings.p256_certificate is None else [0, 2],
        "crypto": crypto.backend_name(),
        "crypto_reason": crypto.backend_reason(),
    }
