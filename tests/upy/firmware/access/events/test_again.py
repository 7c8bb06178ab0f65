"""From an event and the policy alone the same decision is come to: through bytes, and with nothing
else of what was asked.
"""

# As what it tests: names of which only tags are known stand beside texts there.
INTERPRETERS = ("cpython",)

import access_rules as rules
import small_site as site
from holdfast.access import ClockReading, Decision, Request, reason
from holdfast.access.decide import decide
from holdfast.access.events import record as event_record
from holdfast.access.events.again import request_of
from holdfast.access.events.event import ACCESS, STARTED, AccessEvent
from holdfast.access.place import DOOR, ZONE
from holdfast.access.request import CARD, PIN, CardRequest

LOCKED = rules.policy([9, True, None])
OPEN = rules.policy()


def recorded(request, view, clock, decision, claimed=None):
    """The event, through its bytes."""
    fields = AccessEvent(decision, request, view, clock, claimed).fields()
    return event_record.decode(event_record.encode(7, ACCESS, fields))


def same(request, view=OPEN, clock=None, cache=None):
    """Decides, records, decides again from that; the reason, if both agree."""
    clock = clock or rules.rtc()
    first = decide(request, view, cache, clock)
    asked, reading, why = request_of(recorded(request, view, clock, first), view)
    assert asked is not None, (reason.name(first.reason), why)
    again = decide(asked, view, cache, reading)
    assert (again.reason, again.granted, again.by_grace) == (
        first.reason,
        first.granted,
        first.by_grace,
    ), (reason.name(first.reason), reason.name(again.reason))
    return first.reason


def wish(credential, **changes):
    """A phone's wish."""
    said = {"door": site.DOOR, "action": 1, "intent": True, "user_verified": False}
    said.update(changes)
    return Request(credential, **said)


CLAIMS = (
    {},
    {3: None},
    {3: "guests"},
    {3: site.ZONE},
    {3: "elsewhere"},
    {4: site.NOW},
    {4: site.NOW + 5},
    {5: None},
    {5: site.NOW + 9, 6: site.NOW - 9},
    {6: None},
    {6: site.NOW + 60, 5: None},
    {6: site.NOW - 3600 * 48, 5: None},
    {7: b"revoked!"},
    {9: site.scope((DOOR, "cellar", 1))},
    {9: site.scope((ZONE, site.ZONE, 1))},
    {9: site.scope((ZONE, "nowhere", 1))},
    {9: site.scope((ZONE, "nowhere", 1), (DOOR, site.DOOR, 2))},
    {9: site.scope((DOOR, site.DOOR, 4))},
    {9: site.scope((DOOR, site.DOOR, 5))},
    {-65538: "morning"},
    {-65538: "evening"},
    {-65538: "unheard of"},
    {-65538: 5},
    {-65539: True},
    {-65540: 1},
)

CLOCKS = (
    rules.rtc(),
    rules.rtc(uncertainty=600),
    rules.rtc(uncertainty=5000),
    rules.floor(),
    rules.floor(grace_used=10**6),
    ClockReading.unknown(),
    ClockReading.damaged(),
)


def test_every_wish_of_a_phone_is_decided_again():
    """Tokens of every make, clocks of every kind, wishes of every form; in lockdown and out."""
    revoked = rules.policy([7, b"revoked!", site.NOW + 40 * site.DAY, None])
    watermark = rules.policy([8, site.NOW - 7200])
    seen = set()
    for make in (rules.holder, rules.guest):
        for claims in CLAIMS:
            credential = make(claims)
            for view in (OPEN, LOCKED, revoked, watermark):
                for clock in CLOCKS if view is OPEN else CLOCKS[:1]:
                    seen.add(same(wish(credential), view, clock))
            for changes in (
                {"action": 2},
                {"intent": False},
                {"intent": None},
                {"user_verified": True},
                {"door": "cellar"},
            ):
                seen.add(same(wish(credential, **changes)))
    for expected in (
        reason.GRANTED,
        reason.WRONG_AUDIENCE,
        reason.ZONE_UNKNOWN,
        reason.EXPIRED,
        reason.NOT_YET_VALID,
        reason.GUEST_TOO_LONG,
        reason.REVOKED,
        reason.BELOW_WATERMARK,
        reason.LOCKED_DOWN,
        reason.WRONG_DOOR,
        reason.ACTION_NOT_ALLOWED,
        reason.OUTSIDE_SCHEDULE,
        reason.SCHEDULE_UNKNOWN,
        reason.CLOCK_UNCERTAIN,
        reason.CLOCK_UNKNOWN,
        reason.CLOCK_DAMAGED,
        reason.GRACE_OVER,
        reason.NO_INTENT,
        reason.USER_VERIFICATION_NEEDED,
        reason.NO_SUCH_DOOR,
    ):
        assert expected in seen, reason.name(expected)


