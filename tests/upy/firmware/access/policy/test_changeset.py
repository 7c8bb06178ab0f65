"""Changesets: what the authority says in one step, and that nothing else passes for one."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
import policy_site as board
import small_site as site
from cose import sign1
from harness import raises, unhex
from holdfast.access.policy import changeset
from holdfast.access.policy import operations as ops
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.tag import name_tag
from untrusted import InvalidInput

ANCHORS = (site.authority_public(),)


def _signed(payload, aad=b"holdfast changeset", key=None, unprotected=None, protected=None):
    if not isinstance(payload, bytes):
        payload = cbor.encode(payload)
    return sign1.sign(
        payload,
        key or site.authority(),
        external_aad=aad,
        unprotected=unprotected,
        protected=protected,
    )


def _payload(changes=None):
    payload = {1: 2, 2: site.SITE, 3: 1, 4: bytes(32), 5: site.NOW, 6: [[ops.WATERMARK, 1]]}
    payload.update(changes or {})
    return {label: value for label, value in payload.items() if value is not ...}


def _refused(raw):
    return str(raises(ChangesetRefused, changeset.parse, raw))


def test_what_is_made_is_read_back_as_it_was_meant():
    """The host makes it and the board reads it with the same code, through bytes."""
    operations = list(board.EVERY[:16])
    raw = changeset.make(site.authority(), site.SITE, 5, b"\x09" * 32, site.NOW, operations)
    read = changeset.parse(raw)
    assert (read.site, read.number, read.previous) == (site.SITE, 5, b"\x09" * 32)
    assert read.issued_at == site.NOW and read.operations == operations
    assert read.hash == crypto.sha256(raw) and read.raw == raw
    read.verify(ANCHORS)


def test_every_operation_is_taken():
    """One of each kind, and of each removal: what docs/protocol.md promises can be said."""
    for operation in board.EVERY:
        ops.check([operation])
    ops.check([])
    ops.check([[ops.LOOKUP, 2]])
    known = {operation[0] for operation in board.EVERY} | {ops.LOOKUP}
    assert sorted(known) == list(range(1, 19))


def test_the_bytes_are_those_of_the_format():
    """Built by hand from the page on the protocol: a change of ours would show as another byte."""
    payload = unhex("a6 0102 02 6461636d65 0301 04 5820" + "00" * 32 + "05 1a 6b49d200")
    payload += unhex("06 81 82 08 01")
    to_sign = b"\x84\x6aSignature1" + unhex("43 a10127 52") + b"holdfast changeset"
    to_sign += b"\x58" + bytes([len(payload)]) + payload
    signature = crypto.ed25519_sign(site.AUTHORITY_SEED, to_sign)
    by_hand = unhex("d2 84 43 a10127 a0 58") + bytes([len(payload)]) + payload
    by_hand += b"\x58\x40" + signature
    made = changeset.make(
        site.authority(), site.SITE, 1, bytes(32), 0x6B49D200, [[ops.WATERMARK, 1]]
    )
    assert made == by_hand


def test_only_an_anchor_in_force_signs():
    """Whoever may sign may open every door."""
    raw = changeset.make(site.authority(), site.SITE, 1, bytes(32), 1, [])
    stranger = changeset.make(site.authority(board.OTHER_SEED), site.SITE, 1, bytes(32), 1, [])
    other = site.authority(board.OTHER_SEED)
    changeset.parse(raw).verify((other, ANCHORS[0]))
    raises(ChangesetRefused, changeset.parse(raw).verify, (other,))
    raises(ChangesetRefused, changeset.parse(raw).verify, ())
    raises(ChangesetRefused, changeset.parse(stranger).verify, ANCHORS)


def test_what_the_authority_signed_for_another_purpose_is_no_changeset():
    """A credential, a snapshot's head: all are signed by the same key."""
    for aad in (b"", b"holdfast snapshot", b"holdfast changeset "):
        parsed = changeset.parse(_signed(_payload(), aad))
        raises(ChangesetRefused, parsed.verify, ANCHORS)
    raises(ChangesetRefused, changeset.parse, site.holder_token())


