"""What a carrier brings: a changeset, a snapshot's head or a part, each told by itself."""

INTERPRETERS = ("micropython", "cpython")

from folders import Folder
from harness import raises
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.storage.policy.incoming import take
from policy_site import Board, chain, steps, taken, whole


def test_changesets_and_a_snapshot_come_by_one_way():
    """Whoever carries need not say what it is; what is known changes nothing and says so."""
    with Folder() as path:
        store = Board(path).start()
        raws = chain(*steps(60))
        assert take(store, raws[0]) and not take(store, raws[0])
        head, *parts = taken(60)
        assert len(parts) > 1
        assert take(store, head)
        for count, part in enumerate(parts):
            assert store.snapshot_progress == (60, count, len(parts))
            assert take(store, part)
        assert store.snapshot_progress is None and whole(store, 60)
        assert not take(store, head) and not take(store, raws[59])
        assert store.snapshot_progress is None


def test_a_snapshot_goes_on_where_a_carrier_left_it():
    """Its head again begins nothing anew; another one does, and a changeset ends it."""
    with Folder() as path:
        store = Board(path).start()
        raws = chain(*steps(60))
        take(store, raws[0])
        head, *parts = taken(60)
        take(store, head)
        take(store, parts[0])
        assert take(store, head) and store.snapshot_progress == (60, 1, len(parts))
        raises(ChangesetRefused, take, store, parts[0])
        assert store.snapshot_progress == (60, 1, len(parts))
        other = taken(59)
        assert take(store, other[0]) and store.snapshot_progress[:2] == (59, 0)
        assert not take(store, raws[0])  # known: what is under way goes on
        assert store.snapshot_progress[:2] == (59, 0)
        assert take(store, raws[1]) and store.snapshot_progress is None
        assert "no snapshot" in str(raises(ChangesetRefused, take, store, other[1]))
        assert whole(store, 2)


def test_noise_is_refused_with_a_reason():
    """Of the shape of a part, of a changeset, of nothing: and nothing has changed."""
    with Folder() as path:
        store = Board(path).start()
        raws = chain(*steps(2))
        take(store, raws[0])
        head = taken(60)[0]
        for raw in (
            b"",
            b"\x82",
            b"\x82\x40\x80",
            b"\xd2\x84",
            raws[1][:-1],
            head[:-1],
            head + b"\x00",
            bytes(2000),
        ):
            assert str(raises(ChangesetRefused, take, store, raw))
            assert store.snapshot_progress is None and whole(store, 1)
