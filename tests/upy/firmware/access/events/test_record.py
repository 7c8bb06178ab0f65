"""One event as bytes: small, exact, and read without trust in whoever wrote it."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import crypto
import small_log as small
import small_site as site
from harness import mutants, raises, unhex
from holdfast.access.events import acknowledgement, event
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from holdfast.access.events.record import EventError
from holdfast.access.tag import name_tag

# docs/protocol.md, "A recorded event": made from fixed keys, to be made again by anybody.
EPHEMERAL = b"\x44" * 32
KEY_0 = unhex("a0aa9b10a8ddf9ada41a029ced3f285e9d90e570e7bf425c71da6fce35148df0")
RECORD = unhex("8700011a6b49d20001021a00015180a501000201034800010203040506070565616c6963650f00")
CODE = unhex("785a3df9fbd0ad28ceda7d6e20564eaa")
ACKNOWLEDGEMENT_KEY = unhex("d7c00dc367b6e5fe060223238c2f3ceba8b400477c084227c9175b7104944319")
ACKNOWLEDGEMENT = unhex(
    "d18443a10105a05835835820ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b"
    "0050785a3df9fbd0ad28ceda7d6e20564eaa58207de1cedced43a12c1cd0a30edb3c9d798f08ee72f346abdf"
    "a8a5ba41ebfdfe26"
)


def test_the_event_in_the_documents():
    """Byte for byte: an integrator builds the check from them."""
    keys = event_record.board_keys(EPHEMERAL, site.READER_PRIVATE, small.AUDIT_PUBLIC)
    key, auditors = keys
    public = crypto.x25519_public_key(EPHEMERAL)
    assert key == KEY_0
    assert key == event_record.auditor_root(site.AUDIT_PRIVATE, public, small.READER_PUBLIC)
    made = event_record.encode(0, event.ACCESS, small.access())
    assert made == RECORD
    assert event_record.code(key, event_record.FIRST_CODE, made) == CODE
    assert event_record.is_authentic(made + CODE, key, event_record.FIRST_CODE)
    assert keys == event_record.auditor_keys(site.AUDIT_PRIVATE, public, small.READER_PUBLIC)
    assert auditors == ACKNOWLEDGEMENT_KEY
    assert acknowledgement.encode(auditors, public, 0, CODE) == ACKNOWLEDGEMENT
    assert acknowledgement.verify(ACKNOWLEDGEMENT, auditors, public) == (0, CODE)
    with open("docs/protocol.md") as file:
        text = file.read()
    for shown in (KEY_0, RECORD, CODE, event_record.next_key(key), auditors, ACKNOWLEDGEMENT):
        assert "`" + shown.hex() + "`" in text


def _forms():
    """Each field's name, and its form."""
    assert len(event_record.NAMES) == len(event_record.FORMS)
    return list(zip(event_record.NAMES, event_record.FORMS.decode()))


def test_labels_stay():
    """They are in logs that outlive the firmware."""
    names = event_record.NAMES
    for label, name in ((1, "reason_code"), (5, "holder"), (15, "shown"), (16, "door")):
        assert names[label - 1] == name
    for label, name in ((21, "claimed"), (25, "issued"), (29, "by"), (35, "authority")):
        assert names[label - 1] == name
    assert len(set(names)) == len(names) == 38


def test_an_ordinary_event_is_small():
    """10,000 of them are to fit in 1 MB."""
    said = small.unlock(10000, holder="alice.miller")
    assert len(event_record.encode(70000, event.ACCESS, said)) <= 76


def test_every_event_a_reader_can_tell_of_comes_back():
    """Each field with each kind of value it can have, alone."""
    numbers = (0, 1, 23, 24, 255, 65536, 0xFFFFFFFF)
    values = {
        "n": numbers,
        "d": numbers + (1 << 53,),
        "y": (True,),
        "s": ("", "a", "Zo\xeb", "\u20ac" * 21),
        "p": (bytes(6), b"\xff" * 6),
        "8": (bytes(8), b"\xff" * 8),
        "k": (bytes(32),),
        "c": (bytes(16),),
    }
    for name, form in _forms():
        for value in values[form]:
            record = event_record.encode(7, 200, {name: value})
            got = event_record.decode(record)
            assert got.fields == {name: value} and (got.number, got.kind) == (7, 200)
            assert event_record.number_of(record + bytes(16)) == 7
    # What an event does not say, or says in other words, takes no room.
    nothing = event_record.encode(7, 1, {})
    said = {"granted": True, "reason": "granted", "guest": False, "holder": None, "link": 7}
    assert event_record.encode(7, 1, said) == nothing and len(nothing) == 8


def test_of_a_place_its_tag_is_kept():
    """A name of 64 bytes in each event would halve what a log can hold."""
    said = {"door": "lobby", "schedule": b"tagged", "audience": "guests"}
    got = event_record.decode(event_record.encode(1, 1, said)).fields
    assert got["door"] == name_tag("lobby") and got["audience"] == name_tag("guests")
    assert got["schedule"] == b"tagged"


