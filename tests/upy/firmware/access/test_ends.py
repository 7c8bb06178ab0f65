"""What ends a token: its time, the authority's word, and a clock that cannot be sure."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from harness import raises
from holdfast.access import credential as labels
from holdfast.access import reason
from holdfast.access.policy.revocation import MAX_REVOKED, Revocations, RevocationsFull
from untrusted import InvalidInput


def test_revocations_always_fit():
    """256 of them, in any order; what has ended makes room; a later watermark empties the list."""
    revoked = Revocations()
    for n in range(MAX_REVOKED):
        cti = bytes((n * 7 % 256,)) + b"revoked"
        revoked = revoked.added(cti, 1000 + n, 0, 500)
    assert len(revoked) == MAX_REVOKED
    assert all(revoked.is_revoked(bytes((n,)) + b"revoked") for n in range(256))
    assert not revoked.is_revoked(b"\0revokee") and not revoked.is_revoked(b"")
    ctis = [cti for cti, _ in revoked]
    assert ctis == sorted(ctis)
    raises(RevocationsFull, revoked.added, b"one more", 2000, 999, 500)
    assert issubclass(RevocationsFull, InvalidInput)
    # One that is there already needs no room and never ends earlier.
    again = revoked.added(ctis[3], 1, 0, 500)
    assert len(again) == MAX_REVOKED and dict(again)[ctis[3]] == dict(revoked)[ctis[3]]
    room = revoked.added(b"one more", 2000, 1000, 600)
    assert len(room) == MAX_REVOKED and room.is_revoked(b"one more") and room.latest == 600
    assert not room.is_revoked(b"\0revoked") and len(revoked) == MAX_REVOKED
    assert len(room.raised(600)) == MAX_REVOKED and room.raised(600).watermark == 600
    assert len(room.raised(601)) == 0 and room.raised(601).raised(600).watermark == 601


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
