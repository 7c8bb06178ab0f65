"""The decision: every reason has a request that earns it, and nothing missing is a yes."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import cbor
import small_site as site
from cose import cwt, sign1
from harness import raises
from holdfast.access import ClockReading, Credential, Refused, Request, Trust, reason
from holdfast.access import credential as labels
from holdfast.access.decide import decide, may
from holdfast.access.place import DOOR, ZONE


def _trust():
    return Trust(site.SITE, [site.authority_public()], {site.ZONE: site.zone_key()}.get)


def _ask(token, door=site.DOOR, action=1, intent=True, user_verified=False, now=site.NOW):
    asked = Request(_trust().authenticate(token), door, action, intent, user_verified)
    return decide(asked, rules.policy(), None, rules.rtc(now))


def _refused(token):
    return raises(Refused, _trust().authenticate, token).reason


def test_a_holder_with_everything_right_gets_in():
    """The one yes, so that every no below differs from it in one thing."""
    decision = _ask(site.holder_token())
    assert decision.granted and decision.reason == reason.GRANTED
    assert decision.strike_ms == 3000
    assert decision.coarse == reason.COARSE_GRANTED


def test_the_time_window_is_half_open_and_exact():
    """Valid from nbf on, invalid from exp on: off-by-one here is a key that lives a second too
    long.
    """
    claims = site.holder_claims()
    token = site.holder_token()
    assert _ask(token, now=claims[5]).granted
    assert _ask(token, now=claims[5] - 1).reason == reason.NOT_YET_VALID
    assert _ask(token, now=claims[4] - 1).granted
    assert _ask(token, now=claims[4]).reason == reason.EXPIRED
    assert _ask(token, now=claims[4] + 10**9).reason == reason.EXPIRED


def test_without_nbf_only_exp_bounds():
    """nbf is optional in a CWT; its absence must not be read as zero or as a refusal."""
    assert _ask(site.holder_token(changes={5: None})).granted


def test_an_unknown_clock_opens_nothing():
    """Fail closed: with no idea of the time no window can be checked."""
    credential = _trust().authenticate(site.holder_token())
    asked = Request(credential, site.DOOR, 1, True)
    decision = decide(asked, rules.policy(), None, ClockReading.unknown())
    assert decision.reason == reason.CLOCK_UNKNOWN
    assert decision.coarse == reason.COARSE_READER


def test_scope_names_the_door_or_a_zone_it_lies_in():
    """A scope for another door is no scope here; bits of door and zone add up."""

    def ask(*entries, action=1):
        return _ask(site.holder_token(changes={9: site.scope(*entries)}), action=action)

    door, zone = (DOOR, site.DOOR), (ZONE, site.ZONE)
    assert ask(zone + (1,)).granted
    assert ask((DOOR, "cellar", 31), door + (1,)).granted
    assert ask((DOOR, "cellar", 31)).reason == reason.WRONG_DOOR
    assert ask((DOOR, "Lobby", 1)).reason == reason.WRONG_DOOR
    assert ask(door + (2,)).reason == reason.ACTION_NOT_ALLOWED
    assert ask(door + (31,), action=2).reason == reason.ACTION_NOT_ALLOWED
    assert ask(door + (31,), action=3).reason == reason.ACTION_NOT_ALLOWED
    assert ask(door + (2,), zone + (1,)).granted


def test_a_zone_that_the_policy_does_not_know_has_a_reason_of_its_own():
    """Somebody forgot something, and it was not the holder."""
    lost = rules.policy([2, site.ZONE, False])
    in_zone = rules.holder({9: site.scope((ZONE, site.ZONE, 1))})
    assert rules.ask(in_zone).granted
    assert rules.ask(in_zone, lost).reason == reason.ZONE_UNKNOWN
    both = rules.holder({9: site.scope((ZONE, site.ZONE, 1), (DOOR, site.DOOR, 2))})
    assert rules.ask(both, lost).reason == reason.ACTION_NOT_ALLOWED
    # A zone that the policy knows without this door is another matter.
    elsewhere = rules.policy([12, 1, "cellar"], [2, site.ZONE, b"\x02"])
    assert rules.ask(in_zone, elsewhere).reason == reason.WRONG_DOOR


def test_a_wish_for_a_door_that_is_not_here_is_refused():
    """The reader moves one strike: a path that names another door must never move it."""
    token = site.holder_token(changes={9: site.scope((DOOR, "cellar", 1))})
    assert _ask(token, door="cellar").reason == reason.NO_SUCH_DOOR


def test_a_door_that_the_policy_does_not_know_opens_to_nobody():
    """Named wrongly at enrolment, or taken out of the policy: which zones it is in and whether it
    is locked down, nobody knows.
    """
    everything = rules.holder({9: site.scope((DOOR, "cellar", 0x7FFF), (DOOR, site.DOOR, 0x7FFF))})
    forgotten = rules.policy([12, 0, False])
    assert rules.ask(everything, forgotten).reason == reason.DOOR_UNKNOWN
    elsewhere = rules.policy(door="cellar")
    assert rules.ask(everything, elsewhere, door="cellar").reason == reason.DOOR_UNKNOWN
    card = rules.Cache([(DOOR, site.DOOR, 5, None)])
    assert rules.show(card, forgotten).reason == reason.DOOR_UNKNOWN
    assert may(everything, 16, forgotten, rules.rtc()) == reason.DOOR_UNKNOWN
    assert reason.coarse(reason.DOOR_UNKNOWN) == reason.COARSE_READER


def test_intent_and_user_verification_are_asked_for():
    """A phone in a pocket has no intent; a flag that cannot be read binds like one that is set."""
    assert _ask(site.holder_token(), intent=False).reason == reason.NO_INTENT
    for flag in (True, 1, 0, "no"):
        bound = site.holder_token(changes={labels.USER_VERIFICATION: flag})
        assert _ask(bound).reason == reason.USER_VERIFICATION_NEEDED
        assert _ask(bound, user_verified=True).granted
    assert _ask(site.holder_token(changes={labels.USER_VERIFICATION: False})).granted


def test_a_schedule_claim_binds_whatever_is_in_it():
    """What cannot be the name of a schedule must not read as no schedule."""
    for odd in (7, True, False, b"morning", "", "x" * 65, "morning\n", ["morning"], {}, "no"):
        bound = site.holder_token(changes={labels.SCHEDULE: odd})
        assert _ask(bound).reason == reason.SCHEDULE_UNKNOWN, odd
    claims = site.holder_claims()
    claims[labels.SCHEDULE] = None
    scope = [(DOOR, site.DOOR, 1)]
    assert Credential(cwt.Claims(claims, b""), scope, False).bound_to_schedule
    assert _ask(site.holder_token(changes={labels.SCHEDULE: "morning"})).granted


def test_the_audience_is_this_site_or_a_zone_of_this_door():
    """A token made for elsewhere is not ours to honour, even if we could verify it."""
    assert _ask(site.holder_token(changes={3: site.ZONE})).granted
    assert _ask(site.holder_token(changes={3: "other"})).reason == reason.WRONG_AUDIENCE
    assert _ask(site.holder_token(changes={3: None})).reason == reason.WRONG_AUDIENCE
    attic = rules.policy([2, "attic", b""])
    assert rules.ask(rules.holder({3: "attic"}), attic).reason == reason.WRONG_AUDIENCE
    # The name of the door is no audience, nor is the site for who has a zone's key only.
    assert _ask(site.holder_token(changes={3: site.DOOR})).reason == reason.WRONG_AUDIENCE
    assert rules.ask(rules.guest({3: site.SITE})).reason == reason.WRONG_AUDIENCE


def test_guest_tokens_live_at_most_a_day_from_their_issue():
    """The zone's key lies in every reader: a short life bounds what a stolen one can forge."""
    start = site.NOW - 3600

    def ask(lifetime, **other):
        changes = {4: start + lifetime, 5: None, 6: start}
        changes.update(other.pop("changes", {}))
        return _ask(site.guest_token(changes=changes), **other)

    assert ask(site.DAY).granted
    assert ask(site.DAY + 1).reason == reason.GUEST_TOO_LONG
    assert ask(site.DAY, changes={6: None}).reason == reason.GUEST_TOO_LONG
    assert ask(site.DAY, now=start - 1).reason == reason.NOT_YET_VALID
    assert ask(site.DAY, now=start + site.DAY).reason == reason.EXPIRED


