"""A node knows its cards and groups, by one page read, and after every restart."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import (
    DOOR,
    DOOR_TAG,
    NOW,
    PLACES,
    SCHEDULE,
    SUSPENDED,
    ZONE,
    ZONE_TAGS,
    Model,
    card,
    open_cache,
    rare_of,
    rights_of,
)
from folders import Folder
from harness import raises
from holdfast.storage.cache.changes import CacheFull

A, B, C = PLACES


def _policy(count, groups=10):
    changes = [("grant", card(i), i % groups, NOW + 60 * i, rare_of(i)) for i in range(count)]
    for group in range(groups):
        rights = [A + (1, None), B + (3, SCHEDULE), B + (4, None), (DOOR, b"door-x", 1, None)]
        changes.append(("group", group, rights))
    return changes


def _snapshot(cache, number, model):
    writer = cache.begin_snapshot(number)
    model.snapshot(writer)
    writer.finish()
    model.applied = number


def test_what_policy_said_is_known_before_and_after_every_restart_and_compaction():
    """The same answers from the journal, from pages, and from both."""
    with Folder() as folder:
        cache = open_cache(folder)
        assert cache.grants(card(1)) == [] and cache.rights(1, DOOR_TAG, ZONE_TAGS) is None
        assert cache.applied == 0
        model = Model()
        steps = [
            _policy(30),
            [
                ("revoke", card(1), None),
                ("grant", card(2), 7, None, None),
                ("ungroup", 3),
                ("revoke", b"8" * 8, None),
                ("revoke", b"9" * 8, 4),
            ],
            [
                ("group", 4, []),
                ("group", 5, [C + (2, None)]),
                ("grant", card(1), 1, 60, None),
                ("revoke", card(2), 2),
                ("revoke", card(3), 4),
            ],
            [("grant", card(9), 1, None, None), ("revoke", card(9), 1), ("group", 9, [])],
            [("grant", card(9), 3, None, None), ("revoke", card(9), None), ("ungroup", 9)],
        ]
        number = 0
        for changes in steps:
            number += 2  # not every changeset concerns the cache
            assert cache.apply(number, changes)
            model.apply(number, changes)
            for again in (lambda c: c, lambda c: open_cache(folder), lambda c: c.compact() or c):
                cache = again(cache)
                keys = [card(i) for i in range(40)]
                assert model.differs(cache, keys, range(12)) is None
                grants, rights = cache.counts
                assert grants == len(model.grants)
                assert rights == sum([len(one) or 1 for one in model.groups.values()])
        assert cache.rights(4, DOOR_TAG, ZONE_TAGS) == []
        assert cache.rights(3, DOOR_TAG, ZONE_TAGS) is None
        assert cache.rights(0, b"door-x", ()) == [(DOOR, b"door-x", 1, None)]
        assert cache.rights(0, b"other.", [B[1]]) == [B + (3, SCHEDULE), B + (4, None)]
        assert [grant.group for grant in cache.grants(card(2))] == [7]
        assert [grant.group for grant in cache.grants(card(3))] == [3]
        assert cache.grants(card(1))[0].expires < NOW  # before 2020 is not for ever


def test_a_door_is_no_zone_of_the_same_name():
    """Whoever names a zone like a door opens no door with it, nor the other way round."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(
            1,
            [
                ("group", 1, [(DOOR, DOOR_TAG, 1, None)]),
                ("group", 2, [(ZONE, DOOR_TAG, 0x7FFF, SCHEDULE)]),
            ],
        )
        for _ in range(2):
            for tag in (DOOR_TAG, b"other."):
                as_door, as_zone = cache.rights(1, tag, ()), cache.rights(1, b"other.", [tag])
                assert as_door == ([(DOOR, tag, 1, None)] if tag == DOOR_TAG else [])
                assert as_zone == []
            assert cache.rights(2, DOOR_TAG, ()) == []
            assert cache.rights(2, b"other.", [DOOR_TAG]) == [(ZONE, DOOR_TAG, 0x7FFF, SCHEDULE)]
            cache.compact()


