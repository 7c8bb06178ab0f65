"""The policy when the power fails: the old one or the new one, in policy and cards alike."""

INTERPRETERS = ("micropython",)

import os

import cuts

import crypto
import policy_site as board
import small_site as site
from holdfast.access import reason
from holdfast.access.policy import operations as ops
from holdfast.storage.policy.parts import Parts

SMALL = {"segment_size": 700, "segments": 3}


def _is_whole(store, number):
    """Assert that policy and cache are those of exactly so many steps."""
    assert board.whole(store, number)
    assert store.moment()[1].counts[0] == number


class _Story:
    """Changesets one after the other: prepared so far, then in the operation, one in the check."""

    def __init__(self, begin, end, **sizes):
        self.raws = board.chain(*board.steps(end + 3))
        self.begin = begin
        self.end = end
        self.sizes = sizes

    def start(self, root):
        """The store, after a start of the board."""
        return board.Board(root, **self.sizes).start()

    def prepare(self, root):
        """The first of them are followed."""
        store = self.start(root)
        for raw in self.raws[: self.begin]:
            store.apply(raw)

    def operation(self, root, acked):
        """The next are, each acknowledged."""
        store = self.start(root)
        for number in range(self.begin + 1, self.end + 1):
            assert store.apply(self.raws[number - 1])
            acked.append(number)

    def check(self, root, acked):
        """All that was acknowledged is there, at most one more a cut, and the chain goes on."""
        store = self.start(root)
        least = acked[-1] if acked else self.begin
        number = store.rules.number
        assert least <= number <= least + acked.cuts, (least, number, acked.cuts)
        _is_whole(store, number)
        assert store.after(number - 2) == self.raws[number - 2 : number]
        assert store.apply(self.raws[number])
        acked.append(number + 1)
        _is_whole(store, number + 1)


def test_a_changeset_is_followed_or_not():
    """In the log before it counts, in the cache before it is acknowledged, or again at opening."""
    story = _Story(2, 4)
    cuts.every_cut(story.prepare, story.operation, story.check, again=3, at_least=80, name="apply")


def test_the_very_first_changeset():
    """The folders are made too, and nothing is there that the log could have come from."""
    story = _Story(0, 1)

    def check(root, acked):
        store = story.start(root)
        number = store.rules.number
        assert len(acked) <= number <= len(acked) + acked.cuts
        _is_whole(store, number)
        if not number:
            store.apply(story.raws[0])
            _is_whole(store, 1)

    cuts.every_cut(story.prepare, story.operation, check, again=1, at_least=50, name="first")


def test_a_state_is_written_and_the_oldest_changesets_dropped():
    """The log must keep what the state on flash does not have, whenever the power fails."""
    story = _Story(10, 11, **SMALL)
    os_state = []

    def operation(root, acked):
        story.operation(root, acked)
        os_state.append("state" in os.listdir(root + "/policy"))

    cuts.every_cut(story.prepare, operation, story.check, again=2, at_least=80, name="drop")
    assert os_state[0], "no state was written"


def _take(store, parts):
    store.begin_snapshot(parts[0])
    done = False
    for part in parts[1:]:
        done = store.add_part(part)
    assert done


def test_a_snapshot_is_swapped_in_whole():
    """Policy and cards are two files with a swap of their own each; at no cut are they apart."""
    number = 45
    story = _Story(3, number)
    parts = board.taken(number)
    assert len(parts) > 2

    def operation(root, acked):
        _take(story.start(root), parts)
        acked.append(number)

    def check(root, acked):
        store = story.start(root)
        found = store.rules.number
        assert found in (3, number) and (found == number or not acked)
        _is_whole(store, found)
        assert store.apply(story.raws[found])
        acked.append(found + 1)
        _is_whole(store, found + 1)
        store = story.start(root)
        _is_whole(store, found + 1)

    def again(root, acked):
        if acked and acked[-1] in (4, number + 1):
            _is_whole(story.start(root), acked[-1])
        elif story.start(root).rules.number in (4, number + 1):
            _is_whole(story.start(root), story.start(root).rules.number)
        else:
            check(root, acked)

    cuts.every_cut(story.prepare, operation, again, again=2, at_least=100, name="snapshot")


def test_a_snapshot_that_is_kept_for_others_is_whole_or_not_there():
    """What is served is what was signed, and whoever has the new policy with its copy has all of
    it. A cut costs the copy at most, never the policy.
    """
    number = 45
    story = _Story(3, number)
    parts = board.taken(number)

    def opened(root):
        store = story.start(root)
        store.keep_parts(Parts(root + "/policy"))
        return store

    def operation(root, acked):
        _take(opened(root), parts)
        acked.append(number)

    def check(root, acked):
        store = opened(root)
        followed = store.rules.number
        assert followed in (3, number) and (followed == number or not acked)
        _is_whole(store, followed)
        found = [store.parts.part(place, followed) for place in range(len(parts) + 1)]
        if acked or store.parts.number(followed):
            assert found == parts + [None]
        else:
            assert found == [None] * (len(parts) + 1)
        assert "parts.new" not in os.listdir(root + "/policy")

    cuts.every_cut(story.prepare, operation, check, stride=3, again=5, at_least=40, name="parts")