def test_who_made_the_token_is_told_apart():
    """Forged, foreign, unknown zone, another zone's key: each has its own reason."""
    stranger = site.authority(b"\x77" * 32)
    assert _refused(cwt.issue(site.holder_claims(), stranger)) == reason.BAD_SIGNATURE
    assert _refused(site.holder_token(changes={1: "evil"})) == reason.OTHER_SITE
    assert _refused(site.holder_token(changes={1: None})) == reason.OTHER_SITE
    other = site.zone_key(b"\x33" * 32)
    assert _refused(cwt.issue(site.guest_claims(), other)) == reason.BAD_SIGNATURE
    assert _refused(site.guest_token(changes={3: "roof"})) == reason.UNKNOWN_KEY
    assert _refused(site.guest_token(changes={3: None})) == reason.UNKNOWN_KEY
    assert _refused(b"") == reason.MALFORMED_TOKEN
    assert _refused(site.holder_token() + b"\0") == reason.MALFORMED_TOKEN


def test_a_zone_key_cannot_make_a_site_wide_token():
    """A dumped reader's key is worth its own zone only: never the site as audience."""
    assert _refused(site.guest_token(changes={3: site.SITE})) == reason.UNKNOWN_KEY


def test_a_device_certificate_is_no_credential_and_a_credential_no_certificate():
    """Both are CWTs signed by the same key; only the role tells them apart."""
    scoped = site.device_certificate(changes={9: site.scope(), 3: site.SITE})
    assert _refused(scoped) == reason.NOT_A_HOLDER_TOKEN
    trust = _trust()
    device = trust.authenticate_device(site.device_certificate())
    assert device.name == site.NODE and device.role == labels.ROLE_READER
    assert device.doors == (site.DOOR,)
    for not_device in (
        site.holder_token(),
        site.guest_token(changes={labels.ROLE: 1}),
        site.device_certificate(changes={labels.ROLE: True}),
        site.device_certificate(changes={1: "evil"}),
        site.device_certificate(changes={8: None}),
        cwt.issue(site.holder_claims(changes={labels.ROLE: 1}), site.authority(b"\x77" * 32)),
    ):
        raises(Refused, trust.authenticate_device, not_device)