def test_a_long_name_is_cut_between_characters():
    """At 64 bytes: a stranger's name must not fill the log."""
    for character in ("x", "\xe9", "\u20ac", "\U0001f511"):
        made = event_record.decode(event_record.encode(1, 1, {"holder": "ab" + character * 64}))
        got = made.fields["holder"]
        assert 61 <= len(got.encode()) <= 64 and ("ab" + character * 64).startswith(got)
    longest = {"time": 1 << 63, "uptime": 1 << 63, "uncertainty": 0xFFFFFFFF, "clock": "floor"}
    most = {"n": 0xFFFFFFFF, "d": 1 << 63, "y": True, "s": "x" * 99, "p": "x", "8": bytes(8)}
    for name, form in _forms():
        longest[name] = most.get(form) or bytes(event_record._LENGTHS[ord(form)])
    made = event_record.encode(0xFFFFFFFF, 255, longest)
    assert event_record.split(made + bytes(16))[0] == made


def test_no_bytes_are_more_than_refused():
    """An event comes from a flash chip, a phone, a file: EventError and nothing else."""
    whole = event_record.encode(70000, event.ACCESS, small.access()) + bytes(16)
    assert event_record.number_of(whole) == 70000
    refused = 0
    for damaged in mutants(whole):
        try:
            event_record.number_of(damaged)
            event_record.decode(event_record.split(damaged)[0])
        except EventError:
            refused += 1
    assert refused > len(whole)
    for _ in range(300):
        try:
            event_record.decode(os.urandom(40))
        except EventError:
            refused += 1
    for items in (
        [],
        [1, 1, None, 0, 0, None],
        [1, 1, None, 0, 0, None, []],
        [-1, 1, None, 0, 0, None, {}],
        [True, 1, None, 0, 0, None, {}],
        [1 << 32, 1, None, 0, 0, None, {}],
        [1, 1, "now", 0, 0, None, {}],
        [1, 1, None, 6, 0, None, {}],
        [1, 1, None, 0, None, None, {}],
        [1, 1, None, 0, 0, -5, {}],
        [1, 1, None, 0, 0, None, {"x": 1}],
        [1, 1, None, 0, 0, None, {3: b"short"}],
        [1, 1, None, 0, 0, None, {5: 5}],
        [1, 1, None, 0, 0, None, {6: 1}],
        [1, 1, None, 0, 0, None, {1: True}],
        [1, 1, None, 0, 0, None, {16: b"longer!"}],
        [1, 1, None, 0, 0, None, {16: "lobby"}],
        [1, 1, None, 0, 0, None, {18: 1}],
        [1, 1, None, 0, 0, None, {23: -1}],
        [1, 1, None, 0, 0, None, {23: True}],
        [1, 1, None, 0, 0, None, {-1: 0}],
        [1, 1, None, 0, 0, None, {99: None}],
        [1, 1, None, 0, 0, None, {99: [1]}],
    ):
        raises(EventError, event_record.decode, cbor.encode(items))
    newer = event_record.decode(cbor.encode([1, 99, None, 0, 0, None, {99: "new"}]))
    assert newer.fields == {99: "new"} and newer.kind == 99


def test_batches_come_back_and_damage_is_refused():
    """Up to the records: what is in those is for the check of the chain."""
    records = [b"one record", b"another"]
    batch = Batch((3, b"r" * 32), (2, b"b" * 16), (9, b"h" * 16), (4, 77), records)
    (got,) = event_batch.decode(batch.encode())
    assert (got.root, got.before, got.head, got.now) == (
        batch.root,
        batch.before,
        batch.head,
        batch.now,
    )
    assert got.records == records and got.certificate is None
    two = event_batch.decode(batch.encode() + Batch(got.root, None, got.head).encode())
    assert two[1].before is None and two[1].records == [] and two[1].now == (0, None)
    refused = 0
    for damaged in mutants(batch.encode()):
        try:
            event_batch.decode(damaged)
        except EventError:
            refused += 1
    assert refused > 100
    for data in (b"\x40", b"\x01", b"\xa0", cbor.encode({1: 2}), cbor.encode({1: True})):
        raises(EventError, event_batch.decode, data)


def test_an_event_is_late_by_the_readers_own_uptime():
    """A reader whose clock is wrong raises its alarms, and what a cut delayed raises none."""

    def late(number, uptime, now):
        made = event_record.encode(number, event.ACCESS, {"uptime": uptime})
        return event_record.is_late(event_record.decode(made), now)

    assert not late(10, 1000, (10, 1000)) and not late(10, 1000, (3, 1060))
    assert late(10, 1000, (3, 1061)) and late(10, 1000, (11, 1000))
    assert late(10, None, (3, 1000)) and late(10, 1000, (3, None))