def test_a_changeset_is_applied_once():
    """The policy store offers again what it cannot be sure of, also after newer ones."""
    with Folder() as folder:
        cache = open_cache(folder)
        assert cache.apply(5, [("grant", card(1), 1, None, None)])
        for number in (5, 4, 1, 0):
            assert not cache.apply(number, [("revoke", card(1), None)])
        assert cache.apply(6, []) and open_cache(folder).applied == 6
        assert cache.grants(card(1))[0].group == 1


def test_a_batch_with_anything_wrong_changes_nothing():
    """Nothing half-applied, and what is wrong is the caller's to know."""
    good = ("grant", card(1), 1, None, None)
    with Folder() as folder:
        cache = open_cache(folder, capacity=3)
        for bad in (
            ("grant", card(1)[:7], 1, None, None),
            ("grant", card(1), 65536, None, None),
            ("grant", card(1), -1, None, None),
            ("grant", card(1), True, None, None),
            ("grant", card(1), 1, 1.5, None),
            ("grant", card(1), 1, False, {SUSPENDED: True}),
            ("revoke", "12345678", None),
            ("revoke", card(1), 65536),
            ("group", 1, [(DOOR, b"short", 1, None)]),
            ("group", 1, [(3, b"door-a", 1, None)]),
            ("group", 1, [(0, b"door-a", 1, None)]),
            ("group", 1, [A + (1, b"short")]),
            ("group", 1, [A + (32768, None)]),
            ("group", 1, [A + (1, bytes(6))]),
            ("ungroup", 70000),
            ("rename", card(1), 1, None, None),
        ):
            raises(ValueError, cache.apply, 1, [good, bad])
            raises(ValueError, cache.check, [good, bad])
        many = [("grant", card(i), 1, None, None) for i in range(4)]
        raises(CacheFull, cache.apply, 1, many)
        raises(CacheFull, cache.check, many)
        # What counts is pairs: one card in four groups is as much.
        raises(CacheFull, cache.check, [("grant", card(1), i, None, None) for i in range(4)])
        big = [("group", i, [A + (1, None)] * 100) for i in range(16)]
        raises(ValueError, cache.apply, 1, big)
        raises(ValueError, cache.apply, 1 << 32, [good])
        assert cache.applied == 0 and cache.grants(card(1)) == []
        assert os.listdir(folder) == []
        assert cache.apply(1, many[:3])
        raises(CacheFull, cache.apply, 2, [many[3]])
        raises(CacheFull, cache.apply, 2, [("grant", card(1), 2, None, None)])
        assert cache.apply(2, [many[0]])  # it is there: no more than before
        assert cache.apply(3, [many[3], ("revoke", card(0), 1)])