def test_there_is_one_encoding_only():
    """The next changeset names the hash of all the bytes: if a carrier could write them in another
    way, a board would follow those and never again find a next one.
    """
    assert "unprotected" in _refused(_signed(_payload(), unprotected={4: b"kid"}))
    assert "encoded" in _refused(_signed(_payload(), protected={4: b"kid"}))
    raw = _signed(_payload())
    _refused(raw[1:])  # without its tag
    _refused(b"\xd8\x12" + raw[1:])  # the tag in two bytes
    assert raw[1] == 0x84
    _refused(raw[:1] + b"\x9f" + raw[2:] + b"\xff")  # of indefinite length
    unsorted = b"\xa6" + cbor.encode(2) + cbor.encode(site.SITE) + cbor.encode(1) + cbor.encode(2)
    unsorted += cbor.encode_sequence(3, 1, 4, bytes(32), 5, 1, 6, [])
    _refused(_signed(unsorted))
    _refused(_signed(cbor.encode(_payload()) + b"\x00"))
    for length in range(len(raw)):
        _refused(raw[:length])
    _refused(raw + b"\x00")
    _refused(b"")


def test_every_entry_of_the_payload_is_asked_for():
    """Missing, unknown, of another type or out of range: refused before any is used."""
    for label, values in {
        1: (..., 0, 1, 3, True, 2.0, "2", None),
        2: (..., "", "x" * 65, "é" * 33, "ac\x00me", "acme\x9f", b"acme", 1, None),
        3: (..., 0, -1, 1 << 32, 1.0, True, "1", None),
        4: (..., b"", bytes(31), bytes(33), "x" * 32, None),
        5: (..., -1, 1 << 63, 1.5, True, None),
        6: (..., {}, b"", None, [[ops.WATERMARK, 1]] * 129),
        7: (1,),
        "6": (1,),
    }.items():
        for value in values:
            _refused(_signed(_payload({label: value})))
    for payload in ([], b"\xa0", 1, None, cbor.Tag(1, 1)):
        _refused(_signed(payload))


def test_an_unknown_operation_refuses_the_whole_changeset():
    """A board that skipped what it does not know might skip a revocation."""
    for code in (0, 19, -1, 100, True, "2", None, 1.0, b""):
        _refused(_signed(_payload({6: [[ops.WATERMARK, 1], [code, 1]]})))
    for operation in ([], {}, 8, None, "x"):
        _refused(_signed(_payload({6: [operation]})))


_WRONG_NAMES = ("", "x" * 65, "é" * 33, "a\x00", "\nb", "a\x1fb", "\x7f", "\x80", "c\x9fd")
_WRONG_NAMES += (b"x", 1, None, True, [])


def test_a_name_is_refused_everywhere_that_one_is_read():
    """Control characters, too many bytes, no text at all: in a place, a list, and what is taken
    away again.
    """
    hours = [[[0, 1]]] * 7
    for name, is_good in [(bad, False) for bad in _WRONG_NAMES] + [
        ("x" * 64, True),
        ("é" * 32, True),
        ("Büro 2 – Süd", True),
        ("\xa0", True),
    ]:
        for operation in (
            [ops.ZONE, name, b""],
            [ops.ZONE, name, False],
            [ops.SCHEDULE, name, hours, []],
            [ops.SCHEDULE, name, False],
            [ops.GROUP, 1, [[[1, name], 1, None]]],
            [ops.GROUP, 1, [[[2, name], 1, None]]],
            [ops.GROUP, 1, [[[1, "x"], 1, name]]],
            [ops.LOCKDOWN, True, [[1, name]]],
            [ops.LOCKDOWN, False, [[1, "x"], [2, name]]],
            [ops.DOOR, 1, name],
            [ops.ZONE_KEY, name, 1, bytes(32), []],
            [ops.ZONE_SWITCH, name, 1],
            [ops.DOOR_MODE, 1, name, 0],
            [ops.CARRIER, name, 1, 1],
            [ops.CARRIER, name, False],
        ):
            is_no_schedule = name is None and operation[0] == ops.GROUP and len(operation) == 3
            is_no_schedule = is_no_schedule and operation[2][0][0][1] is not None
            if is_good or is_no_schedule:
                ops.check([operation])
            else:
                raises(InvalidInput, ops.check, [operation])


