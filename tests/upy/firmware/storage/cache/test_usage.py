"""What use teaches is kept by recent use, costs little flash, and never displaces policy."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import NOW, Model, card, open_cache
from folders import Folder
from harness import raises
from holdfast.access.grant import ANSWER, POLICY, VERIFIED
from holdfast.storage.cache.changes import CacheFull
from holdfast.storage.cache.snapshot import SnapshotAbandoned

DAY = 86400
HOUR = 3600


def _size(folder):
    return sum([os.stat(folder + "/" + name)[6] for name in os.listdir(folder)])


def test_the_entries_longest_without_use_give_way():
    """A year of visitors passes through; who comes every day stays, and so does all policy."""
    with Folder() as folder:
        cache = open_cache(folder, capacity=100)
        cache.apply(1, [("grant", card(i), 1, None) for i in range(60)])
        daily = [card(1000 + i) for i in range(10)]
        now = NOW
        visitors = 0
        for day in range(40):
            now += DAY
            for key in daily:
                assert cache.knows(key, now) == (day > 0)
                if day == 0:
                    assert cache.remember(key, VERIFIED, 0, now + 400 * DAY, now)
                else:
                    cache.touch(key, now)
            for _ in range(7):
                visitors += 1
                key = card(2000 + visitors)
                assert cache.remember(key, VERIFIED, 0, now + 400 * DAY, now)
                assert cache.knows(key, now)
            policy, usage, _ = cache.counts
            assert policy == 60 and usage <= 40
            if day % 10 == 9:
                cache = open_cache(folder, capacity=100)
        assert all([cache.grant(card(i)).kind == POLICY for i in range(60)])
        assert all([cache.knows(key, now) for key in daily])
        kept = [cache.knows(card(2000 + i), now) for i in range(1, visitors + 1)]
        assert sum(kept) <= 30 and not any(kept[:-35]) and all(kept[-28:])


def test_policy_takes_the_room_of_usage_and_usage_never_that_of_policy():
    """A card the authority wants is never pushed out by use, and is never refused for it."""
    with Folder() as folder:
        cache = open_cache(folder, capacity=50)
        for i in range(50):
            assert cache.remember(card(i), ANSWER, 1, NOW + 30 * DAY, NOW + i * DAY // 2)
        for number in range(1, 6):
            changes = [("grant", card(100 * number + i), 2, None) for i in range(10)]
            assert cache.apply(number, changes)
            assert sum(cache.counts[:2]) <= 50
        assert cache.counts[0] == 50
        raises(CacheFull, cache.apply, 6, [("grant", card(7), 1, None)])
        assert not cache.remember(card(999), ANSWER, 1, NOW + DAY, NOW)
        assert cache.apply(6, [("revoke", card(100))])
        assert cache.remember(card(999), ANSWER, 1, NOW + 60 * DAY, NOW + 26 * DAY)
        assert cache.grant(card(999)) is not None and cache.grant(card(101)).kind == POLICY


def test_entries_that_ended_make_room():
    """Somebody's answer that ran out a week ago is no reason to forget a live one."""
    with Folder() as folder:
        cache = open_cache(folder, capacity=100)
        for i in range(99):
            cache.remember(card(i), ANSWER, 1, NOW + HOUR * (1 if i < 50 else 240), NOW)
        cache.touch(card(99), NOW + 2 * HOUR)
        cache.compact()
        assert cache.counts[1] == 49
        assert [cache.grant(card(i)) is not None for i in range(99)] == [
            i >= 50 for i in range(99)
        ]


def test_nothing_lives_past_its_end():
    """Rounded down at every length; what is asked for longer than 45 days ends then."""
    with Folder() as folder:
        cache = open_cache(folder)
        for i in range(50):
            until = NOW + i * 12345
            now = NOW + i * 997
            assert cache.remember(card(i), ANSWER, 1, until, now)
            expires = cache.grant(card(i)).expires or 0
            if until > NOW + 45000:
                assert until - 60 < expires <= until
            else:
                assert expires <= max(until, now)
        cache.remember(card(60), VERIFIED, 1, NOW + 4000 * DAY, NOW)
        assert cache.knows(card(60), NOW + 44 * DAY) and not cache.knows(card(60), NOW + 46 * DAY)
        cache.remember(card(61), ANSWER, 1, 2**33, 2**32)  # a clock gone wild
        assert (cache.grant(card(61)).expires or 2**34) <= 2**33
        cache.apply(1, [("grant", card(62), 1, 2**40), ("grant", card(63), 1, -5)])
        assert NOW + 20 * 365 * DAY < (cache.grant(card(62)).expires or 0) < 2**40
        ended = cache.grant(card(63)).expires
        assert ended is not None and ended < NOW


