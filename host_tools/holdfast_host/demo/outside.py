"""A reader that carries: who comes to it is decided for by the node inside."""

from ..boards.process import ReaderProcess
from ..phone.link import TcpLink, Transcript
from .entrance import LOG_SECONDS, Entrance, Log

# On a machine that has other work the node inside may be found too slow: then nothing is decided.
TRIES = 5
_SHOWN_SECONDS = 10.0  # a card is forgotten after five


class Outside(Entrance):
    """Before the door of ``inside``, whose strike it is: ``reader`` has none."""

    def __init__(self, reader: ReaderProcess, inside: Entrance):
        super().__init__(reader, inside.door, inside.now)
        self.inside = inside
        self._inside_place = 0

    def call(self, transcript: Transcript | None = None) -> TcpLink:
        """A new connection to the reader outside."""
        self._inside_place = len(self.inside.reader.events)
        return super().call(transcript)

    def log(self) -> Log:
        """What the node inside wrote of the last connection, and what it cost outside."""
        log = super().log()
        ended = self.inside.reader.wait(_is_over, since=self._inside_place, timeout=LOG_SECONDS)
        if ended is None:
            raise RuntimeError("the node inside did not log the end of the connection")
        events = self.inside.reader.events[self._inside_place :]
        decisions = [one for one in events if one.get("event") == "access"]
        operations = ended["public_key_operations"]
        return Log(decisions, 0, {**log.ending, "public_key_operations": operations})

    def show(self, **what) -> dict:
        """Hold a card to the reader outside; what the node inside decides."""
        begin = len(self.inside.reader.events)
        for _ in range(TRIES):
            self.reader.put(**what)
            if self.inside.reader.wait(_is_access, since=begin, timeout=_SHOWN_SECONDS):
                break
        return self.inside.decision(begin)


def _is_access(event: dict) -> bool:
    return event.get("event") == "access"


def _is_over(event: dict) -> bool:
    return event.get("event") == "disconnected"
