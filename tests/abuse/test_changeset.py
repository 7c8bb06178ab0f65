"""Changesets and snapshots as somebody hostile would send them: all refused, nothing changed."""

INTERPRETERS = ("micropython", "cpython")

import policy_site as board
import small_site as site
from access_rules import seen
from folders import Folder
from harness import bit_flips, memory_returns, mutants, raises, truncations
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.operations import ChangesetRefused


def _permutations(items):
    if len(items) < 2:
        yield list(items)
    for index in range(len(items)):
        for rest in _permutations(items[:index] + items[index + 1 :]):
            if len(items) > 1:
                yield [items[index]] + rest


def test_every_damage_to_a_changeset_is_refused():
    """Each bit and each cut, by shape or by signature; the policy stays what it was."""
    raws = board.chain([[ops.DOOR, 0, site.DOOR]], list(board.EVERY[9:13]))
    rules = board.after(board.empty(), raws[0])
    for damaged in mutants(raws[1]):
        try:
            step = changeset.parse(bytes(damaged))
            step.verify(rules.anchors)
        except ChangesetRefused:
            continue
        raise AssertionError("taken")
    assert board.after(rules, raws[1]).number == 2


def test_the_store_takes_no_damaged_changeset():
    """Some of them again, through the store: nothing is written, and the right one still goes."""
    raws = board.chain(*board.steps(3))
    with Folder() as folder:
        store = board.Board(folder).start()
        store.apply(raws[0])
        for damaged in list(truncations(raws[1]))[::9] + list(bit_flips(raws[1]))[::17]:
            raises(ChangesetRefused, store.apply, damaged)
            rules, cache = store.moment()
            assert rules.number == 1 and cache.applied == 1
            assert store.after(0) == raws[:1]
        assert store.apply(raws[1]) and store.apply(raws[2])


def test_every_damage_to_a_snapshot_is_refused():
    """Its head by the signature, its parts by the hash before them; a part of any other snapshot
    is none of this one.
    """
    head, first, second = board.taken(45)
    anchors = board.empty().anchors
    for damaged in mutants(head):
        try:
            snapshot.parse(bytes(damaged)).verify(anchors)
        except ChangesetRefused:
            continue
        raise AssertionError("taken")
    assembly = snapshot.Assembly(snapshot.parse(head), board.empty())
    other = board.taken(44)
    for damaged in list(truncations(first)) + other + [second, head, first + b"\x00"]:
        raises(ChangesetRefused, assembly.add, damaged)
    for damaged in bit_flips(first):
        assert not assembly.is_wanted(damaged)
    assembly.add(first)
    for damaged in bit_flips(second):
        assert not assembly.is_wanted(damaged)
    assembly.add(second)
    assert assembly.is_complete


def test_the_store_takes_no_damaged_snapshot():
    """A stranger's part does not end a snapshot: the right one may come from somebody else."""
    raws = board.chain(*board.steps(2))
    head, first, second = board.taken(45)
    with Folder() as folder:
        store = board.Board(folder).start()
        store.apply(raws[0])
        for damaged in list(truncations(head))[::9] + list(bit_flips(head))[::17]:
            raises(ChangesetRefused, store.begin_snapshot, damaged)
        assert store.snapshot_progress is None
        store.begin_snapshot(head)
        for good in (first, second):
            for damaged in list(truncations(good))[::40] + list(bit_flips(good))[::97]:
                raises(ChangesetRefused, store.add_part, damaged)
                assert store.snapshot_progress is not None and store.rules.number == 1
            store.add_part(good)
        rules, cache = store.moment()
        assert rules.number == 45 and cache.applied == 45


def test_every_order_of_five_changesets():
    """Each is followed when it is its turn and refused by the number that is wanted before; handed
    round until nothing is left, every order ends in the same policy.
    """
    raws = board.chain(*board.steps(5))
    ends = board.after(board.empty(), *raws)
    count = 0
    for order in _permutations(raws):
        rules = board.empty()
        waiting = order
        while waiting:
            refused = []
            for raw in waiting:
                step = changeset.parse(raw)
                if step.number == rules.number + 1:
                    rules = draft.applied(rules, step)
                    continue
                text = str(raises(ChangesetRefused, draft.applied, rules, step))
                assert "%d is wanted" % (rules.number + 1) in text
                refused.append(raw)
            assert len(refused) < len(waiting)
            waiting = refused
        assert seen(rules) == seen(ends)
        count += 1
    assert count == 120


def test_every_order_through_the_store():
    """The same on flash, with a restart in the middle of each."""
    raws = board.chain(*board.steps(4))
    for order in _permutations(raws):
        with Folder() as folder:
            reader = board.Board(folder)
            store = reader.start()
            for index, raw in enumerate(order + order + order + order):
                number = changeset.parse(raw).number
                before = store.rules.number
                if number <= before:
                    assert store.apply(raw) is False
                elif number == before + 1:
                    assert store.apply(raw) is True
                else:
                    raises(ChangesetRefused, store.apply, raw)
                if index == 5:
                    store = reader.start()
            rules, cache = store.moment()
            assert rules.number == 4 and cache.applied == 4


def test_refusing_takes_no_memory():
    """A peer that sends rubbish all day must not wear a board out."""
    (raw,) = board.chain(list(board.EVERY[:9]))
    damaged = list(mutants(raw))[::50]

    def abuse():
        for one in damaged:
            try:
                changeset.parse(bytes(one)).verify(board.empty().anchors)
            except ChangesetRefused:
                pass

    memory_returns(abuse)
