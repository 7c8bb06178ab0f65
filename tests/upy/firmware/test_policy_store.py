"""The policy on flash: followed in order, kept over restarts, closed when something is lost."""

INTERPRETERS = ("micropython", "cpython")

import os

import crypto
import policy_site as board
import small_site as site
from cache_world import Folder
from harness import bit_flips, raises, truncations
from holdfast.access import operations as ops
from holdfast.access import reason, snapshot
from holdfast.access.operations import ChangesetRefused
from holdfast.access.policy import MAX_INTERVALS, MAX_LOCKED, MAX_SCHEDULES, MAX_ZONES
from holdfast.access.revocation import MAX_REVOKED, Revocations
from holdfast.access.schedule import Schedule
from holdfast.access.tag import name_tag
from holdfast.access.timezone import TimeZone
from holdfast.storage import files, policy_state
from holdfast.storage.sealed import DamagedError

SMALL = {"segment_size": 700, "segments": 3}


def _whole(store, number):
    """Whether the policy and the cache are exactly those of so many steps."""
    policy = store.policy
    assert policy.fault == (0 if number else reason.POLICY_MISSING)
    assert policy.number == number and len(policy.known_zones) == number
    assert store.cache is not None and store.cache.applied == number
    assert store.cache.grant(board.key(number + 1)) is None
    if number:
        assert store.cache.grant(board.key(number)).group == 1
        assert store.cache.rights(1, [name_tag(site.DOOR)]) == [
            (name_tag(site.DOOR), number, None)
        ]
    assert not store.needs_snapshot
    return True


def _files(path):
    """Every file below ``path``, with its bytes."""
    found = {}
    for name in os.listdir(path):
        inner = path + "/" + name
        if os.stat(inner)[0] & 0x4000:
            found.update(_files(inner))
        else:
            found[inner] = files.read(inner, 1 << 20)
    return found


def test_changesets_are_followed_in_order_and_kept():
    """The site's history, one restart after each step, and well past where states are written."""
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        assert _whole(store, 0)
        raws = board.chain(*board.steps(40))
        for number, raw in enumerate(raws, 1):
            assert store.apply(raw) is True
            assert _whole(store, number)
            assert store.apply(raw) is False
            if number % 3 == 0:
                store = reader.start()
                assert _whole(store, number)
        assert store.policy.head == crypto.sha256(raws[-1])
        assert store.policy.issued_at == site.NOW + 40
        assert store.after(0, 100) == raws and store.after(38) == raws[38:]
        assert store.after(10, 5) == raws[10:15] and store.after(40) == [] == store.after(99)


def test_what_is_no_next_changeset_is_refused_and_changes_nothing():
    """A gap names the number that is wanted; a fork, a stranger's, another site's are refused."""
    raws = board.chain(*board.steps(6))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:3]:
            store.apply(raw)
        before = _files(folder)
        assert "4 is wanted" in str(raises(ChangesetRefused, store.apply, raws[4]))
        (fork,) = board.chain([], number=2, previous=crypto.sha256(raws[1]))
        assert "forked" in str(raises(ChangesetRefused, store.apply, fork))
        (older,) = board.chain([], number=1, previous=crypto.sha256(raws[0]))
        assert "forked" in str(raises(ChangesetRefused, store.apply, older))
        (other,) = board.chain([], number=3, previous=bytes(32))
        assert "forked" in str(raises(ChangesetRefused, store.apply, other))
        for number, previous in ((3, raws[2]), (2, raws[1])):
            (stranger,) = board.chain(
                [], seed=board.OTHER_SEED, number=number, previous=crypto.sha256(previous)
            )
            assert "signed" in str(raises(ChangesetRefused, store.apply, stranger))
        for zones in ([ops.ZONE, "z", None], [ops.ZONE, "y", None]):
            full = [[ops.ZONE, "z%d" % number, None] for number in range(64)] + [zones]
            (many,) = board.chain(full, number=3, previous=store.policy.head)
            assert "zones" in str(raises(ChangesetRefused, store.apply, many))
        assert _files(folder) == before
        assert _whole(store, 3) and store.apply(raws[3]) and _whole(store, 4)


