"""Cards and PINs: what their groups may do at this door, and when."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access import reason
from holdfast.access.decide import may
from holdfast.access.place import DOOR, ZONE
from holdfast.access.request import CARD, PIN

LOCKDOWN = [9, True, None]
CELLAR = [12, 1, "cellar"]


def _door(bits=1, schedule=None, name=site.DOOR):
    return DOOR, name, bits, schedule


def _zone(bits=1, schedule=None, name=site.ZONE):
    return ZONE, name, bits, schedule


def _show(*rights, operations=(), clock=None, **request):
    return rules.show(rules.Cache(rights), rules.policy(*operations), clock, **request).reason


def test_a_card_opens_by_its_groups_right_at_the_door_or_a_zone_of_it():
    """The one yes, by door and by zone; rights elsewhere are nothing here."""
    decision = rules.show(rules.Cache([_door()]))
    assert decision.granted and decision.strike_ms == 3000 and not decision.by_grace
    for kind in (CARD, PIN):
        assert _show(_zone(), kind=kind) == reason.GRANTED
    assert _show(_door(name="cellar")) == reason.WRONG_DOOR
    assert _show() == reason.WRONG_DOOR
    assert _show(_door(2)) == reason.ACTION_NOT_ALLOWED
    assert _show(_door(31), action=2) == reason.ACTION_NOT_ALLOWED
    assert rules.show(rules.Cache([_door()]), door="cellar").reason == reason.NO_SUCH_DOOR


def test_one_open_right_is_enough_and_otherwise_the_most_telling_reason():
    """Cleaners in the evening, holidays, a schedule that is gone: what the reader lacks is told
    before what the site wants.
    """
    holiday = [4, [[rules.TODAY, 1]]]
    assert _show(_door(1, "evening")) == reason.OUTSIDE_SCHEDULE
    assert _show(_door(1, "evening"), _zone(1, "morning")) == reason.GRANTED
    assert _show(_door(1, "morning"), operations=[holiday]) == reason.HOLIDAY
    both = _door(1, "evening"), _door(1, "morning")
    assert _show(*both, operations=[holiday]) == reason.HOLIDAY
    assert _show(_door(1, "nobody's")) == reason.SCHEDULE_UNKNOWN
    assert _show(_door(1, "evening"), _door(1, "nobody's")) == reason.SCHEDULE_UNKNOWN
    assert _show(_door(1, "nobody's"), _door()) == reason.GRANTED
    # A right that does not unlock is no way in, however open it is.
    assert _show(_door(2), _door(1, "evening")) == reason.OUTSIDE_SCHEDULE
    # Nor is its reason told, or that of one whose bit another right gave.
    assert _show(_door(2, "nobody's"), _door(1, "evening")) == reason.OUTSIDE_SCHEDULE
    lockdown = _door(1, "nobody's"), _door(), _door(4, "evening")
    assert _show(*lockdown, operations=[LOCKDOWN]) == reason.OUTSIDE_SCHEDULE


def test_a_card_without_a_trusted_clock():
    """What needs no hour goes on by grace; what needs one waits; what ended has ended."""
    free, bound = _door(), _door(1, "morning")
    by_grace = rules.show(rules.Cache([free]), clock=rules.floor())
    assert by_grace.granted and by_grace.by_grace
    assert _show(bound, clock=rules.floor()) == reason.CLOCK_UNCERTAIN
    assert _show(bound, _door(1, "nobody's"), clock=rules.floor()) == reason.CLOCK_UNCERTAIN
    assert _show(bound, free, clock=rules.floor()) == reason.GRANTED
    limit = rules.rules().grace_s
    assert _show(free, clock=rules.floor(grace_used=limit)) == reason.GRANTED
    assert _show(free, clock=rules.floor(grace_used=limit + 1)) == reason.GRACE_OVER
    for clock in (rules.rtc(), rules.floor()):
        for kind in (CARD, PIN):
            ended = rules.Cache([free], expires=site.NOW)
            assert rules.show(ended, clock=clock, kind=kind).reason == reason.EXPIRED
            assert rules.show(rules.Cache([free], expires=site.NOW + 1), clock=clock).granted


def test_a_right_at_a_zone_holds_where_the_policy_says_that_the_door_is_in_it():
    """A zone that is gone, or without this door, gives nothing here, and takes nothing away."""
    for operation in ([2, site.ZONE, False], [2, site.ZONE, b"\x02"], [2, site.ZONE, b""]):
        orders = [CELLAR, operation]
        assert _show(_zone(), operations=orders) == reason.WRONG_DOOR
        assert _show(_zone(), _door(2), operations=orders) == reason.ACTION_NOT_ALLOWED
        assert _show(_zone(), _door(), operations=orders) == reason.GRANTED


def test_lockdown_lets_only_those_through_who_may_override_it():
    """For cards, holders and guests; a guest's token is made with a key from any reader."""
    assert _show(_door(), operations=[LOCKDOWN]) == reason.LOCKED_DOWN
    assert _show(_door(5), operations=[LOCKDOWN]) == reason.GRANTED
    assert _show(_door(), _zone(4), operations=[LOCKDOWN]) == reason.GRANTED
    assert _show(_door(4), operations=[LOCKDOWN]) == reason.ACTION_NOT_ALLOWED
    assert _show(_door(5, name="cellar"), operations=[LOCKDOWN]) == reason.LOCKED_DOWN
    # An override has hours, too.
    assert _show(_door(), _door(4, "evening"), operations=[LOCKDOWN]) == reason.OUTSIDE_SCHEDULE
    locked = rules.policy(LOCKDOWN)
    for cache in (None, rules.Cache(fails={"grant": OSError(5)}), rules.Cache(grant=False)):
        assert rules.show(cache, locked).reason == reason.LOCKED_DOWN
    # PINs that override must not be tried without bound while the door is locked down.
    master = rules.Cache([_door(5)])
    assert rules.show(master, locked, kind=PIN).granted
    assert rules.show(master, locked, kind=PIN, locked=True).reason == reason.LOCKED_DOWN

    def scope(bits):
        return {9: site.scope((DOOR, site.DOOR, bits))}

    assert rules.ask(rules.holder(), locked).reason == reason.LOCKED_DOWN
    assert rules.ask(rules.holder(scope(5)), locked).granted
    assert rules.ask(rules.holder(scope(4)), locked).reason == reason.ACTION_NOT_ALLOWED
    assert rules.ask(rules.guest(scope(5)), locked).reason == reason.LOCKED_DOWN
    assert rules.ask(rules.guest(scope(5))).granted
    elsewhere = rules.policy(CELLAR, [9, True, [[DOOR, "cellar"]]])
    assert rules.ask(rules.holder(), elsewhere).granted
    for place in ([ZONE, site.ZONE], [DOOR, site.DOOR]):
        here = rules.policy([9, True, [place]])
        assert rules.ask(rules.holder(), here).reason == reason.LOCKED_DOWN


def test_a_guest_is_worth_unlock_and_nothing_else():
    """Its key lies in every node of the zone: what it says beyond that is said by whoever took one
    off its wall.
    """
    for place in ((DOOR, site.DOOR), (ZONE, site.ZONE)):
        everything = {9: site.scope(place + (0x7FFF,))}
        guest, holder = rules.guest(everything), rules.holder(everything)
        here, clock = rules.policy(), rules.rtc()
        assert rules.ask(guest).granted
        for action in (2, 4, 8, 16):
            assert rules.ask(guest, action=action).reason == reason.ACTION_NOT_ALLOWED
            assert may(guest, action, here, clock) == reason.ACTION_NOT_ALLOWED
            assert may(holder, action, here, clock) == 0
        for operation in (LOCKDOWN, [9, True, [[ZONE, site.ZONE]]]):
            assert rules.ask(guest, rules.policy(operation)).reason == reason.LOCKED_DOWN
            assert rules.ask(holder, rules.policy(operation)).granted
        # Without unlock it is worth nothing, and the reason says that it is the right door.
        for bits in (2, 4, 0x7FFE):
            nothing = rules.guest({9: site.scope(place + (bits,))})
            assert rules.ask(nothing).reason == reason.ACTION_NOT_ALLOWED
