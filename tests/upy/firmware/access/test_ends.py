"""What ends a token: its time, the authority's word, and a clock that cannot be sure."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from harness import raises
from holdfast.access import credential as labels
from holdfast.access import reason
from holdfast.access.policy.revocation import (
    MAX_REVOKED,
    Revocations,
    is_whole,
)
from untrusted import InvalidInput


def _full(end=site.NOW + 5 * site.DAY, issued_at=site.NOW):
    revoked = Revocations()
    for number in range(MAX_REVOKED):
        revoked = revoked.added(_cti(number), end + number * site.DAY, issued_at, site.NOW)
    return revoked


def _cti(number):
    return bytes((number * 7 % 256,)) + b"revoked"


def test_revocations_always_fit():
    """256 of them, in any order; what has ended makes room; a later watermark empties the list."""
    revoked = _full()
    assert len(revoked) == MAX_REVOKED and len(revoked.packed) == 8 * MAX_REVOKED
    assert all(revoked.is_revoked(_cti(number)) for number in range(256))
    assert not revoked.is_revoked(b"\0revokee") and not revoked.is_revoked(b"another!")
    assert not Revocations().is_revoked(bytes(8))
    ids = [revoked.packed[at : at + 4] for at in range(0, len(revoked.packed), 8)]
    assert ids == sorted(set(ids)) and is_whole(revoked.packed)
    one_more, end = b"one more", site.NOW + 400 * site.DAY
    raises(InvalidInput, revoked.added, one_more, end, None, site.NOW + 5 * site.DAY)
    # One that is there already needs no room and never ends, nor was issued, earlier.
    again = revoked.added(_cti(3), 1, 1, site.NOW)
    assert again.packed == revoked.packed
    # Only the first has ended, on the day before.
    room = revoked.added(one_more, end, site.NOW, site.NOW + 6 * site.DAY)
    assert len(room) == MAX_REVOKED and room.is_revoked(one_more) and len(revoked) == MAX_REVOKED
    assert not room.is_revoked(_cti(0)) and room.is_revoked(_cti(1))
    assert room.is_dropped(site.NOW + 5 * site.DAY) and not room.is_dropped(end)
    tomorrow = site.NOW // site.DAY * site.DAY + site.DAY
    assert len(room.raised(tomorrow - 1)) == MAX_REVOKED
    later = room.raised(tomorrow)
    assert len(later) == 0 and later.watermark == tomorrow
    assert later.raised(tomorrow - 1).watermark == tomorrow and later.dropped == room.dropped


def test_ids_that_count_or_repeat_are_told_apart():
    """Four bytes stand for an id: what another authority's tools choose must not fall together."""
    for make in (
        lambda number: b"%08d" % number,
        lambda number: bytes((number % 256,)) * 8,
        lambda number: number.to_bytes(4, "big") * 2,
        lambda number: number.to_bytes(8, "big"),
        lambda number: number.to_bytes(2, "big") + bytes(6),
    ):
        revoked = Revocations()
        for number in range(0, 256, 2):
            revoked = revoked.added(make(number), site.NOW, None, site.NOW)
        assert len(revoked) == 128
        assert [revoked.is_revoked(make(number)) for number in range(256)] == [True, False] * 128


def test_a_watermark_lets_go_only_of_those_that_it_covers():
    """By when each token was issued; who knows not when stays until its end."""
    day = site.NOW // site.DAY * site.DAY
    revoked, end = Revocations(), site.NOW + 90 * site.DAY
    for cti, issued_at in (
        (b"long ago", day - 9 * site.DAY),
        (b"just so!", day - 1),
        (b"same day", day),
        (b"dated on", day + 30 * site.DAY),
        (b"who knew", None),
    ):
        revoked = revoked.added(cti, end, issued_at, site.NOW)
    raised = revoked.raised(day + 3600)
    for cti, is_kept in (
        (b"long ago", False),
        (b"just so!", False),
        (b"same day", True),  # perhaps of a later hour
        (b"dated on", True),
        (b"who knew", True),
    ):
        assert raised.is_revoked(cti) == is_kept, cti
    # Whoever was let go is refused by the watermark.
    assert raised.is_below_watermark(day - 1) and not raised.is_below_watermark(day + 3600)
    for far in (1 << 62, 0xFFFF * site.DAY, 0xFFFE * site.DAY):
        assert raised.raised(far).is_revoked(b"who knew")
        late = Revocations().added(b"far away", (1 << 62) + 1, (1 << 62) + 1, site.NOW)
        assert late.raised(far).is_revoked(b"far away")


def test_an_end_that_no_day_can_tell_never_comes():
    """A list that is full makes no room by letting go of what has not ended."""
    revoked = Revocations()
    for number in range(MAX_REVOKED):
        revoked = revoked.added(_cti(number), 1 << 62, None, site.NOW)
    raises(InvalidInput, revoked.added, b"one more", 1 << 62, None, (1 << 62) - 1)


def _ask(revoked, end, issued_at, now, clock=rules.rtc):
    """What a token that is revoked so, and then the list, get at the time ``now``."""
    token = rules.holder({4: end, 5: None, 6: issued_at, 7: _cti(0)})
    return rules.ask(token, rules.policy(revocations=revoked), clock(now)).reason


