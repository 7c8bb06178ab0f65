"""One node's events as a collector keeps them: whole batches in a log, the oldest first to go."""

import cbor
from flashlog import FlashLog
from micropython import const
from untrusted import InvalidInput

from ...access.events import record as event_record
from ...access.events.batch import Batch
from .. import files
from . import label as labels
from .label import Earlier, Label

SEGMENT = const(4088)  # bytes: a block of littlefs with what it adds
SEGMENTS = const(8)  # at most; one is begun before the oldest goes
SHARE = const(28616)  # bytes that a node's events take: of all segments but one

_LABEL = "/label"
_MAX_ITEMS = const(64)
_RECORD_HEAD = const(3)  # bytes of CBOR before a raw record, at most
_MOST_URGENT = const(4)  # entries: two events


class Chunk:
    """What was kept in one piece: raw ``records``, ``before`` (number, code) of the event before
    them, None if it is not known, and the last event that the auditor had by them, ``acked``.
    """

    def __init__(self, before, acked: int, records):
        self.before = before
        self.acked = acked
        self.records = records
        self.first = event_record.number_of(records[0])
        self.last = event_record.number_of(records[-1])

    def encode(self) -> bytes:
        """As it stands in the log."""
        return cbor.encode_sequence([self.acked + 1, self.before], *self.records)


