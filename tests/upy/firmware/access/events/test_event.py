"""What is remembered of a decision: enough to answer for it, and no key, card number or PIN."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access import reason
from holdfast.access.events.event import ACCESS, AccessEvent, kind_name, kinds
from holdfast.access.request import CARD, PIN, CardRequest

FIELDS = (
    "action",
    "by_grace",
    "card",
    "clock",
    "cti",
    "door",
    "granted",
    "guest",
    "holder",
    "reason",
    "reason_code",
    "shown",
    "time",
    "uncertainty",
)


def test_an_event_of_a_token_tells_who_what_and_why():
    """The log line is what remains of a decision."""
    credential, clock = rules.guest(), rules.rtc(uncertainty=7)
    decision = rules.ask(credential, clock=clock)
    fields = AccessEvent(decision, site.DOOR, credential, 1, clock).fields()
    assert tuple(sorted(fields)) == FIELDS
    assert fields["granted"] is True and fields["reason_code"] == reason.GRANTED
    assert fields["holder"] == "visitor" and fields["guest"] is True and fields["action"] == 1
    assert fields["cti"] == "0001020304050607" and fields["card"] is None and fields["shown"] == 0
    assert fields["time"] == site.NOW and fields["clock"] == "rtc" and fields["uncertainty"] == 7
    assert fields["by_grace"] is False


def test_an_event_of_a_grant_by_grace_says_so():
    """Who reads the log must see which entries rest on a clock that nobody vouches for."""
    credential, clock = rules.holder(), rules.floor()
    event = AccessEvent(rules.ask(credential, clock=clock), site.DOOR, credential, 1, clock)
    assert event.fields()["granted"] is True and event.fields()["by_grace"] is True
    assert event.fields()["clock"] == "floor"


def test_an_event_of_a_card_has_its_key_and_of_a_wrong_pin_nothing():
    """The key finds the card in the policy without naming it. A wrong PIN is mostly a right one
    with a slip in it, and ten thousand are soon tried by who has a reader's lookup key.
    """
    known, unknown = rules.Cache([(site.DOOR, 1, None)]), rules.Cache(grant=False)

    def fields(cache, kind, locked=False):
        card = CardRequest(kind, rules.KEY, site.DOOR, locked=locked)
        decision = rules.show(cache, kind=kind, locked=locked)
        return AccessEvent(decision, site.DOOR, None, 1, rules.rtc(), card).fields()

    assert tuple(sorted(fields(known, CARD))) == FIELDS
    assert fields(known, CARD)["card"] == rules.KEY.hex() and fields(known, CARD)["shown"] == CARD
    assert fields(unknown, CARD)["card"] == rules.KEY.hex()
    assert fields(known, PIN)["card"] == rules.KEY.hex() and fields(known, PIN)["shown"] == PIN
    assert fields(unknown, PIN)["card"] is None and fields(unknown, PIN)["shown"] == PIN
    assert fields(known, PIN, locked=True)["card"] is None
    assert fields(known, CARD)["holder"] is None and fields(known, CARD)["cti"] is None


def test_an_event_of_nobody_is_still_an_event():
    """What was refused before anything authentic was shown is remembered, too."""
    decision = rules.ask(rules.holder())
    fields = AccessEvent(decision, site.DOOR, None, None, rules.rtc()).fields()
    assert fields["holder"] is None and fields["cti"] is None and fields["shown"] is None


def test_kinds_of_events_have_numbers_that_stay():
    """They are in logs that outlive the firmware."""
    assert AccessEvent.kind == ACCESS == 1 and kinds() == list(range(1, 11))
    names = [kind_name(kind) for kind in kinds()]
    assert len(set(names)) == len(names) and "unknown_event" not in names
    assert names[:3] == ["access", "started", "policy_applied"]
    assert kind_name(99) == "unknown_event"
