"""A door whose reader runs as a process: who comes to it, and what it said of them."""

import dataclasses
from collections.abc import Callable

from ..boards.process import ReaderProcess
from ..phone.link import TcpLink, Transcript

CHUNK = 20  # the least that every GATT link carries: nothing may need more
LOG_SECONDS = 30.0


@dataclasses.dataclass(frozen=True)
class Log:
    """What the reader wrote about one connection: its decisions, how many requests it asked to
    prove themselves new, and its last line.
    """

    decisions: list[dict]
    challenges: int
    ending: dict

    @property
    def last(self) -> dict | None:
        """The last decision, if there was one."""
        return self.decisions[-1] if self.decisions else None


class Entrance:
    """The ``door`` of the ``reader``; ``now`` gives the time in seconds since 1970."""

    def __init__(self, reader: ReaderProcess, door: str, now: Callable[[], int]):
        self.reader = reader
        self.door = door
        self.now = now
        self._place = 0

    def call(self, transcript: Transcript | None = None) -> TcpLink:
        """A new connection to the reader, on which the phone too writes 20 bytes at a time."""
        self._place = len(self.reader.events)
        return TcpLink.connect("127.0.0.1", self.reader.port, chunk=CHUNK, transcript=transcript)

    def log(self) -> Log:
        """What the reader wrote about the last connection; waits until it is over."""
        ending = self.reader.wait(
            lambda event: event.get("event") == "disconnected",
            since=self._place,
            timeout=LOG_SECONDS,
        )
        if ending is None:
            raise RuntimeError("the reader did not log the end of the connection")
        number = ending["connection"]
        events = [
            event
            for event in self.reader.events[self._place :]
            if event.get("connection") == number
        ]
        decisions = [event for event in events if event.get("event") == "access"]
        challenges = sum(event.get("event") == "challenged" for event in events)
        return Log(decisions, challenges, ending)

    def show(self, **what) -> dict:
        """Hold a card to the reader, or type a PIN; the reader's decision."""
        begin = len(self.reader.events)
        self.reader.put(**what)
        return self.decision(begin)

    def decision(self, begin: int) -> dict:
        """The first one that the reader wrote after that many lines."""
        event = self.reader.wait(
            lambda event: event.get("event") == "access", since=begin, timeout=LOG_SECONDS
        )
        if event is None:
            raise RuntimeError("the reader did not log what it made of it")
        return event

    def strikes(self) -> int:
        """How often the reader released the strike so far, restarts included."""
        return sum(self._moves(event) and event["active"] for event in self.reader.events)

    def grants(self) -> int:
        """How many times the reader decided to open so far, restarts included."""
        return sum(event.get("granted") is True for event in self.reader.events)

    def exits(self) -> int:
        """How many times the reader released the door for who wanted out, restarts included."""
        return sum(event.get("event") == "rex" for event in self.reader.events)

    def strike_problems(self) -> list[str]:
        """Where the strike and the decisions part: it moves before a grant is logged, and only
        then, or before a request to exit is, or after the event that the door stands unlocked by
        schedule.

        A grant while the strike is released still prolongs it, so there may be fewer releases.
        """
        problems = []
        released = unexplained = unlocked = False
        for event in self.reader.events:
            if self._moves(event):
                released = event["active"]
                unexplained = unexplained or (released and not unlocked)
            elif event.get("event") == "unlocked_by_schedule":
                unlocked = True
            elif event.get("event") == "locked_by_schedule":
                unlocked = False
            elif event.get("event") == "rex":
                unexplained = False
            elif event.get("event") == "ready":
                released = unlocked = False
            elif event.get("event") == "access":
                if event["granted"] and not released and not unexplained:
                    problems.append("a grant was logged while the strike was secured")
                if unexplained and not event["granted"]:
                    problems.append("the strike was released for a refusal")
                unexplained = False
        if unexplained:
            problems.append("the strike was released for nothing")
        return problems

    def _moves(self, event: dict) -> bool:
        # A controller names the door, as it may have several.
        return event.get("hal") in ("strike", f"strike of {self.door}")