def test_a_full_log_forgets_the_oldest_after_writing_the_state():
    """Changesets go on for years; what a peer can still get from here is the newest."""
    raws = board.chain(*board.steps(40))
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for number, raw in enumerate(raws, 1):
            assert store.apply(raw)
            assert store.after(max(0, number - 4)) == raws[max(0, number - 4) : number]
            store = reader.start()
            assert _whole(store, number)
        assert store.after(0) == []
        assert store.apply(raws[0]) is False  # too old to tell: nothing is done
        assert sum([len(data) for data in _files(folder + "/policy").values()]) < 6000


def test_a_cache_that_is_behind_catches_up_or_answers_nothing():
    """It may hold a card that was taken back meanwhile."""
    raws = board.chain(*board.steps(12))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws[:8]:
            store.apply(raw)
        _remove(folder + "/cache")
        assert _whole(reader.start(), 8)  # the log has all of them
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        _remove(folder + "/cache")
        store = reader.start()
        assert store.cache is None and store.needs_snapshot
        assert store.policy.fault == 0 and store.policy.number == 11
        assert store.apply(raws[11])  # tokens need no cards
        assert store.cache is None and store.needs_snapshot
        _take(store, board.taken(12))
        assert _whole(store, 12) and _whole(reader.start(), 12)


def test_a_damaged_cache_is_made_anew_from_the_log():
    """If every changeset is still there, nobody has to bring them again."""
    raws = board.chain(*board.steps(5))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws:
            store.apply(raw)
        store.cache.compact()
        files.write(folder + "/cache/pages", b"x" * 999)
        assert _whole(reader.start(), 5)


def test_more_cards_than_the_cache_holds_are_refused_before_anything_is_written():
    """After the log has it there is no way back."""
    with Folder() as folder:
        reader = board.Board(folder, capacity=3)
        store = reader.start()
        raws = board.chain(*board.steps(4))
        for raw in raws[:3]:
            store.apply(raw)
        before = _files(folder + "/policy")
        assert "grants" in str(raises(ChangesetRefused, store.apply, raws[3]))
        assert _files(folder + "/policy") == before and _whole(store, 3)
        assert _whole(reader.start(), 3)


def _take(store, parts):
    assert store.begin_snapshot(parts[0])
    for part in parts[1:-1]:
        assert store.add_part(part) is False
    assert store.add_part(parts[-1]) is True
    assert store.snapshot_progress is None


def test_a_snapshot_skips_numbers_and_the_chain_goes_on_from_it():
    """A board that comes back from a shelf."""
    raws = board.chain(*board.steps(50))
    for behind in (0, 3, 20):
        with Folder() as folder:
            reader = board.Board(folder)
            store = reader.start()
            for raw in raws[:behind]:
                store.apply(raw)
            parts = board.taken(48)
            assert len(parts) >= 3
            assert store.begin_snapshot(parts[0])
            assert store.add_part(parts[1]) is False
            assert store.snapshot_progress == (48, 1, len(parts) - 1)
            assert _whole(store, behind) if behind else store.policy.number == 0
            raises(ChangesetRefused, store.add_part, parts[1])
            raises(ChangesetRefused, store.add_part, parts[2][:-1])
            for part in parts[2:]:
                store.add_part(part)
            assert _whole(store, 48)
            raises(ChangesetRefused, store.add_part, parts[1])
            assert store.after(0, 99) == raws[:behind] and store.after(behind) == []
            assert store.begin_snapshot(parts[0]) is False
            assert "48" in str(raises(ChangesetRefused, store.begin_snapshot, board.taken(47)[0]))
            assert store.apply(raws[48]) and _whole(store, 49)
            store = reader.start()
            assert _whole(store, 49) and store.apply(raws[49]) and _whole(reader.start(), 50)


def test_a_restart_or_a_changeset_ends_a_snapshot_under_way():
    """The old policy holds; what had come of the new is forgotten."""
    raws = board.chain(*board.steps(4))
    parts = board.taken(48)
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        store.apply(raws[0])
        store.begin_snapshot(parts[0])
        store.add_part(parts[1])
        store = reader.start()
        assert store.snapshot_progress is None and _whole(store, 1)
        store.begin_snapshot(parts[0])
        store.add_part(parts[1])
        assert store.apply(raws[1]) and store.snapshot_progress is None
        raises(ChangesetRefused, store.add_part, parts[2])
        store.begin_snapshot(parts[0])
        store.begin_snapshot(parts[0])
        for part in parts[1:]:
            store.add_part(part)
        assert _whole(store, 48) and _whole(reader.start(), 48)


