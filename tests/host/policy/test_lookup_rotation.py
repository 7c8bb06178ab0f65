"""Other keys for all cards: one changeset, one snapshot beside it, and all or nothing of both."""

import os
import shutil

import pytest

import cbor
import crypto
from holdfast.access import tag
from holdfast.access.policy import changeset, draft, operations, snapshot
from holdfast.access.policy.rules import SiteRules
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import history as policies
from holdfast_host.policy.state import Grant
from untrusted import InvalidInput

NOW = 1_800_000_000
PASSPHRASE = "correct horse battery"
SEALED = [[tag.name_tag("reader-1"), bytes(40)]]
OLD, NEW = b"old key!", b"new key!"


@pytest.fixture
def begun(tmp_path, authority):
    """``begun()``: the history of a site with a door, a group and a card, and one changeset more
    for each operation given."""
    policies.create(tmp_path, "acme", authority, ["lobby"], "UTC", NOW)
    first = [[operations.DOOR, 0, "front"], [operations.GROUP, 7, [[[1, "front"], 1, None]]]]
    rare = {operations.SUSPENDED: True}

    def make(*more):
        for made in ([*first, [operations.GRANT, OLD, 7, NOW, rare]], *([one] for one in more)):
            change(tmp_path, authority, made)
        return load(tmp_path, authority)

    return make


def change(folder, authority, made, signer=None):
    key = authority.public_key
    policies.change(folder, "acme", key, signer or authority, lambda state: made, NOW)


def load(folder, authority):
    return policies.load(folder, "acme", authority.public_key)


def rekeyed(number=2, sealed=SEALED):
    grant = [operations.GRANT, NEW, 7, NOW, {operations.SUSPENDED: True}]
    return [grant, *([[operations.LOOKUP, number, bytes(32), sealed]] if sealed else [])]


def read(data, anchors):
    """(rules, grants) of a reader that takes a file of changesets, or with a snapshot in it."""
    rules, cache = SiteRules("acme", anchors), {}
    pieces = cbor.decode_sequence(data)
    while pieces:
        raw = pieces.pop(0)
        try:
            made = changeset.parse(raw)
        except InvalidInput:
            head = snapshot.parse(raw)
            head.verify(rules.anchors)
            assembly, cache = snapshot.Assembly(head, SiteRules("acme", anchors)), {}
            for part in pieces[: head.count]:
                keep(cache, operations.changes(assembly.add(part)))
            rules, pieces = assembly.rules, pieces[head.count :]
        else:
            made.verify(rules.anchors)
            rules = draft.applied(rules, made)
            keep(cache, made.changes())
    return rules, cache


def keep(cache, changes):
    for kind, key, *rest in changes:
        if kind == "grant":
            cache[key] = rest
        elif kind == "revoke":
            cache.pop(key)


def test_all_cards_have_other_keys_and_all_else_stays(tmp_path, authority, begun):
    """What the host shows is what the snapshot says, at the start and ever after."""
    before = begun()
    rotated = policies.rotate_lookup(tmp_path, before, authority, 2, rekeyed(), NOW)
    assert rotated.number == before.number + 1
    for history in (rotated, load(tmp_path, authority)):
        assert history.state.grants == {NEW: {7: Grant(NOW, suspended=True)}}
        assert history.state.lookup == 2 and list(history.turns) == [history.number]
        assert history.state.doors == before.state.doors
        assert history.state.groups == before.state.groups
        assert history.state.keys.sealed == [[operations.LOOKUP, 2, bytes(32), SEALED]]
    assert sorted(path.name for path in (tmp_path / "policy").iterdir()) == [
        "000001.changeset",
        "000002.changeset",
        "000003.changeset",
        "000003.snapshot",
    ]
    change(tmp_path, authority, [[operations.GRANT, b"one more", 7, None]])
    assert load(tmp_path, authority).state.grants.keys() == {NEW, b"one more"}