class Shelf:
    """The copies in ``directory`` of one node's events, what Collector (sync/collector.py) asks
    of them, and what a carrier takes. ``name`` and ``doors`` are by its certificate.

    There may be one Shelf on a directory. Raises OSError, as all of its methods do: then nothing
    was taken that is not kept.
    """

    def __init__(self, directory: str, name=None, doors=()):
        files.make_directory(directory)
        self._path = directory + _LABEL
        self._log = FlashLog(directory + "/log", SEGMENT, SEGMENTS)
        label = labels.read(self._path)
        if label is None:
            label = Label(name or "", doors)
            # Without its label nobody knows where the chain began: all that is there is one.
            self._label = label
            if name:
                label.write(self._path)
        self._label = label
        self._place = (-1, None)  # position of a chunk, and the chunk
        self.last: tuple = (-1, b"")
        self.acked = -1
        for _, chunk in self._chunks(label.since):
            if chunk.last > self.last[0]:
                self.last = chunk.last, event_record.split(chunk.records[-1])[1]
            self.acked = max(self.acked, chunk.acked)

    # What Collector asks

    @property
    def root(self):
        """(number, key) of the node's present chain, None if there is none yet."""
        return self._label.root

    @property
    def size(self) -> int:
        """Bytes of its share that are used."""
        return self._log.size

    def given_up(self) -> int:
        """How many events ``begin(root, True)`` gives up that the auditor has not."""
        earlier = self._label.earlier
        if earlier is None:
            return 0
        return self._count(earlier.since, self._label.since, earlier.acked)[1]

    def begin(self, root, anew: bool):
        """Another chain begins; with ``anew`` its numbers do, and one chain of before is kept."""
        label, before = self._label, self._label.earlier
        since, held = label.since, label.root
        if anew:
            label.earlier = Earlier(label.root, label.since, self.acked, label.certificate)
            label.since = self._log.next
        label.root = root
        try:
            label.write(self._path)
        except OSError:
            label.root, label.since, label.earlier = held, since, before
            raise
        if anew:
            self.last, self.acked = (-1, b""), -1
            if label.earlier is not None:
                self._log.release(label.earlier.since)

    def add(self, records, last, acked: int, before=None):
        """Keep these raw records, all or none of them."""
        chunk = Chunk(before, acked, records)
        position = self._log.append(chunk.encode())
        self._place = (position, chunk)
        self.last, self.acked = last, acked

    def oldest(self, acked: int):
        """``(last, lost)`` of what ``drop_oldest`` drops: number of its last event, -1 if it is
        of an earlier chain, and how many events that the auditor, who has those up to ``acked``,
        has not. None if there are none.
        """
        log, label = self._log, self._label
        if log.first >= log.next:
            return None
        earlier = label.earlier
        lost = 0
        if earlier is not None and log.first < label.since:
            lost = self._count(max(log.first, earlier.since), label.since, earlier.acked, True)[1]
        last, more = self._count(max(log.first, label.since), log.next, acked, True)
        return last, lost + more

    def drop_oldest(self):
        """Let the oldest segment go."""
        self._place = (-1, None)
        self._log.drop_oldest()

    def raw(self, number: int):
        """A raw record of the present chain, None if it is not there."""
        found = self._find(number, self._label.since, self._log.next)
        if found is not None:
            for raw in found[1].records:
                if event_record.number_of(raw) == number:
                    return raw
        return None

    def hear_urgent(self, before: bytes, raw: bytes):
        """Keep an event that came before its turn, for who comes first."""
        urgent = (self._label.urgent + (before, raw))[-_MOST_URGENT:]
        self._put("urgent", urgent)

    # What is known of the node

    @property
    def name(self) -> str:
        """The node's id."""
        return self._label.name

    @property
    def doors(self) -> tuple:
        """The doors that its certificate speaks for."""
        return self._label.doors

    @property
    def certificate(self):
        """The CWT of the key that its events are proven with, None while that is not here."""
        return self._label.certificate

    @property
    def word(self):
        """The auditor's word that is to be carried to it, or None."""
        return self._label.word

    def introduce(self, doors, certificate=None):
        """What its certificate says now, if that is another than before."""
        if tuple(doors) != self.doors:
            self._put("doors", tuple(doors))
        if certificate is not None and certificate != self.certificate:
            self._put("certificate", certificate)

    def put_word(self, word):
        """Keep the auditor's word for the node; None: it has it."""
        if word != self.word:
            self._put("word", word)

    @property
    def is_home(self) -> bool:
        """Whether the auditor has all that is here."""
        return self.last[0] <= self.acked and not self.given_up()

    # What a carrier takes

    def served(self, after: int, max_bytes: int, is_earlier: bool = False) -> tuple:
        """``(batch, number of its last event)`` of the events after that number, as
        EventLog.served, at most ``max_bytes`` of it; of the chain before if ``is_earlier``.

        All of them are late. Raises OSError, also if there is no such chain.
        """
        label = self._label
        root, since, until, certificate = label.root, label.since, self._log.next, self.certificate
        head = self.last
        if is_earlier and label.earlier is not None:
            earlier = label.earlier
            root, since, until, certificate = (
                earlier.root,
                earlier.since,
                label.since,
                earlier.certificate,
            )
            head = self._end(since, until)
        elif is_earlier:
            root = None
        if root is None:
            raise OSError(2)
        empty = Batch(root, head, head, (0, None), (), certificate)
        room = max_bytes - len(empty.encode())
        urgent = []
        if not is_earlier:
            for at in range(0, len(label.urgent), 2):
                pair = label.urgent[at : at + 2]
                size = sum([len(item) + _RECORD_HEAD for item in pair])
                if event_record.number_of(pair[1]) > after and 2 * size < room:
                    urgent.extend(pair)
                    room -= size
        before, records = self._after(after, since, until, room)
        last = None
        if records:
            last = event_record.number_of(records[-1])
            head_of = before
        else:
            head_of = head if head[0] >= 0 else None
        while urgent and last is not None and event_record.number_of(urgent[1]) <= last:
            del urgent[:2]
        mark = head if head[0] >= 0 else (root[0], bytes(event_record.CODE_LENGTH))
        batch = Batch(root, head_of, mark, (0, None), records, certificate, urgent)
        return batch.encode(), last

    def _after(self, after, since, until, room):
        found = self._find(after + 1, since, until)
        start = since if found is None else found[0]
        above, is_first = None, True
        before, records = None, []
        for position, chunk in self._chunks(start):
            if position >= until:
                break
            above = chunk.before or above
            for raw in chunk.records:
                number = event_record.number_of(raw)
                if number > after:
                    room -= len(raw) + _RECORD_HEAD
                    if room < 0:
                        return before, records
                    if is_first:
                        before, is_first = above, False
                    records.append(raw)
                above = number, event_record.split(raw)[1]
        return before, records

    # How

    def _put(self, entry, value):
        before = getattr(self._label, entry)
        setattr(self._label, entry, value)
        try:
            self._label.write(self._path)
        except OSError:
            setattr(self._label, entry, before)
            raise

    def _chunks(self, start):
        """Each (position, Chunk) from the record ``start`` of the log on."""
        for position, record in self._log.records(start):
            chunk = _decoded(record)
            if chunk is not None:
                yield position, chunk

    def _end(self, since, until):
        """(number, code) of the last event of these records."""
        last = None
        for position, chunk in self._chunks(since):
            if position >= until:
                break
            last = chunk.records[-1]
        if last is None:
            return -1, b""
        return event_record.number_of(last), event_record.split(last)[1]

    def _count(self, since, until, acked, is_oldest=False):
        """``(number of the last event, how many are above acked)`` of the records from ``since``
        to before ``until``; ``is_oldest``: of those in the oldest segment.
        """
        last, count = -1, 0
        if is_oldest:
            until = min(until, self._log.second)
        for position, chunk in self._chunks(since):
            if position >= until:
                break
            last = max(last, chunk.last)
            for raw in chunk.records:
                count += event_record.number_of(raw) > acked
        return last, count

    def _find(self, number, since, until):
        """``(position, Chunk)`` of the last chunk that begins at or below this number, of those
        records; None if there is none, or damage hides where.
        """
        position, chunk = self._place
        if chunk is None or not since <= position < until:
            chunk = None
        if chunk is not None and chunk.first <= number <= chunk.last:
            return position, chunk
        least, most = max(since, self._log.first), until - 1
        found = None
        while least <= most:
            middle = (least + most) // 2
            try:
                chunk = _decoded(self._log.read(middle))
            except KeyError:
                chunk = None
            if chunk is None:
                return self._search(number, since, until)
            if chunk.first <= number:
                found = middle, chunk
                least = middle + 1
            else:
                most = middle - 1
        if found is not None:
            self._place = found
        return found

    def _search(self, number, since, until):
        found = None
        for position, chunk in self._chunks(since):
            if position >= until or chunk.first > number:
                break
            found = position, chunk
        return found


def _decoded(record):
    """The Chunk in a record of the log; None if it is none."""
    try:
        items = cbor.decode_sequence(record, max_items=_MAX_ITEMS)
        acked, before = items[0]
        return Chunk(before and tuple(before), acked - 1, items[1:])
    except (InvalidInput, IndexError, TypeError, ValueError):
        return None
