"""One event as bytes, and the arithmetic of the chain that holds a log's events together.

A record is one deterministic CBOR array; a raw record is that and its code::

    record = [number, kind, time, source, uncertainty, uptime, {label: value}]
    code(i) = HMAC-SHA-256(key(i), code(i - 1) || record(i)), its first 16 bytes
    key(i + 1) = HMAC-SHA-256(key(i), "next")

Keys only go forward: whoever has key(i) can neither compute nor check an earlier code.
"""

import cbor
import crypto
from micropython import const
from untrusted import InvalidInput

from ..tag import NAME_TAG, name_tag

CODE_LENGTH = const(16)
KEY_LENGTH = const(32)
MAX_RAW = const(635)  # bytes of a record and its code, with all fields at their longest
MAX_NUMBER = const(0xFFFFFFFF)
FIRST_CODE = bytes(CODE_LENGTH)  # stands before the first event of a chain

LATE_S = const(60)

SOURCES = ("none", "rtc", "peer", "authority", "token", "floor")

# What an event can say, by label from 1 on, and below each name's form: n a number below 2^32,
# d a time in seconds since 1970, y true, or else left out, s a text, p the tag of a name, 8 an
# identifier of 8 bytes, k a key and c a code.
NAMES = (
    "reason_code",
    "action",
    "cti",
    "card",
    "holder",  # proven; who only says so is ``claimed``
    "guest",
    "by_grace",
    "count",  # of events lost, of places damaged, of strangers that are not kept
    "changeset",
    "last",  # number of the last event lost, copied or acknowledged
    "root",  # the ephemeral public key that a chain starts from
    "before",  # code of the event before, which is lost
    "detail",
    "on",
    "shown",  # what was shown: a token, a card, a PIN, or both
    "door",
    "way",
    "without_intent",
    "user_verified",
    "second",  # the other half of card and PIN
    "claimed",
    "permissions",  # at this door; 1 if it is not said
    "expires",
    "begins",  # as ``issued`` if it is not said
    "issued",
    "schedule",
    "rules",  # of a token: bits, see event.py
    "grace_used",
    "by",  # who fetched, says to have copied, or brought the auditor's word
    "use",  # the k-th
    "of",  # so many
    "old_time",
    "new_time",
    "audience",
    "authority",
    "asked",  # for another door than ``door``
    "locked",  # too many wrong PINs came before
    "mark",  # of each PIN: whether it calls for help, for the auditor alone
)
FORMS = b"nn88syynnnkcsyn" + b"pnyy8snddd" + b"pnnsnnddp8py8"  # a letter of a text is dear

_NUMBER = const(110)  # n
_TIME = const(100)  # d
_YES = const(121)  # y
_TEXT = const(115)  # s
_TAG = const(112)  # p
_LENGTHS = {56: 8, _TAG: NAME_TAG, 107: KEY_LENGTH, 99: CODE_LENGTH}  # 8, p, k, c

_ON = const(14)  # the label whose field is kept if it is false
_TEXT_BYTES = const(64)
_MAX_TIME = const(0xFFFFFFFE00000001)  # of 8 bytes

_HEAD = const(6)  # items before the fields
_ARRAY_OF_SEVEN = const(0x87)
_BYTES = const(0x40)
_TEXT_STRING = const(0x60)
_MAP = const(0xA0)
_MAX_ITEMS = const(96)


class EventError(InvalidInput):
    """Not an event, or not the one that belongs here."""


class Event:
    """One event as it was recorded.

    ``time`` is in seconds since 1970 by a clock of ``source`` with an ``uncertainty`` in seconds,
    or None; ``uptime`` is in seconds since the reader started, or None. ``fields`` maps names (or
    the label, where it is newer than this code) to values.
    """

    def __init__(self, number, kind, time, source, uncertainty, uptime, fields):
        self.number = number
        self.kind = kind
        self.time = time
        self.source = source
        self.uncertainty = uncertainty
        self.uptime = uptime
        self.fields = fields