def test_a_reader_gets_it_from_any_number(tmp_path, authority, begun):
    """By the export after any changeset, and by what a new one is given."""
    begun([operations.DOOR, 1, "back"])
    whole = load(tmp_path, authority)
    policies.rotate_lookup(tmp_path, whole, authority, 2, rekeyed(), NOW)
    change(tmp_path, authority, [[operations.GRANT, b"one more", 7, None]])
    history = load(tmp_path, authority)
    anchors = (authority.public_key,)
    for data in (history.export(), history.export(2), history.for_reader(authority)):
        rules, cache = read(data, anchors)
        assert (rules.number, rules.head) == (5, history.head) and rules.lookup == 2
        assert cache.keys() == {NEW, b"one more"}
    assert cbor.decode_sequence(history.export(4)) == history.changesets[4:]
    assert cbor.decode_sequence(history.export())[0] == history.turns[4][0]


def test_keys_of_the_authority_go_before_a_snapshot_that_needs_them(tmp_path, authority, begun):
    """A reader that was cut off through both rotations knows only the first key."""
    new = Authority.generate()
    both = [operations.ANCHORS, [authority.public_key.x, new.public_key.x]]
    history = begun(both)
    policies.rotate_lookup(tmp_path, history, new, 2, rekeyed(), NOW)
    change(tmp_path, authority, [[operations.ANCHORS, [new.public_key.x]]], new)
    history = load(tmp_path, authority)
    rules, cache = read(history.export(), (authority.public_key,))
    assert rules.head == history.head and cache.keys() == {NEW}
    # Once more, so that the way leads over the first snapshot to the keys of the second.
    newest = Authority.generate()
    named = [operations.ANCHORS, [newest.public_key.x]]
    change(tmp_path, authority, [named], new)
    again = [operations.GRANT, b"3rd key!", 7, None], [operations.LOOKUP, 3, bytes(32), SEALED]
    history = load(tmp_path, authority)
    history = policies.rotate_lookup(tmp_path, history, newest, 3, again, NOW)
    for after in range(history.number):
        before = cbor.encode_sequence(*history._way(0, after))
        rules, cache = read(before + history.export(after), (authority.public_key,))
        assert rules.head == history.head and cache.keys() == {b"3rd key!"}
    # A new reader knows the newest key only, and where the chain stands.
    head = snapshot.parse(cbor.decode_sequence(history.for_reader(newest))[0])
    head.verify([newest.public_key])
    assert head.number == history.number
    everyone = [authority.public_key, new.public_key, newest.public_key]
    assert [key.x for key in history.every_key] == [key.x for key in everyone]


def test_sealed_keys_are_for_those_nodes_that_come_later(tmp_path, authority, begun):
    """Zone keys too: what was signed for a node is in every snapshot until the key is old."""
    one = [operations.ZONE_KEY, "lobby", 1, bytes(32), SEALED]
    other = [operations.ZONE_KEY, "lobby", 1, bytes(32), [[tag.name_tag("reader-2"), bytes(40)]]]
    history = begun(one, [operations.ZONE_SWITCH, "lobby", 1], other)
    assert history.state.keys.sealed == [one, other]
    anew = [operations.ZONE_KEY, "lobby", 1, b"\1" * 32, SEALED]
    change(tmp_path, authority, [anew])
    assert load(tmp_path, authority).state.keys.sealed == [other, anew]
    history = policies.rotate_lookup(
        tmp_path, load(tmp_path, authority), authority, 2, rekeyed(), NOW
    )
    assert history.state.keys.sealed[:2] == [other, anew]
    assert history.state.keys.numbers == {"lobby": 1}
    second = [operations.ZONE_KEY, "lobby", 2, bytes(32), SEALED]
    change(tmp_path, authority, [second, [operations.ZONE_SWITCH, "lobby", 2]])
    assert load(tmp_path, authority).state.keys.sealed[1:] == [second]


