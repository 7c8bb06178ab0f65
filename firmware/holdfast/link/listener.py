"""Takes in the centrals that come, as many as there is room for."""

import asyncio

from ..access import reason
from .connection import Deadline, let_go, serve
from .origin import Origin
from .session import Session


class Listener:
    """Serves every link in a session of its own, with ``exchanger`` behind all of them.

    ``observer`` has ``arriving()``, called for each central before it is heard, ``left()``, called
    when the last one is gone, and ``ended(fields)``, told of each (fields of a console line).
    Connections are numbered from ``first`` + 1 on. ``make_session(origin)`` gives what feeds on a
    link, if not a Session.
    """

    def __init__(self, exchanger, limits, ticks, observer, first: int = 0, make_session=None):
        self._exchanger = exchanger
        self._limits = limits
        self._ticks = ticks
        self._observer = observer
        self._accepted = first
        self._make_session = make_session
        self._open = []  # connections, oldest first

    @property
    def is_idle(self) -> bool:
        """Whether no central is connected."""
        return not self._open

    async def connected(self, link, observer=None) -> bool:
        """Serve one central from its first byte to its last; never raises for what it sends.

        ``observer`` is that of its Origin, if not None. Gives whether it has shown who it is.
        Where all connections are taken, the oldest that has not has to go, once it had the time
        for that.
        """
        self._accepted += 1
        connection = None
        why = reason.FAULT
        received = sent = 0
        try:
            origin = Origin(self._accepted)
            if observer is not None:
                origin.observer = observer
                observer.origin = origin
            connection = self._admit(origin)
            if connection is None:
                why = reason.TOO_MANY_CONNECTIONS
                return False
            link.make_room = self.make_room
            self._observer.arriving()
            session = connection.session
            received, sent = await serve(link, session, connection.deadline)
            why = session.close_reason
            self._exchanger.answered()
        except asyncio.CancelledError:
            why = reason.TOO_SLOW
            raise
        except MemoryError:
            self._exchanger.make_room()
        finally:
            let_go(link)
            if connection in self._open:
                self._open.remove(connection)
            self._ended(why, connection, received, sent)
        return connection is not None and connection.session.origin.proofs > 0

    def make_room(self) -> bool:
        """End the oldest connection that has not shown who it is and had the time for that, or
        has neither sent nor taken anything for half of it. Says whether there was one.
        """
        for connection in self._open:
            if connection.session.origin.proofs:
                continue
            is_due = self._ticks.until(connection.due) <= 0
            if is_due or connection.deadline.idle_ms() >= self._limits.last_ms // 2:
                self._open.remove(connection)
                connection.task.cancel()
                return True
        return False

    def _admit(self, origin):
        limits = self._limits
        if len(self._open) >= limits.connections and not self.make_room():
            return None
        is_last = len(self._open) + 1 >= limits.connections
        if self._make_session is None:
            session = Session(self._exchanger, limits, origin)
        else:
            session = self._make_session(origin)
        connection = _Connection(
            session,
            Deadline(self._ticks, limits, origin, is_last),
            self._ticks.add(limits.last_ms),
        )
        self._open.append(connection)
        return connection

    def _ended(self, why, connection, received, sent):
        # Nothing that fails here may be in the way of what follows.
        try:
            fields = {
                "event": "disconnected",
                "connection": self._accepted,
                "reason": None if why is None else reason.name(why),
                "bytes_in": received,
                "bytes_out": sent,
                "round_trips": 0,
                "public_key_operations": 0,
            }
            if connection is not None:
                session = connection.session
                fields["connection"] = session.origin.number
                fields["round_trips"] = session.round_trips
                fields["public_key_operations"] = session.origin.public_key_operations
            self._observer.ended(fields)
            if not self._open:
                self._observer.left()
        except (MemoryError, OSError):
            pass


class _Connection:
    def __init__(self, session, deadline, due):
        self.session = session
        self.deadline = deadline
        self.due = due  # from then on it makes room, unless it has shown who it is
        self.task = asyncio.current_task()