def test_an_incomplete_or_odd_token_is_refused():
    """An authentic token can still be nonsense: each required claim, and each bound of the
    scope.
    """
    endless = sign1.sign(cbor.encode(site.holder_claims(changes={4: None})), site.authority())
    assert _refused(endless) == reason.INCOMPLETE_TOKEN
    for label in (2, 7, 8, 9):
        assert _refused(site.holder_token(changes={label: None})) == reason.INCOMPLETE_TOKEN
    door = [DOOR, site.DOOR]
    for scope in (
        [],
        [[door]],
        [[door, 1, 1]],
        [[1, 1]],
        [[site.DOOR, 1]],
        [[[DOOR, ""], 1]],
        [[[DOOR, 1], 1]],
        [[[DOOR], 1]],
        [[[DOOR, site.DOOR, 1], 1]],
        [[[0, site.DOOR], 1]],
        [[[3, site.DOOR], 1]],
        [[[True, site.DOOR], 1]],
        [[[1.0, site.DOOR], 1]],
        [[["1", site.DOOR], 1]],
        [[[DOOR, b"lobby"], 1]],
        [[[DOOR, "lobby\x00"], 1]],
        [[[ZONE, "lobby\x7f"], 1]],
        [[[ZONE, "\x85"], 1]],
        [[door, 0]],
        [[door, -1]],
        [[door, True]],
        [[door, 1 << 15]],
        {},
        "lobby",
        1,
        [[door, 1], [door, 2]],
        [[[DOOR, "d%d" % n], 1] for n in range(33)],
        [[[DOOR, "x" * 65], 1]],
        [[[DOOR, "é" * 33], 1]],
    ):
        token = site.holder_token(changes={9: cbor.encode(scope)})
        assert _refused(token) == reason.INCOMPLETE_TOKEN, scope
    for raw in (b"", b"\xff", b"\x81", site.scope() + b"\0"):
        assert _refused(site.holder_token(changes={9: raw})) == reason.INCOMPLETE_TOKEN
    for name in ("", "x" * 65, "é" * 33, "al\tice", "alice\x9f"):
        assert _refused(site.holder_token(changes={2: name})) == reason.INCOMPLETE_TOKEN
    # A door and a zone of one name are two places.
    both = site.scope((DOOR, "x" * 64, 0x7FFF), (ZONE, "x" * 64, 1))
    assert len(_trust().authenticate(site.holder_token(changes={9: both})).scope) == 2
    assert _refused(site.holder_token(changes={7: b"\0" * 7})) == reason.INCOMPLETE_TOKEN
    ed25519 = {1: {1: 1, -1: 6, -2: b"\x01" * 32}}
    assert _refused(site.holder_token(changes={8: ed25519})) == reason.INCOMPLETE_TOKEN


