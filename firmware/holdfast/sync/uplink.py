"""A node's events on their way to the collector: at least once on the wire, in order.

Each batch (access/events/batch.py) is a protected ``POST /events`` and is answered with what the
collector has then, number and code of the last event: *copied*, and no more than that. Where it
goes on is the collector's answer, so that either of the two may begin anew.
"""

import cbor
from micropython import const
from untrusted import InvalidInput

from ..access.events.record import CODE_LENGTH, MAX_NUMBER
from .chance import between

_GATHER_MS = const(1000)  # what happens at one door in that time goes together
_BACK_OFF_MS = const(2000)
_LONGEST_MS = const(300000)
_DOUBLINGS = const(8)
_URGENT_MS = const(5000)  # between tries for who calls for help
_MARK_MS = const(600000)
_MARK_EVERY = const(64)  # events
_MAX_WORD = const(128)  # bytes

# The CBOR map of what the collector has; without the first two if that is nothing
NUMBER = 1
CODE = 2
WORD = 3  # the auditor's, for this node, if somebody left one there


class Uplink:
    """The way of one node's events. ``log`` is what a node makes of its EventLog:

    * ``head()``: (number, code) of the last event, number -1 if there is none
    * ``copied()``: number of the last event that is marked as copied, on flash, -1 if none is
    * ``batch(after, is_first)``: the events after that number as a batch, which fits one message;
      until the collector has answered once, with the node's certificate
    * ``acknowledge(word)``: the auditor's word came. Raises nothing
    * ``has(number, code)``: whether that is an event of this log, or was
    * ``mark(number, code)``: mark them as copied up to there, durably, and say so in an event,
      whose number it gives. Raises OSError

    ``random_bytes(n)`` is for the jitter. ``differs`` says that the collector has a log of this
    node that is not this one's.
    """

    def __init__(self, log, random_bytes, now: int):
        self._log = log
        self._random_bytes = random_bytes
        self._confirmed = log.copied()
        self._code = b""  # of the last that is confirmed
        self._own = -1  # number of the event that told the last mark
        self._is_under_way = False
        self._is_first = True
        self._fails = 0
        self._at = now
        self._urgent_at = now
        self._mark_at = None
        self.differs = False

    @property
    def waiting(self) -> int:
        """How many events the collector does not have, for all that is known."""
        return max(0, self._log.head()[0] - self._confirmed)

    @property
    def due(self):
        """When ``run`` is to be called next; None while there is nothing to do."""
        if self._is_under_way:
            return None
        at = self._at if self._has_more() else None
        if self._mark_at is not None and (at is None or self._mark_at < at):
            at = self._mark_at
        return at

    def recorded(self, now: int, calls_for_help: bool = False):
        """There is one more event. What calls for help goes at once, also while the collector is
        believed to be away.
        """
        if calls_for_help:
            self._at = min(self._at, max(now, self._urgent_at))
        elif self._at <= now:
            self._at = now + _GATHER_MS

    def returned(self, now: int):
        """The collector was away, and is there again: nothing is waited for any more."""
        self._fails = 0
        self._at = min(self._at, now)

    def run(self, now: int):
        """The batch that is to be posted now, or None. It is answered, if only with None."""
        if self._is_under_way:
            return None
        if self._mark_at is not None and now >= self._mark_at:
            self._mark(now)
        if now < self._at or not self._has_more():
            return None
        self._urgent_at = now + _URGENT_MS
        batch = self._log.batch(self._confirmed, self._is_first)
        self._is_under_way = True
        return batch

    def answered(self, payload, now: int):
        """The payload of the collector's 2.04, None if there was no answer or another."""
        self._is_under_way = False
        is_ahead = False
        if payload is not None:
            try:
                number, code, word = parse(payload)
                is_ahead = self._confirm(number, code)
                self._is_first = False
                if word is not None:
                    self._log.acknowledge(word)
            except InvalidInput:
                pass  # as no answer
        if not is_ahead:
            # No way forward: also where the collector has less than it had.
            pause = min(_BACK_OFF_MS << self._fails, _LONGEST_MS)
            self._fails = min(self._fails + 1, _DOUBLINGS)
            self._at = now + between(self._random_bytes, pause // 2, pause)
            return
        self._fails = 0
        self._at = now
        if self._mark_at is None:
            self._mark_at = now + _MARK_MS
        if self._confirmed - self._log.copied() >= _MARK_EVERY:
            self._mark_at = now

    def _confirm(self, number, code) -> bool:
        """The collector has so much; True if that is more than before."""
        self.differs = number >= 0 and not self._log.has(number, code)
        if self.differs:
            return False
        before, self._confirmed, self._code = self._confirmed, number, code
        return number > before

    def _has_more(self):
        last = self._log.head()[0]
        # That they are copied is an event, too. By itself it is not worth a message, or there
        # would be no end.
        return last > self._confirmed and not (last == self._own and last == self._confirmed + 1)

    def _mark(self, now):
        """What is confirmed is marked seldom: each mark is an event, and a write to flash."""
        self._mark_at = None
        number = self._confirmed
        if number <= self._log.copied():
            return
        try:
            self._own = self._log.mark(number, self._code)
        except OSError:
            self._mark_at = now + _MARK_MS


def answer(number: int, code: bytes, word=None) -> bytes:
    """The payload of a collector that has the events up to ``number``, -1 for none, of which the
    last has this ``code``; ``word`` is the auditor's for the node, or None.
    """
    said = {} if number < 0 else {NUMBER: number, CODE: code}
    if word is not None:
        said[WORD] = word
    return cbor.encode(said)


def parse(payload: bytes) -> tuple:
    """``(number, code, word)`` of what the collector has; number -1 if that is nothing, and None
    for the word if there is none. Raises InvalidInput.
    """
    said = cbor.decode(payload, deterministic=True, max_depth=1, max_items=8)
    if not isinstance(said, dict):
        raise InvalidInput("no answer of a collector")
    word = said.pop(WORD, None)
    if word is not None and not (isinstance(word, bytes) and len(word) <= _MAX_WORD):
        raise InvalidInput("no answer of a collector")
    if set(said) not in (set(), {NUMBER, CODE}):
        raise InvalidInput("no answer of a collector")
    if not said:
        return -1, b"", word
    number, code = said[NUMBER], said[CODE]
    if type(number) is not int or not 0 <= number <= MAX_NUMBER:
        raise InvalidInput("no answer of a collector")
    if not isinstance(code, bytes) or len(code) != CODE_LENGTH:
        raise InvalidInput("no answer of a collector")
    return number, code, word
