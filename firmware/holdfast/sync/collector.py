"""The copies that a controller keeps of its readers' events: each once, in a bounded share a node.

It cannot check their codes, whose keys are the auditor's, and need not: it keeps what the node
itself, proven by its certificate, says of itself, in the node's own order. What a node says twice
must be the same.
"""

from micropython import const

from ..access.events import batch as batches
from ..access.events import event as kinds
from ..access.events import record as event_record
from ..access.events.record import EventError
from . import uplink

_RECORD_COST = const(8)  # bytes beside a raw record, about
_ALARMS = const(8)  # a node, that are told apart
_NODES = const(64)
_NO_SPACE = const(28)  # ENOSPC, which MicroPython has no name for


class Collector:
    """``open(node)`` gives the copies of one node, by its tag, each of which a role keeps durably:

    * ``root``: (number, key) of the node's present chain, None if there is none yet
    * ``last``: (number, code) of the last event that was copied, (-1, b"") if none was
    * ``acked``: number of the last event that the auditor has, as the node's own log tells
    * ``size``: bytes of raw records that are kept
    * ``begin(root, anew)``: another chain begins; with ``anew`` numbers begin again too, ``last``
      is (-1, b"") and ``acked`` -1, and what is kept of before has no more numbers
    * ``given_up()``: how many events that the auditor has not ``begin(root, True)`` gives up
    * ``add(records, last, acked, before)``: keep these raw records, all or none of them; the event
      before them is (number, code), or None
    * ``oldest(acked)``: (number of the last event, -1 if it has none; how many above that number
      the auditor has not) of what ``drop_oldest()`` lets go; None if there is nothing
    * ``raw(number)``: a raw record, None if it is not there

    ``share`` is how many bytes of each node are kept. ``tell_lost(node, number, count)`` is told
    before so many copies go, up to that number, that the auditor has not: it may be told twice,
    and never not. ``tell_urgent(node, before, raw)`` is told of an event that came before its
    turn, once a start of this. Both may raise OSError, as ``open`` may and all that copies do:
    then nothing was taken that is not kept.
    """

    def __init__(self, open, share: int, tell_lost, tell_urgent):
        self._open = open
        self._share = share
        self._tell_lost = tell_lost
        self._tell_urgent = tell_urgent
        self._told = {}  # node: numbers of urgent events
        self._gaps = {}  # node: number that its events began with after a gap

    def take(self, node: bytes, payload: bytes) -> bytes:
        """What ``node`` posts; the answer's payload: what is here of its events now.

        Raises EventError (InvalidInput): it is no batch, or another one than before of the same
        events; and OSError. The same may come again.
        """
        batch = self._one(payload)
        copies = self._open(node)
        news, acked = self._news(copies, batch)
        if self._is_first_gap(node, copies, batch, news):
            return uplink.answer(*copies.last)
        # Who calls for help is told first: whatever else there is may wait.
        self._hear_urgent(node, copies, batch)
        if copies.root != batch.root:
            is_anew = self._is_anew(copies, batch)
            count = copies.given_up() if is_anew else 0
            if count:
                self._tell_lost(node, -1, count)
            copies.begin(batch.root, is_anew)
        if news:
            acked = max(acked, copies.acked)
            need = sum([len(raw) + _RECORD_COST for raw in news])
            while copies.size + need > self._share:
                if not self._drop_oldest(node, copies, acked):
                    break
            last = event_record.number_of(news[-1]), event_record.split(news[-1])[1]
            before = batch.before if news[0] is batch.records[0] else None
            try:
                copies.add(news, last, acked, before)
            except OSError as error:
                # Others fill the flash: this node's oldest are worth less than its newest.
                if error.errno != _NO_SPACE or not self._drop_oldest(node, copies, acked):
                    raise
                copies.add(news, last, acked, before)
        return uplink.answer(*copies.last)

    def _one(self, payload):
        found = batches.decode(payload)
        if len(found) != 1:
            raise EventError("not one batch of events")
        return found[0]

    def _news(self, copies, batch):
        """The records that are not here yet, and the last that the auditor has by them."""
        number, code = copies.last
        if self._is_anew(copies, batch):
            number, code = -1, b""
        at, above = batch.before or (-1, None)
        news = []
        acked = -1
        for raw in batch.records:
            try:
                this = event_record.number_of(raw)
            except EventError:
                continue  # damaged there; the auditor finds the gap
            if this <= at:
                raise EventError("event %d stands after event %d" % (this, at))
            if this <= number:
                kept = copies.raw(this)
                if kept is not None and kept != raw:
                    raise EventError("event %d is another than the one that was copied" % this)
            else:
                if at == number == this - 1 and number >= 0 and above != code:
                    raise EventError("event %d does not follow what was copied" % this)
                news.append(raw)
                acked = max(acked, _acknowledged(raw))
            at, above = this, event_record.split(raw)[1]
        return news, acked

    def _is_anew(self, copies, batch):
        """Whether the node lost all that it had, and counts from the beginning again."""
        return (
            copies.root is not None
            and copies.root != batch.root
            and (batch.root[0] <= copies.last[0])
        )

    def _is_first_gap(self, node, copies, batch, news):
        """Whether events are missing before ``news`` for the first time: then the node hears where
        to go on from. If it still begins there, it has none of them any more.
        """
        first = event_record.number_of(news[0]) if news else 0
        expected = 0 if self._is_anew(copies, batch) else copies.last[0] + 1
        if first <= expected or self._gaps.get(node) == first:
            self._gaps.pop(node, None)
            return False
        if len(self._gaps) >= _NODES:
            self._gaps.clear()
        self._gaps[node] = first
        return True

    def _drop_oldest(self, node, copies, acked) -> bool:
        found = copies.oldest(acked)
        if found is None:
            return False
        if found[1]:
            self._tell_lost(node, *found)
        copies.drop_oldest()
        return True

    def _hear_urgent(self, node, copies, batch):
        if len(self._told) >= _NODES and node not in self._told:
            self._told.clear()
        told = self._told.setdefault(node, [])
        pairs = list(batch.urgent)
        while pairs:
            before, raw = pairs.pop(0), pairs.pop(0)
            number = event_record.number_of(raw)
            if number not in told and number > copies.last[0]:
                self._tell_urgent(node, before, raw)
                told.append(number)
                del told[:-_ALARMS]


def _acknowledged(raw) -> int:
    """Number of the last event that the auditor has, by what this one tells; -1 if it does not."""
    happened = event_record.decode(event_record.split(raw)[0])
    if happened.kind != kinds.ACKNOWLEDGED or happened.fields.get("detail") is not None:
        return -1
    return happened.fields.get("last", -1)
