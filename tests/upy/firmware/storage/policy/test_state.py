"""A policy as bytes, and back."""

INTERPRETERS = ("micropython", "cpython")

import policy_site as board
import small_site as site
from harness import raises, truncations
from holdfast.access.policy import draft, key_changes
from holdfast.access.policy import operations as ops
from holdfast.access.policy.key_ring import KeyRing
from holdfast.access.policy.revocation import MAX_REVOKED, Revocations
from holdfast.access.policy.rules import MAX_CARRIERS, MAX_DOORS, MAX_MODES, MAX_ZONES, RULES
from holdfast.access.policy.schedule import (
    MAX_DISTINCT,
    MAX_HOLIDAYS,
    MAX_SCHEDULES,
    Holidays,
    Schedules,
)
from holdfast.access.policy.timezone import TimeZone
from holdfast.storage.policy import encoding, state
from holdfast.storage.policy.state import Held
from holdfast.storage.sealed import DamagedError

BLANK = Held(board.empty(), KeyRing())


def _encoded(held, least, position):
    return encoding.encode(held.rules, held.ring, held.recent, least, position)


def test_the_largest_policy_fits_into_its_file():
    """All limits reached at once, with numbers of the greatest length."""
    rules = BLANK.rules.changed(
        number=0xFFFFFFFF,
        head=b"\xff" * 32,
        issued_at=ops.MAX_TIME,
        timezone=TimeZone(-600, 60, (10, 5, 6, -600), (10, 5, 6, -600)),
        doors=b"door" * MAX_DOORS,
        zones=b"z" * 41 * MAX_ZONES,
        schedules=Schedules(b"s" * (19 * MAX_SCHEDULES + 3 * MAX_DISTINCT)),
        holidays=Holidays(b"day" * MAX_HOLIDAYS),
        revocations=Revocations(
            b"".join([b"%04dABCD" % number for number in range(MAX_REVOKED)]),
            ops.MAX_TIME,
            ops.MAX_TIME,
        ),
        locked_doors=b"\xff" * 32,
        modes=b"unlocked" * MAX_MODES,
        carriers=b"carriers" * MAX_CARRIERS,
        lookup=0xFFFF,
        anchors=(ops.anchor(bytes(32)), ops.anchor(b"\x01" * 32)),
        grace_s=2592000,
    )
    held = Held(rules, KeyRing(b"k" * 40 * 66), b"8 bytes!" * state.MAX_RECENT)
    data = _encoded(held, 0xFFFFFFFF, 1 << 31)
    assert 9000 < len(data) <= state.MAX_BYTES
    *read, least, position = encoding.decode(data, BLANK.rules)
    assert (least, position) == (0xFFFFFFFF, 1 << 31)
    assert _encoded(Held(*read), least, position) == data
    print("largest state: %d bytes" % len(data))


def test_a_state_is_read_as_it_was_written():
    """Each rule comes back, for policies of each operation, and the node's keys with them."""
    held = BLANK
    data = b""
    for number, operation in enumerate(board.EVERY, 1):
        head = bytes([number] * 32)
        rules = draft.following(held.rules, [operation], number, head, site.NOW + number)
        ring = key_changes.following(
            held.ring, [operation], rules, site.root(), site.NODE, board.unseal
        )
        held = Held(rules, ring, held.recent + head[:8])
        data = _encoded(held, 3, 4)
        read = Held(*encoding.decode(data, BLANK.rules)[:3])
        assert _encoded(read, 3, 4) == data
        assert read.ring.packed == ring.packed and read.recent == held.recent
        for rule in RULES:
            found, kept = getattr(read.rules, rule), getattr(rules, rule)
            if rule == "anchors":
                found, kept = [key.x for key in found], [key.x for key in kept]
            elif rule == "timezone":
                assert found.local(site.NOW) == kept.local(site.NOW)
                continue
            elif rule in ("schedules", "holidays", "revocations"):
                found, kept = found.packed, kept.packed
            assert found == kept, rule
    for damaged in truncations(data):
        raises(DamagedError, encoding.decode, damaged, BLANK.rules)