def test_the_key_that_signed_is_told_from_others():
    """One of the site's two, whichever comes first, and one that was taken back."""
    first, second = site.authority_public(), site.Key.okp(6, b"\x77" * 32)
    view = rules.policy(anchors=(first, second))
    for key, why in (
        (first, reason.GRANTED),
        (second, reason.GRANTED),
        (site.Key.okp(6, b"\x78" * 32), reason.RETIRED_KEY),
    ):
        assert same(wish(rules.holder(authority=key)), view) == why


def test_cards_and_pins_are_decided_again():
    """A PIN that opened nothing is not kept: where the answer would hang on it, that is said."""
    at_door = [(DOOR, site.DOOR, 1, None)]
    known, nobody = rules.Cache(at_door), rules.Cache(grant=False)
    evening = rules.Cache([(DOOR, site.DOOR, 1, "evening")])
    counted = rules.Cache(at_door, grants=[rules.Grant(rules.KEY, 7, uses=2)])

    def card(kind=CARD, key=rules.KEY, **more):
        return CardRequest(kind, key, site.DOOR, **more)

    assert same(card(), cache=known) == same(card(PIN), cache=known) == reason.GRANTED
    assert same(card(), cache=nobody) == reason.UNKNOWN_CARD
    assert same(card(PIN), cache=nobody) == reason.WRONG_PIN
    assert same(card(PIN, locked=True), cache=known) == reason.PIN_LOCKED
    assert same(card(PIN, locked=True), LOCKED, cache=known) == reason.LOCKED_DOWN
    assert same(card(PIN), LOCKED, cache=known) == reason.LOCKED_DOWN
    assert same(card(), cache=evening) == reason.OUTSIDE_SCHEDULE
    assert same(card(used=1), cache=counted) == reason.GRANTED
    assert same(card(used=2), cache=counted) == same(card(), cache=counted) == reason.USES_OVER
    refused = decide(card(PIN), OPEN, evening, rules.rtc())
    event = recorded(card(PIN), OPEN, rules.rtc(), refused)
    asked, clock, why = request_of(event, OPEN)
    assert asked is None and clock is None and "PIN" in why


def test_card_and_pin_together_are_decided_again():
    """Both halves of what opened, and that there was another where it did not."""
    at_door = [(DOOR, site.DOOR, 33, None)]
    mine, hers = b"mine", b"hers"
    grants = [rules.Grant(rules.KEY, 7, person=mine), rules.Grant(rules.PIN_KEY, 7, person=mine)]
    pair = rules.Cache(at_door, grants=grants)
    others = rules.Cache(at_door, grants=[grants[0], rules.Grant(rules.PIN_KEY, 7, person=hers)])
    together = CardRequest(CARD, rules.KEY, site.DOOR, second=rules.PIN_KEY)
    turned = CardRequest(PIN, rules.PIN_KEY, site.DOOR, second=rules.KEY)
    assert same(together, cache=pair) == same(turned, cache=pair) == reason.GRANTED
    assert same(CardRequest(CARD, rules.KEY, site.DOOR), cache=pair) == reason.SECOND_NEEDED
    assert same(together, cache=others) == reason.OTHER_PERSON
    # A PIN with a card, and the PIN is not kept: with the right one tried it is the same again.
    first = decide(turned, OPEN, others, rules.rtc())
    event = recorded(turned, OPEN, rules.rtc(), first)
    assert first.reason == reason.OTHER_PERSON and "PIN" in request_of(event, OPEN)[2]
    for key, code in ((rules.PIN_KEY, reason.OTHER_PERSON), (b"nobody's", reason.WRONG_PIN)):
        asked, clock, _ = request_of(event, OPEN, key)
        assert decide(asked, OPEN, others, clock).reason == code


def test_what_cannot_be_decided_again_is_said_in_words():
    """A fault of the node's own, a refusal of the link, an event that is none of this policy."""
    credential = rules.holder()
    asked, clock = wish(credential), rules.rtc()

    def why(event, view=OPEN):
        request, reading, words = request_of(event, view)
        assert request is None and reading is None and words
        return words

    for code in (reason.STORAGE_FAILED, reason.CACHE_DAMAGED, reason.EVENT_LOG_FAILED):
        assert "fault" in why(recorded(asked, OPEN, clock, Decision.refuse(code)))
    replayed = Decision.refuse(reason.REPLAYED)
    assert "link" in why(recorded(None, OPEN, clock, replayed, "alice"))
    no_wish = Request(credential, site.DOOR, None, False)
    unread = Decision.refuse(reason.MALFORMED_REQUEST)
    assert "link" in why(recorded(no_wish, OPEN, clock, unread))
    granted = recorded(asked, OPEN, clock, Decision.grant(1))
    later = rules.policy()
    later.rules = later.rules.changed(number=9)
    assert "changeset 2" in why(granted, later)
    assert "another door" in why(granted, rules.policy(door="cellar"))
    started = event_record.decode(event_record.encode(1, STARTED, {"changeset": 2}))
    assert "no decision" in why(started)
