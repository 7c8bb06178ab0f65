"""A reader knows its cards and groups, by one page read, and after every restart."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import NOW, PLACES, SCHEDULE, Model, card, open_cache
from folders import Folder
from harness import raises
from holdfast.access.grant import ANSWER, POLICY, VERIFIED
from holdfast.storage.cache.changes import CacheFull

A, B, C = PLACES


def _policy(count, groups=10):
    changes = [("grant", card(i), i % groups, NOW + 60 * i) for i in range(count)]
    for group in range(groups):
        changes.append(("group", group, [(A, 1, None), (B, 3, SCHEDULE), (B, 4, None)]))
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
        assert cache.grant(card(1)) is None and cache.rights(1, PLACES) is None
        assert cache.applied == 0
        model = Model()
        steps = [
            _policy(30),
            [
                ("revoke", card(1)),
                ("grant", card(2), 7, None),
                ("ungroup", 3),
                ("revoke", b"8" * 8),
            ],
            [("group", 4, []), ("group", 5, [(C, 2, None)]), ("grant", card(1), 1, 60)],
            [("grant", card(9), 1, None), ("revoke", card(9)), ("group", 9, []), ("ungroup", 9)],
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
                grants, _, rights = cache.counts
                assert grants == len(model.grants)
                assert rights == sum([len(one) or 1 for one in model.groups.values()])
        assert cache.rights(4, PLACES) == [] and cache.rights(3, PLACES) is None
        assert cache.rights(0, [B]) == [(B, 3, SCHEDULE), (B, 4, None)]
        assert cache.grant(card(1)).expires < NOW  # before 2020 is not for ever


def test_a_changeset_is_applied_once():
    """The policy store offers again what it cannot be sure of, also after newer ones."""
    with Folder() as folder:
        cache = open_cache(folder)
        assert cache.apply(5, [("grant", card(1), 1, None)])
        for number in (5, 4, 1, 0):
            assert not cache.apply(number, [("revoke", card(1))])
        assert cache.apply(6, []) and open_cache(folder).applied == 6
        assert cache.grant(card(1)).group == 1


def test_a_batch_with_anything_wrong_changes_nothing():
    """Nothing half-applied, and what is wrong is the caller's to know."""
    good = ("grant", card(1), 1, None)
    with Folder() as folder:
        cache = open_cache(folder, capacity=3)
        for bad in (
            ("grant", card(1)[:7], 1, None),
            ("grant", card(1), 65536, None),
            ("grant", card(1), -1, None),
            ("grant", card(1), True, None),
            ("grant", card(1), 1, 1.5),
            ("revoke", "12345678"),
            ("group", 1, [(b"short", 1, None)]),
            ("group", 1, [(A, 1, b"short")]),
            ("group", 1, [(A, 65536, None)]),
            ("group", 1, [(A, 1, bytes(6))]),
            ("ungroup", 70000),
            ("rename", card(1), 1, None),
        ):
            raises(ValueError, cache.apply, 1, [good, bad])
        raises(CacheFull, cache.apply, 1, [("grant", card(i), 1, None) for i in range(4)])
        raises(CacheFull, cache.check, [("grant", card(i), 1, None) for i in range(4)])
        big = [("group", i, [(A, 1, None)] * 100) for i in range(11)]
        raises(ValueError, cache.apply, 1, big)
        raises(ValueError, cache.apply, 1 << 32, [good])
        assert cache.applied == 0 and cache.grant(card(1)) is None
        assert os.listdir(folder) == []
        assert cache.apply(1, [("grant", card(i), 1, None) for i in range(3)])
        raises(CacheFull, cache.apply, 2, [("grant", card(3), 1, None)])
        assert cache.apply(2, [("grant", card(3), 1, None), ("revoke", card(0))])


