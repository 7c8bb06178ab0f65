"""What a node calls known, forked or older: never more than it can show."""

INTERPRETERS = ("micropython", "cpython")

import crypto
import policy_site as board
import small_site as site
from folders import Folder
from harness import raises
from holdfast.access import reason
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.tag import name_tag

SMALL = {"segment_size": 700, "segments": 3}
ZONE = name_tag(site.ZONE)


def _applied(store, raws):
    for raw in raws:
        assert store.apply(raw)
    return store


def test_known_is_said_of_the_last_64_and_of_no_other():
    """A changeset that the log has dropped is known by its hash; one that is older than those kept
    might be anybody's, and "done" must not be said of it.
    """
    raws = board.chain(*([[ops.HOLIDAYS, [[day, 1]]]] for day in range(70)))
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = _applied(reader.start(), raws)
        for one in (store, reader.start()):
            assert one.after(0) == []  # the log has forgotten them
            for raw in raws[6:]:
                assert one.apply(raw) is False
            for raw in raws[:6]:
                text = str(raises(ChangesetRefused, one.apply, raw))
                assert "older than what is kept" in text and "71 is wanted" in text


def test_another_authority_under_the_same_name_is_not_known():
    """A site made anew: its changesets have the numbers of the old ones. Not one of them is
    acknowledged, whatever the log still has.
    """
    raws = board.chain(*board.steps(12))
    others = board.chain(*board.steps(12), seed=board.OTHER_SEED)
    with Folder() as folder:
        store = _applied(board.Board(folder, **SMALL).start(), raws)
        for raw in others:
            raises(ChangesetRefused, store.apply, raw)
        parts = board.taken(12)
        assert store.begin_snapshot(parts[0]) is False  # the same as what is here
        for raw in others:
            raises(ChangesetRefused, store.apply, raw)
        assert board.whole(store, 12)


def test_after_a_snapshot_what_came_before_it_is_not_known():
    """The node never saw those changesets: it cannot tell one from another."""
    raws = board.chain(*board.steps(48))
    with Folder() as folder:
        store = _applied(board.Board(folder).start(), raws[:3])
        board.take(store, board.taken(48))
        assert store.apply(raws[47]) is False
        for raw in (raws[2], raws[40]):
            assert "older than what is kept" in str(raises(ChangesetRefused, store.apply, raw))


def test_a_fork_is_told_from_a_stranger():
    """A site that was restored from a backup signs another changeset of a number that is taken:
    it is refused by that name, and a forged one as forged.
    """
    raws = board.chain(*board.steps(5))
    with Folder() as folder:
        store = _applied(board.Board(folder).start(), raws)
        (fork,) = board.chain([[ops.HOLIDAYS, []]], number=3, previous=crypto.sha256(raws[2]))
        assert "forked" in str(raises(ChangesetRefused, store.apply, fork))
        (stranger,) = board.chain(
            [], seed=board.OTHER_SEED, number=3, previous=crypto.sha256(raws[2])
        )
        assert "not signed" in str(raises(ChangesetRefused, store.apply, stranger))
        (later,) = board.chain([], number=5, previous=crypto.sha256(fork))
        assert "forked" in str(raises(ChangesetRefused, store.apply, later))
        assert board.whole(store, 5)


def test_a_chain_that_goes_past_the_enrolment_by_another_way_is_refused():
    """The technician's laptop knew what number 3 was; a copy of the authority made another."""
    raws = board.chain(*board.steps(4))
    settings = {"enrolled_at": (3, crypto.sha256(raws[2]))}
    (fork,) = board.chain([[ops.HOLIDAYS, []]], number=2, previous=crypto.sha256(raws[1]))
    with Folder() as folder:
        store = _applied(board.Board(folder, settings=settings).start(), raws[:2])
        assert "enrolled" in str(raises(ChangesetRefused, store.apply, fork))
        whole = snapshot.make(site.authority(), site.SITE, 3, crypto.sha256(fork), site.NOW, [])
        assert "enrolled" in str(raises(ChangesetRefused, store.begin_snapshot, whole[0]))
        assert board.whole(_applied(store, raws[2:]), 4)


def test_a_rotated_authority_is_followed_from_the_first_key_on():
    """A board that is enrolled after the rotation has the whole chain from the first key, or a
    snapshot by the present one; and the retired key signs nothing any more.
    """
    old, new = site.first_key(), crypto.ed25519_public_key(board.OTHER_SEED)
    raws = board.chain([[ops.ANCHORS, [old, new]]])
    raws += board.chain(
        [[ops.ANCHORS, [new]]],
        seed=board.OTHER_SEED,
        number=1,
        previous=crypto.sha256(raws[-1]),
    )
    head = crypto.sha256(raws[-1])
    settings = {"authority_keys": (ops.anchor(new),), "enrolled_at": (2, head)}
    whole = [[ops.ANCHORS, [new]], [ops.DOOR, 0, site.DOOR]]
    with Folder() as folder:
        store = _applied(board.Board(folder, settings=settings).start(), raws)
        assert [key.x for key in store.rules.anchors] == [new]
        (third,) = board.chain([], number=2, previous=head)
        assert "not signed" in str(raises(ChangesetRefused, store.apply, third))
        assert store.apply(raws[0]) is False  # by its hash, though its key is retired
    with Folder() as folder:
        store = board.Board(folder, settings=settings).start()
        by_old = snapshot.make(site.authority(), site.SITE, 2, head, site.NOW, whole)
        assert "not signed" in str(raises(ChangesetRefused, store.begin_snapshot, by_old[0]))
        by_new = snapshot.make(
            site.authority(board.OTHER_SEED), site.SITE, 2, head, site.NOW, whole
        )
        board.take(store, by_new)
        assert [key.x for key in store.rules.anchors] == [new] and store.rules.fault == 0