def encode(number: int, kind: int, fields: dict) -> bytes:
    """The record of an event: ``fields`` by the names above, and ``time`` (seconds since 1970),
    ``clock`` (a source), ``uncertainty`` and ``uptime`` (seconds).

    None, False (but for ``on``) and other names are left out; a text is cut at 64 bytes of UTF-8;
    of a place or schedule its tag is kept. Raises ValueError for a value that no event can have.
    """
    # By hand and in order of labels: an event is written before each door opens, and a dictionary
    # that is sorted and encoded again takes six times as long. Builtins are looked up once, as
    # each is looked for among all names of this module first.
    kind_of, integer = type, int
    said = bytearray()
    append = said.append
    count = label = 0
    for value in map(fields.get, NAMES):
        label += 1
        if value is None or (value is False and label != _ON):
            continue
        count += 1
        if label >= 24:
            append(24)
        append(label)
        form = FORMS[label - 1]
        if form == _NUMBER or form == _TIME:
            most = MAX_NUMBER if form == _NUMBER else _MAX_TIME
            if kind_of(value) is not integer or not 0 <= value <= most:
                raise ValueError("no event has such a %s" % NAMES[label - 1])
            if value < 24:
                append(value)
            else:
                _put_head(said, 0, value)
        elif form == _YES:
            append(0xF5 if value else 0xF4)
        elif form == _TEXT:
            raw = _cut(value)
            if raw and max(raw) >= 0x80:
                raw = cbor.encode(raw.decode())  # which looks whether it is UTF-8
            else:
                _put_head(said, _TEXT_STRING, len(raw))
            said.extend(raw)
        else:
            if form == _TAG:
                value = name_tag(value)
            length = _LENGTHS[form]
            if not isinstance(value, bytes) or len(value) != length:
                raise ValueError("%s has %d bytes" % (NAMES[label - 1], length))
            _put_head(said, _BYTES, length)
            said.extend(value)
    source = fields.get("clock")
    out = bytearray((_ARRAY_OF_SEVEN,))
    _put_head(out, 0, _uint("number", number, MAX_NUMBER))
    _put_head(out, 0, _uint("kind", kind, 0xFF))
    _put_time(out, "time", fields)
    out.append(SOURCES.index(source) if source in SOURCES else 0)
    _put_head(out, 0, _uint("uncertainty", fields.get("uncertainty") or 0, MAX_NUMBER))
    _put_time(out, "uptime", fields)
    _put_head(out, _MAP, count)
    return bytes(out + said)


def _put_head(out, major, argument):
    """Append the head of a CBOR item; the three highest bits of ``major`` are its type."""
    if argument < 24:
        out.append(major | argument)
    elif argument < 0x100:
        out.append(major | 24)
        out.append(argument)
    else:
        info = 25 if argument < 0x10000 else 26 if argument < 0x100000000 else 27
        out.append(major | info)
        out.extend(argument.to_bytes(1 << info - 24, "big"))


def _put_time(out, name, fields):
    value = fields.get(name)
    if value is None:
        out.append(0xF6)
    else:
        _put_head(out, 0, _uint(name, value, _MAX_TIME))


def decode(record: bytes) -> Event:
    """The event in a record. Raises EventError; says nothing on who wrote it."""
    try:
        items = cbor.decode(record, deterministic=True, max_depth=2, max_items=_MAX_ITEMS)
    except InvalidInput as error:
        raise EventError("no event: " + str(error))
    if not isinstance(items, list) or len(items) != _HEAD + 1 or not isinstance(items[-1], dict):
        raise EventError("no event: not an array of 7 with a map")
    number, kind, time, source, uncertainty, uptime, said = items
    for value in (number, kind, source, uncertainty):
        if not _is_uint(value):
            raise EventError("no event: a number is missing")
    for value in (time, uptime):
        if value is not None and not _is_uint(value):
            raise EventError("no event: a time is no number")
    if number > MAX_NUMBER or source >= len(SOURCES):
        raise EventError("no event: a number out of range")
    fields = {}
    for label in said:
        value = _told(label, said[label])
        fields[NAMES[label - 1] if 0 < label <= len(NAMES) else label] = value
    return Event(number, kind, time, SOURCES[source], uncertainty, uptime, fields)


def _told(label, value):
    """A field as it was read: a scalar, and of its own form where the label is known."""
    if not _is_uint(label) or not isinstance(value, (int, bool, str, bytes)):
        raise EventError("no event: a field is no field")
    if not 0 < label <= len(NAMES):
        return value
    form = FORMS[label - 1]
    if form in _LENGTHS:
        fits = isinstance(value, bytes) and len(value) == _LENGTHS[form]
    elif form == _YES:
        fits = isinstance(value, bool)
    elif form == _TEXT:
        fits = isinstance(value, str)
    else:
        fits = _is_uint(value)
    if not fits:
        raise EventError("no event: %s has another form" % NAMES[label - 1])
    return value


