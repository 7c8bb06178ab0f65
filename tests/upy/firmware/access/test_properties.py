"""Any policy, credential, card and clock: a yes is never without everything that it needs."""

import cbor2
from hypothesis import given, settings
from hypothesis import strategies as st

import access_rules as rules
import small_site as site
from holdfast.access import ClockReading, reason
from holdfast.access import credential as labels
from holdfast.access.grant import ANSWER, POLICY, VERIFIED
from holdfast.access.request import CARD, PIN
from untrusted import InvalidInput

NOW = site.NOW
CTI = site.holder_claims()[7]
SIGNERS = [site.authority_public(), site.authority(b"\x77" * 32)]
PLACES = [site.DOOR, site.ZONE, "roof", "cellar"]
SCHEDULES = ["morning", "evening", "nobody's", 7]

times = st.integers(-3, 3).map(lambda n: NOW + n) | st.just(NOW + 10**6)
clocks = st.one_of(
    st.just(ClockReading.unknown()),
    st.just(ClockReading.damaged()),
    st.builds(
        ClockReading,
        times,
        st.sampled_from(["rtc", "peer", "authority", "token", "floor", "none", "?"]),
        st.sampled_from([0, 1, 900, 901]),
        st.sampled_from([0, 36 * 3600, 36 * 3600 + 1]),
    ),
)
operations = st.lists(
    st.sampled_from(
        [
            [2, site.ZONE, False],
            [2, site.ZONE, ["cellar"]],
            [2, "roof", [site.DOOR]],
            [3, "morning", False],
            [4, [rules.TODAY]],
            [7, CTI, NOW + 10**6],
            [8, NOW - 86400],
            [8, NOW],
            [9, True, None],
            [9, True, [site.ZONE]],
            [10, [SIGNERS[1].x]],
            [10, [SIGNERS[0].x, SIGNERS[1].x]],
            [11, {1: 0}],
            [11, {3: 1}],
        ]
    ),
    max_size=4,
)
faults = st.sampled_from([None, None, None, reason.POLICY_MISSING, reason.POLICY_DAMAGED])
scopes = st.dictionaries(st.sampled_from(PLACES), st.integers(1, 31), min_size=1)
optional = st.none() | times
claims = st.fixed_dictionaries(
    {
        3: st.sampled_from([site.SITE, site.ZONE, "roof", "elsewhere"]),
        4: times,
        5: optional,
        6: optional,
        9: scopes.map(lambda scope: cbor2.dumps([list(entry) for entry in scope.items()])),
    },
    optional={
        labels.SCHEDULE: st.sampled_from(SCHEDULES),
        labels.USER_VERIFICATION: st.booleans(),
        labels.CLOCK_RULE: st.integers(0, 2),
    },
)


def _time_allows(policy, clock, expires):
    assert not clock.fault and clock.now is not None
    assert expires is None or clock.now + clock.uncertainty < expires
    return clock.is_trusted(policy.max_uncertainty_s) or clock.grace_used <= policy.grace_s


def _hours_allow(policy, clock, name):
    """The oracle's own way: an hour of UTC in a city that is one hour ahead."""
    if name is None:
        return True
    assert clock.is_trusted(policy.max_uncertainty_s)
    hour = (clock.now % 86400 / 3600 + 1) % 24
    hours = {"morning": (8, 10), "evening": (18, 22)}[name]
    schedule = policy.schedule(name)
    today = clock.now // 86400  # no hour of these schedules is on another day in Berlin
    return schedule is not None and today not in policy.holidays and hours[0] <= hour < hours[1]


@settings(max_examples=1500)
@given(
    operations,
    faults,
    claims,
    st.booleans(),
    st.sampled_from(SIGNERS),
    clocks,
    st.booleans(),
    st.booleans(),
    st.sampled_from([site.DOOR, "cellar"]),
    st.sampled_from([1, 1, 2, 3]),
)
def test_a_token_opens_only_with_everything_that_it_needs(
    operations, fault, claims, is_guest, signer, clock, intent, verified, door, action
):
    """Fail closed: each condition is asked again here, in words of the design."""
    policy = rules.policy(*operations, **({} if fault is None else {"fault": fault}))
    token = rules.guest(claims) if is_guest else rules.holder(claims, signer)
    request = {"door": door, "action": action, "intent": intent, "user_verified": verified}
    decision = rules.ask(token, policy, clock, **request)
    assert decision.reason in reason.codes()
    assert decision.granted == (decision.reason == reason.GRANTED)
    if not decision.granted:
        assert decision.strike_ms == 0 and not decision.by_grace
        return
    bits = 0
    for place, granted in token.scope.items():
        bits |= granted if place in policy.places() else 0
    assert not policy.fault and decision.strike_ms == policy.strike_ms
    assert not policy.locked_down or (bits & 4 and not is_guest)
    assert is_guest or signer.x in [anchor.x for anchor in policy.anchors]
    assert token.audience in policy.audiences()
    assert not is_guest or token.expires - token.issued_at <= 86400
    assert not is_guest or token.issued_at <= clock.now + clock.uncertainty
    assert CTI not in dict(policy.revocations)
    assert policy.revocations.watermark <= (token.issued_at or 0)
    assert _time_allows(policy, clock, token.expires)
    assert (token.not_before or 0) <= clock.now + clock.uncertainty
    assert bits & 1 and action == 1 and door == site.DOOR
    assert labels.SCHEDULE not in claims or _hours_allow(policy, clock, token.schedule)
    trusted = clock.is_trusted(policy.max_uncertainty_s)
    assert trusted or labels.CLOCK_RULE not in claims
    assert decision.by_grace is not trusted
    assert intent and (verified or not claims.get(labels.USER_VERIFICATION))


rights = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from([1, 2, 4, 5, 31]),
        st.none() | st.sampled_from(["morning", "evening", "nobody's"]),
    ),
    max_size=4,
)
caches = st.fixed_dictionaries(
    {
        "rights": rights,
        "expires": optional,
        "kind": st.sampled_from([POLICY, POLICY, ANSWER, VERIFIED]),
        "grant": st.sampled_from([True, True, True, False]),
        "group": st.sampled_from([True, True, True, False]),
        "fails": st.sampled_from(
            [{}, {}, {}, {"grant": InvalidInput("page")}, {"rights": OSError(5)}]
        ),
    }
)


@settings(max_examples=1500)
@given(
    operations,
    caches,
    clocks,
    st.sampled_from([CARD, PIN]),
    st.booleans(),
    st.sampled_from([1, 1, 2]),
)
def test_a_card_opens_only_with_everything_that_it_needs(
    operations, known, clock, kind, locked, action
):
    """The same for what is looked up: whatever the cache says or fails to say."""
    policy = rules.policy(*operations)
    decision = rules.show(rules.Cache(**known), policy, clock, kind, action=action, locked=locked)
    assert decision.granted == (decision.reason == reason.GRANTED)
    if not decision.granted:
        return
    assert known["grant"] and known["group"] and not known["fails"] and action == 1
    assert known["kind"] == POLICY or (known["kind"] == ANSWER and known["expires"] is not None)
    assert not (kind == PIN and locked)
    assert _time_allows(policy, clock, known["expires"])
    trusted = clock.is_trusted(policy.max_uncertainty_s)
    bits = 0
    for place, granted, schedule in known["rights"]:
        if place not in policy.places() or (schedule and not trusted):
            continue
        if schedule != "nobody's" and _hours_allow(policy, clock, schedule):
            bits |= granted
    assert bits & 1 and (bits & 4 or not policy.locked_down)
    assert decision.by_grace is not trusted
