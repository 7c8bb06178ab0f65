"""An event log for a test, and an auditor who checks its chain. Runs on both interpreters.

The auditor here uses the same arithmetic as holdfast_host.events and nothing else of it: it knows
only right and wrong. It is what tests on a board's file system have.
"""

import crypto
import small_site as site
from holdfast.access.events import acknowledgement, event
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.storage.events.log import EventLog

AUDIT_PUBLIC = crypto.x25519_public_key(site.AUDIT_PRIVATE)
READER_PUBLIC = crypto.x25519_public_key(site.READER_PRIVATE)
ALL = 1 << 30


class Randomness:
    """Random bytes that are the same each time: a failing test can be repeated."""

    def __init__(self, seed=b"r"):
        self._state = seed

    def __call__(self, count):
        self._state = crypto.sha256(self._state)
        return crypto.hkdf_expand(self._state, b"", count)


def open_log(folder, segments=4, random_bytes=None, segment_bytes=1024):
    """The small site's reader's log, with segments small enough to see them come and go."""
    return EventLog(
        folder,
        AUDIT_PUBLIC,
        site.READER_PRIVATE,
        random_bytes or Randomness(),
        segments * segment_bytes,
        segment_bytes,
    )


def access(n=0, holder="alice"):
    """Fields of an ordinary event, the n-th."""
    return {
        "time": site.NOW + 7 * n,
        "clock": "rtc",
        "uncertainty": 2,
        "uptime": 86400 + 7 * n,
        "reason_code": 0,
        "action": 1,
        "cti": b"\x00\x01\x02\x03\x04\x05\x06\x07",
        "holder": holder,
        "shown": 0,
    }


def unlock(n=0, holder="alice", door=site.DOOR):
    """Fields of an ordinary unlock, the n-th, with all that it is decided again by."""
    said = access(n, holder)
    said.update(
        {
            "door": door,
            "changeset": 100 + n // 500,
            "expires": site.NOW + 30 * site.DAY,
            "issued": site.NOW - site.DAY,
        }
    )
    return said


def record(log, count):
    """Append ``count`` ordinary events."""
    for _ in range(count):
        log.append(event.ACCESS, access(log.head[0] + 1))
        log.flush()


def batch(log, after=-1):
    """What a collector gets of the log."""
    (got,) = event_batch.decode(log.batch(after, ALL, 100000))
    return got


def word(root, number, code, audit_private=site.AUDIT_PRIVATE, device=READER_PUBLIC):
    """The auditor's word that it has events up to ``number``, in the chain from ``root``."""
    known = audit_private, root, device
    if known not in _KEYS:
        _KEYS[known] = event_record.auditor_keys(audit_private, root, device)[1]
    return acknowledgement.encode(_KEYS[known], root, number, code)


_KEYS = {}  # computed once: in MicroPython one takes long


def acknowledge(log, number, code):
    """Bring the auditor's word to a log."""
    log.acknowledge(word(log.root[1], number, code))


def remember_agreements():
    """Let each X25519 agreement be computed once only: the keys here are the same each time, and
    in MicroPython one takes as long as a hundred power cuts.
    """
    for name in ("x25519", "x25519_public_key"):
        setattr(crypto, name, _remembering(getattr(crypto, name)))


def _remembering(function):
    known = {}

    def call(*arguments):
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return call


class Broken(Exception):
    """The chain does not hold; the text says where."""


def audit(got, audit_private=site.AUDIT_PRIVATE):
    """The events of a Batch, all proven, or Broken."""
    events = []
    key = code = b""
    before = got.before
    for raw in got.records:
        number = event_record.number_of(raw)
        happened = event_record.decode(event_record.split(raw)[0])
        if happened.kind == event.LOG_STARTED:
            key = event_record.auditor_root(audit_private, happened.fields["root"], READER_PUBLIC)
            code = event_record.FIRST_CODE
            if events and number <= events[-1].number:
                raise Broken("numbers go back at %d" % number)
        elif not events:
            base, root = got.root
            if before is None or before[0] + 1 != number or number <= base:
                raise Broken("nothing known before %d" % number)
            key = event_record.auditor_root(audit_private, root, READER_PUBLIC)
            for _ in range(number - base):
                key = event_record.next_key(key)
            code = before[1]
        elif number != events[-1].number + 1:
            raise Broken("%d after %d" % (number, events[-1].number))
        if not event_record.is_authentic(raw, key, code):
            raise Broken("code of %d" % number)
        code = event_record.split(raw)[1]
        key = event_record.next_key(key)
        events.append(happened)
    if events and (events[-1].number, code) != got.head:
        raise Broken("ends with %d, the head is %d" % (events[-1].number, got.head[0]))
    return events