def test_every_field_of_every_operation_is_checked():
    """Types, ranges, lengths, counts, and nothing left over."""
    name, wrong_places = "x", (1, None, "x", [], ["x"], [1], [1, "x", 1], [0, "x"], [3, "x"])
    wrong_places += ([True, "x"], [1.0, "x"], ["1", "x"], [1, ["x"]], {1: "x"})
    times = (-1, 1 << 63, 1.0, True, "1", b"")
    hours, key = [[[0, 1]]] * 7, bytes(range(32))
    refused = [[code] for code in range(1, 19)]
    refused += [operation + [None] for operation in board.EVERY]
    # But a grant is one without its rare fields, too.
    refused += [one[:-1] for one in board.EVERY if len(one) < 5 or one[0] != ops.GRANT]
    refused += [
        [ops.ZONE, name, bad]
        for bad in (None, True, 0, "x", {}, [], ["x"], b"\x00", b"\x01\x00", b"\x01" * 33)
    ]
    refused += [[ops.SCHEDULE, name, bad, []] for bad in (None, [], hours[1:], hours + [[]], 0)]
    refused += [
        [ops.SCHEDULE, name, [[bad]] * 7, []]
        for bad in ([1, 1], [2, 1], [-1, 5], [1440, 1441], [0, 1441], [1439, 2880], [1], [0, True])
    ]
    refused += [
        [ops.SCHEDULE, name, hours, bad]
        for bad in (None, [[0, 1]], [[]] * 5, [None], {}, False, [[[1, 1]]])
    ]
    refused += [[ops.SCHEDULE, name, False, []]]
    refused += [
        [ops.HOLIDAYS, [bad]]
        for bad in [1, [1], [1, 0], [1, 5], [1, 1, 1], [-1, 1], [65536, 1], [True, 1], ["1", 1]]
        + [[[0, 1], 1], [[13, 1], 1], [[1, 0], 1], [[1, 32], 1], [[1], 1], [[1, 1, 1], 1]]
    ]
    refused += [[ops.HOLIDAYS, bad] for bad in (None, {}, [[1, 1], [1, 2]])]
    refused += [[ops.HOLIDAYS, [[[5, 1], 1], [[5, 1], 2]]]]
    refused += [[ops.HOLIDAYS, [[day, 1] for day in range(97)]]]
    refused += [[ops.GROUP, bad, []] for bad in (-1, 65536, True, None, "1")]
    refused += [[ops.GROUP, 1, bad] for bad in (None, True, 0, {}, [[]], [[[1, "x"], 1]])]
    refused += [[ops.GROUP, 1, [[[1, "x"], bad, None]]] for bad in (0, -1, 32768, True, None, "1")]
    refused += [[ops.GROUP, 1, [[bad, 1, None]]] for bad in wrong_places]
    refused += [[ops.GROUP, 1, [[[1, "x"], 1, None]] * 33]]
    refused += [[ops.GRANT, bad, 1, None] for bad in (b"", bytes(7), bytes(9), "x" * 8, None)]
    refused += [[ops.GRANT, bytes(8), bad, None] for bad in (-1, 65536, True, None, "1", False)]
    refused += [[ops.GRANT, bytes(8), 1, bad] for bad in times]
    refused += [[ops.GRANT, bytes(8), 0], [ops.GRANT, bytes(7), False]]
    refused += [[ops.GRANT, bytes(8), False, False], [ops.GRANT, bytes(8), 1, False, {2: True}]]
    refused += [[ops.GRANT, bytes(8), 1, False, None]]
    refused += [
        [ops.GRANT, bytes(8), 1, None, bad]
        for bad in [None, False, True, [], {}, {0: 1}, {6: True}, {True: 1}, {2: True, 9: 1}]
        + [{1: -1}, {1: 65536}, {1: None}, {1: True}, {1: 1.0}, {"2": True}]
        + [{2: False}, {2: 1}, {2: None}, {5: False}, {5: 1}]
        + [{3: b""}, {3: bytes(4)}, {3: b"abc"}, {3: b"abcde"}, {3: "abcd"}, {3: None}]
        + [{4: 0}, {4: 64}, {4: True}, {4: None}]
    ]
    refused += [[ops.REVOKE, bad, 1, None] for bad in (b"", bytes(7), bytes(9), "x" * 8, None)]
    refused += [[ops.REVOKE, bytes(8), bad, None] for bad in times + (None,)]
    refused += [[ops.REVOKE, bytes(8), 1, bad] for bad in times] + [[ops.REVOKE, bytes(8), 1]]
    refused += [[code, bad] for code in (ops.WATERMARK, ops.DROPPED) for bad in times + (None,)]
    refused += [[ops.LOCKDOWN, bad, None] for bad in (0, 1, None, "on")]
    refused += [[ops.LOCKDOWN, True, [bad]] for bad in wrong_places]
    refused += [[ops.LOCKDOWN, True, bad] for bad in (False, "x", [1], [""], [[1, "x"]] * 65)]
    refused += [[ops.ANCHORS, bad] for bad in ([], key, [key[1:]], [key, key], [None])]
    refused += [[ops.ANCHORS, [key, bytes(32), bytes([1]) * 32]]]
    refused += [[ops.LIMITS, bad] for bad in ({}, [], None, {2: 1}, {7: 1}, {True: 1}, {"1": 1})]
    refused += [[ops.LIMITS, {1: bad}] for bad in (-1, 2592001, True, None, 1.0)]
    refused += [[ops.LIMITS, {3: bad}] for bad in (0, 86401)]
    refused += [[ops.LIMITS, {4: bad}] for bad in (-1, 3650 * 86400 + 1, None)]
    refused += [[ops.LIMITS, {5: bad}] for bad in (0, 3651)]
    refused += [[ops.LIMITS, {6: bad}] for bad in (0, 1001)]
    refused += [[ops.TIMEZONE, bad, None] for bad in (None, True, 901, -901, "1")]
    refused += [
        [ops.TIMEZONE, 0, bad] for bad in ([], False, [60], [0, [1, 1, 1, 1], [2, 1, 1, 1]])
    ]
    doors = (-1, 256, True, None, "1", 1.0)
    refused += [[ops.DOOR, bad, "x"] for bad in doors] + [[ops.DOOR, bad, False] for bad in doors]
    numbers = (0, -1, 65536, True, None, "1")
    sealed = [bytes(6), bytes(40)]
    for head in ([ops.ZONE_KEY, "x"], [ops.LOOKUP]):
        refused += [head + [bad, key, [sealed]] for bad in numbers]
        refused += [head + [1, bad, [sealed]] for bad in (b"", key[1:], None, "x" * 32, False)]
        refused += [head + [1, key, bad] for bad in (None, False, {}, [sealed] * 33, [[]], [key])]
        refused += [
            head + [1, key, [bad]] for bad in ([bytes(5), bytes(40)], [bytes(6), bytes(39)])
        ]
        refused += [head + [1, key, [bad]] for bad in (sealed + [1], ["x" * 6, bytes(40)])]
    refused += [[ops.ZONE_SWITCH, "x", bad] for bad in numbers]
    refused += [[ops.LOOKUP, bad] for bad in numbers]
    refused += [[ops.LOOKUP, 1, None, None], [ops.LOOKUP, 1, key], [ops.LOOKUP, 1, key, None]]
    refused += [[ops.DOOR_MODE, bad, "x", 0] for bad in doors]
    refused += [[ops.DOOR_MODE, 1, "x", bad] for bad in (-1, 2, True, False, None)]
    refused += [[ops.CARRIER, "x", bad, 1] for bad in doors]
    refused += [[ops.CARRIER, "x", 1, bad] for bad in (0, 3, True, None, False)]
    for operation in refused:
        try:
            ops.check([operation])
        except InvalidInput:
            continue
        raise AssertionError(operation)
    assert len(refused) > 300