def test_using_a_thing_again_and_again_hardly_writes():
    """500 unlocks a day must not wear out a flash: one write in half a day, and for several."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(1, [("grant", card(99), 1, None)])
        for i in range(20):
            cache.remember(card(i), ANSWER, 1, NOW + 36 * HOUR, NOW)
        before = _size(folder)
        for minute in range(0, 240, 10):
            now = NOW + minute * 60
            for i in range(20):
                cache.touch(card(i), now)
                assert cache.remember(card(i), ANSWER, 1, now + 36 * HOUR, now)
            cache.touch(card(99), now)
        assert _size(folder) == before
        for i in range(20):  # half a day later
            cache.touch(card(i), NOW + 12 * HOUR)
        assert before < _size(folder) < before + 20 * 20
        # An answer that says less, or of another group, counts at once.
        assert cache.remember(card(1), ANSWER, 1, NOW + 13 * HOUR, NOW + 12 * HOUR)
        assert cache.grant(card(1)).expires <= NOW + 13 * HOUR
        assert cache.remember(card(2), ANSWER, 5, NOW + 30 * HOUR, NOW + 12 * HOUR)
        assert cache.grant(card(2)).group == 5
        assert open_cache(folder).grant(card(2)).group == 5


def test_touching_does_not_lengthen_a_life():
    """Recent use decides who stays, not for how long."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.remember(card(1), ANSWER, 3, NOW + 30 * DAY, NOW)
        ends = cache.grant(card(1)).expires
        for day in range(1, 29):
            for i in range(15):  # fills the few touches held in RAM
                cache.remember(card(100 + i), VERIFIED, 0, NOW + 40 * DAY, NOW + day * DAY)
                cache.touch(card(100 + i), NOW + day * DAY)
            cache.touch(card(1), NOW + day * DAY)
            cache.touch(card(5000), NOW + day * DAY)
        cache.compact()
        assert cache.grant(card(1)).expires == ends and cache.grant(card(5000)) is None
        assert open_cache(folder).grant(card(1)).group == 3


def test_no_time_no_memory():
    """Without any clock an entry's end could not be told: it is not kept, and none is known."""
    with Folder() as folder:
        cache = open_cache(folder)
        assert not cache.remember(card(1), VERIFIED, 0, NOW + HOUR)
        assert not cache.knows(card(1), NOW)
        assert cache.remember(card(1), VERIFIED, 0, NOW + HOUR)
        assert cache.knows(card(1), NOW + HOUR // 2)


def test_a_snapshot_replaces_policy_and_keeps_what_use_taught():
    """A reader too far behind takes a whole policy; its visitors need not start again."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(1, [("grant", card(i), 1, None) for i in range(100)] + [("group", 1, [])])
        for i in range(200, 290):
            cache.remember(card(i), VERIFIED + i % 2, 4, NOW + 20 * HOUR, NOW)
        new = Model()
        for i in range(50, 240):
            new.grants[card(i)] = (2, None)
        new.groups[7] = [(b"door-a", 1, None)]
        for abandon in (True, False):
            old = Model().apply(1, [("grant", card(i), 1, None) for i in range(100)])
            old.groups[1] = []
            writer = cache.begin_snapshot(9)
            new.snapshot(writer)
            assert old.differs(cache, [card(i) for i in range(120)], range(10)) is None
            assert not cache.remember(card(500), ANSWER, 1, NOW + HOUR, NOW)
            if abandon:
                writer.abandon()
                raises(SnapshotAbandoned, writer.finish)
                assert os.listdir(folder) and "pages.new" not in os.listdir(folder)
        writer.finish()
        raises(SnapshotAbandoned, writer.finish)
        writer.abandon()
        new.applied = 9
        for asked in (cache, open_cache(folder)):
            assert new.differs(asked, [card(i) for i in range(300)], range(10)) is None
            for i in range(240, 290):
                answer = asked.grant(card(i))
                assert asked.knows(card(i), NOW) == (i % 2 == 0)
                assert i % 2 == 0 or answer.group == 4
            assert asked.counts == (190, 50, 1)
        raises(ValueError, cache.begin_snapshot, 8)  # older policy would forget revocations
        assert not cache.apply(9, [("grant", card(1), 1, None)])


def test_a_snapshot_in_disorder_is_refused():
    """Sorted input is what makes one pass enough; anything else would be lost unseen."""
    grant = ("grant", card(1), 1, None)
    with Folder() as folder:
        cache = open_cache(folder, capacity=2)
        for first, second in (
            (grant, grant),
            (("grant", b"\xff" * 8, 1, None), grant),
            (("group", 1, []), grant),
            (("group", 1, []), ("group", 1, [])),
            (("group", 2, []), ("group", 1, [])),
            (grant, ("revoke", card(2))),
            (grant, ("grant", b"", 1, None)),
        ):
            writer = cache.begin_snapshot(1)
            writer.add(first)
            raises(ValueError, writer.add, second)
        writer = cache.begin_snapshot(1)
        for i in range(2):
            writer.add(("grant", bytes(7) + bytes([i]), 1, None))
        raises(CacheFull, writer.add, ("grant", b"\xff" * 8, 1, None))
        assert cache.apply(1, [grant])  # a changeset meanwhile: the snapshot is void
        raises(SnapshotAbandoned, writer.finish)
        assert cache.grant(card(1)) is not None and open_cache(folder).applied == 1
