"""Grants as people mean them: several groups a card, first days, suspension, both halves, uses."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access import reason
from holdfast.access.decide import decide
from holdfast.access.grant import Grant
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import operations as ops
from holdfast.access.request import CARD, CARD_AND_PIN, LOCKDOWN_OVERRIDE, PIN, UNLOCK, CardRequest

OPEN = [(DOOR, site.DOOR, UNLOCK, None)]
LOCKDOWN = [9, True, None]


def _ask(rights, *grants, policy=None, clock=None, **request):
    """What the card with these grants gets; ``rights`` by group."""
    cache = rules.Cache(rights, grants=list(grants))
    return rules.show(cache, policy, clock, **request).reason


def _grant(group=rules.GROUP, key=rules.KEY, **rare):
    return Grant(key, group, **rare)


def test_rights_of_up_to_eight_groups_are_joined():
    """Each group gives what it gives, whatever the others lack; the missing bit may be in any."""
    rights = {number: [(DOOR, "cellar", UNLOCK, None)] for number in range(8)}
    grants = [_grant(number) for number in range(ops.MAX_GROUPS)]
    assert len(grants) == 8
    assert _ask(rights, *grants) == reason.WRONG_DOOR
    for number in range(8):
        with_one = dict(rights)
        with_one[number] = OPEN
        assert _ask(with_one, *grants) == reason.GRANTED, number
    # Unlock by one and the override by another make up what a lockdown takes.
    split = dict(rights)
    split[0] = [(ZONE, site.ZONE, UNLOCK, None)]
    split[7] = [(DOOR, site.DOOR, LOCKDOWN_OVERRIDE, None)]
    assert _ask(split, *grants, policy=rules.policy(LOCKDOWN)) == reason.GRANTED
    split[7] = [(DOOR, site.DOOR, LOCKDOWN_OVERRIDE, "evening")]
    assert _ask(split, *grants, policy=rules.policy(LOCKDOWN)) == reason.OUTSIDE_SCHEDULE


def test_a_grant_that_is_closed_takes_nothing_from_the_others():
    """An old contract that ended, or was suspended, beside a new one; and the other way about."""
    rights = {1: OPEN, 2: OPEN}
    for closed, why in (
        ({"expires": site.NOW}, reason.EXPIRED),
        ({"first_day": rules.TODAY + 1}, reason.NOT_YET_VALID),
        ({"is_suspended": True}, reason.SUSPENDED),
        ({"uses": 1}, reason.USES_OVER),
    ):
        assert _ask(rights, _grant(1, **closed)) == why
        for some in ((_grant(1, **closed), _grant(2)), (_grant(1), _grant(2, **closed))):
            assert _ask(rights, *some) == reason.GRANTED, why
        # The one that is open gives only what its own group has.
        assert _ask({1: OPEN, 2: []}, _grant(1, **closed), _grant(2)) == why
    # A group that is not there is no group without rights.
    assert _ask({2: OPEN}, _grant(1), _grant(2)) == reason.GRANTED
    assert _ask({2: []}, _grant(1), _grant(2)) == reason.GROUP_UNKNOWN


def test_a_suspended_override_opens_no_locked_door():
    """Whoever may override, but not now, is told why not, and stays outside."""
    master = {1: [(DOOR, site.DOOR, UNLOCK | LOCKDOWN_OVERRIDE, None)], 2: OPEN}
    locked = rules.policy(LOCKDOWN)
    assert _ask(master, _grant(1), policy=locked) == reason.GRANTED
    assert _ask(master, _grant(1, is_suspended=True), policy=locked) == reason.SUSPENDED
    both = _grant(1, is_suspended=True), _grant(2)
    assert _ask(master, *both, policy=locked) == reason.SUSPENDED
    assert _ask(master, _grant(2), policy=locked) == reason.LOCKED_DOWN


def test_a_first_day_begins_at_midnight_on_the_wall():
    """The day of the site, not of UTC: 23:00 UTC is the next day in Berlin."""
    midnight = rules.TODAY * site.DAY - 3600
    for now, why in (
        (midnight - site.DAY, reason.NOT_YET_VALID),
        (midnight - 1, reason.NOT_YET_VALID),
        (midnight, reason.GRANTED),
        (site.NOW, reason.GRANTED),
        (site.NOW + 400 * site.DAY, reason.GRANTED),
    ):
        card = _grant(first_day=rules.TODAY)
        assert _ask(OPEN, card, clock=rules.rtc(now)) == why, now
    # A clock that only knows what it is later than: what has begun has begun.
    assert _ask(OPEN, card, clock=rules.floor(midnight)) == reason.GRANTED
    assert _ask(OPEN, card, clock=rules.floor(midnight - 1)) == reason.CLOCK_UNCERTAIN
    far_off = rules.rtc(midnight - 1, uncertainty=901)
    assert _ask(OPEN, card, clock=far_off) == reason.CLOCK_UNCERTAIN
    # Nobody knows what day it is where there is no time zone.
    nowhere = rules.policy(timezone=None)
    assert _ask(OPEN, card, policy=nowhere) == reason.SCHEDULE_UNKNOWN
    assert _ask(OPEN, _grant(), policy=nowhere) == reason.GRANTED


def _both(bits=UNLOCK | CARD_AND_PIN):
    return [(DOOR, site.DOOR, bits, None)]


def test_a_right_that_takes_card_and_pin_takes_both_of_one_person():
    """Either alone opens nothing, nor does another person's half, nor the same half twice."""
    card = _grant(person=b"anna")
    pin = _grant(key=rules.PIN_KEY, person=b"anna")
    for order in ((card, pin), (pin, card)):
        first, second = order
        cache = rules.Cache(_both(), grants=[card, pin])

        def ask(second, first=first, cache=cache):
            kind = CARD if first.key == rules.KEY else PIN
            wish = CardRequest(kind, first.key, site.DOOR, second=second)
            return decide(wish, rules.policy(), cache, rules.rtc()).reason

        assert ask(second.key) == reason.GRANTED
        assert ask(None) == reason.SECOND_NEEDED
        assert ask(first.key) == reason.SECOND_NEEDED
    for other in (
        _grant(key=rules.PIN_KEY, person=b"bert"),
        _grant(key=rules.PIN_KEY),
        _grant(key=b"nobody's"),
    ):
        both = (card, other) if other.key == rules.PIN_KEY else (card,)
        assert _ask(_both(), *both, second=rules.PIN_KEY) == reason.OTHER_PERSON
    # Two without a tag are not of one person.
    nobody = _grant(), _grant(key=rules.PIN_KEY)
    assert _ask(_both(), *nobody, second=rules.PIN_KEY) == reason.OTHER_PERSON
    # Where it does not take both, a second half is in nobody's way.
    assert _ask(OPEN, card, second=rules.PIN_KEY) == reason.GRANTED
    assert _ask(_both() + OPEN, card) == reason.GRANTED
    assert _ask([(DOOR, site.DOOR, CARD_AND_PIN, None)] + OPEN, card) == reason.GRANTED


