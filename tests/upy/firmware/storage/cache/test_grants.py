"""A card is in several groups, and few cards have more than an end: each pair by itself."""

INTERPRETERS = ("micropython", "cpython")

from cache_world import (
    DURESS,
    FIRST_DAY,
    NOW,
    PERSON,
    SUSPENDED,
    USES,
    Model,
    card,
    open_cache,
    seen,
)
from folders import Folder
from harness import raises
from holdfast.storage.cache import records
from holdfast.storage.cache.changes import CacheFull

RARE = {FIRST_DAY: 20500, SUSPENDED: True, PERSON: b"\x00pe\xff", USES: 63, DURESS: True}


def _everywhere(cache, folder):
    """The cache with its journal, opened again, and with all in pages."""
    yield cache
    yield open_cache(folder)
    cache.compact()
    yield cache
    yield open_cache(folder)


def _combinations():
    """Every choice of what a grant may have."""
    for bits in range(32):
        yield {label: RARE[label] for label in RARE if bits >> label - 1 & 1}


def test_whatever_a_grant_has_it_has_alone():
    """Every choice of fields, neighbours with other ones, and all at once in eight groups."""
    model = Model()
    changes = []
    for number, rare in enumerate(_combinations()):
        changes.append(("grant", card(number), number, NOW + 60 * number, rare))
        changes.append(("grant", card(100 + number // 8), 9 * number, None, rare))
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(1, changes)
        model.apply(1, changes)
        assert model.most_groups() == 8 and cache.counts == (64, 0)
        for asked in _everywhere(cache, folder):
            assert model.differs(asked, [card(i) for i in range(110)], ()) is None


def test_the_ends_of_what_fits():
    """First and last values come back as they were; what does not fit is refused, never bent."""
    with Folder() as folder:
        cache = open_cache(folder)
        good = [
            {FIRST_DAY: 18262},
            {FIRST_DAY: 18262 + 0x3FFE},
            {PERSON: b"\x00\x00\x00\x01"},
            {PERSON: b"\xff" * 4},
            {USES: 1},
            {USES: 2},
            {USES: 3},
            {USES: 4},
            {USES: 63},
        ]
        for number, rare in enumerate(good):
            cache.apply(1 + number, [("grant", card(number), 0xFFFF, None, rare)])
        for asked in _everywhere(cache, folder):
            for number, rare in enumerate(good):
                (grant,) = asked.grants(card(number))
                assert seen(grant) == (card(number), 0xFFFF, None, rare)
        for bad in (
            {FIRST_DAY: 18262 + 0x3FFF},
            {FIRST_DAY: 1 << 70},
            {FIRST_DAY: True},
            {FIRST_DAY: None},
            {SUSPENDED: False},
            {SUSPENDED: 1},
            {PERSON: bytes(4)},
            {PERSON: b"three"},
            {PERSON: "four"},
            {USES: 0},
            {USES: 64},
            {USES: True},
            {DURESS: 0},
            {6: True},
            {0: 1},
        ):
            raises(ValueError, cache.apply, 20, [("grant", card(1), 1, None, bad)])
        assert len(cache.grants(card(1))) == 1


def test_times_before_2020_and_beyond_2051():
    """A grant ends up to a minute early and never late; a first day long ago is one long ago."""
    with Folder() as folder:
        cache = open_cache(folder)
        for second in range(0, 130, 13):
            cache.apply(1 + second, [("grant", card(1), 1, NOW + second, {FIRST_DAY: second - 5})])
            grant = cache.grants(card(1))[0]
            assert NOW + second - 60 < grant.expires <= NOW + second
            assert grant.first_day == 18262
        cache.apply(
            200,
            [("grant", card(2), 1, 2**40, None), ("grant", card(3), 1, -5, {FIRST_DAY: -(2**40)})],
        )
        assert NOW + 20 * 365 * 86400 < cache.grants(card(2))[0].expires < 2**40
        assert cache.grants(card(3))[0].expires < NOW
        assert cache.grants(card(3))[0].first_day == 18262


def test_a_ninth_group_is_refused_and_changes_nothing():
    """In a batch what counts is its end, and a snapshot is held to the same."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        changes = [("grant", card(1), group, None, {USES: 5}) for group in range(8)]
        ninth = ("grant", card(1), 100, None, None)
        raises(ValueError, cache.apply, 1, changes + [ninth])
        cache.apply(1, changes)
        model.apply(1, changes)
        for number, asked in enumerate(_everywhere(cache, folder)):
            raises(ValueError, asked.apply, 2 + number, [ninth])
            raises(ValueError, asked.check, [ninth])
            assert model.differs(asked, [card(1)], ()) is None
        cache.apply(2, [ninth, ("revoke", card(1), 3), ("grant", card(2), 1, None, None)])
        model.apply(2, [ninth, ("revoke", card(1), 3), ("grant", card(2), 1, None, None)])
        cache.apply(3, [("revoke", card(1), None)] + changes)
        model.apply(3, [("revoke", card(1), None)] + changes)
        assert model.differs(cache, [card(1), card(2)], ()) is None
        model.grants[ninth[1:3]] = (None, None)
        writer = cache.begin_snapshot(4)
        raises(ValueError, model.snapshot, writer)


def test_a_changed_pair_leaves_the_others_of_its_card_alone():
    """One at a time, wherever the others lie: in pages, in the journal, with and without more."""
    with Folder() as folder:
        cache = open_cache(folder)
        model = Model()
        changes = []
        for number in range(40):
            for group in range(number % 9):
                rare = RARE if (number + group) % 3 == 0 else None
                changes.append(("grant", card(number), 5 * group, NOW + 60 * group, rare))
        steps = [changes]
        for number in range(40):
            steps.append([("revoke", card(number), 5 * (number % 8))])
            steps.append([("grant", card(number), 5 * (number % 7) + 1, None, {USES: 9})])
            rare = {PERSON: b"abcd"} if number % 2 else None
            steps.append([("grant", card(number), 10, None, rare)])
            if number % 4 == 0:
                steps.append([("revoke", card(number), None)])
        for number, batch in enumerate(steps):
            if model.copy().apply(0, batch).most_groups() > 8:
                raises(ValueError, cache.apply, number + 1, batch)
                batch = []
            cache.apply(number + 1, batch)
            model.apply(number + 1, batch)
            if number % 10 == 0:
                assert model.differs(cache, [card(i) for i in range(40)], ()) is None
            if number == 60:
                cache.compact()
        assert cache.counts == (len(model.grants), 0)
        for asked in _everywhere(cache, folder):
            assert model.differs(asked, [card(i) for i in range(40)], ()) is None
            assert asked.counts == (len(model.grants), 0)


def _use(cache, key, group, count):
    """What a later version writes: how often a grant was used."""
    store = cache._store
    used = key + group.to_bytes(2, "big") + (records.USED << 30 | count).to_bytes(4, "big")
    old = store.grants(key)
    at = old.find(key + group.to_bytes(2, "big"))
    end = at + (28 if records.has_second(old[at : at + 14]) else 14)
    store.commit(store.applied, {key: old[:end] + used + old[end:]}, {}, 0, 0)
    return used


def test_how_often_a_grant_was_used_is_carried_along():
    """Kept with the grant by compaction and by changes of its neighbours, gone with it; a grant
    that is told anew, suspended say, does not begin to count anew.
    """
    key = card(1)
    with Folder() as folder:
        cache = open_cache(folder)
        changes = [("grant", key, group, None, {USES: 3}) for group in (2, 4, 6)]
        changes += [("grant", card(i), i, NOW, RARE) for i in range(2, 150)]
        cache.apply(1, changes)
        model = Model().apply(1, changes)
        keys = [card(i) for i in range(150)]
        two, four = _use(cache, key, 2, 1), _use(cache, key, 4, 0x1FFFFFFF)
        for asked in _everywhere(cache, folder):
            unit = asked._store.grants(key)
            assert len(unit) == 8 * 14 and two in unit and unit.find(four) == 5 * 14 + 2 * 14 - 28
            assert model.differs(asked, keys, ()) is None and asked.counts == (151, 0)
        more = [
            ("grant", key, 5, None, None),
            ("revoke", key, 6),
            ("grant", key, 4, None, {USES: 3, SUSPENDED: True}),
        ]
        cache.apply(2, more)
        model.apply(2, more)
        for asked in _everywhere(cache, folder):
            assert two in asked._store.grants(key) and four in asked._store.grants(key)
            assert model.differs(asked, keys, ()) is None
        more = [("revoke", key, 2), ("grant", key, 4, None, None)]
        cache.apply(3, more)
        model.apply(3, more)
        assert len(cache._store.grants(key)) == 2 * 14
        assert model.differs(cache, keys, ()) is None


def test_a_capacity_counts_pairs_in_snapshots_too():
    """Ten thousand means pairs: a card in eight groups takes eight."""
    with Folder() as folder:
        cache = open_cache(folder, capacity=8)
        model = Model()
        for group in range(8):
            model.grants[card(1), group] = (None, RARE)
        writer = cache.begin_snapshot(1)
        model.snapshot(writer)
        writer.finish()
        assert cache.counts == (8, 0)
        raises(CacheFull, cache.apply, 2, [("grant", card(2), 1, None, None)])
        writer = cache.begin_snapshot(2)
        model.grants[b"\xff" * 8, 1] = (None, None)
        raises(CacheFull, model.snapshot, writer)
