"""Policy is taken in steps, with doors opening in between: what is decided there is decided by the
old moment as a whole or by the new one, and whatever ends the work leaves one of them.
"""

INTERPRETERS = ("micropython", "cpython")

import policy_site as board
import small_site as site
from folders import Folder
from harness import raises
from holdfast.access.policy import operations as ops
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.storage.policy import incoming
from holdfast.storage.policy.acceptance import Busy

SMALL = {"segment_size": 700, "segments": 3}
_FEW = 5  # steps at which something happens, where each takes long


def _steps_of(work, between):
    """All of ``work``, ``between(n)`` after each step: how many there were, its value."""
    count = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return count, end.value
        between(count)
        count += 1


def _stopped(work, at):
    """Drive ``work`` for ``at`` steps, and leave it there; False if it was over before."""
    for _ in range(at):
        try:
            next(work)
        except StopIteration:
            return False
    return True


def _many(number):
    """A changeset of each size: doors, cards, a group, and a few lockdowns in one."""
    cards = [[ops.GRANT, board.key(number), 1, None]]
    cards += [[ops.GRANT, b"more%04d" % n, 2, None] for n in range(12)]
    places = [[1, site.DOOR], [1, "door-2"]]
    return board.steps(number)[-1][:1] + cards + [
        [ops.GROUP, 1, [[[1, site.DOOR], number, None]]],
        [ops.LOCKDOWN, True, places],
        [ops.LOCKDOWN, False, places],
    ]


def _chain(count):
    return board.chain(*board.steps(count - 1), _many(count))


def test_between_two_steps_everything_is_decided_by_the_old_policy():
    """A card at the door while the changeset that revokes it is being verified."""
    raws = _chain(6)
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:-1]:
            store.apply(raw)
        before = store.moment()

        def look(_):
            rules, cache = store.moment()
            assert rules is before[0] and cache is before[1]
            assert board.whole(store, 5)
            assert board.whole(reader.start(), 5)  # as after a power cut

        count, is_news = _steps_of(store.apply_steps(raws[-1]), look)
        assert is_news is True and count > 20
        assert board.whole(store, 6) and board.whole(reader.start(), 6)
        count, is_news = _steps_of(store.apply_steps(raws[-1]), lambda _: board.whole(store, 6))
        assert is_news is False


def test_work_that_is_given_up_at_any_step_leaves_the_old_policy():
    """Its connection is gone, or the task was stopped: the next one takes it from the start."""
    raws = _chain(4)
    with Folder() as folder:
        store = board.Board(folder).start()
        for raw in raws[:-1]:
            store.apply(raw)
        at = 1
        while True:
            work = store.apply_steps(raws[-1])
            if not _stopped(work, at):
                break
            work.close()
            assert board.whole(store, 3)
            at += 1
        assert at > 20 and board.whole(store, 4)


def test_one_is_taken_at_a_time():
    """Two that build on the same policy would both be the next."""
    raws = board.chain(*board.steps(4))
    parts = board.taken(4)
    with Folder() as folder:
        store = board.Board(folder).start()
        store.apply(raws[0])
        for at in (1, 2, 4):
            work = store.apply_steps(raws[1])
            assert _stopped(work, at)
            for other in (raws[1], raws[2], parts[0], parts[1]):
                assert isinstance(raises(Busy, incoming.take, store, other), ValueError)
            assert board.whole(store, 1)
            work.close()
        # Refused, failed or given up: the next is served.
        raises(ChangesetRefused, store.apply, raws[2])
        assert store.apply(raws[1]) and board.whole(store, 2)
        store.begin_snapshot(parts[0])
        work = store.add_part_steps(parts[1])
        assert _stopped(work, 1)
        raises(Busy, store.apply, raws[2])
        work.close()
        assert store.snapshot_progress is None and board.whole(store, 2)
        assert store.apply(raws[2]) and board.whole(store, 3)


def test_a_snapshot_counts_from_one_step_to_the_next():
    """All its parts are taken in steps, the last one's swap too."""
    raws = board.chain(*board.steps(40))
    parts = board.taken(40)
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:3]:
            store.apply(raw)
        before = store.moment()

        def look(_):
            assert store.moment() == before

        count, is_news = _steps_of(incoming.take_steps(store, parts[0]), look)
        assert is_news and count >= 1
        for part in parts[1:-1]:
            count, _ = _steps_of(incoming.take_steps(store, part), look)
            assert count > 10
        at = 1
        while True:
            work = incoming.take_steps(store, parts[-1])
            if not _stopped(work, at):
                break
            assert store.moment() == before
            work.close()
            assert board.whole(store, 3) and store.snapshot_progress is None
            assert sorted(board.contents(folder + "/policy")) == sorted(
                [name for name in board.contents(folder + "/policy") if "next" not in name]
            )
            board.take_parts(store, parts[:-1])
            before = store.moment()
            at += max(1, at // _FEW)
        assert board.whole(store, 40) and board.whole(reader.start(), 40)


def test_new_pages_are_made_in_steps_when_the_journal_is_half_full():
    """No changeset comes to a full journal, and doors open while it is made empty."""
    with Folder() as folder:
        reader = board.Board(folder, capacity=2000)
        store = reader.start()
        number, head, most, is_half = 0, bytes(32), 0, 0
        for _ in range(12):
            number += 1
            cards = [[ops.GRANT, board.key(20 * number + n), 1, None] for n in range(20)]
            (raw,) = board.chain(cards, number=number - 1, previous=head)

            def look(_, number=number):
                rules, cache = store.moment()
                assert rules.number == cache.applied == number - 1
                assert bool(cache.grants(board.key(20 * number))) is False
                assert number < 2 or cache.grants(board.key(20 * number - 1))

            _, is_news = _steps_of(store.apply_steps(raw), look)
            assert is_news
            head = store.rules.head
            cache = store.moment()[1]
            most = max(most, _journal(folder))
            if cache.wants_compaction:
                is_half += 1
                work = cache.compact_steps()
                assert _stopped(work, 1)
                work.close()  # and again: nothing was lost
                for _ in cache.compact_steps():
                    assert cache.grants(board.key(20 * number))
                assert not cache.wants_compaction and _journal(folder) == 0
            assert len(cache.grants(board.key(20 * number + 19))) == 1
        assert is_half >= 2 and most < 8000 * 3 // 4
        assert reader.start().moment()[1].counts[0] == 240


def _journal(folder):
    sizes = [
        len(data)
        for name, data in board.contents(folder + "/cache").items()
        if "journal-" in name
    ]
    return max(sizes) if sizes else 0
