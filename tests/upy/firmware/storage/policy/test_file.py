"""``policy.cbor``: what a technician brought is followed as far as it is good, and no further."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import policy_site as board
import small_site as site
from harness import new_folder, raises
from holdfast.access import reason
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot
from holdfast.storage.policy import file as policy_file
from holdfast.storage.policy.file import PolicyFileError
from untrusted import InvalidInput


class _Board:
    """A board's store and the file beside it; ``applied`` is what was followed."""

    def __init__(self):
        self.folder = new_folder()
        self.path = self.folder + "/policy.cbor"
        self.store = board.Board(self.folder, 300).start()

    def put(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def follow(self, *items):
        """Bring a file of these byte strings and follow it."""
        self.put(cbor.encode_sequence(*items))
        self.go()

    def go(self):
        policy_file.apply(self.path, self.store, self.store.apply)


def test_no_file_is_no_policy_and_no_error():
    """A reader that gets its policy over the air has none."""
    one = _Board()
    one.go()
    assert one.store.rules.fault == reason.POLICY_MISSING
    one.put(b"")
    one.go()
    assert one.store.rules.fault == reason.POLICY_MISSING


def test_changesets_in_order_at_every_start():
    """What is known is passed over; a longer file brings what is new."""
    one = _Board()
    raws = board.chain(*board.steps(5))
    for count in (2, 2, 5, 5, 3):
        one.follow(*raws[:count])
    assert board.whole(one.store, 5)


def test_a_snapshot_and_the_changesets_after_it():
    """Also at a board that is somewhere in between, and again at the next start."""
    raws = board.chain(*board.steps(8))
    parts = board.taken(5)
    for known in (0, 2, 5, 6, 8):
        one = _Board()
        for raw in raws[:known]:
            one.store.apply(raw)
        for _ in range(2):
            one.follow(*(list(parts) + raws[5:8]))
            assert board.whole(one.store, 8), known


def test_a_file_that_begins_before_all_that_is_kept_brings_what_is_new():
    """The host writes the whole history, and a node knows the last 64 of it, or after a snapshot
    one: a hundred changes after its enrolment a board is brought the next one all the same.
    """
    raws = board.chain(*([[ops.HOLIDAYS, [[1 + day % 300, 1]]]] for day in range(72)))
    one = _Board()
    for count in (68, 72, 72, 3):
        one.follow(*raws[:count])
        assert one.store.rules.number == max(count, 68) or count == 3
    assert one.store.rules.number == 72

    raws = board.chain(*board.steps(12))
    for first in (1, 4):  # and of a snapshot that is older than what is here
        one = _Board()
        board.take(one.store, board.taken(10))
        one.follow(*(list(board.taken(first)) + raws[first:] if first > 1 else raws))
        assert board.whole(one.store, 12), first


def test_a_file_of_another_chain_is_refused_by_the_first_changeset_that_can_be_told():
    """What is passed over unseen opens no way for what comes after it."""
    one = _Board()
    one.follow(*board.chain(*([[ops.HOLIDAYS, [[1 + day, 1]]]] for day in range(70))))
    others = board.chain(*([[ops.HOLIDAYS, [[2 + day, 1]]]] for day in range(72)))
    one.put(cbor.encode_sequence(*others))
    assert "forked" in str(raises(InvalidInput, one.go))
    one.put(cbor.encode_sequence(*(others[:3] + others[70:])))
    raises(InvalidInput, one.go)
    # Nothing of this one can be told, and nothing is news: it is as if it were not there.
    one.follow(*others[:6])
    assert one.store.rules.number == 70


def test_a_file_cut_anywhere_is_followed_up_to_there_and_refused():
    """A stick pulled too early: no half item, no half snapshot, and nothing left begun."""
    raws = board.chain(*board.steps(4))
    data = cbor.encode_sequence(*raws)
    ends = [0]
    for raw in raws:
        ends.append(ends[-1] + len(cbor.encode(raw)))
    for length in range(0, len(data), 7):
        one = _Board()
        one.put(data[:length])
        if length in ends:
            one.go()
        else:
            raises(PolicyFileError, one.go)
        number = max([n for n, end in enumerate(ends) if end <= length])
        assert one.store.rules.number == number
        one.put(data)
        one.go()
        assert board.whole(one.store, 4)


def test_a_snapshot_cut_anywhere_leaves_the_old_policy():
    """Also when it ends exactly behind a part: a head that promised more is an error that is
    told, not a file that looks followed.
    """
    raws = board.chain(*board.steps(3))
    parts = board.taken(3)
    data = cbor.encode_sequence(*parts)
    whole_parts = [len(cbor.encode_sequence(*parts[:n])) for n in range(1, len(parts))]
    for length in sorted(set(list(range(1, len(data), 11)) + whole_parts)):
        one = _Board()
        one.store.apply(raws[0])
        one.put(data[:length])
        raises(PolicyFileError, one.go)
        assert board.whole(one.store, 1) and one.store.snapshot_progress is None
        assert not [name for name in os.listdir(one.folder + "/cache") if name.endswith(".new")]
        one.put(data)
        one.go()
        assert board.whole(one.store, 3)


def test_a_snapshot_that_was_changed_changes_nothing():
    """Parts swapped, one altered, one left out, a head forged: the policy is the old one."""
    raws = board.chain(*board.steps(2))
    cards = [[ops.GRANT, board.key(number), 1, None] for number in range(250)]
    group = [ops.GROUP, 1, [[[1, "all"], 1, None]]]
    site_wide = [[ops.DOOR, 0, "all"]] + cards + [group]
    parts = list(snapshot.make(site.authority(), site.SITE, 9, bytes(32), site.NOW, site_wide))
    assert len(parts) > 3
    forged = bytearray(parts[0])
    forged[-1] ^= 1
    altered = bytearray(parts[-1])
    altered[len(altered) // 2] ^= 1
    for items in (
        [bytes(forged)] + parts[1:],
        parts[:-1] + [bytes(altered)],
        parts[:1] + parts[2:],
        parts[:1] + parts[2:3] + parts[1:2] + parts[3:],
        parts[:2] + parts[1:],
        parts[:2] + raws,
        parts[1:],
    ):
        one = _Board()
        one.store.apply(raws[0])
        raises(InvalidInput, one.follow, *items)
        assert board.whole(one.store, 1) and one.store.snapshot_progress is None
    one.follow(*parts)
    assert one.store.rules.number == 9 and one.store.moment()[1].counts[0] == 250


def test_garbage_of_any_kind_is_refused():
    """Other CBOR, no CBOR, items too long or of no length: in the family, the policy as before."""
    raw = board.chain(*board.steps(1))[0]
    good = cbor.encode(raw)
    for bad in (
        b"\x00",
        b"\xff",
        b"\x80",
        b"\x5f",
        b"\x5f\x41\x00\xff",
        b"\x58",
        b"\x58\x00",
        b"\x59",
        b"\x59\x00",
        b"\x59\x00\x00",
        b"\x59\x04\x01" + bytes(1025),
        b"\x59\xff\xff" + bytes(65535),
        b"\x5a\x00\x00\x00\x01\x00",
        b"\x5b" + b"\xff" * 8,
        b"\x40",
        b"\x41\x00",
        cbor.encode("text"),
        cbor.encode([raw]),
        cbor.encode({1: raw}),
        bytes(2000),
        b"\xff" * 2000,
        os.urandom(500),
    ):
        for data in (bad, good + bad):
            one = _Board()
            one.put(data)
            raises(InvalidInput, one.go)
            assert one.store.rules.number == (data is not bad)


def test_lengths_may_be_written_longer_than_needed():
    """Somebody else's encoder made the file; what counts is signed inside."""
    raw = board.chain(*board.steps(1))[0]
    one = _Board()
    one.put(b"\x59" + len(raw).to_bytes(2, "big") + raw)
    one.go()
    assert board.whole(one.store, 1)


def test_a_file_that_cannot_be_read_is_an_oserror():
    """Not a missing one: a folder of that name, a fault of the storage."""
    one = _Board()
    os.mkdir(one.path)
    raises(OSError, one.go)
    assert one.store.rules.fault == reason.POLICY_MISSING


def test_flash_that_fails_in_the_middle_leaves_nothing_begun():
    """The next start, or the next carrier, can begin a snapshot anew."""
    one = _Board()
    parts = board.taken(60)
    genuine = one.store.add_part
    taken = []

    def failing(raw):
        if taken:
            raise OSError(28)
        taken.append(raw)
        return genuine(raw)

    one.store.add_part = failing
    raises(OSError, one.follow, *parts)
    assert one.store.snapshot_progress is None
    one.store.add_part = genuine
    one.follow(*parts)
    assert board.whole(one.store, 60)