def split(raw: bytes) -> tuple:
    """``(record, code)`` of a raw record. Raises EventError."""
    if not CODE_LENGTH < len(raw) <= MAX_RAW:
        raise EventError("no event has %d bytes" % len(raw))
    return bytes(raw[:-CODE_LENGTH]), bytes(raw[-CODE_LENGTH:])


def number_of(raw: bytes) -> int:
    """The number in a raw record, without a look at the rest. Raises EventError."""
    record, _ = split(raw)
    if record[0] != _ARRAY_OF_SEVEN:
        raise EventError("no event: not an array of 7")
    try:
        number, _ = cbor.decode_prefix(record, 1, deterministic=True, max_depth=0, max_items=1)
    except InvalidInput as error:
        raise EventError("no event: " + str(error))
    if not _is_uint(number) or number > MAX_NUMBER:
        raise EventError("no event: no number")
    return number


def board_keys(ephemeral: bytes, device: bytes, audit: bytes) -> tuple:
    """``(key(0), acknowledgement key)`` as the reader makes them, 32 bytes each: from its
    ephemeral and its device's private keys and the auditor's public key. Raises crypto.InvalidKey.

    The ephemeral key, forgotten at once, keeps the past from whoever takes the board; the
    device's keeps a stranger from making up a log in this reader's name.
    """
    shared = crypto.x25519(ephemeral, audit) + crypto.x25519(device, audit)
    return _keys(shared, crypto.x25519_public_key(ephemeral) + crypto.x25519_public_key(device))


def auditor_keys(audit: bytes, ephemeral: bytes, device: bytes) -> tuple:
    """The same two, from the auditor's private key and the reader's public keys."""
    shared = crypto.x25519(audit, ephemeral) + crypto.x25519(audit, device)
    return _keys(shared, ephemeral + device)


def auditor_root(audit: bytes, ephemeral: bytes, device: bytes) -> bytes:
    """key(0) alone."""
    return auditor_keys(audit, ephemeral, device)[0]


def _keys(shared, public):
    prk = crypto.hkdf_extract(b"holdfast events", shared)
    # Neither says anything of the other: the board keeps the second and forgets the first.
    return (
        crypto.hkdf_expand(prk, public, KEY_LENGTH),
        crypto.hkdf_expand(prk, b"acknowledgement" + public, KEY_LENGTH),
    )


def next_key(key: bytes) -> bytes:
    """key(i + 1) from key(i)."""
    return crypto.hmac_sha256(key, b"next")


def mark(key: bytes, calls_for_help: bool) -> bytes:
    """The mark, 8 bytes, of an event of a PIN under the key of its number.

    Whoever has not got that key, which the board forgets, cannot tell one from the other.
    """
    return crypto.hmac_sha256(key, b"help" if calls_for_help else b"mark")[:8]


def code(key: bytes, before: bytes, record: bytes) -> bytes:
    """The code of a record under the key of its number, after the event with the code
    ``before``.
    """
    return crypto.hmac_sha256(key, before + record)[:CODE_LENGTH]


def is_authentic(raw: bytes, key: bytes, before: bytes) -> bool:
    """Whether a raw record carries the code that it must. Raises EventError."""
    record, claimed = split(raw)
    return crypto.equal(code(key, before, record), claimed)


def is_late(event: Event, now: tuple) -> bool:
    """Whether an event is too old to raise a live alarm.

    ``now`` is the reader's, when it handed the event over: ``(number of the first event since it
    started, seconds since it started)``. No clock is asked: a reader without one is not late.
    """
    first, uptime = now
    if event.number < first or event.uptime is None or uptime is None:
        return True
    return uptime - event.uptime > LATE_S


def _cut(text):
    data = text.encode()
    if len(data) <= _TEXT_BYTES:
        return data
    end = _TEXT_BYTES
    while data[end] & 0xC0 == 0x80:  # not inside a character
        end -= 1
    return data[:end]


def _uint(name, value, limit):
    if type(value) is not int or not 0 <= value <= limit:
        raise ValueError("no event has such a %s" % name)
    return value


def _is_uint(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
