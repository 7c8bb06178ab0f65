"""The time from peers: as intervals, of which the majority counts (Marzullo's algorithm).

Each peer says what time it is and by how much that may be off. As long as more than half of those
who answer tell the truth, it lies where more than half of the intervals overlap, whatever the
others say. What comes of it is told to the clock like anybody's word, inside of what the authority
allows (access/clock): so a majority of liars moves it no further either.
"""

import cbor
from micropython import const
from untrusted import InvalidInput

from .chance import between

_ASK_MS = const(3000)  # while there is no time
_ROUND_MS = const(3600000)  # between rounds, while there is
_FRESH_MS = const(60000)
_ALONE_MS = const(25000)  # after which those who answer have to do
_ENOUGH = const(5)  # answers, or of all peers, that are waited for
_MOST = const(7)  # answers that are held against each other

_TIME = const(1)
_ERROR = const(2)
_SOURCE = const(3)
_TRUSTED = ("rtc", "peer", "authority")
_LATEST = const(0xFFFFFFFF)
_DAY_S = const(86400)


class PeerTime:
    """Asks the peers that ``known()`` names by their tags; ``random_bytes(n)`` chooses."""

    def __init__(self, known, random_bytes, now: int):
        self._known = known
        self._random_bytes = random_bytes
        self._answers = {}  # tag: (when it came, earliest, latest), seconds ahead of uptime
        self._asked = set()  # in this round
        self._began_at = now
        self._ask_at = now

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        return self._ask_at

    def run(self, now: int):
        """The tag of a peer that is to be asked ``GET /time`` now, or None."""
        if now < self._ask_at:
            return None
        self._ask_at = now + _ASK_MS
        known = list(self._known())
        left = [tag for tag in known if tag not in self._asked]
        if not left:
            self._asked = set()
            left = known
        if not left:
            return None
        tag = left[between(self._random_bytes, 0, len(left))]
        self._asked.add(tag)
        return tag

    def lost(self, now: int):
        """The clock is not trusted any more: ask at once."""
        if self._ask_at > now + _ASK_MS:
            self._begin(now, now)

    def answered(self, tag: bytes, payload: bytes, asked_at: int, now: int) -> bool:
        """What ``tag`` said to ``GET /time``; False if it does not know either. Raises
        InvalidInput for anything but an answer to that.
        """
        time, error = parse(payload)
        if time is None:
            self._answers.pop(tag, None)
            return False
        if tag not in self._answers and len(self._answers) >= _MOST:
            return True  # enough to choose from
        # It was said between the question and now, in whole seconds.
        earliest = time - error - now // 1000 - 1
        latest = time + error + 1 - asked_at // 1000
        self._answers[tag] = (now, earliest, latest)
        return True

    def agreed(self, now: int, allowed=None):
        """``(time, error)`` in seconds, that more than half of those who answered lately agree
        upon, once they are enough; or None. Then the next round begins, an hour later.

        ``allowed`` is (earliest, latest) that it can be by what the authority said, if anything:
        who says what cannot be is not counted.
        """
        found = []
        for tag in list(self._answers):
            at, earliest, latest = self._answers[tag]
            if now - at > _FRESH_MS:
                del self._answers[tag]
                continue
            one = (earliest + now // 1000, latest + now // 1000 + 1)
            if allowed is None or (one[0] <= allowed[1] and one[1] >= allowed[0]):
                found.append(one)
        known = len(self._known())
        is_alone = known <= 1 or now - self._began_at >= _ALONE_MS
        if len(found) < min(_ENOUGH, known) and not (is_alone and found):
            return None
        span = majority(found)
        if span is None:
            return None
        self._begin(now, now + _ROUND_MS)
        middle = (span[0] + span[1]) // 2
        return middle, span[1] - middle

    def _begin(self, now, at):
        self._answers = {}
        self._asked = set()
        self._began_at = at
        self._ask_at = at


def majority(intervals: list):
    """``(earliest, latest)``: the least interval with all points that lie in more than half of
    ``intervals``; None if no point does. If more than half are right, so is this.
    """
    need = len(intervals) // 2 + 1
    edges = []
    for earliest, latest in intervals:
        edges.append((earliest, -1))  # one that begins comes before one that ends there
        edges.append((latest, 1))
    edges.sort()
    depth = 0
    first = last = None
    for at, way in edges:
        if way < 0:
            depth += 1
            if depth == need and first is None:
                first = at
        else:
            if depth == need:
                last = at
            depth -= 1
    return None if first is None or last is None else (first, last)


def parse(payload: bytes) -> tuple:
    """``(time, error)`` of an answer to ``GET /time``; None for the time if it is not trusted
    there. Raises InvalidInput.
    """
    said = cbor.decode(payload, max_depth=1, max_items=8)
    if not isinstance(said, dict) or set(said) != {_TIME, _ERROR, _SOURCE}:
        raise InvalidInput("no answer about the time")
    time, error, source = said[_TIME], said[_ERROR], said[_SOURCE]
    if type(error) is not int or not 0 <= error <= _LATEST or not isinstance(source, str):
        raise InvalidInput("no answer about the time")
    if time is not None and (type(time) is not int or not 0 < time <= _LATEST):
        raise InvalidInput("no answer about the time")
    if source not in _TRUSTED or error >= _DAY_S:
        return None, 0
    return time, error