def test_another_lookup_key_is_one_swap():
    """All cards under the new key, and the key itself, or all under the old: a power cut between
    the two would leave a door that knows nobody. 10,000 cards in the long run.
    """
    count = 10000 if cuts.TORTURE else 400
    story = _Story(0, 2)
    cards = [[ops.GRANT, b"new%05d" % number, 1, None] for number in range(count)]
    here = [[ops.DOOR, 0, site.DOOR]] + cards + [[ops.GROUP, 1, [[[1, site.DOOR], 1, None]]]]
    previous = crypto.sha256(story.raws[1])
    changeset, parts = board.rotation(2, b"\x45" * 32, here, 3, previous)

    def start(root):
        return board.Board(root, capacity=count + 100).start()

    def prepare(root):
        store = start(root)
        for raw in story.raws[:2]:
            store.apply(raw)

    def operation(root, acked):
        _take(start(root), parts)
        acked.append(3)

    def check(root, acked):
        store = start(root)
        rules, cache = store.moment()
        assert rules.number in (2, 3) and rules.fault == 0
        if rules.number == 2:
            assert not acked and (rules.lookup, store.ring.lookup_key(2)) == (0, None)
            _is_whole(store, 2)
            _take(store, parts)
            acked.append(3)
        rules, cache = start(root).moment()
        assert (rules.number, rules.lookup) == (3, 2) and cache.counts[0] == count
        assert store.ring.lookup_key(2) == b"\x45" * 32
        assert cache.grants(b"new%05d" % (count - 1)) and not cache.grants(board.key(1))
        assert store.apply(changeset) is False

    blocks = 256 if cuts.TORTURE else 64
    cuts.every_cut(
        prepare, operation, check, again=9, at_least=60, name="lookup", stride=2, blocks=blocks
    )


def test_the_recovery_from_damage_is_not_believed_before_it_is_complete():
    """With the state spoilt, the chain from its first changeset on: the door stays shut until all
    is there again that once was, wherever the power fails.
    """
    story = _Story(11, 11, **SMALL)

    def prepare(root):
        story.prepare(root)
        with open(root + "/policy/state", "r+b") as file:
            file.write(b"spoilt")

    def go_on(root, acked):
        store = story.start(root)
        for number in range(store.rules.number + 1, 12):
            assert store.rules.fault == reason.POLICY_DAMAGED
            store.apply(story.raws[number - 1])
            acked.append(number)
        return store

    def check(root, acked):
        store = story.start(root)
        number = store.rules.number
        assert number >= (acked[-1] if acked else 0)
        assert (number == 11) == (store.rules.fault == 0)
        store = go_on(root, acked)
        _is_whole(store, 11)

    cuts.every_cut(prepare, go_on, check, stride=4, at_least=60, name="repair")


def test_a_lost_cache_is_filled_from_the_log():
    """Cut in the middle, it is behind still, or being rebuilt, and never believed."""
    story = _Story(5, 5)

    def prepare(root):
        story.prepare(root)
        for name in os.listdir(root + "/cache"):
            with open(root + "/cache/" + name, "wb") as file:
                file.write(b"spoilt")

    def operation(root, acked):
        story.start(root)

    def check(root, acked):
        _is_whole(story.start(root), 5)

    cuts.every_cut(prepare, operation, check, stride=2, again=4, at_least=60, name="catch up")


def test_errors_of_the_flash_lose_nothing_and_pass():
    """Once or for ever: what was acknowledged stays, and with the fault gone all goes on."""
    story = _Story(2, 3)

    def operation(root, acked):
        store = story.start(root)
        try:
            store.apply(story.raws[2])
        except OSError:
            assert store.rules.number in (2, 3)
            assert store.moment()[1] is None or store.moment()[1].applied >= store.rules.number
            raise
        acked.append(3)

    def check(root, acked):
        store = story.start(root)
        number = store.rules.number
        assert (acked[-1] if acked else 2) <= number <= 4
        _is_whole(store, number)
        if number < 4:
            assert store.apply(story.raws[number])
            acked.append(number + 1)
            _is_whole(store, number + 1)

    cuts.every_error(story.prepare, operation, check, at_least=20, name="apply errors")


def test_errors_while_a_snapshot_is_swapped_in_pass_within_the_same_run():
    """The store that met the error goes on by itself once the flash works again."""
    story = _Story(3, 45)
    parts = board.taken(45)

    def operation(root, acked):
        store = story.start(root)
        acked.append(store)
        _take(store, parts)

    def check(root, acked):
        if acked:
            store = acked.pop()
            number = 3 if store.moment()[1] is None else store.rules.number
            assert number in (3, 45)
            _take_again(store, parts)
            _is_whole(store, 45)
        _is_whole(story.start(root), story.start(root).rules.number)

    cuts.every_error(
        story.prepare, operation, check, stride=2, at_least=30, name="snapshot errors"
    )


def _take_again(store, parts):
    if store.begin_snapshot(parts[0]):
        for part in parts[1:]:
            store.add_part(part)
