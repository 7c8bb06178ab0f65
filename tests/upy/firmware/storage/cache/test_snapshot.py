"""A whole policy takes the place of the old one, in one swap or not at all."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import NOW, Model, card, open_cache, rare_of, rights_of
from folders import Folder
from harness import raises
from holdfast.storage.cache.changes import CacheFull
from holdfast.storage.cache.snapshot import SnapshotAbandoned


def test_a_snapshot_replaces_all_policy():
    """A node too far behind takes a whole policy; the old one holds until it is there."""
    with Folder() as folder:
        cache = open_cache(folder)
        changes = [("grant", card(i), i % 3, None, rare_of(i)) for i in range(100)]
        changes += [("grant", card(i), 9, NOW, None) for i in range(30)] + [("group", 1, [])]
        cache.apply(1, changes)
        old = Model().apply(1, changes)
        new = Model()
        for i in range(50, 240):
            for group in range(1 + i % 4):
                new.grants[card(i), group] = (None, rare_of(i + group))
        new.groups[7] = rights_of(0)
        for abandon in (True, False):
            writer = cache.begin_snapshot(9)
            new.snapshot(writer)
            assert old.differs(cache, [card(i) for i in range(120)], range(10)) is None
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
            assert asked.counts == (len(new.grants), 1)
        raises(ValueError, cache.begin_snapshot, 8)  # older policy would forget revocations
        assert not cache.apply(9, [("grant", card(1), 1, None, None)])


def test_a_snapshot_in_disorder_is_refused():
    """Sorted input is what makes one pass enough; anything else would be lost unseen."""
    grant = ("grant", card(1), 1, None, None)
    with Folder() as folder:
        cache = open_cache(folder, capacity=2)
        for first, second in (
            (grant, grant),
            (grant, ("grant", card(1), 0, None, None)),
            (("grant", b"\xff" * 8, 1, None, None), grant),
            (("grant", b"\xff" * 8, 1, None, None), ("grant", card(1), 2, None, None)),
            (("group", 1, []), grant),
            (("group", 1, []), ("group", 1, [])),
            (("group", 2, []), ("group", 1, [])),
            (grant, ("revoke", card(2), None)),
            (grant, ("grant", b"", 1, None, None)),
        ):
            writer = cache.begin_snapshot(1)
            writer.add(first)
            raises(ValueError, writer.add, second)
        writer = cache.begin_snapshot(1)
        for i in range(2):
            writer.add(("grant", bytes(7) + bytes([i]), 1, None, None))
        raises(CacheFull, writer.add, ("grant", b"\xff" * 8, 1, None, None))
        assert cache.apply(1, [grant])  # a changeset meanwhile: the snapshot is void
        raises(SnapshotAbandoned, writer.finish)
        assert cache.grants(card(1)) and open_cache(folder).applied == 1
