"""A node that decides for doors of its own, one or several, and phones that come to it."""

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


class Doors(Node):
    """The doors of its settings, decided here; a role says by which hardware each is moved.

    It may have none: then nobody is let in here, and it is a node all the same.
    """

    # Whether a job looks after doors that stand unlocked by schedule: None at a site that has
    # none, False until it begins.
    _stands = None
    _is_running = False

    def hardware_of(self, door: str):
        """What hal built for the door of this name: ``strike``, ``led``, ``buzzer``, ``ticks`` and
        perhaps ``inputs`` (DoorUnit).
        """
        raise NotImplementedError

    def start(self):
        """Secure the doors, then start as every node does."""
        for name, strike_ms in self.settings.doors:
            unit = DoorUnit(
                name,
                strike_ms,
                self.hardware_of(name),
                self.stores,
                self.timekeeper,
                self.recorder,
                self.stores.fault,
            )
            self.doors[name] = unit
            unit.start()
        self.server.add(("doors", None), UnlockResource(self.doors))
        Node.start(self)
        self.listener = Listener(self.exchanger, self.limits, self.hardware.ticks, self)
        for unit in self.doors.values():
            # One door that fails again and again rests by itself.
            of = "" if len(self.doors) == 1 else " " + unit.name
            rest = lambda is_resting, unit=unit: self._rest(unit, is_resting)  # noqa: E731
            self.supervisor.add("door" + of, unit.doorway.run, rest)
            if unit.watched is not None:
                self.supervisor.add("inputs" + of, unit.watched.run)
        self.add_jobs(self._is_idle)

    def close(self):
        """Secure all strikes. Takes no memory."""
        for unit in self.doors.values():
            unit.doorway.close()

    async def run(self):
        """Do what is to be done all the time. Runs for ever."""
        self._is_running = True
        let_go_late()  # of what only the start needed
        try:
            await self.supervisor.run()
        finally:
            self.close()

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
        """An answer is on its way, or never will be; what the door does for who was the first
        comes after it.
        """
        self._tell_last()
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
                await self.make_ahead(self._is_idle)
                let_go_late()
                gc.collect()
                if self._is_idle():
                    self.contexts.move()
        except MemoryError:
            pass  # there may be some for the next one
        finally:
            let_go(link)
        return is_proven

    def _tell_last(self):
        for unit in self.doors.values():
            unit.access_point.show()

    def _rest(self, unit, is_resting):
        unit.set_faulty(is_resting)
        if is_resting:
            self.recorder.owe(STORAGE_FAULT, {"detail": unit.name + " is secured by faults"})

    def arriving(self):
        """A central is there (called by the listener)."""
        self.keep_up()

    def ended(self, fields):
        """A connection is over (called by the listener)."""
        self._tell_last()
        self.recorder.pay()
        self.hardware.console.line(fields)

    def left(self):
        """No central is there any more (called by the listener)."""
        for unit in self.doors.values():
            unit.doorway.rest()
        self.tokens.flush()

    def _is_idle(self):
        carriers = self._carriers
        return self.listener.is_idle and (carriers is None or carriers.is_idle)


def describe(settings) -> dict:
    """What a node says of itself once it serves."""
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
