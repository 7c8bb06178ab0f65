"""A policy of which something is lost: a door that stays shut, never an older policy."""

INTERPRETERS = ("micropython", "cpython")

import os

import policy_site as board
from folders import Folder, remove
from harness import bit_flips, raises, truncations
from holdfast.access import reason
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.storage import files

SMALL = {"segment_size": 700, "segments": 3}


def test_a_cache_that_is_behind_catches_up_or_answers_nothing():
    """It may hold a card that was taken back meanwhile."""
    raws = board.chain(*board.steps(12))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:8]:
            store.apply(raw)
        remove(folder + "/cache")
        assert board.whole(reader.start(), 8)  # the log has all of them
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        remove(folder + "/cache")
        store = reader.start()
        assert store.moment()[1] is None and store.needs_snapshot
        assert store.rules.fault == 0 and store.rules.number == 11
        assert store.apply(raws[11])  # tokens need no cards
        assert store.moment()[1] is None and store.needs_snapshot
        board.take(store, board.taken(12))
        assert board.whole(store, 12) and board.whole(reader.start(), 12)


def test_a_damaged_cache_is_made_anew_from_the_log():
    """If every changeset is still there, nobody has to bring them again."""
    raws = board.chain(*board.steps(5))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws:
            store.apply(raw)
        store.moment()[1].compact()
        files.write(folder + "/cache/pages", b"x" * 999)
        assert board.whole(reader.start(), 5)


def test_a_damaged_state_closes_the_door_until_it_is_repaired():
    """Whatever the damage: never an older policy. The chain from its first changeset repairs it,
    and so does a snapshot; and not before all is there again that once was.
    """
    raws = board.chain(*board.steps(12))
    for repair in ("chain", "snapshot"):
        with Folder() as folder:
            reader = board.Board(folder, **SMALL)
            store = reader.start()
            for raw in raws[:11]:
                store.apply(raw)
            whole = files.read(folder + "/policy/state", 1 << 16)
            for damaged in list(truncations(whole))[::40] + list(bit_flips(whole))[::500]:
                files.write(folder + "/policy/state", damaged)
                store = reader.start()
                assert store.rules.fault == reason.POLICY_DAMAGED and store.needs_snapshot
                assert store.rules.number == 0
            assert "older" in str(
                raises(ChangesetRefused, store.begin_snapshot, board.taken(10)[0])
            )
            if repair == "snapshot":
                board.take(store, board.taken(11))
            else:
                for number, raw in enumerate(raws[:11], 1):
                    assert store.rules.fault == reason.POLICY_DAMAGED
                    assert store.apply(raw)
                    if number % 4 == 1:
                        store = reader.start()
            assert board.whole(store, 11)
            assert board.whole(reader.start(), 11)
            assert store.apply(raws[11]) and board.whole(reader.start(), 12)


def test_whatever_is_lost_the_policy_never_goes_back():
    """Any file of policy/ gone or spoilt, alone: the newest policy, or a door that stays shut."""
    raws = board.chain(*board.steps(12))
    seen = set()
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        content = board.contents(folder)
        for path in sorted(content):
            if "/policy/" not in path:
                continue
            data = content[path]
            spoilt = [None, b""] + list(truncations(data))[::90] + list(bit_flips(data))[::700]
            for other in spoilt:
                for name, whole in content.items():
                    files.write(name, whole)
                if other is None:
                    os.remove(path)
                else:
                    files.write(path, other)
                rules = reader.start().rules
                assert rules.fault == (0 if rules.number == 11 else reason.POLICY_DAMAGED)
                seen.add(rules.fault)
        assert seen == {0, reason.POLICY_DAMAGED}
        for name, whole in content.items():
            files.write(name, whole)
        remove(folder + "/policy")
        store = reader.start()
        assert store.rules.fault == reason.POLICY_DAMAGED and store.rules.number == 0
        for raw in raws:
            store.apply(raw)
        assert board.whole(store, 12)


def test_the_log_itself_tells_that_something_is_missing():
    """Also without the word of the cache a spoilt record was one, in the middle and at the end;
    and what was read behind it says how far the policy had come.
    """
    raws = board.chain(*board.steps(12))
    numbers = set()
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        remove(folder + "/cache")
        content = board.contents(folder)
        for path, data in sorted(content.items()):
            for other in list(bit_flips(data))[::400]:
                files.write(path, other)
                store = reader.start()
                number = store.rules.number
                assert store.rules.fault == (0 if number == 11 else reason.POLICY_DAMAGED)
                numbers.add(number)
                if number in (9, 10):
                    store.apply(raws[number])
                    assert (store.rules.fault == 0) == (number == 10)
                for name, whole in content.items():
                    files.write(name, whole)
                remove(folder + "/cache")
    assert numbers == {0, 9, 10, 11}


def test_another_node_or_another_root_does_not_use_what_lies_there():
    """A site made anew under its old name must not go on by the rules of keys that are gone."""
    with Folder() as folder:
        store = board.Board(folder, **SMALL).start()
        for raw in board.chain(*board.steps(17)):
            store.apply(raw)
        assert board.whole(store, 17)
        for changes in ({"node": "another"}, {"root": b"\x01" * 32}):
            rules = board.Board(folder, settings=changes, **SMALL).start().rules
            assert rules.number == 0 and rules.fault == reason.POLICY_DAMAGED