def test_ten_thousand_grants_are_found_by_one_page_read_each():
    """The promise of the design, in however many groups a card is, and of each group; keys that
    are not there cost no more.
    """
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        groups_of = {}
        for number in range(7000):
            groups_of[number] = [(number + i * 7) % 1000 for i in range(1 + number % 8 // 7 * 3)]
            for group in groups_of[number]:
                rare = rare_of(number + group) if number % 2 else None
                model.grants[card(number), group] = (None, rare)
        for group in range(1000):
            model.groups[group] = [A + (1, None), B + (1, SCHEDULE)][: 1 + group % 2]
        assert 9000 < len(model.grants) <= 10000
        _snapshot(cache, 3, model)
        for asked in (cache, open_cache(folder)):
            for number in range(0, 7700, 31):
                before = asked.page_reads
                grants = asked.grants(card(number))
                assert asked.page_reads - before <= 1
                assert [one.group for one in grants] == sorted(groups_of.get(number, []))
            for group in range(0, 1100, 7):
                before = asked.page_reads
                found = asked.rights(group, DOOR_TAG, ZONE_TAGS)
                assert (found or None) == model.groups.get(group)
                assert asked.page_reads - before <= 1


def test_keys_and_groups_that_the_index_cannot_tell_apart():
    """First keys of pages that begin alike, and groups that fill several pages."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        for number in range(400):
            model.grants[b"same" + (number * 3).to_bytes(4, "big"), 1] = (None, rare_of(number))
            if number % 9 == 0:
                for group in range(2, 9):
                    model.grants[b"same" + (number * 3).to_bytes(4, "big"), group] = (NOW, None)
        for number in range(100):
            model.grants[bytes([number]) * 8, 2] = (None, None)
        many = [(DOOR, b"%06d" % i, 1, None) for i in range(150)]
        for group in (7, 8, 20):
            model.groups[group] = many
        model.groups[6] = model.groups[9] = [A + (1, None)]
        _snapshot(cache, 1, model)
        for _ in range(2):
            keys = [b"same" + number.to_bytes(4, "big") for number in range(1210)]
            keys += [bytes([number]) * 8 for number in range(120)]
            assert model.differs(cache, keys, (0, 5, 6, 9, 10, 19, 21, 65535)) is None
            for group in (7, 8, 20):
                for right in (many[0], many[61], many[62], many[149]):
                    assert cache.rights(group, right[1], ()) == [right]
            cache.apply(2, [("revoke", keys[3], None), ("group", 8, many[:149])])
            cache.apply(3, [("group", 8, many)])
            model.apply(3, [("revoke", keys[3], None)])
            cache.compact()


def test_a_batch_larger_than_the_journal_is_taken():
    """One changeset may say more than the buffers were made for; the next ones find them small."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        many = [(ZONE, b"%06d" % i, 1, None) for i in range(200)]
        changes = [("grant", card(i), 1, None, rare_of(i)) for i in range(400)]
        for number in range(1, 6):
            for batch in (changes, [("group", number, many)]):
                now = model.applied + 1
                cache.apply(now, batch)
                model.apply(now, batch)
        assert model.differs(open_cache(folder), [card(i) for i in range(401)], ()) is None
        tags = [one[1] for one in many]
        for group in range(1, 6):
            assert len(cache.rights(group, DOOR_TAG, tags)) == 200


def test_a_full_journal_becomes_new_pages_by_itself():
    """Thousands of changes, one after the other: neither flash nor RAM grows with them."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        for number in range(1, 800):
            changes = [("grant", card(number % 30), number % 7, None, rare_of(number))]
            cache.apply(number, changes)
            model.apply(number, changes)
            if number % 100 == 0:
                files = [os.stat(folder + "/" + name)[6] for name in os.listdir(folder)]
                assert len(files) <= 2 and sum(files) < 15000
                assert model.differs(cache, [card(i) for i in range(31)], ()) is None
        assert model.differs(open_cache(folder), [card(i) for i in range(31)], ()) is None


def test_compaction_in_steps_lets_lookups_and_changes_in_between():
    """A door must not wait for it; a change in the middle ends it and is not lost."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model().apply(1, _policy(300))
        cache.apply(1, _policy(300))
        keys = [card(i) for i in range(310)]
        steps = 0
        for _ in cache.compact_steps():
            steps += 1
            assert model.differs(cache, keys[:3], (1,)) is None
        assert steps >= 4
        assert model.differs(cache, keys, (1,)) is None
        running = cache.compact_steps()
        next(running)
        cache.apply(2, [("revoke", card(5), None)])
        model.apply(2, [("revoke", card(5), None)])
        assert list(running) == []
        for asked in (cache, open_cache(folder)):
            assert model.differs(asked, keys, (1,)) is None
        assert not [name for name in os.listdir(folder) if name.endswith(".new")]


def test_the_cache_is_no_use_to_another_board_and_shows_no_key():
    """A flash chip that was taken out tells nothing and is not believed elsewhere."""
    with Folder() as folder:
        cache = open_cache(folder)
        _snapshot(cache, 1, Model().apply(1, _policy(50)))
        cache.apply(2, [("grant", b"find me!", 1, None, None), ("group", 3, rights_of(1))])
        for name in os.listdir(folder):
            with open(folder + "/" + name, "rb") as file:
                content = file.read()
            assert b"find me!" not in content and card(7) not in content
            assert A[1] not in content and B[1] not in content
        assert open_cache(folder, key=bytes(16)).damage is not None