def test_what_was_dropped_stays_dropped_out_when_the_clock_is_set_back():
    """A changeset dated 60 days ahead lets go of what ends until then: no clock, however it was
    set, brings a token of those to life again; others of that time are refused with them.
    """
    ahead = site.NOW + 60 * site.DAY
    full = _full(site.NOW + 30 * site.DAY)
    end, issued_at = site.NOW + 30 * site.DAY, site.NOW - site.DAY
    assert _ask(full, end, issued_at, site.NOW) == reason.REVOKED
    room = full.added(b"one more", ahead + 90 * site.DAY, None, ahead)
    assert not room.is_revoked(_cti(0))
    for now in (site.NOW, site.NOW - 30 * site.DAY, 0, end - 1):
        for clock in (rules.rtc, rules.floor):
            assert _ask(room, end, issued_at, now, clock) == reason.EXPIRED
    # Another that ends well after those goes on; through a snapshot it is the same.
    later = rules.holder({4: ahead + 90 * site.DAY})
    assert rules.ask(later, rules.policy(revocations=room)).granted
    whole = rules.policy([18, room.dropped])
    token = rules.holder({4: end, 7: _cti(0)})
    assert rules.ask(token, whole).reason == reason.EXPIRED
    assert rules.ask(later, whole).granted
    assert rules.rules([18, 500], [18, 400]).revocations.dropped == 500  # never falls


def test_a_token_dated_ahead_stays_revoked_under_a_watermark_of_now():
    """The watermark does not cover what says it was issued later, so the list keeps it."""
    ahead = site.NOW + 20 * site.DAY
    end = ahead + 30 * site.DAY
    revoked = Revocations().added(_cti(0), end, ahead, site.NOW).raised(site.NOW)
    for now in (site.NOW, site.NOW - 90 * site.DAY, ahead):
        for clock in (rules.rtc, rules.floor):
            assert _ask(revoked, end, ahead, now, clock) == reason.REVOKED
    # And one that was issued before, and let go.
    covered = Revocations().added(_cti(0), end, site.NOW - 2 * site.DAY, site.NOW)
    covered = covered.raised(site.NOW)
    assert len(covered) == 0
    for now in (site.NOW, site.NOW - 90 * site.DAY):
        assert _ask(covered, end, site.NOW - 2 * site.DAY, now) == reason.BELOW_WATERMARK
        assert _ask(covered, end, None, now) == reason.BELOW_WATERMARK


def test_the_watermark_takes_all_that_was_issued_before_it():
    """And what does not say when it was issued."""

    def ask(issued, watermark):
        return rules.ask(rules.holder({6: issued}), rules.policy([8, watermark])).reason

    assert ask(site.NOW - 1, site.NOW) == reason.BELOW_WATERMARK
    assert ask(site.NOW, site.NOW) == reason.GRANTED
    assert ask(None, site.NOW) == reason.BELOW_WATERMARK
    assert ask(None, 0) == reason.GRANTED
    guest = rules.ask(rules.guest(), rules.policy([8, site.NOW]))
    assert guest.reason == reason.BELOW_WATERMARK


def test_the_time_window_gives_nobody_more_than_the_clock_can_know():
    """Ended is ended at the latest time it may be; not begun at the latest, too; without a
    trusted clock, both at the time before which it cannot be.
    """

    def ask(clock, **claims):
        changes = {4: site.NOW + 100, 5: None, 6: None}
        changes.update({int(label[1:]): value for label, value in claims.items()})
        return rules.ask(rules.holder(changes), clock=clock).reason

    assert ask(rules.rtc(uncertainty=99)) == reason.GRANTED
    assert ask(rules.rtc(uncertainty=100)) == reason.EXPIRED
    assert ask(rules.rtc(uncertainty=50), _5=site.NOW + 50) == reason.GRANTED
    assert ask(rules.rtc(uncertainty=50), _5=site.NOW + 51) == reason.NOT_YET_VALID
    assert ask(rules.floor(site.NOW + 99)) == reason.GRANTED
    assert ask(rules.floor(site.NOW + 100)) == reason.EXPIRED
    assert ask(rules.floor(), _5=site.NOW + 1) == reason.NOT_YET_VALID
    assert ask(rules.floor(), _5=site.NOW) == reason.GRANTED
    # A clock that is further off than the site allows is none.
    far = {"_4": site.NOW + 10000}
    assert ask(rules.rtc(uncertainty=901), **far) == reason.GRANTED
    assert ask(rules.rtc(uncertainty=901), _5=site.NOW + 1, **far) == reason.NOT_YET_VALID
    assert rules.ask(rules.holder(), clock=rules.rtc(uncertainty=901)).by_grace
    for rule in (1, 2, True, False, 0, "no"):
        bound = rules.holder({labels.CLOCK_RULE: rule})
        assert rules.ask(bound).granted
        assert rules.ask(bound, clock=rules.floor()).reason == reason.CLOCK_UNCERTAIN, rule
        assert rules.ask(bound, clock=rules.rtc(uncertainty=901)).reason == reason.CLOCK_UNCERTAIN
