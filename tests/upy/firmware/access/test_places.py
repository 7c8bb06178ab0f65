"""A place says whether it is a door or a zone: no name is ever both."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from harness import raises
from holdfast.access import Refused, Trust, place, reason
from holdfast.access.decide import may
from holdfast.access.grant import Grant
from holdfast.access.names import MAX_NAME, is_name
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.view import DoorView
from holdfast.access.request import LOCKDOWN_OVERRIDE, UNLOCK
from untrusted import InvalidInput

# A door "roof" and a zone "roof" in which it is not, in both orders; the lobby is in that zone.
DOOR_FIRST = [[12, 1, "roof"], [2, "roof", b"\x01"]]
ZONE_FIRST = [[2, "roof", b"\x01"], [12, 1, "roof"]]
BOTH = (DOOR_FIRST, ZONE_FIRST)


def test_a_token_for_a_door_opens_no_zone_of_that_name():
    """Nor one for the zone the door: whichever of the two came first."""
    for orders in BOTH:
        lobby = rules.policy(*orders)
        roof = rules.policy(*orders, door="roof")
        for kind, opens, stays, at in ((DOOR, roof, lobby, "roof"), (ZONE, lobby, roof, "lobby")):
            token = rules.holder({9: site.scope((kind, "roof", 31))})
            other = "roof" if at == "lobby" else "lobby"
            assert rules.ask(token, opens, door=at).granted, kind
            assert rules.ask(token, stays, door=other).reason == reason.WRONG_DOOR, kind
            for action in (2, 4, 8, 16):
                assert may(token, action, opens, rules.rtc()) == 0
                assert may(token, action, stays, rules.rtc()) == reason.ACTION_NOT_ALLOWED


def test_a_right_at_a_door_is_none_at_the_zone_of_that_name():
    """The same of cards: the places are asked for by their kind."""
    for orders in BOTH:
        lobby = rules.policy(*orders)
        roof = rules.policy(*orders, door="roof")
        for kind, opens, stays, at in ((DOOR, roof, lobby, "roof"), (ZONE, lobby, roof, "lobby")):
            cache = rules.Cache([(kind, "roof", UNLOCK, None)])
            other = "roof" if at == "lobby" else "lobby"
            assert rules.show(cache, opens, door=at).granted
            assert rules.show(cache, stays, door=other).reason == reason.WRONG_DOOR


def test_a_lockdown_of_a_door_locks_no_zone_of_that_name():
    """And an override of the one overrides nothing at the other."""
    for orders in BOTH:
        for kind, locked, free in ((DOOR, "roof", "lobby"), (ZONE, "lobby", "roof")):
            order = [9, True, [[kind, "roof"]]]
            whole = rules.rules(*orders, order)
            assert DoorView(whole, locked).is_locked_down
            assert not DoorView(whole, free).is_locked_down
            here = DoorView(whole, locked)
            for some, is_open in ((kind, True), (DOOR + ZONE - kind, False)):
                master = (some, "roof", UNLOCK | LOCKDOWN_OVERRIDE)
                own = (DOOR, locked, UNLOCK)
                scope = [master] if master[:2] == own[:2] else [own, master]
                token = rules.holder({9: site.scope(*scope)})
                answer = rules.ask(token, here, door=locked)
                assert answer.granted is is_open, (kind, some)
                card = rules.Cache(
                    [(DOOR, locked, UNLOCK, None), master + (None,)],
                    grants=[Grant(rules.KEY, rules.GROUP)],
                )
                assert rules.show(card, here, door=locked).granted is is_open, (kind, some)


def test_a_guest_of_a_zone_is_none_of_the_door_of_that_name():
    """The audience is a zone, always; the key is that zone's."""
    for orders in BOTH:
        roof = rules.policy(*orders, door="roof")
        token = rules.guest({3: "roof", 9: site.scope((DOOR, "roof", 1))})
        assert rules.ask(token, roof, door="roof").reason == reason.WRONG_AUDIENCE
        lobby = rules.policy(*orders)
        token = rules.guest({3: "roof", 9: site.scope((DOOR, "lobby", 1))})
        assert rules.ask(token, lobby).granted


def test_what_is_no_place_is_refused():
    """An array of kind and name, and nothing that only looks like it."""
    for good in ([DOOR, "x"], [ZONE, "x" * MAX_NAME], [DOOR, "é" * 32]):
        assert place.parse(good) == tuple(good)
    for bad in (
        [None, 1, "lobby", b"lobby", {}, [], [DOOR], ["lobby"], (DOOR, "lobby")]
        + [[0, "x"], [3, "x"], [-1, "x"], [True, "x"], [1.0, "x"], ["1", "x"], [None, "x"]]
        + [[DOOR, "x", 1], [DOOR, ""], [DOOR, "x" * 65], [DOOR, b"x"], [DOOR, 1], [DOOR, ["x"]]]
        + [[DOOR, "x\n"], [ZONE, "\x00"], [ZONE, "\x9f"], [DOOR, "é" * 33]]
    ):
        raises(InvalidInput, place.parse, bad)


def test_what_may_be_a_name():
    """64 bytes, not characters; no character that moves a terminal's cursor or ends a line."""
    for good in ("x", "x" * 64, "é" * 32, "Büro 2", "会议室", "\xa0", "~", " ", "\U0001f511" * 16):
        assert is_name(good), good
    controls = [chr(code) for code in list(range(0x20)) + list(range(0x7F, 0xA0))]
    too_long = ["x" * 65, "é" * 33, "x" + "é" * 32, "\U0001f511" * 17]
    for bad in too_long + ["", None, 1, True, b"x", ["x"]]:
        assert not is_name(bad), bad
    for control in controls:
        for bad in (control, "a" + control, control + "b", "a" + control + "b"):
            assert not is_name(bad), bad
    assert len(controls) == 65
    # Halves of characters are what arguments that were no UTF-8 become.
    assert not is_name("x" + chr(0xDCE9)) and not is_name(chr(0xD800))


def test_names_are_compared_byte_for_byte():
    """Boards have no Unicode tables: what the host did not bring to one form is another name."""
    composed, apart = "ros\u00e9", "rose\u0301"
    here = rules.policy([12, 1, composed], door=composed)
    for name, why in ((composed, reason.GRANTED), (apart, reason.WRONG_DOOR)):
        token = rules.holder({9: site.scope((DOOR, name, 1))})
        assert rules.ask(token, here, door=composed).reason == why
    assert DoorView(here.rules, apart).fault == reason.DOOR_UNKNOWN


def test_a_name_that_is_none_gets_no_token_in():
    """Neither as holder, nor as a place of the scope; the signature is the authority's own."""
    trust = Trust(site.SITE, [site.authority_public()])
    for bad in ("x" * 65, "a\x1b[2Jb", "\x9b", ""):
        scopes = [{9: site.scope((kind, bad, 1))} for kind in (DOOR, ZONE)]
        for changes in scopes + [{2: bad}]:
            token = site.holder_token(changes=changes)
            assert raises(Refused, trust.authenticate, token).reason == reason.INCOMPLETE_TOKEN
