"""The policy on flash: followed in order, kept over restarts, swapped in whole."""

INTERPRETERS = ("micropython", "cpython")


import crypto
import policy_site as board
import small_site as site
from folders import Folder
from harness import raises
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot
from holdfast.access.policy.operations import ChangesetRefused

SMALL = {"segment_size": 700, "segments": 3}


def test_changesets_are_followed_in_order_and_kept():
    """The site's history, one restart after each step, and well past where states are written."""
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        assert board.whole(store, 0)
        raws = board.chain(*board.steps(40))
        for number, raw in enumerate(raws, 1):
            assert store.apply(raw) is True
            assert board.whole(store, number)
            assert store.apply(raw) is False
            if number % 3 == 0:
                store = reader.start()
                assert board.whole(store, number)
        assert store.rules.head == crypto.sha256(raws[-1])
        assert store.rules.issued_at == site.NOW + 40
        assert store.after(0, 100) == raws and store.after(38) == raws[38:]
        assert store.after(10, 5) == raws[10:15] and store.after(40) == [] == store.after(99)


def test_what_is_no_next_changeset_is_refused_and_changes_nothing():
    """A gap names the number that is wanted; a fork, a stranger's, another site's are refused."""
    raws = board.chain(*board.steps(6))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:3]:
            store.apply(raw)
        before = board.contents(folder)
        assert "4 is wanted" in str(raises(ChangesetRefused, store.apply, raws[4]))
        (fork,) = board.chain([], number=2, previous=crypto.sha256(raws[1]))
        assert "forked" in str(raises(ChangesetRefused, store.apply, fork))
        (older,) = board.chain([], number=1, previous=crypto.sha256(raws[0]))
        assert "forked" in str(raises(ChangesetRefused, store.apply, older))
        (other,) = board.chain([], number=3, previous=bytes(32))
        assert "forked" in str(raises(ChangesetRefused, store.apply, other))
        for number, previous in ((3, raws[2]), (2, raws[1])):
            (stranger,) = board.chain(
                [], seed=board.OTHER_SEED, number=number, previous=crypto.sha256(previous)
            )
            assert "signed" in str(raises(ChangesetRefused, store.apply, stranger))
        full = [[ops.ZONE, "z%d" % number, b""] for number in range(33)]
        (many,) = board.chain(full, number=3, previous=store.rules.head)
        assert "zones" in str(raises(ChangesetRefused, store.apply, many))
        assert board.contents(folder) == before
        assert board.whole(store, 3) and store.apply(raws[3]) and board.whole(store, 4)


def test_a_full_log_forgets_the_oldest_after_writing_the_state():
    """Changesets go on for years; what a peer can still get from here is the newest."""
    raws = board.chain(*board.steps(40))
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for number, raw in enumerate(raws, 1):
            assert store.apply(raw)
            assert store.after(max(0, number - 4)) == raws[max(0, number - 4) : number]
            store = reader.start()
            assert board.whole(store, number)
        assert store.after(0) == []
        assert store.apply(raws[0]) is False  # too old to tell: nothing is done
        assert sum([len(data) for data in board.contents(folder + "/policy").values()]) < 6000


def test_more_cards_than_the_cache_holds_are_refused_before_anything_is_written():
    """After the log has it there is no way back."""
    with Folder() as folder:
        reader = board.Board(folder, capacity=3)
        store = reader.start()
        raws = board.chain(*board.steps(4))
        for raw in raws[:3]:
            store.apply(raw)
        before = board.contents(folder + "/policy")
        assert "grants" in str(raises(ChangesetRefused, store.apply, raws[3]))
        assert board.contents(folder + "/policy") == before and board.whole(store, 3)
        assert board.whole(reader.start(), 3)


def test_a_snapshot_skips_numbers_and_the_chain_goes_on_from_it():
    """A board that comes back from a shelf."""
    raws = board.chain(*board.steps(50))
    for behind in (0, 3, 20):
        with Folder() as folder:
            reader = board.Board(folder)
            store = reader.start()
            for raw in raws[:behind]:
                store.apply(raw)
            parts = board.taken(48)
            assert len(parts) >= 3
            assert store.begin_snapshot(parts[0])
            assert store.add_part(parts[1]) is False
            assert store.snapshot_progress == (48, 1, len(parts) - 1)
            assert board.whole(store, behind) if behind else store.rules.number == 0
            raises(ChangesetRefused, store.add_part, parts[1])
            raises(ChangesetRefused, store.add_part, parts[2][:-1])
            for part in parts[2:]:
                store.add_part(part)
            assert board.whole(store, 48)
            raises(ChangesetRefused, store.add_part, parts[1])
            assert store.after(0, 99) == raws[:behind] and store.after(behind) == []
            assert store.begin_snapshot(parts[0]) is False
            assert "48" in str(raises(ChangesetRefused, store.begin_snapshot, board.taken(47)[0]))
            assert store.apply(raws[48]) and board.whole(store, 49)
            store = reader.start()
            assert (
                board.whole(store, 49)
                and store.apply(raws[49])
                and board.whole(reader.start(), 50)
            )


def test_a_restart_or_a_changeset_ends_a_snapshot_under_way():
    """The old policy holds; what had come of the new is forgotten."""
    raws = board.chain(*board.steps(4))
    parts = board.taken(48)
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        store.apply(raws[0])
        store.begin_snapshot(parts[0])
        store.add_part(parts[1])
        store = reader.start()
        assert store.snapshot_progress is None and board.whole(store, 1)
        store.begin_snapshot(parts[0])
        store.add_part(parts[1])
        assert store.apply(raws[1]) and store.snapshot_progress is None
        raises(ChangesetRefused, store.add_part, parts[2])
        store.begin_snapshot(parts[0])
        store.begin_snapshot(parts[0])
        for part in parts[1:]:
            store.add_part(part)
        assert board.whole(store, 48) and board.whole(reader.start(), 48)


def test_a_snapshot_of_a_stranger_or_another_chain_is_refused():
    """Signed by an anchor, of this site, not older, and the same hash if the same number."""
    raws = board.chain(*board.steps(3))
    with Folder() as folder:
        store = board.Board(folder).start()
        for raw in raws:
            store.apply(raw)
        start = (site.SITE, 3, crypto.sha256(raws[2]), site.NOW, [])
        stranger = snapshot.make(site.authority(board.OTHER_SEED), *start)
        assert "signed" in str(raises(ChangesetRefused, store.begin_snapshot, stranger[0]))
        other = snapshot.make(site.authority(), "other", *start[1:])
        assert "site" in str(raises(ChangesetRefused, store.begin_snapshot, other[0]))
        fork = snapshot.make(site.authority(), site.SITE, 3, bytes(32), site.NOW, [])
        assert "chain" in str(raises(ChangesetRefused, store.begin_snapshot, fork[0]))
        (raw,) = board.chain([], number=3, previous=store.rules.head)
        raises(ChangesetRefused, store.begin_snapshot, raw)
        assert board.whole(store, 3) and store.snapshot_progress is None