def test_the_widest_of_each_is_taken():
    """The bounds of docs/protocol.md are those of the board, to the last one."""
    key, most = bytes(range(32)), (1 << 63) - 1
    ops.check(
        [
            [ops.ZONE, "x", b""],
            [ops.ZONE, "x", b"\xff" * 32],
            [ops.SCHEDULE, "x", [[[1439, 2879]]] * 7, [[[0, 1440]]] * 4],
            [ops.HOLIDAYS, [[day, 1 + day % 4] for day in range(96)]],
            [ops.HOLIDAYS, [[65535, 4], [[2, 29], 1], [[2, 30], 2]]],
            [ops.GROUP, 65535, [[[2, "x"], 32767, "y"]] * 32],
            [
                ops.GRANT,
                bytes(8),
                65535,
                most,
                {1: 65535, 2: True, 3: b"\0\0\0\1", 4: 63, 5: True},
            ],
            [ops.GRANT, bytes(8), 1, None, {1: 0, 4: 1}],
            [ops.GRANT, bytes(8), 0, False],
            [ops.REVOKE, bytes(8), most, most],
            [ops.LOCKDOWN, True, [[1, "x"]] * 64],
            [ops.LIMITS, {1: 0, 3: 1, 4: 3650 * 86400, 5: 3650, 6: 1000}],
            [ops.DOOR, 255, "x"],
            [ops.ZONE_KEY, "x", 65535, key, [[bytes(6), bytes(40)]] * 32],
            [ops.LOOKUP, 65535],
            [ops.LOOKUP, 65535, key, []],
            [ops.DOOR_MODE, 255, "x", 1],
            [ops.CARRIER, "x", 255, 2],
            [ops.DROPPED, most],
        ]
    )


