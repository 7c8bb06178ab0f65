"""A snapshot that was taken can be had by others, however it came and whatever stopped it."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import policy_site as board
from harness import new_folder, raises
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.storage.policy import file as policy_file
from holdfast.storage.policy import parts as kept
from holdfast.storage.policy.parts import Parts


class _Node:
    """A board's store that has snapshots for others; it can start again."""

    def __init__(self, room=kept.ROOM):
        self.folder = new_folder()
        self.brought = self.folder + "/policy.cbor"
        self.room = room
        self.start()

    def start(self):
        self.store = board.Board(self.folder, 300).start()
        self.store.keep_parts(Parts(self.folder + "/policy", self.room, self.brought))

    def bring(self, *items):
        with open(self.brought, "wb") as file:
            file.write(cbor.encode_sequence(*items))
        policy_file.apply(self.brought, self.store, self.store.apply)

    @property
    def number(self):
        return self.store.parts.number(self.store.rules.number)

    def all(self):
        """Head and parts, as they are served."""
        found = []
        while True:
            raw = self.store.parts.part(len(found), self.store.rules.number)
            if raw is None:
                return found
            found.append(raw)

    def files(self):
        return [name for name in os.listdir(self.folder + "/policy") if "parts" in name]


def test_who_took_a_snapshot_has_it_for_others():
    """Byte for byte, so that the next one can hold it against its signature; after a restart."""
    raws, parts = board.chain(*board.steps(46)), board.taken(45)
    assert len(parts) > 2
    node = _Node()
    assert node.number is None and node.all() == []
    board.take(node.store, parts)
    for _ in range(2):
        assert node.number == 45 and node.all() == parts
        node.start()
    for place in (len(parts) - 1, 0, 2, 1):  # several fetch it at once
        assert node.store.parts.part(place, 45) == parts[place]
    node.store.apply(raws[45])  # it is what it was, and who takes it goes on with changesets
    assert node.number == 45 and node.all() == parts
    other = _Node()
    board.take(other.store, node.all())
    assert other.all() == parts
    newer = board.taken(60)
    board.take(node.store, newer)
    assert node.number == 60 and node.all() == newer and node.files() == ["parts"]


def test_what_policy_cbor_brought_is_served_from_there():
    """There is no room for it twice; and a board that was brought one before this version has it
    for others, too.
    """
    raws, parts = board.chain(*board.steps(47)), board.taken(45)
    node = _Node()
    node.bring(*(list(parts) + raws[45:]))
    assert node.store.rules.number == 47
    assert node.number == 45 and node.all() == parts and node.files() == []
    node.start()
    assert node.number == 45 and node.all() == parts
    newer = board.taken(60)
    board.take(node.store, newer)
    assert node.number == 60 and node.all() == newer
    # Somebody takes the file away, or puts in another in the middle of it.
    os.remove(node.folder + "/policy/parts")
    node.start()
    assert node.number == 45 and node.store.parts.part(0, 60) == parts[0]
    with open(node.brought, "wb") as file:
        file.write(cbor.encode_sequence(parts[0]))
    assert node.store.parts.part(1, 60) is None
    os.remove(node.brought)
    raises(OSError, node.store.parts.part, 0, 60)
    node.start()
    assert node.number is None and node.all() == []


def test_what_is_not_whole_or_was_refused_is_not_offered():
    """It would be asked for in vain, each minute, by everybody who is behind."""
    parts = board.taken(45)
    node = _Node()
    for count in range(1, len(parts)):
        board.take_parts(node.store, parts[:count])
        assert node.number is None
        node.start()  # the power failed
        assert node.number is None and node.files() == []
    with open(node.brought, "wb") as file:  # nobody took it: it may be another site's
        file.write(cbor.encode_sequence(*parts))
    node.start()
    assert node.number is None
    with open(node.brought, "wb") as file:
        file.write(cbor.encode_sequence(*parts[:-1]))
    board.take(node.store, parts)
    assert node.number == 45 and node.all() == parts
    with open(node.folder + "/policy/parts", "r+b") as file:
        file.write(b"\x00")
    node.start()
    assert node.number is None and node.all() == []


def test_a_snapshot_goes_on_where_it_was_left_and_a_refused_part_costs_nothing():
    """The peer that it came from is gone: another one has the same."""
    parts = board.taken(45)
    node = _Node()
    assert node.store.begin_snapshot(parts[0])
    node.store.add_part(parts[1])
    raises(ChangesetRefused, node.store.add_part, parts[1])
    assert node.store.begin_snapshot(parts[0])
    assert node.store.snapshot_progress == (45, 1, len(parts) - 1)
    for part in parts[2:]:
        node.store.add_part(part)
    assert node.number == 45 and node.all() == parts


def test_room_that_is_too_small_costs_the_copy_alone():
    parts = board.taken(45)
    node = _Node(room=1000)
    board.take(node.store, parts)
    assert board.whole(node.store, 45)
    assert node.number is None and node.files() == []


def test_a_changeset_that_is_followed_ends_what_was_coming():
    raws, parts = board.chain(*board.steps(3)), board.taken(45)
    node = _Node()
    board.take_parts(node.store, parts[:2])
    node.store.apply(raws[0])
    assert node.files() == [] and node.number is None
    board.take(node.store, parts)
    assert node.all() == parts
