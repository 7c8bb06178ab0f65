"""What is remembered of a decision: enough to answer for it and to come to it again, and no card
number, and no PIN that opened nothing.
"""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access import Decision, Request, reason
from holdfast.access.events import event as kinds
from holdfast.access.events.event import ACCESS, AccessEvent, kind_name
from holdfast.access.place import DOOR, ZONE
from holdfast.access.request import CARD, PIN, CardRequest

FIELDS = (
    "action",
    "by_grace",
    "changeset",
    "clock",
    "cti",
    "door",
    "granted",
    "holder",
    "reason",
    "reason_code",
    "shown",
    "time",
    "uncertainty",
)


def told(credential, view=None, clock=None, **request):
    """The fields of a token's event."""
    view, clock = view or rules.policy(), clock or rules.rtc()
    wish = {"door": view.door, "action": 1, "intent": True, "user_verified": False}
    wish.update(request)
    asked = Request(credential, **wish)
    decision = rules.decide(asked, view, None, clock)
    return AccessEvent(decision, asked, view, clock).fields()


def shown(cache, kind, view=None, **request):
    """The fields of a card's or PIN's event."""
    view = view or rules.policy()
    card = CardRequest(kind, rules.KEY, view.door, **request)
    decision = rules.decide(card, view, cache, rules.rtc())
    return AccessEvent(decision, card, view, rules.rtc()).fields()


def test_an_event_of_a_token_tells_who_where_what_and_why():
    """The log line is what remains of a decision."""
    clock = rules.rtc(uncertainty=7)
    fields = told(rules.guest(), clock=clock, user_verified=True)
    assert set(FIELDS) <= set(fields)
    assert fields["granted"] is True and fields["reason_code"] == reason.GRANTED
    assert fields["holder"] == "visitor" and fields["guest"] is True and fields["action"] == 1
    assert fields["cti"] == bytes(range(8)) and fields.get("card") is None and fields["shown"] == 0
    assert fields["time"] == site.NOW and fields["clock"] == "rtc" and fields["uncertainty"] == 7
    assert fields["by_grace"] is False and fields["door"] == site.DOOR and not fields["way"]
    assert fields["changeset"] == 2 and fields.get("claimed") is None and fields["user_verified"]
    assert fields["expires"] == site.NOW + 7 * 3600 and fields["issued"] == site.NOW - 3600
    assert fields["audience"] == site.ZONE


def test_what_is_usual_is_left_out():
    """10,000 events are to fit in 1 MB."""
    fields = told(rules.holder())
    for name in ("permissions", "begins", "audience", "authority", "schedule", "grace_used"):
        assert fields.get(name) is None
    for name in ("rules", "without_intent", "user_verified", "guest", "claimed", "card"):
        assert name not in fields


def test_what_decide_reads_of_a_token_is_there():
    """Each in turn: what is unusual stands in the event."""
    bound = rules.holder({-65538: "morning", -65540: 1, -65539: True})
    fields = told(bound)
    assert fields["schedule"] == "morning"
    assert fields["rules"] == kinds.RULE_TRUSTED_CLOCK | kinds.RULE_USER_VERIFICATION
    assert told(rules.holder({-65538: 7}))["rules"] == kinds.RULE_NO_SCHEDULE
    assert told(rules.holder({5: site.NOW - 5}))["begins"] == site.NOW - 5
    assert told(rules.holder({5: None}))["begins"] == 0
    assert told(rules.holder({6: None}))["issued"] is None
    assert told(rules.holder({3: None}))["audience"] == kinds.NO_NAME
    assert told(rules.holder({3: "guests"}))["audience"] == "guests"
    more = rules.holder({9: site.scope((DOOR, site.DOOR, 5), (ZONE, site.ZONE, 2))})
    assert told(more)["permissions"] == 7
    fields = told(rules.holder({9: site.scope((ZONE, "nowhere", 1))}))
    assert fields["permissions"] == 0 and fields["rules"] == kinds.RULE_UNKNOWN_ZONE
    other = rules.holder(authority=site.Key.okp(6, b"\x77" * 32))
    assert told(other)["authority"] == b"\x77" * 8
    assert told(rules.holder(), intent=False)["without_intent"] is True
    assert told(rules.holder(), door="cellar")["asked"] == "cellar"


def test_an_event_of_a_grant_by_grace_says_so():
    """Who reads the log must see which entries rest on a clock that nobody vouches for."""
    fields = told(rules.holder(), clock=rules.floor(grace_used=77))
    assert fields["granted"] is True and fields["by_grace"] is True
    assert fields["clock"] == "floor" and fields["grace_used"] == 77


def test_a_side_is_told_where_it_is_known():
    """Who is inside is a question that only in and out together answer."""
    view = rules.policy()
    view.way = 2
    assert told(rules.holder(), view)["way"] == 2