def test_the_largest_is_taken_and_one_byte_more_is_not():
    """1,024 bytes go into one frame of the link; the host cannot make what no board takes."""
    room = 1024 - len(changeset.make(site.authority(), site.SITE, 1, bytes(32), site.NOW, []))
    grants = [[ops.GRANT, b"%08d" % number, 1, None] for number in range(room // 13 - 1)]
    for length in range(1, 64):
        operations = grants + [[ops.ZONE, "x" * length, b""]]
        raw = _signed(_payload({6: operations}))
        if len(raw) > 1024:
            assert "1024" in _refused(raw)
            arguments = (site.authority(), site.SITE, 1, bytes(32), site.NOW, operations)
            raises(ChangesetRefused, changeset.make, *arguments)
            return
        changeset.parse(raw)
    raise AssertionError("never too long")


def test_grants_and_groups_are_the_caches():
    """Names become tags here, so that host and board cut them alike; places keep their kind."""
    chosen = [one for one in board.EVERY if one[0] in (ops.GROUP, ops.GRANT)]
    raw = changeset.make(site.authority(), site.SITE, 1, bytes(32), 1, chosen)
    rights = [
        (1, name_tag(site.DOOR), 1, None),
        (2, name_tag(site.ZONE), 3, name_tag("office")),
    ]
    assert changeset.parse(raw).changes() == [
        ("group", 7, rights),
        ("ungroup", 8),
        ("grant", b"card-one", 7, None, None),
        ("grant", b"card-two", 7, site.NOW + site.DAY, None),
        ("grant", b"card-two", 8, None, {1: 20833, 2: True, 3: b"tag4", 4: 63, 5: True}),
        ("revoke", b"card-two", 8),
        ("revoke", b"card-old", None),
    ]
    removals = [one for one in chosen if ops.is_removal(one)]
    assert [one[-1] for one in removals] == [False] * 3
