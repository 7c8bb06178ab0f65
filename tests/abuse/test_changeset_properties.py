"""Arbitrary CBOR in place of changesets, snapshots, parts and states."""

from hypothesis import given, settings
from hypothesis import strategies as st

import cbor
import crypto
import policy_site as board
import small_site as site
from access_rules import seen
from cose import sign1
from holdfast.access.policy import changeset, draft, key_changes, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.key_ring import KeyRing
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.policy.view import DoorView
from holdfast.storage.policy import encoding
from untrusted import InvalidInput

numbers = st.integers(-2, 15) | st.integers(-(1 << 70), 1 << 70)
names = st.text(max_size=70) | st.sampled_from([site.ZONE, site.DOOR])
keys = st.binary(max_size=10) | st.sampled_from([bytes(8), bytes(32), b"\x01" * 32])
leaves = st.none() | st.booleans() | numbers | names | keys | st.floats()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(numbers, inner, max_size=4),
    max_leaves=24,
)
# Right ones with one field exchanged get further than random ones.
valid = st.sampled_from(board.EVERY)


@st.composite
def _changed(draw):
    operation = list(draw(valid))
    operation[draw(st.integers(0, len(operation) - 1))] = draw(values)
    return operation


operations = st.lists(_changed() | valid.map(list) | values, max_size=6)


@settings(max_examples=1500)
@given(operations, st.booleans())
def test_whatever_passes_the_check_can_be_followed(made, is_whole):
    """What is well-formed never raises anything but a refusal later, on the board or the host."""
    try:
        ops.check(made)
    except InvalidInput:
        return
    for operation in made:
        assert operation[0] in range(1, 19)
    rules = board.empty()
    try:
        rules = draft.following(rules, made, 1, bytes(32), site.NOW, is_whole)
    except ChangesetRefused:
        return
    view = DoorView(rules, site.DOOR)
    assert isinstance(view.is_locked_down, bool) and isinstance(view.zone_tags(), list)
    for change in ops.changes(made):
        assert change[0] in ("grant", "revoke", "group", "ungroup")
    ring = key_changes.following(KeyRing(), made, rules, site.root(), site.NODE, board.unseal)
    data = encoding.encode(rules, ring, b"8 bytes!", 0, 0)
    read, *rest = encoding.decode(data, board.empty())
    assert encoding.encode(read, *rest) == data and seen(read) == seen(rules)


@settings(max_examples=800)
@given(st.dictionaries(numbers, values, max_size=8), operations)
def test_any_signed_payload_is_a_changeset_or_refused(extra, made):
    """Even the authority's signature gets nothing malformed in."""
    payload = {1: 2, 2: site.SITE, 3: 1, 4: bytes(32), 5: 1, 6: made}
    payload.update(extra)
    for some in (payload, extra, made):
        try:
            raw = sign1.sign(
                cbor.encode(some), site.authority(), external_aad=b"holdfast changeset"
            )
        except ValueError:
            return
        for parse in (changeset.parse, snapshot.parse):
            try:
                parse(raw)
            except ChangesetRefused:
                pass


@settings(max_examples=800)
@given(st.binary(max_size=200) | values.map(cbor.encode))
def test_any_bytes_are_refused(raw):
    """Changeset, head, part, state: one exception family for all of them."""
    for parse in (changeset.parse, snapshot.parse):
        try:
            parse(raw)
        except ChangesetRefused:
            continue
        raise AssertionError("random bytes were signed")
    head = snapshot.parse(board.taken(1)[0])
    head.first_part = crypto.sha256(raw)
    try:
        snapshot.Assembly(head, board.empty()).add(raw)
    except ChangesetRefused:
        pass
    try:
        encoding.decode(raw, board.empty())
    except InvalidInput:
        pass


@settings(max_examples=400)
@given(st.integers(0, 5), st.integers(0, 25), values)
def test_any_entry_of_a_state_is_read_or_damage(entry, rule, value):
    """It is sealed, so only a board's own mistake gets there; it must not stop the board."""
    rules = draft.following(board.empty(), list(board.EVERY[:12]), 1, bytes(32), site.NOW)
    entries = cbor.decode(encoding.encode(rules, KeyRing(), b"", 0, 0))
    if entry == 1:
        entries[1][rule % len(entries[1])] = value
    else:
        entries[entry] = value
    try:
        data = cbor.encode(entries)
    except ValueError:
        return
    try:
        encoding.decode(data, board.empty())
    except InvalidInput:
        pass