def test_each_of_two_authority_keys_is_believed():
    """While the authority's key is replaced, tokens of both must open."""
    successor = b"\x44" * 32
    both = [site.authority_public(), site.authority(successor)]
    trust = Trust(site.SITE, both)
    for seed in (site.AUTHORITY_SEED, successor):
        token = cwt.issue(site.holder_claims(), site.authority(seed))
        assert trust.authenticate(token).authority == site.authority(seed).x[:8]


def test_a_key_that_the_policy_no_longer_has_opens_nothing():
    """A phone's context lives for weeks: a key that was retired must end with the policy, not with
    the next handshake. A guest's token comes from the zone's key and is not concerned.
    """
    successor = site.authority(b"\x44" * 32)
    token = site.holder_token()
    credential = _trust().authenticate(token)
    assert credential.authority == site.authority_public().x[:8]
    retired = rules.policy([10, [successor.x]])
    assert rules.ask(credential, retired).reason == reason.RETIRED_KEY
    both = rules.policy([10, [successor.x, site.authority_public().x]])
    assert rules.ask(credential, both).granted
    visitor = _trust().authenticate(site.guest_token())
    assert visitor.authority is None and rules.ask(visitor, retired).granted
    # A credential that does not say who signed it was signed by nobody.
    credential.authority = None
    assert rules.ask(credential).reason == reason.RETIRED_KEY


def test_every_reason_has_a_name_and_a_coarse_word():
    """A phone and a log must be able to say each; an unknown code is the reader's fault, not a
    yes.
    """
    names = [reason.name(code) for code in reason.codes()]
    assert len(set(names)) == len(names) and "unknown_reason" not in names
    for code in reason.codes():
        word = reason.coarse_name(reason.coarse(code))
        assert (word == "granted") == (code == reason.GRANTED)
    assert reason.coarse(250) == reason.COARSE_READER


def test_a_token_that_is_dated_ahead_waits_for_its_date():
    """Made on a computer that did not know the time: neither do its other dates. Only a clock that
    is trusted can tell, and five minutes are let through.
    """
    for made in (rules.holder, rules.guest):
        for ahead, why in ((0, reason.GRANTED), (330, reason.GRANTED), (331, reason.DATED_AHEAD)):
            token = made({6: site.NOW + ahead, 4: site.NOW + 7200, 5: None})
            clock = ClockReading(site.NOW, "rtc", 30)
            if made is rules.guest and ahead == 330:
                why = reason.NOT_YET_VALID  # of these the beginning is never before the date
            assert rules.ask(token, clock=clock).reason == why, (made, ahead)
            assert rules.ask(token, clock=ClockReading(site.NOW + ahead, "rtc", 30)).granted
    token = rules.holder({6: site.NOW + 9000, 5: None})
    assert rules.ask(token, clock=ClockReading(site.NOW, "floor", 0, 5)).granted
