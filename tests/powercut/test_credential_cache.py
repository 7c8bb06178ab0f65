"""Power fails anywhere in the life of the credential cache: each record is old or new.

The cache promises to keep what it has acknowledged, and a changeset is there whole or not at all.
A lost revocation would open a door; a torn page would lock a house out.
"""

INTERPRETERS = ("micropython",)
HEAP = "8M"

import os

from cuts import every_cut, every_error

from cache_world import (
    DURESS,
    NOW,
    PERSON,
    PLACES,
    SUSPENDED,
    USES,
    Model,
    card,
    open_cache,
    rare_of,
    rights_of,
)

C = PLACES[2]
FIRST = 7  # changeset number of what is there before
LATEST = [("grant", card(71), 30, NOW, {USES: 1}), ("revoke", card(72), None)]  # of these the last
KEYS = [card(i) for i in [3, 4, 70, 71, 72] + list(range(5, 110, 6)) + [500, 520]]  # all pages'
GROUPS = (2, 3, 5, 9, 10, 11)
BATCHES = (
    [
        ("grant", card(70), 3, None, None),
        ("revoke", card(3), None),
        ("grant", card(4), 9, NOW, {USES: 7, PERSON: b"pers"}),
    ],
    [
        ("group", 2, rights_of(0) + [C + (5, b"office")]),
        ("ungroup", 3),
        ("group", 11, []),
        ("grant", card(4), 4, None, {SUSPENDED: True}),
    ],
    [("revoke", card(70), 3)],
    [("grant", card(5), group, None, {DURESS: True, USES: 63}) for group in range(20, 25)],
    [("revoke", card(i), i % 10) for i in range(20, 40)] + [("group", 5, rights_of(1, bits=2))],
)


class Story:
    """What policy said after each changeset, and the cache that is open."""

    def __init__(self, batches=BATCHES):
        self.batches = batches
        model = Model().apply(
            FIRST - 1,
            [
                ("grant", card(i), i % 10 + j, NOW + 60 * i if i & 1 else None, rare_of(i + j))
                for i in range(80)
                for j in range(1 + i % 3)
            ]
            + [("group", group, rights_of(0) + rights_of(1, bits=group)) for group in range(10)],
        )
        self.before = model.copy()
        self.models = [model.apply(FIRST, LATEST)]
        for number, batch in enumerate(batches):
            self.models.append(self.models[-1].copy().apply(FIRST + 1 + number, batch))
        self.cache = None

    def open(self, root):
        self.cache = open_cache(root + "/cache")
        return self.cache

    def prepare(self, root):
        """Pages, and a journal."""
        cache = self.open(root)
        writer = cache.begin_snapshot(FIRST - 1)
        self.before.snapshot(writer)
        writer.finish()
        cache.apply(FIRST, LATEST)

    def apply_all(self, cache, acked):
        for number, batch in enumerate(self.batches):
            if cache.apply(FIRST + 1 + number, batch):
                acked.append(FIRST + 1 + number)

    def check(self, root, acked):
        """All that was acknowledged is there; what may be more was begun. Then life goes on."""
        self.verify(self.open(root), acked)
        cache = self.cache
        last = FIRST + len(self.batches)
        if cache.applied < last:
            number = cache.applied + 1
            cache.apply(number, self.batches[number - FIRST - 1])
            acked.append(number)
        cache.compact()
        self.verify(cache, acked, KEYS[:8])
        names = sorted(os.listdir(root + "/cache"))
        assert names == ["pages"], names

    def verify(self, cache, acked, keys=KEYS):
        assert cache.damage is None, cache.damage
        told = max([FIRST] + [one for one in acked if isinstance(one, int)])
        assert told <= cache.applied <= told + max(1, acked.cuts), (told, cache.applied)
        if acked.cuts == 0:
            assert told == cache.applied
        model = self.models[cache.applied - FIRST]
        problem = model.differs(cache, keys, GROUPS)
        assert problem is None, problem
        assert cache.counts[0] == len(model.grants)


def test_cuts_in_changes():
    """Grants, pairs, revocations and groups, each acknowledged before the next."""
    story = Story()

    def operation(root, acked):
        story.apply_all(story.open(root), acked)

    every_cut(story.prepare, operation, story.check, at_least=60, name="changes")


