"""Events as they leave a reader: what a collector fetches, keeps in a file and hands on.

A batch is a CBOR sequence (RFC 8742): one map, then raw records as byte strings in order. Batches
one after another are a file of events.
"""

import cbor
from micropython import const
from untrusted import InvalidInput

from .record import CODE_LENGTH, KEY_LENGTH, MAX_NUMBER, EventError

VERSION = const(2)
MAX_CERTIFICATE = const(512)
MAX_URGENT = const(4)  # entries: two events

# Keys of the map
_VERSION_KEY = const(1)
_CERTIFICATE = const(2)
_ROOT = const(3)
_BEFORE = const(4)
_HEAD = const(5)
_NOW = const(6)
_URGENT = const(7)

_MAX_ITEMS = const(32)


class Batch:
    """Raw ``records``, and where in the reader's log they stand.

    ``root`` is ``(number, ephemeral public key)`` of the first event of the reader's present
    chain, ``before`` ``(number, code)`` of the event before the records (None: there is none, or
    it is not known), ``head`` that of the reader's last event. ``now`` is for
    event_record.is_late. The ``certificate`` of the reader, a CWT, is put in by who collects: a
    reader leaves it out. ``urgent`` are events of PINs that go up before their turn, those that
    call for help among them: the code of the event before, the raw record, and so on.
    """

    def __init__(
        self, root, before, head, now=(0, None), records=(), certificate=None, urgent=()
    ):
        self.root = root
        self.before = before
        self.head = head
        self.now = now
        self.records = records
        self.certificate = certificate
        self.urgent = urgent

    def encode(self) -> bytes:
        """The batch as bytes."""
        entries = {
            _VERSION_KEY: VERSION,
            _ROOT: self.root,
            _BEFORE: self.before,
            _HEAD: self.head,
            _NOW: self.now,
        }
        if self.certificate is not None:
            entries[_CERTIFICATE] = self.certificate
        if self.urgent:
            entries[_URGENT] = self.urgent
        return cbor.encode_sequence(entries, *self.records)


def decode(data: bytes) -> list:
    """The batches in ``data``. Raises EventError for anything else.

    A record is only known to be a byte string: one that was cut or altered must reach the check
    of the chain, which can say which.
    """
    batches = []
    offset = 0
    while offset < len(data):
        try:
            item, offset = cbor.decode_prefix(
                data, offset, deterministic=True, max_depth=2, max_items=_MAX_ITEMS
            )
        except InvalidInput as error:
            raise EventError("no events: %s, at byte %d" % (error, offset))
        if isinstance(item, dict):
            batches.append(_batch(item))
        elif not isinstance(item, bytes) or not batches:
            raise EventError("no events: neither a map nor a record, before byte %d" % offset)
        else:
            batches[-1].records.append(item)
    return batches


def _batch(entries):
    version = entries.get(_VERSION_KEY)
    if isinstance(version, bool) or version != VERSION:
        raise EventError("no events of version %d" % VERSION)
    if not set(entries) <= set(range(_VERSION_KEY, _URGENT + 1)):
        raise EventError("no events: an unknown entry")
    certificate = entries.get(_CERTIFICATE)
    if certificate is not None and not (
        isinstance(certificate, bytes) and len(certificate) <= MAX_CERTIFICATE
    ):
        raise EventError("no events: the certificate is no byte string")
    root = _mark(entries.get(_ROOT), KEY_LENGTH)
    head = _mark(entries.get(_HEAD), CODE_LENGTH)
    before = entries.get(_BEFORE)
    if before is not None:
        before = _mark(before, CODE_LENGTH)
    urgent = entries.get(_URGENT, [])
    if not isinstance(urgent, list) or len(urgent) % 2 or len(urgent) > MAX_URGENT:
        raise EventError("no events: what is urgent is no list of pairs")
    for place, one in enumerate(urgent):
        if not isinstance(one, bytes) or not (place % 2 or len(one) == CODE_LENGTH):
            raise EventError("no events: what is urgent is no codes and records")
    now = _moment(entries.get(_NOW))
    return Batch(root, before, head, now, [], certificate, urgent)


def _mark(value, length):
    """``(number, bytes)``."""
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not _is_number(value[0])
        or not isinstance(value[1], bytes)
        or len(value[1]) != length
    ):
        raise EventError("no events: root, before or head is no number with %d bytes" % length)
    return tuple(value)


def _moment(value):
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not _is_number(value[0])
        or not (value[1] is None or _is_number(value[1]))
    ):
        raise EventError("no events: no time of the reader")
    return tuple(value)


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


def overhead(batch: Batch) -> int:
    """Bytes of a batch without its records; each of these takes 3 more than its own, or less."""
    return len(Batch(batch.root, batch.before, batch.head, batch.now).encode())