def test_an_event_of_a_card_has_its_key_and_of_a_pin_that_opened_nothing_none():
    """The key finds the card in the policy without naming it. A wrong PIN is mostly a right one
    with a slip in it, and ten thousand are soon tried by who has a reader's lookup key.
    """
    known = rules.Cache([(DOOR, site.DOOR, 1, None)])
    unknown, ended = rules.Cache(grant=False), rules.Cache([(DOOR, site.DOOR, 1, None)], 5)
    assert set(FIELDS) <= set(shown(known, CARD))
    assert shown(known, CARD)["card"] == rules.KEY and shown(known, CARD)["shown"] == CARD
    assert shown(unknown, CARD)["card"] == rules.KEY == shown(ended, CARD)["card"]
    assert shown(known, PIN)["card"] == rules.KEY and shown(known, PIN)["shown"] == PIN
    for cache, why in ((unknown, reason.WRONG_PIN), (ended, reason.EXPIRED)):
        fields = shown(cache, PIN)
        assert fields["reason_code"] == why and fields["shown"] == PIN and "card" not in fields
    locked = shown(known, PIN, locked=True)
    assert locked.get("card") is None and locked["locked"] is True
    closed = rules.policy([9, True, None])
    assert shown(known, PIN, closed).get("card") is None
    assert shown(known, CARD)["holder"] is None and shown(known, CARD)["cti"] is None


def test_a_pin_beside_a_card_is_kept_only_if_it_opened():
    """And that there were two is told in any case."""
    person = b"alic"
    grants = [
        rules.Grant(rules.KEY, 7, person=person),
        rules.Grant(rules.PIN_KEY, 7, person=person),
    ]
    pair = rules.Cache([(DOOR, site.DOOR, 33, None)], grants=grants)
    fields = shown(pair, CARD, second=rules.PIN_KEY)
    assert fields["granted"] and fields["shown"] == kinds.SHOWN_CARD_AND_PIN
    assert (fields["card"], fields["second"]) == (rules.KEY, rules.PIN_KEY)
    fields = shown(pair, CARD, second=b"nobody's")
    assert not fields["granted"] and fields.get("second") is None
    assert fields["shown"] == kinds.SHOWN_CARD_AND_PIN and fields["card"] == rules.KEY
    fields = shown(pair, PIN, second=b"the card")
    assert not fields["granted"] and fields["shown"] == kinds.SHOWN_PIN_AND_CARD
    assert fields.get("card") is None and fields["second"] == b"the card"


def test_a_count_of_uses_is_told_from_one_on():
    """The third use is the one before which there were two."""
    cache = rules.Cache(
        grants=[rules.Grant(rules.KEY, 7, uses=3)], rights=[(DOOR, site.DOOR, 1, None)]
    )
    assert shown(cache, CARD, used=2)["use"] == 3
    assert shown(cache, CARD).get("use") is None


def test_a_yes_that_became_a_no_says_nothing_of_the_pin():
    """What could not be kept opened nothing."""
    view = rules.policy()
    for kind, pin, other in ((PIN, "card", "second"), (CARD, "second", "card")):
        card = CardRequest(kind, rules.KEY, site.DOOR, second=rules.PIN_KEY)
        event = AccessEvent(Decision.grant(3000), card, view, rules.rtc())
        assert event.fields()["card"] == rules.KEY and event.fields()["second"] == rules.PIN_KEY
        event.refuse(reason.EVENT_LOG_FAILED)
        assert event.fields().get(pin) is None and event.fields()[other] is not None
    assert event.fields()["reason_code"] == reason.EVENT_LOG_FAILED


def test_an_event_of_nobody_is_still_an_event():
    """What was refused before anything was proven is remembered; who was named is no holder."""
    refused = Decision.refuse(reason.NOT_HOLDER)
    event = AccessEvent(refused, None, rules.policy(), rules.rtc(), "alice")
    fields = event.fields()
    assert fields["holder"] is None and fields["cti"] is None and fields["shown"] is None
    assert fields["claimed"] == "alice" and fields["door"] == site.DOOR
    assert event.credential is None


def test_what_was_no_wish_has_nothing_of_the_token_but_who():
    """There was nothing to decide."""
    asked = Request(rules.holder(), site.DOOR, None, False)
    refused = Decision.refuse(reason.MALFORMED_REQUEST)
    fields = AccessEvent(refused, asked, rules.policy(), rules.rtc()).fields()
    assert fields["holder"] == "alice" and fields["cti"] == bytes(range(8))
    assert fields["expires"] is None and "without_intent" not in fields


def test_kinds_of_events_have_numbers_that_stay():
    """They are in logs that outlive the firmware."""
    assert AccessEvent.kind == ACCESS == 1 and kinds.kinds() == list(range(1, 36))
    names = [kind_name(kind) for kind in kinds.kinds()]
    assert len(set(names)) == len(names) and "unknown_event" not in names
    assert names[:3] == ["access", "started", "policy_applied"]
    assert names[10:12] == ["fetched", "acknowledged"] and names[15] == "clock_corrected"
    assert names[26:29] == ["copied", "acknowledgement_refused", "clock_refused"]
    assert names[23] == "passed" and names[29:32] == ["not_passed", "fire", "copies_lost"]
    assert names[32:] == ["carrier_tamper", "two_carriers", "lan_refused"]
    assert kind_name(99) == kind_name(0) == "unknown_event"