def test_keys_come_with_the_policy_and_stay_over_a_restart():
    """A zone's key, and the next one before it is switched to; only this node can open them."""
    first = [[ops.DOOR, 0, site.DOOR], [ops.ZONE, site.ZONE, b"\x01"]]
    second, switch = site.zone_key_operations(2, b"\x5b" * 32)
    raws = board.chain(
        first + site.zone_key_operations(), [second], [switch], *board.steps(30)[1:]
    )
    with Folder() as folder:
        reader = board.Board(folder)
        store = _applied(reader.start(), raws[:1])
        for one in (store, reader.start()):
            assert one.ring.zone_key(ZONE, 1) == site.ZONE_SECRET
        _applied(store, raws[1:2])
        for one in (store, reader.start()):
            assert one.ring.zone_key(ZONE, 2) == b"\x5b" * 32
            assert one.rules.zone_key_number(ZONE) == 1
        _applied(store, raws[2:])
        for one in (store, reader.start()):
            assert one.rules.zone_key_number(ZONE) == 2
            assert one.ring.zone_key(ZONE, 1) is None  # nobody is let in by it any more
            assert one.ring.zone_key(ZONE, 2) == b"\x5b" * 32
    with Folder() as folder:
        store = _applied(board.Board(folder, settings={"node": "other"}).start(), raws[:1])
        assert store.ring.packed == b"" and store.rules.zone_key_number(ZONE) == 1


def test_another_lookup_key_comes_with_all_cards_under_it_or_not_at_all():
    """Half of the cards under the old key and half under the new would be doors shut to half."""
    raws = board.chain(*board.steps(3))
    cards = [[ops.GRANT, b"new%05d" % number, 1, None] for number in range(300)]
    here = [[ops.DOOR, 0, site.DOOR]] + cards + [[ops.GROUP, 1, [[[1, site.DOOR], 1, None]]]]
    raw, parts = board.rotation(2, b"\x45" * 32, here, 4, crypto.sha256(raws[-1]))
    (after,) = board.chain([[ops.HOLIDAYS, []]], number=4, previous=crypto.sha256(raw))
    with Folder() as folder:
        reader = board.Board(folder, capacity=400)
        store = _applied(reader.start(), raws)
        assert "snapshot" in str(raises(ChangesetRefused, store.apply, raw))
        assert "4 is wanted" in str(raises(ChangesetRefused, store.apply, after))
        assert board.whole(store, 3) and store.rules.lookup == 0
        board.take(store, parts)
        for one in (store, reader.start()):
            rules, cache = one.moment()
            assert (rules.number, rules.lookup, rules.fault) == (4, 2, 0)
            assert one.ring.lookup_key(2) == b"\x45" * 32
            assert cache.counts[0] == 300 and cache.grants(board.key(1)) == []
            assert [grant.group for grant in cache.grants(b"new00007")] == [1]
        assert store.apply(raw) is False  # it is in force
        assert store.apply(after) and reader.start().rules.number == 5


def test_memory_that_ends_leaves_one_moment():
    """Policy and cards of one changeset, whatever stopped the following of another in the middle:
    what flash has decides.
    """
    raws = board.chain(*board.steps(4))
    for broken in ("append", "commit"):
        with Folder() as folder:
            reader = board.Board(folder)
            store = _applied(reader.start(), raws[:2])
            owner = store.log if broken == "append" else store.cache
            whole = getattr(owner, broken)

            def ends(*args, whole=whole, **more):
                whole(*args, **more)
                raise MemoryError

            setattr(owner, broken, ends)
            raises(MemoryError, store.apply, raws[2])
            if broken == "commit":
                setattr(owner, broken, whole)
            rules, cache = store.moment()
            assert rules.number == 3 and cache.applied == 3 and rules.fault == 0
            assert store.apply(raws[2]) is False
            assert board.whole(store, 3) and board.whole(reader.start(), 3)


def test_rules_without_this_node_in_them_are_whole():
    """A node may have no door: the site's rules are the same for all."""
    with Folder() as folder:
        store = _applied(board.Board(folder).start(), board.chain(*board.steps(2)))
        assert store.rules.fault == 0 and store.rules.door_number("door-2") == 1
        assert store.rules.door_number("door-3") is None
        assert reason.name(store.rules.fault) == "granted"