def test_the_other_half_must_hold_too():
    """A PIN that ended or was suspended is none; one of its grants that holds is enough."""
    card = _grant(person=b"anna")
    for closed, why in (
        ({"expires": site.NOW}, reason.EXPIRED),
        ({"is_suspended": True}, reason.SUSPENDED),
        ({"first_day": rules.TODAY + 1}, reason.NOT_YET_VALID),
    ):
        ended = _grant(1, rules.PIN_KEY, person=b"anna", **closed)
        good = _grant(2, rules.PIN_KEY, person=b"anna")
        assert _ask(_both(), card, ended, second=rules.PIN_KEY) == why
        for some in ((ended, good), (good, ended)):
            assert _ask(_both(), card, *some, second=rules.PIN_KEY) == reason.GRANTED, why


def test_uses_are_counted_by_who_counts():
    """One that counts, where nobody does, is used up: one more could be one too many."""
    for used, why in (
        (None, reason.USES_OVER),
        (0, reason.GRANTED),
        (2, reason.GRANTED),
        (3, reason.USES_OVER),
        (4, reason.USES_OVER),
    ):
        assert _ask(OPEN, _grant(uses=3), used=used) == why, used
        assert _ask(OPEN, _grant(), used=used) == reason.GRANTED


def test_a_limit_of_knowledge_bounds_how_long_a_card_opens_a_door_that_is_cut_off():
    """Its grant may have been taken back since. Tokens end by themselves."""
    limit = [11, {4: 3600}]

    def ask(age, clock=rules.rtc, *operations):
        policy = rules.policy(*(operations or (limit,)), issued_at=site.NOW - age)
        return _ask(OPEN, _grant(), policy=policy, clock=clock(site.NOW))

    for clock in (rules.rtc, rules.floor):
        assert ask(0, clock) == reason.GRANTED
        assert ask(3600, clock) == reason.GRANTED
        assert ask(3601, clock) == reason.KNOWLEDGE_TOO_OLD
        assert ask(-3601, clock) == reason.GRANTED  # dated ahead
        # Unless a site sets it there is none.
        assert ask(3650 * site.DAY, clock, [11, {1: 3600}]) == reason.GRANTED
        assert ask(3650 * site.DAY, clock, [11, {4: 0}]) == reason.GRANTED
    old = rules.policy(limit, issued_at=site.NOW - 3601)
    assert rules.ask(rules.holder(), old).granted and rules.ask(rules.guest(), old).granted
    assert _ask(OPEN, policy=old) == reason.UNKNOWN_CARD
    unknown = rules.ClockReading.unknown()
    assert _ask(OPEN, _grant(), policy=old, clock=unknown) == reason.CLOCK_UNKNOWN