def test_a_snapshot_of_a_stranger_or_another_chain_is_refused():
    """Signed by an anchor, of this site, not older, and the same hash if the same number."""
    raws = board.chain(*board.steps(3))
    with Folder() as folder:
        store = board.Board(folder).start()
        for raw in raws:
            store.apply(raw)
        start = (site.SITE, 3, crypto.sha256(raws[2]), site.NOW, [])
        stranger = snapshot.make(site.authority(board.OTHER_SEED), *start)
        assert "signed" in str(raises(ChangesetRefused, store.begin_snapshot, stranger[0]))
        other = snapshot.make(site.authority(), "other", *start[1:])
        assert "site" in str(raises(ChangesetRefused, store.begin_snapshot, other[0]))
        fork = snapshot.make(site.authority(), site.SITE, 3, bytes(32), site.NOW, [])
        assert "chain" in str(raises(ChangesetRefused, store.begin_snapshot, fork[0]))
        (raw,) = board.chain([], number=3, previous=store.policy.head)
        raises(ChangesetRefused, store.begin_snapshot, raw)
        assert _whole(store, 3) and store.snapshot_progress is None


def test_a_damaged_state_closes_the_door_until_it_is_repaired():
    """Whatever the damage: never an older policy. The chain from its first changeset repairs it,
    and so does a snapshot; and not before all is there again that once was.
    """
    raws = board.chain(*board.steps(12))
    for repair in ("chain", "snapshot"):
        with Folder() as folder:
            reader = board.Board(folder, **SMALL)
            store = reader.start()
            for raw in raws[:11]:
                store.apply(raw)
            whole = files.read(folder + "/policy/state", 1 << 16)
            for damaged in list(truncations(whole))[::40] + list(bit_flips(whole))[::500]:
                files.write(folder + "/policy/state", damaged)
                store = reader.start()
                assert store.policy.fault == reason.POLICY_DAMAGED and store.needs_snapshot
                assert store.policy.number == 0
            assert "older" in str(
                raises(ChangesetRefused, store.begin_snapshot, board.taken(10)[0])
            )
            if repair == "snapshot":
                _take(store, board.taken(11))
            else:
                for number, raw in enumerate(raws[:11], 1):
                    assert store.policy.fault == reason.POLICY_DAMAGED
                    assert store.apply(raw)
                    if number % 4 == 1:
                        store = reader.start()
            assert _whole(store, 11)
            assert _whole(reader.start(), 11)
            assert store.apply(raws[11]) and _whole(reader.start(), 12)


def test_whatever_is_lost_the_policy_never_goes_back():
    """Any file of policy/ gone or spoilt, alone: the newest policy, or a door that stays shut."""
    raws = board.chain(*board.steps(12))
    seen = set()
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        content = _files(folder)
        for path in sorted(content):
            if "/policy/" not in path:
                continue
            data = content[path]
            spoilt = [None, b""] + list(truncations(data))[::90] + list(bit_flips(data))[::700]
            for other in spoilt:
                for name, whole in content.items():
                    files.write(name, whole)
                if other is None:
                    os.remove(path)
                else:
                    files.write(path, other)
                policy = reader.start().policy
                assert policy.fault == (0 if policy.number == 11 else reason.POLICY_DAMAGED)
                seen.add(policy.fault)
        assert seen == {0, reason.POLICY_DAMAGED}
        for name, whole in content.items():
            files.write(name, whole)
        _remove(folder + "/policy")
        store = reader.start()
        assert store.policy.fault == reason.POLICY_DAMAGED and store.policy.number == 0
        for raw in raws:
            store.apply(raw)
        assert _whole(store, 12)


