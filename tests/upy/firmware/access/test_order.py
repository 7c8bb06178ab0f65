"""Every reason has a request that earns it, and of two faults the earlier in the order is told."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access import ClockReading, reason
from holdfast.access import credential as labels
from holdfast.access.decide import decide
from holdfast.access.grant import Grant
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.rules import SiteRules
from holdfast.access.policy.view import DoorView
from holdfast.access.request import PIN, CardRequest
from untrusted import InvalidInput

CTI = site.holder_claims()[7]
OTHER_KEY = site.authority(b"\x77" * 32)

# Faults of a token's request, in the order in which they are told. What they change does not
# overlap, so that any two can be had at once.
TOKEN_FAULTS = (
    (reason.POLICY_DAMAGED, {"rules": {"fault": reason.POLICY_DAMAGED}}),
    (reason.LOCKED_DOWN, {"operations": [[9, True, None]]}),
    (reason.RETIRED_KEY, {"authority": OTHER_KEY}),
    (reason.WRONG_AUDIENCE, {"claims": {3: None}}),
    (reason.REVOKED, {"operations": [[7, CTI, site.NOW + 30 * site.DAY, None]]}),
    (reason.BELOW_WATERMARK, {"operations": [[8, site.NOW]]}),
    (reason.EXPIRED, {"claims": {4: site.NOW}}),
    (reason.NOT_YET_VALID, {"claims": {5: site.NOW + 1}}),
    (reason.NO_SUCH_DOOR, {"request": {"door": "cellar"}}),
    (reason.WRONG_DOOR, {"claims": {9: site.scope((DOOR, "cellar", 1))}}),
    (reason.OUTSIDE_SCHEDULE, {"claims": {labels.SCHEDULE: "evening"}}),
    (reason.NO_INTENT, {"request": {"intent": False}}),
    (reason.USER_VERIFICATION_NEEDED, {"claims": {labels.USER_VERIFICATION: True}}),
)

# The same for cards: (reason, what is changed).
CARD_FAULTS = (
    (reason.POLICY_MISSING, {"rules": {"fault": reason.POLICY_MISSING}}),
    (reason.LOCKED_DOWN, {"operations": [[9, True, None]]}),
    (reason.PIN_LOCKED, {"request": {"kind": PIN, "locked": True}}),
    (
        reason.KNOWLEDGE_TOO_OLD,
        {"operations": [[11, {4: 60}]], "rules": {"issued_at": site.NOW - 61}},
    ),
    (reason.EXPIRED, {"cache": {"expires": site.NOW}}),
    (reason.NO_SUCH_DOOR, {"request": {"door": "cellar"}}),
    (reason.OUTSIDE_SCHEDULE, {"cache": {"rights": [(DOOR, site.DOOR, 1, "evening")]}}),
)


def _ask(*faults):
    claims, operations, changed, wish, authority = {}, [], {}, {}, None
    for fault in faults:
        claims.update(fault.get("claims", {}))
        operations += fault.get("operations", [])
        changed.update(fault.get("rules", {}))
        wish.update(fault.get("request", {}))
        authority = fault.get("authority", authority)
    credential = rules.holder(claims, authority)
    return rules.ask(credential, rules.policy(*operations, **changed), **wish).reason


def _show(*faults):
    known, operations, changed, wish = {"rights": [(DOOR, site.DOOR, 1, None)]}, [], {}, {}
    for fault in faults:
        known.update(fault.get("cache", {}))
        operations += fault.get("operations", [])
        changed.update(fault.get("rules", {}))
        wish.update(fault.get("request", {}))
    return rules.show(rules.Cache(**known), rules.policy(*operations, **changed), **wish).reason


def test_each_single_fault_of_a_token_has_its_own_reason():
    """A no without its reason sends the technician after the wrong thing."""
    assert _ask() == reason.GRANTED
    for why, fault in TOKEN_FAULTS:
        assert _ask(fault) == why, (reason.name(why), reason.name(_ask(fault)))


def test_of_two_faults_of_a_token_the_earlier_is_told():
    """The order is a promise: history replayed on the host must give the same reasons."""
    pairs = 0
    for first, (why, fault) in enumerate(TOKEN_FAULTS):
        for _, other in TOKEN_FAULTS[first + 1 :]:
            pairs += 1
            assert _ask(fault, other) == why, (reason.name(why), other)
            assert _ask(other, fault) == why, (reason.name(why), other)
    assert pairs == len(TOKEN_FAULTS) * (len(TOKEN_FAULTS) - 1) // 2


def test_each_single_fault_of_a_card_and_the_earlier_of_two():
    """The same order holds for cards, as far as a card can be wrong."""
    assert _show() == reason.GRANTED
    for first, (why, fault) in enumerate(CARD_FAULTS):
        assert _show(fault) == why, reason.name(why)
        for _, other in CARD_FAULTS[first + 1 :]:
            assert _show(fault, other) == why, (reason.name(why), other)


def test_each_missing_or_corrupt_piece_is_a_no_with_its_own_reason():
    """Policy, schedule, time zone, zone, group, page, storage, key, clock: none of them is ever
    taken as empty, and each can be told from the others.
    """
    bound = rules.holder({labels.SCHEDULE: "morning"})
    assert rules.ask(bound).granted
    empty = DoorView(SiteRules(site.SITE, (site.authority_public(),)), site.DOOR)
    in_zone = rules.holder({9: site.scope((ZONE, site.ZONE, 1))})
    lost_zone = rules.policy([2, site.ZONE, False])
    card = {"rights": [(DOOR, site.DOOR, 1, None)]}
    zone_card = rules.Cache([(ZONE, site.ZONE, 1, None)])
    at = rules.rtc()
    damaged = {"grant": InvalidInput("page")}
    failing = {"grant": OSError(5)}
    earned = (
        (rules.ask(bound, empty), reason.POLICY_MISSING),
        (rules.ask(bound, rules.policy(fault=reason.POLICY_DAMAGED)), reason.POLICY_DAMAGED),
        (rules.ask(bound, rules.policy([3, "morning", False])), reason.SCHEDULE_UNKNOWN),
        (rules.ask(bound, rules.policy(timezone=None)), reason.SCHEDULE_UNKNOWN),
        (rules.ask(in_zone, lost_zone), reason.ZONE_UNKNOWN),
        (rules.ask(rules.guest(), lost_zone), reason.WRONG_AUDIENCE),
        (rules.ask(bound, rules.policy(anchors=())), reason.RETIRED_KEY),
        (rules.ask(bound, clock=ClockReading.unknown()), reason.CLOCK_UNKNOWN),
        (rules.ask(bound, clock=ClockReading.damaged()), reason.CLOCK_DAMAGED),
        (rules.ask(bound, clock=rules.floor()), reason.CLOCK_UNCERTAIN),
        (rules.show(None), reason.CACHE_DAMAGED),
        (rules.show(rules.Cache(fails=damaged)), reason.CACHE_DAMAGED),
        (rules.show(rules.Cache(fails={"rights": InvalidInput("page")})), reason.CACHE_DAMAGED),
        (rules.show(rules.Cache(fails=failing)), reason.STORAGE_FAILED),
        (rules.show(rules.Cache(fails={"rights": OSError(5)})), reason.STORAGE_FAILED),
        (
            rules.show(rules.Cache(grants=[Grant(b"another!", rules.GROUP)], **card)),
            reason.CACHE_DAMAGED,
        ),
        (rules.show(rules.Cache(grant=False)), reason.UNKNOWN_CARD),
        (rules.show(rules.Cache(grant=False), kind=PIN), reason.WRONG_PIN),
        (rules.show(rules.Cache(group=False)), reason.GROUP_UNKNOWN),
        (rules.show(zone_card, lost_zone), reason.WRONG_DOOR),
        (rules.show(rules.Cache(**card), clock=ClockReading.unknown()), reason.CLOCK_UNKNOWN),
        (rules.show(rules.Cache(**card), clock=ClockReading.damaged()), reason.CLOCK_DAMAGED),
    )
    for decision, why in earned:
        assert not decision.granted and decision.reason == why, (
            reason.name(why),
            decision.reason_name,
        )
    # A page that gives another card's grant than was asked for is a page that is damaged.
    other = CardRequest(1, b"otherkey", site.DOOR)
    wrong = rules.Cache(grants=[Grant(b"another!", rules.GROUP)], **card)
    assert decide(other, rules.policy(), wrong, at).reason == reason.CACHE_DAMAGED


def test_what_the_site_and_the_reader_cannot_decide_is_told_apart_to_the_phone():
    """A person at the door may know whether to fetch the facility manager or a new credential."""
    assert reason.coarse(reason.POLICY_MISSING) == reason.COARSE_READER
    assert reason.coarse(reason.REVOKED) == reason.COARSE_CREDENTIAL
    assert reason.coarse(reason.LOCKED_DOWN) == reason.COARSE_LOCKDOWN
    for why, fault in TOKEN_FAULTS:
        assert reason.coarse(_ask(fault)) == reason.coarse(why) != reason.COARSE_GRANTED