def test_a_site_without_nodes_rotates_too(tmp_path, authority, begun):
    """Its first reader gets the key with its settings."""
    history = policies.rotate_lookup(tmp_path, begun(), authority, 2, rekeyed(sealed=None), NOW)
    assert history.state.lookup == 2 == load(tmp_path, authority).state.lookup


def test_cut_anywhere_it_is_the_old_or_the_new(tmp_path, authority, begun, crashes, marks):
    """And the same command goes on from there."""
    begun()

    def act(send):
        os.environ["XDG_STATE_HOME"] = str(tmp_path / f"computer{os.getpid()}")
        at = shutil.copytree(tmp_path / "policy", tmp_path / f"at{os.getpid()}" / "policy").parent
        policies.rotate_lookup(at, load(at, authority), authority, 2, rekeyed(), NOW)

    processes = len(list(crashes(act)))
    seen = set()
    for folder in tmp_path.glob("at*"):
        shutil.rmtree(marks, ignore_errors=True)  # each copy is on a computer of its own
        try:
            history = load(folder, authority)
        except UsageProblem:
            continue  # cut while the test was still copying
        if history.number < 2:
            continue
        seen.add(history.number)
        if history.number == 2:
            assert history.state.grants.keys() == {OLD}
            # Another change meanwhile is none the worse for a snapshot that stands at nothing.
            other = shutil.copytree(folder, tmp_path / f"other-{folder.name}")
            change(other, authority, [[operations.DOOR, 1, "back"]])
            assert load(other, authority).state.grants.keys() == {OLD}
            shutil.rmtree(marks)
            history = policies.rotate_lookup(folder, history, authority, 2, rekeyed(), NOW)
        assert history.number == 3 and load(folder, authority).state.grants.keys() == {NEW}
    assert processes > 20 and seen == {2, 3}


def test_a_snapshot_that_is_lost_or_altered_is_said(tmp_path, authority, begun):
    """With its file; nothing is signed on top of half a policy."""
    policies.rotate_lookup(tmp_path, begun(), authority, 2, rekeyed(), NOW)
    path = tmp_path / "policy" / "000003.snapshot"
    whole = path.read_bytes()
    pieces = cbor.decode_sequence(whole)
    other = snapshot.make(authority.signing_key, "acme", 3, bytes(32), NOW, [])
    stranger = Authority.generate().signing_key
    forged = snapshot.make(
        stranger, "acme", 3, crypto.sha256(load(tmp_path, authority).changesets[2]), NOW, []
    )
    damaged = [whole[:-1], b"", whole[:-40], bytes([whole[0], *whole[1:200], whole[200] ^ 1])]
    damaged += [cbor.encode_sequence(*some) for some in (pieces[:-1], other, forged)]
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(UsageProblem, match="000003") as refused:
            load(tmp_path, authority)
        assert "backup" in refused.value.next_step
    path.unlink()
    with pytest.raises(UsageProblem, match="snapshot that stands at it is missing"):
        load(tmp_path, authority)


def test_somebody_who_was_quicker_is_not_undone(tmp_path, authority, begun):
    """The new keys were made of the cards that were there then."""
    stale = begun()
    change(tmp_path, authority, [[operations.GRANT, b"one more", 7, None]])
    with pytest.raises(UsageProblem, match="somebody else"):
        policies.rotate_lookup(tmp_path, stale, authority, 2, rekeyed(), NOW)
    assert load(tmp_path, authority).number == 3


def test_a_key_that_is_not_in_force_signs_nothing(tmp_path, authority, begun):
    """Of a site restored by halves: no reader would follow it."""
    history = begun()
    stranger = Authority.generate()
    for act in (
        lambda: change(tmp_path, authority, [[operations.DOOR, 1, "x"]], stranger),
        lambda: policies.refresh(tmp_path, "acme", authority.public_key, stranger, NOW),
        lambda: policies.rotate_lookup(tmp_path, history, stranger, 2, rekeyed(), NOW),
    ):
        with pytest.raises(UsageProblem, match="not in force"):
            act()
    assert load(tmp_path, authority).number == history.number
