"""Any policy, credential, card and clock: a yes is never without everything that it needs."""

from hypothesis import given, settings
from hypothesis import strategies as st

import access_rules as rules
import small_site as site
from holdfast.access import ClockReading, reason
from holdfast.access import credential as labels
from holdfast.access.grant import Grant
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.request import CARD, PIN
from untrusted import InvalidInput

NOW = site.NOW
CTI = site.holder_claims()[7]
SIGNERS = [site.authority_public(), site.authority(b"\x77" * 32)]
PLACES = [
    (kind, name) for kind in (DOOR, ZONE) for name in (site.DOOR, site.ZONE, "roof", "cellar")
]
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
            [12, 1, "cellar"],
            [12, 0, False],
            [2, site.ZONE, False],
            [2, site.ZONE, b""],
            [2, "roof", b"\x01"],
            [2, site.DOOR, b""],
            [3, "morning", False],
            [4, [[rules.TODAY, 1]]],
            [4, [[[1, 15], 2]]],
            [7, CTI, NOW + 10**6, NOW],
            [8, NOW - 86400],
            [8, NOW],
            [18, NOW],
            [9, True, None],
            [9, True, [[ZONE, site.ZONE]]],
            [9, True, [[DOOR, site.DOOR]]],
            [10, [SIGNERS[1].x]],
            [10, [SIGNERS[0].x, SIGNERS[1].x]],
            [11, {1: 0}],
            [11, {3: 1}],
            [11, {4: 2}],
        ]
    ),
    max_size=4,
)
faults = st.sampled_from([None, None, None, reason.POLICY_MISSING, reason.POLICY_DAMAGED])
scopes = st.dictionaries(st.sampled_from(PLACES), st.integers(1, 0x7FFF), min_size=1)
optional = st.none() | times
claims = st.fixed_dictionaries(
    {
        3: st.sampled_from([site.SITE, site.ZONE, "roof", "elsewhere"]),
        4: times,
        5: optional,
        6: optional,
        9: scopes.map(
            lambda scope: site.scope(*[(*place, bits) for place, bits in scope.items()])
        ),
    },
    optional={
        labels.SCHEDULE: st.sampled_from(SCHEDULES),
        labels.USER_VERIFICATION: st.booleans(),
        labels.CLOCK_RULE: st.integers(0, 2),
    },
)


def _policy(operations, **changes):
    """Those of the operations that can be followed: a door that went is in no zone any more."""
    taken = []
    for operation in operations:
        try:
            rules.rules(*taken, operation)
        except ChangesetRefused:
            continue
        taken.append(operation)
    return rules.policy(*taken, **changes), taken


class _Told:
    """What the operations said, read off them in order; the oracle's own way."""

    def __init__(self, operations):
        self.zones = {site.ZONE: True}  # whether the lobby is in it
        self.has_door = True
        self.all_locked = False
        self.locked = set()
        for code, *said in operations:
            if code == 2 and said[1] is False:
                self.zones.pop(said[0], None)
                self.locked.discard((ZONE, said[0]))
            elif code == 2:
                self.zones[said[0]] = said[1] != b""
            elif code == 12 and said[1] is False:
                self.has_door = False
                self.zones = dict.fromkeys(self.zones, False)
                self.locked.discard((DOOR, site.DOOR))
            elif code == 9 and said[1] is None:
                self.all_locked, self.locked = True, set()
            elif code == 9 and not self.all_locked:
                self.locked |= {tuple(place) for place in said[1]}

    def means(self, kind, name):
        """Whether the lobby is the place, or in it."""
        return name == site.DOOR if kind == DOOR else self.zones.get(name, False)

    @property
    def is_locked(self):
        return self.all_locked or any(self.means(*place) for place in self.locked)


def _time_allows(view, clock, expires):
    site_rules = view.rules
    assert not clock.fault and clock.now is not None
    assert expires is None or clock.now + clock.uncertainty < expires
    return clock.is_trusted(site_rules.max_uncertainty_s) or clock.grace_used <= site_rules.grace_s