def test_the_log_itself_tells_that_something_is_missing():
    """Also without the word of the cache a spoilt record was one, in the middle and at the end;
    and what was read behind it says how far the policy had come.
    """
    raws = board.chain(*board.steps(12))
    numbers = set()
    with Folder() as folder:
        reader = board.Board(folder, **SMALL)
        store = reader.start()
        for raw in raws[:11]:
            store.apply(raw)
        _remove(folder + "/cache")
        content = _files(folder)
        for path, data in sorted(content.items()):
            for other in list(bit_flips(data))[::400]:
                files.write(path, other)
                store = reader.start()
                number = store.policy.number
                assert store.policy.fault == (0 if number == 11 else reason.POLICY_DAMAGED)
                numbers.add(number)
                if number in (9, 10):
                    store.apply(raws[number])
                    assert (store.policy.fault == 0) == (number == 10)
                for name, whole in content.items():
                    files.write(name, whole)
                _remove(folder + "/cache")
    assert numbers == {0, 9, 10, 11}


def test_a_board_of_another_door_or_site_does_not_use_what_lies_there():
    """Which zones a door is in was decided for that door."""
    with Folder() as folder:
        store = board.Board(folder, **SMALL).start()
        for raw in board.chain([[ops.ZONE, "attic", [site.DOOR]]], *board.steps(17)):
            store.apply(raw)
        assert "attic" in store.policy.places()
        for changes in ({3: "cellar"}, {2: "other"}):
            policy = board.Board(folder, settings=changes, **SMALL).start().policy
            assert policy.number == 0 and policy.fault == reason.POLICY_DAMAGED


def test_the_largest_policy_fits_into_its_file():
    """All limits reached at once, with names and numbers of the greatest length."""
    blank = board.empty()
    hours = tuple([(600 + 10 * number, 605 + 10 * number) for number in range(5)])
    other = Schedule((hours,) * 2 + ((),) * 5, ())
    revocations = b"".join(
        [b"%08d" % number + b"\x7f" + bytes(7) for number in range(MAX_REVOKED)]
    )
    policy = blank.changed(
        number=0xFFFFFFFF,
        head=b"\xff" * 32,
        issued_at=ops.MAX_TIME,
        timezone=TimeZone(-600, 60, (10, 5, 6, -600), (10, 5, 6, -600)),
        known_zones={"%064d" % number: 2 for number in range(MAX_ZONES)},
        schedules={name_tag("%d" % number): other for number in range(MAX_SCHEDULES)},
        holidays=frozenset(range(65000, 65000 + ops.MAX_HOLIDAYS)),
        revocations=Revocations(revocations, ops.MAX_TIME, ops.MAX_TIME),
        locked_places=frozenset([name_tag("%d" % number) for number in range(MAX_LOCKED)]),
        anchors=(ops.anchor(bytes(32)), ops.anchor(b"\x01" * 32)),
        grace_s=2592000,
        retention_s=2592000,
    )
    assert sum([10 for _ in policy.schedules]) == MAX_INTERVALS
    data = policy_state.encode(policy, blank, 0xFFFFFFFF, 1 << 31)
    assert 14000 < len(data) <= policy_state.MAX_BYTES
    read, least, position = policy_state.decode(data, blank)
    assert (least, position) == (0xFFFFFFFF, 1 << 31)
    assert policy_state.encode(read, blank, least, position) == data
    assert sorted(read.schedules) == sorted(policy.schedules)
    print("largest state: %d bytes" % len(data))


def test_a_state_is_read_as_it_was_written():
    """Each rule comes back, for policies of each operation."""
    blank = board.empty()
    policy = blank
    for number, operation in enumerate(board.EVERY, 1):
        policy = policy.following([operation], number, bytes([number] * 32), site.NOW + number)
        data = policy_state.encode(policy, blank, 3, 4)
        read, _, _ = policy_state.decode(data, blank)
        assert policy_state.encode(read, blank, 3, 4) == data
        for rule in ("number", "head", "issued_at", "fault", "locked_down", "known_zones"):
            assert getattr(read, rule) == getattr(policy, rule), rule
        assert read.places() == policy.places() and read.holidays == policy.holidays
        assert list(read.revocations) == list(policy.revocations)
        assert (read.grace_s, read.retention_s) == (policy.grace_s, policy.retention_s)
    for damaged in truncations(data):
        raises(DamagedError, policy_state.decode, damaged, blank)


def _remove(path):
    for name in os.listdir(path):
        inner = path + "/" + name
        if os.stat(inner)[0] & 0x4000:
            _remove(inner)
        else:
            os.remove(inner)
    os.rmdir(path)
