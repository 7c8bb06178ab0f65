"""A policy as bytes, and back."""

INTERPRETERS = ("micropython", "cpython")

import policy_site as board
import small_site as site
from harness import raises, truncations
from holdfast.access.policy import operations as ops
from holdfast.access.policy.draft import MAX_INTERVALS, MAX_LOCKED, MAX_SCHEDULES, MAX_ZONES
from holdfast.access.policy.revocation import MAX_REVOKED, Revocations
from holdfast.access.policy.schedule import Schedule
from holdfast.access.policy.timezone import TimeZone
from holdfast.access.tag import name_tag
from holdfast.storage.policy import encoding as policy_encoding
from holdfast.storage.policy import state as policy_state
from holdfast.storage.sealed import DamagedError


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
    data = policy_encoding.encode(policy, blank, 0xFFFFFFFF, 1 << 31)
    assert 14000 < len(data) <= policy_state.MAX_BYTES
    read, least, position = policy_state.decode(data, blank)
    assert (least, position) == (0xFFFFFFFF, 1 << 31)
    assert policy_encoding.encode(read, blank, least, position) == data
    assert sorted(read.schedules) == sorted(policy.schedules)
    print("largest state: %d bytes" % len(data))


def test_a_state_is_read_as_it_was_written():
    """Each rule comes back, for policies of each operation."""
    blank = board.empty()
    policy = blank
    data = b""
    for number, operation in enumerate(board.EVERY, 1):
        policy = policy.following([operation], number, bytes([number] * 32), site.NOW + number)
        data = policy_encoding.encode(policy, blank, 3, 4)
        read, _, _ = policy_state.decode(data, blank)
        assert policy_encoding.encode(read, blank, 3, 4) == data
        for rule in ("number", "head", "issued_at", "fault", "locked_down", "known_zones"):
            assert getattr(read, rule) == getattr(policy, rule), rule
        assert read.places() == policy.places() and read.holidays == policy.holidays
        assert list(read.revocations) == list(policy.revocations)
        assert (read.grace_s, read.retention_s) == (policy.grace_s, policy.retention_s)
    for damaged in truncations(data):
        raises(DamagedError, policy_state.decode, damaged, blank)