def test_cuts_in_a_compaction():
    """Pages and journal become new pages: the old pair holds until the rename, the new after."""
    story = Story()

    def operation(root, acked):
        cache = story.open(root)
        story.apply_all(cache, acked)
        cache.compact()

    every_cut(story.prepare, operation, story.check, at_least=240, name="compaction")


def test_cuts_in_a_snapshot():
    """A whole new policy, or the old one; and life goes on with either."""
    new = [("revoke", card(i), None) for i in range(0, 60, 2)]
    new += [("grant", card(i), 4, None, rare_of(i)) for i in range(60, 110)]
    new += [("ungroup", 1), ("group", 10, rights_of(0))]
    story = Story([new, [("revoke", card(63), 4), ("grant", card(64), 40, None, {USES: 2})]])

    def operation(root, acked):
        cache = story.open(root)
        writer = cache.begin_snapshot(FIRST + 1)
        story.models[1].snapshot(writer)
        writer.finish()
        acked.append(FIRST + 1)
        cache.apply(FIRST + 2, story.batches[1])
        acked.append(FIRST + 2)

    every_cut(story.prepare, operation, story.check, at_least=140, name="snapshot")


def test_cuts_while_a_full_journal_makes_room():
    """Change after change until the cache compacts by itself."""
    batches = []
    for i in range(170):
        batches.append([("grant", card(500 + i % 50), i % 50, NOW + 60 * i, None)])
    story = Story(batches)

    def prepare(root):
        story.prepare(root)
        for number in range(1, 150):
            story.cache.apply(FIRST + number, batches[number - 1])
        assert "journal-1" in os.listdir(root + "/cache")

    def operation(root, acked):
        cache = story.open(root)
        for number in range(150, 157):
            cache.apply(FIRST + number, batches[number - 1])
            acked.append(FIRST + number)
        assert "journal-1" not in os.listdir(root + "/cache")

    def check(root, acked):
        acked.append(FIRST + 149)
        story.check(root, acked)

    every_cut(prepare, operation, check, stride=2, at_least=85, name="full journal")


def test_cuts_in_the_very_first_change_and_in_a_rebuilding():
    """A new board has nothing to fall back to but knowing nobody; a damaged one refuses all."""

    def prepare(root):
        pass

    def operation(root, acked):
        cache = open_cache(root + "/cache")
        cache.apply(1, [("grant", card(1), 1, None, {PERSON: b"pers"})])
        acked.append(1)
        cache.rebuild()
        acked.append("rebuilding")
        cache.apply(1, [("grant", card(2), 1, None, None)])
        acked.append(2)
        cache.rebuilt()
        acked.append("rebuilt")

    def check(root, acked):
        cache = open_cache(root + "/cache")
        if cache.damage is not None:
            assert cache.damage == "being rebuilt" and 1 in acked and "rebuilt" not in acked
            assert cache.applied == 1 or 2 not in acked
            return
        if cache.grants(card(2)):
            assert 2 in acked and cache.grants(card(1)) == [] and cache.applied == 1
        else:
            assert "rebuilding" not in acked
            assert cache.applied == len(cache.grants(card(1)))
            assert cache.applied == 1 or 1 not in acked

    every_cut(prepare, operation, check, at_least=105, name="first and rebuilding")


def test_errors_of_the_flash_pass_through_and_leave_the_cache_right():
    """Once and for ever, in reads too: what RAM says is what flash says once the fault is over."""
    story = Story()

    def operation(root, acked):
        story.cache = None
        cache = story.open(root)
        story.apply_all(cache, acked)
        cache.compact()
        writer = cache.begin_snapshot(FIRST + len(BATCHES))
        story.models[-1].snapshot(writer)
        writer.finish()

    def check(root, acked):
        live, story.cache = story.cache, None
        if live is not None and acked.cuts and acked.count("seen") == 0:
            acked.append("seen")
            story.verify(live, acked)  # the very object the fault happened to
            if live.applied < FIRST + len(BATCHES):
                number = live.applied + 1
                live.apply(number, BATCHES[number - FIRST - 1])
                acked.append(number)
            story.verify(live, acked)
            live.compact()
            story.verify(live, acked)
        story.check(root, acked)

    every_error(story.prepare, operation, check, at_least=165, name="errors")