def _hours_allow(taken, view, clock, name):
    """The oracle's own way: an hour of UTC in a city that is one hour ahead."""
    if name is None:
        return True
    assert clock.is_trusted(view.rules.max_uncertainty_s)
    hour = (clock.now % 86400 / 3600 + 1) % 24
    hours = {"morning": (8, 10), "evening": (18, 22)}[name]
    is_there = [3, name, False] not in taken
    # The last list of holidays stands; no hour of these schedules is on another day in Berlin.
    listed = [operation[1] for operation in taken if operation[0] == 4]
    is_free = bool(listed) and clock.now // 86400 == rules.TODAY
    return is_there and not is_free and hours[0] <= hour < hours[1]


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
    policy, taken = _policy(operations, **({} if fault is None else {"fault": fault}))
    token = rules.guest(claims) if is_guest else rules.holder(claims, signer)
    request = {"door": door, "action": action, "intent": intent, "user_verified": verified}
    decision = rules.ask(token, policy, clock, **request)
    assert decision.reason in reason.codes()
    assert decision.granted == (decision.reason == reason.GRANTED)
    if not decision.granted:
        assert decision.strike_ms == 0 and not decision.by_grace
        return
    told, site_rules = _Told(taken), policy.rules
    bits = 0
    for kind, name, granted in token.scope:
        bits |= granted if told.means(kind, name) else 0
    if is_guest:
        bits &= 1
    assert not policy.fault and told.has_door and decision.strike_ms == policy.strike_ms
    assert not told.is_locked or bits & 4
    assert is_guest or signer.x in [anchor.x for anchor in site_rules.anchors]
    if is_guest:
        assert told.zones[token.audience]
        assert token.expires - token.issued_at <= 86400
        assert token.issued_at <= clock.now + clock.uncertainty
    else:
        assert token.audience == site.SITE or told.zones[token.audience]
    assert not any(operation[:2] == [7, CTI] for operation in taken)
    assert site_rules.revocations.watermark <= (token.issued_at or 0)
    assert site_rules.revocations.dropped < token.expires
    assert _time_allows(policy, clock, token.expires)
    assert (token.not_before or 0) <= clock.now + clock.uncertainty
    assert bits & 1 and action == 1 and door == site.DOOR
    assert labels.SCHEDULE not in claims or _hours_allow(taken, policy, clock, token.schedule)
    trusted = clock.is_trusted(site_rules.max_uncertainty_s)
    assert trusted or labels.CLOCK_RULE not in claims
    assert decision.by_grace is not trusted
    assert intent and (verified or not claims.get(labels.USER_VERIFICATION))


rights = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from([1, 2, 4, 5, 31, 33, 37]),
        st.none() | st.sampled_from(["morning", "evening", "nobody's"]),
    ).map(lambda right: (*right[0], *right[1:])),
    max_size=3,
)
people = st.sampled_from([None, b"anna", b"bert"])


def _grants(key):
    return st.builds(
        Grant,
        st.just(key),
        st.integers(1, 3),
        optional,
        st.sampled_from([None, None, rules.TODAY - 1, rules.TODAY, rules.TODAY + 1]),
        st.sampled_from([False, False, False, True]),
        people,
        st.sampled_from([0, 0, 0, 2]),
    )


caches = st.fixed_dictionaries(
    {
        "rights": st.dictionaries(st.integers(1, 3), rights, min_size=1),
        "grants": st.builds(
            lambda card, pin: card + pin,
            st.lists(_grants(rules.KEY), max_size=3),
            st.lists(_grants(rules.PIN_KEY), max_size=2),
        ),
        "fails": st.sampled_from(
            [{}, {}, {}, {"grant": InvalidInput("page")}, {"rights": OSError(5)}]
        ),
    }
)


def _is_open(grant, view, clock, used):
    if grant.is_suspended or (grant.uses and (used is None or used >= grant.uses)):
        return False
    if grant.expires is not None and clock.now + clock.uncertainty >= grant.expires:
        return False
    return grant.first_day is None or (clock.now + 3600) // 86400 >= grant.first_day


@settings(max_examples=2500)
@given(
    operations,
    caches,
    clocks,
    st.sampled_from([CARD, PIN]),
    st.booleans(),
    st.sampled_from([1, 1, 2]),
    st.sampled_from([None, rules.KEY, rules.PIN_KEY, b"nobody's"]),
    st.sampled_from([None, 0, 1, 2]),
)
def test_a_card_opens_only_with_everything_that_it_needs(
    operations, known, clock, kind, locked, action, second, used
):
    """The same for what is looked up: whatever the cache says or fails to say."""
    policy, taken = _policy(operations)
    wish = {"action": action, "locked": locked, "second": second, "used": used}
    decision = rules.show(rules.Cache(**known), policy, clock, kind, **wish)
    assert decision.reason in reason.codes()
    assert decision.granted == (decision.reason == reason.GRANTED)
    if not decision.granted:
        return
    told = _Told(taken)
    assert not policy.fault and told.has_door and not known["fails"] and action == 1
    assert not (kind == PIN and locked)
    assert _time_allows(policy, clock, None)
    site_rules = policy.rules
    assert not site_rules.knowledge_s or clock.now - site_rules.issued_at <= site_rules.knowledge_s
    trusted = clock.is_trusted(site_rules.max_uncertainty_s)
    bits = 0
    for grant in known["grants"]:
        if grant.key != rules.KEY or not _is_open(grant, policy, clock, used):
            continue
        halves = [
            other
            for other in known["grants"]
            if other.key == second != rules.KEY
            and other.person == grant.person is not None
            and _is_open(other, policy, clock, used)
        ]
        for place_kind, name, granted, schedule in known["rights"].get(grant.group, ()):
            if not told.means(place_kind, name) or (granted & 32 and not halves):
                continue
            if schedule is not None and (schedule == "nobody's" or not trusted):
                continue
            if _hours_allow(taken, policy, clock, schedule):
                bits |= granted
    assert bits & 1 and (bits & 4 or not told.is_locked)
    assert decision.by_grace is not trusted