def test_ten_thousand_grants_are_found_by_one_page_read_each():
    """The promise of the design, of groups too; keys that are not there cost no more."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        for number in range(10000):
            model.grants[card(number)] = (number % 1000, None)
        for group in range(1000):
            model.groups[group] = [(A, 1, None), (B, 1, SCHEDULE)][: 1 + group % 2]
        _snapshot(cache, 3, model)
        for asked in (cache, open_cache(folder)):
            for number in range(0, 11000, 37):
                before = asked.page_reads
                grant = asked.grant(card(number))
                assert asked.page_reads - before <= 1
                assert (grant is None) == (number >= 10000)
                assert grant is None or grant.group == number % 1000
            for group in range(0, 1100, 7):
                before = asked.page_reads
                assert (asked.rights(group, PLACES) or None) == model.groups.get(group)
                assert asked.page_reads - before <= 1


def test_keys_and_groups_that_the_index_cannot_tell_apart():
    """First keys of pages that begin alike, and groups that fill several pages."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        for number in range(400):
            model.grants[b"same" + (number * 3).to_bytes(4, "big")] = (1, None)
        for number in range(100):
            model.grants[bytes([number]) * 8] = (2, None)
        many = [(b"%06d" % i, 1, None) for i in range(150)]
        for group in (7, 8, 20):
            model.groups[group] = many
        model.groups[6] = model.groups[9] = [(A, 1, None)]
        _snapshot(cache, 1, model)
        for _ in range(2):
            keys = [b"same" + number.to_bytes(4, "big") for number in range(1210)]
            keys += [bytes([number]) * 8 for number in range(120)]
            assert model.differs(cache, keys, (0, 5, 6, 9, 10, 19, 21, 65535)) is None
            tags = [one[0] for one in many]
            for group in (7, 8, 20):
                assert cache.rights(group, tags) == many
            cache.apply(2, [("revoke", keys[3]), ("group", 8, many[:149])])
            cache.apply(3, [("group", 8, many)])
            model.apply(3, [("revoke", keys[3])])
            cache.compact()


def test_a_batch_larger_than_the_journal_is_taken():
    """One changeset may say more than the buffers were made for; the next ones find them small."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        many = [(b"%06d" % i, 1, None) for i in range(200)]
        changes = [("grant", card(i), 1, None) for i in range(400)]
        for number in range(1, 6):
            for batch in (changes, [("group", number, many)]):
                now = model.applied + 1
                cache.apply(now, batch)
                model.apply(now, batch)
        assert model.differs(open_cache(folder), [card(i) for i in range(401)], ()) is None
        assert [len(cache.rights(i, [one[0] for one in many])) for i in range(1, 6)] == [200] * 5


def test_a_full_journal_becomes_new_pages_by_itself():
    """Thousands of changes, one after the other: neither flash nor RAM grows with them."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        for number in range(1, 800):
            changes = [("grant", card(number % 90), number % 7, None)]
            cache.apply(number, changes)
            model.apply(number, changes)
            if number % 100 == 0:
                files = [os.stat(folder + "/" + name)[6] for name in os.listdir(folder)]
                assert len(files) <= 2 and sum(files) < 12000
                assert model.differs(cache, [card(i) for i in range(91)], ()) is None
        assert model.differs(open_cache(folder), [card(i) for i in range(91)], ()) is None


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
        cache.apply(2, [("revoke", card(5))])
        model.apply(2, [("revoke", card(5))])
        assert list(running) == []
        for asked in (cache, open_cache(folder)):
            assert model.differs(asked, keys, (1,)) is None
        assert not [name for name in os.listdir(folder) if name.endswith(".new")]


def test_the_cache_is_no_use_to_another_board_and_shows_no_key():
    """A flash chip that was taken out tells nothing and is not believed elsewhere."""
    with Folder() as folder:
        cache = open_cache(folder)
        _snapshot(cache, 1, Model().apply(1, _policy(50)))
        cache.apply(2, [("grant", b"find me!", 1, None)])
        for name in os.listdir(folder):
            with open(folder + "/" + name, "rb") as file:
                content = file.read()
            assert b"find me!" not in content and card(7) not in content and A not in content
        assert open_cache(folder, key=bytes(16)).damage is not None


def test_kinds_are_kept_apart():
    """A token's tag opens no door as a card, and no card is a verified token."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(1, [("grant", card(1), 5, None)])
        assert cache.remember(card(2), VERIFIED, 0, NOW + 7200, NOW)
        assert cache.remember(card(3), ANSWER, 6, NOW + 7200, NOW)
        assert not cache.remember(card(1), ANSWER, 6, NOW + 7200, NOW)
        for asked in (cache, open_cache(folder)):
            assert [asked.knows(card(i), NOW) for i in range(5)] == [0, 0, 1, 0, 0]
            assert asked.grant(card(2)) is None and asked.grant(card(1)).kind == POLICY
            answer = asked.grant(card(3))
            assert answer.kind == ANSWER and answer.group == 6
            assert NOW + 7140 < (answer.expires or 0) <= NOW + 7200
            assert not asked.knows(card(2), NOW + 7200) and not asked.knows(card(2), None)
        cache.apply(2, [("revoke", card(3)), ("grant", card(2), 1, None)])
        assert cache.grant(card(3)) is None and cache.grant(card(2)).kind == POLICY
        raises(ValueError, cache.remember, card(5), POLICY, 1, NOW, NOW)
        raises(ValueError, cache.remember, b"short", ANSWER, 1, NOW, NOW)
