"""What the host signs, a reader takes: the same policy, whatever is changed.

The host shows names where a reader keeps tags, so it replays changesets in its own words; here
both are held against each other after every history.
"""

from hypothesis import given
from hypothesis import strategies as st

import crypto
from cose import CRV_ED25519, Key
from holdfast.access import tag
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import changeset, draft, operations, snapshot
from holdfast.access.policy.rules import RULES, ZONE_DOORS, ZONE_ENTRY, ZONE_LOCKED, SiteRules
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy import grants
from holdfast_host.policy import history as policy
from holdfast_host.policy.state import Grant, field

NOW = 1_800_000_000
SEED = bytes(range(32))
SIGNING_KEY = Key.okp(CRV_ED25519, crypto.ed25519_public_key(SEED), d=SEED)
PUBLIC_KEY = Key.okp(CRV_ED25519, crypto.ed25519_public_key(SEED))
NAMES = ["a", "b", "Büro-東", "x" * 64]

names = st.sampled_from(NAMES[:2]) | st.sampled_from(NAMES)
days = st.integers(-3, 3).map(lambda number: NOW + number * 86400)
times = st.integers(NOW - 100, NOW + 100) | days
groups = st.integers(0, 2)
keys = st.integers(0, 5).map(lambda number: number.to_bytes(8, "big"))
weeks = st.sampled_from([[[[480, 1080]]] * 7, [[], [[0, 1440]], [], [], [[1320, 1700]], [], []]])
places = st.tuples(st.sampled_from([DOOR, ZONE]), names)
rights = st.lists(st.tuples(places.map(list), st.just(1), st.none() | names).map(list), max_size=3)
some_grants = st.builds(
    Grant,
    st.none() | times,
    st.none() | st.integers(20000, 21000),
    st.booleans(),
    st.none() | st.binary(min_size=4, max_size=4).filter(any),
    st.none() | st.integers(1, 63),
)
holidays = st.dictionaries(
    st.integers(20800, 21100) | st.tuples(st.integers(1, 12), st.integers(1, 28)),
    st.integers(1, 4),
    max_size=120,
)


def wish(function, *strategies, **named):
    """A strategy of changes: ``function(state, ...)`` with drawn arguments."""
    drawn = st.tuples(st.tuples(*strategies), st.fixed_dictionaries(named))
    return drawn.map(lambda some: lambda state: function(state, *some[0], **some[1]))


def remove_zone(state, zone):
    """No command does it, but a changeset can."""
    return [[operations.ZONE, zone, False]] if zone in state.zones else []


def zone_key(state, zone, number, nodes):
    """A key for some nodes, and sometimes the switch to it."""
    if zone not in state.zones or state.keys.numbers.get(zone) == number:
        return []
    sealed = [[tag.name_tag(node), bytes(40)] for node in nodes]
    switch = [[operations.ZONE_SWITCH, zone, number]]
    return [[operations.ZONE_KEY, zone, number, bytes(32), sealed], *switch]


def unlock_by_schedule(state, number, schedule):
    mode = (schedule, number % 2)
    if schedule not in state.schedules or state.modes.get(number) == mode:
        return []
    return [[operations.DOOR_MODE, number, *mode]] if number in state.doors else []


wishes = st.one_of(
    wish(policy_changes.add_door, names, st.lists(names, max_size=2)),
    wish(policy_changes.add_door, names),
    wish(policy_changes.remove_door, names),
    wish(lambda state, zone: [] if zone in state.zones else [[2, zone, b""]], names),
    wish(policy_changes.set_zone, names, st.lists(names)),
    wish(remove_zone, names),
    wish(zone_key, names, st.integers(1, 3), st.lists(names, unique=True, max_size=3)),
    wish(unlock_by_schedule, st.integers(0, 3), names),
    wish(policy_changes.set_schedule, names, weeks, st.sampled_from([[], [[], [[1, 2]]]])),
    wish(policy_changes.remove_schedule, names),
    wish(policy_changes.set_holidays, holidays, times),
    wish(policy_changes.remove_holidays, st.lists(st.integers(20800, 20810)), times),
    wish(policy_changes.set_group, groups, rights),
    wish(policy_changes.remove_group, groups),
    wish(
        grants.grant,
        st.dictionaries(keys, st.just("it"), max_size=3),
        st.lists(groups, min_size=1),
        some_grants,
        now=st.just(NOW),
        add=st.booleans(),
        replace=st.booleans(),
    ),
    wish(
        grants.amend,
        st.dictionaries(keys, st.just("it"), max_size=2),
        st.just(()),
        suspended=st.booleans(),
    ),
    wish(
        grants.take_back,
        st.dictionaries(keys, st.just("it"), max_size=2),
        st.lists(groups, max_size=1),
    ),
    wish(policy_changes.revoke, keys, st.none() | times, times, st.none() | times),
    wish(policy_changes.raise_watermark, times, st.just(NOW + 4 * 86400)),
    wish(policy_changes.lock_down, st.booleans(), st.lists(places, max_size=3)),
    wish(policy_changes.set_limits, st.dictionaries(st.sampled_from([1, 3]), st.integers(1, 999))),
)


@given(st.lists(st.tuples(wishes, times), min_size=20, max_size=60))
def test_whatever_a_person_changes_the_host_and_a_reader_agree(changes):
    """Any wishes in any order: refused at the desk, or taken by every reader as the host shows."""
    history = policy.History("acme", PUBLIC_KEY)
    rules = SiteRules("acme", (PUBLIC_KEY,))
    cache = {}
    for change, now in changes:
        try:
            made = change(history.state)
        except UsageProblem:
            continue
        if not made:
            continue
        number, head = history.number + 1, history.head
        raw = changeset.make(SIGNING_KEY, "acme", number, head, now, made)
        history.apply(raw)
        taken = changeset.parse(raw)
        taken.verify(rules.anchors)
        rules = draft.applied(rules, taken)
        follow(cache, taken.changes())
        assert change_again(change, history.state) == []
    agree(history.state, rules, cache)
    if history.number:
        head, *parts = snapshot.make(
            SIGNING_KEY,
            "acme",
            history.number,
            history.head,
            history.issued_at,
            history.state.operations(),
        )
        assembly = snapshot.Assembly(snapshot.parse(head), SiteRules("acme", (PUBLIC_KEY,)))
        again = {}
        for part in parts:
            follow(again, operations.changes(assembly.add(part)))
        assert assembly.is_complete and again == cache
        agree(history.state, assembly.rules, again)
        assert packed(assembly.rules) == packed(rules)


def test_what_is_removed_while_it_is_locked_down_leaves_nothing():
    """A snapshot cannot lock down what is not there; whoever comes next has its number or name."""
    history = policy.History("acme", PUBLIC_KEY)
    sealed = [[tag.name_tag("reader-1"), bytes(40)]]
    steps = [
        [[12, 0, "a"], [12, 1, "b"], [2, "hall", b"\x03"], [3, "office", [[]] * 7, []]],
        [[9, True, [[DOOR, "b"], [ZONE, "hall"]]], [16, 1, "office", 0], [17, "inside", 1, 2]],
        [[13, "hall", 1, bytes(32), sealed], [14, "hall", 1]],
        [[12, 1, False], [2, "hall", False]],
        [[12, 1, "c"], [2, "hall", b"\x02"]],
    ]
    for number, made in enumerate(steps, 1):
        history.apply(changeset.make(SIGNING_KEY, "acme", number, history.head, NOW, made))
    state, rules = history.state, history._rules
    agree(state, rules, {})
    assert not state.locked_places and not rules.locked_doors
    assert not state.carriers and not rules.carriers
    assert not rules.modes and rules.zone_key_number(tag.name_tag("hall")) == 0
    blank = SiteRules("acme", (PUBLIC_KEY,))
    again = draft.following(blank, state.operations(), 5, history.head, NOW, True)
    assert packed(again) == packed(rules)


def test_more_revocations_than_are_kept_come_to_the_same_everywhere():
    """What was let go is told by the highest end; a reader keeps days, the host every second."""
    history = policy.History("acme", PUBLIC_KEY)
    revoked, now = history.state.revoked, NOW
    for step in range(12):
        made = []
        for number in range(step * 30, step * 30 + 30):
            end = NOW + number * 3600
            issued_at = None if number % 3 else NOW - number
            made.append([operations.REVOKE, number.to_bytes(8, "big"), end, issued_at])
        if step == 7:
            made.append([operations.WATERMARK, NOW - 86400])
        now = NOW + step * 30 * 3600
        raw = changeset.make(SIGNING_KEY, "acme", step + 1, history.head, now, made)
        history.apply(raw)
        rules = history._rules.revocations
        revoked = history.state.revoked
        assert len(rules) == len(revoked.entries) and all(map(rules.is_revoked, revoked.entries))
        assert (rules.watermark, rules.dropped) == (revoked.watermark, revoked.dropped)
    assert revoked.dropped > NOW and len(revoked.entries) < 360
    blank = SiteRules("acme", (PUBLIC_KEY,))
    again = draft.following(blank, history.state.operations(), 12, history.head, now, True)
    assert packed(again) == packed(history._rules)


def packed(rules):
    """Every rule, comparable; of the schedules, which stand in the order of their making, each."""
    said = {}
    for name in RULES:
        value = getattr(rules, name)
        if name == "timezone":
            value = value and vars(value)
        elif name == "schedules":
            value = {tag: value.get(tag).packed for tag in schedule_tags(value)}
        elif name == "revocations":
            value = (value.packed, value.watermark, value.dropped)
        elif name == "anchors":
            value = [key.x for key in value]
        said[name] = getattr(value, "packed", value)
    return said


def schedule_tags(schedules):
    return [schedules.packed[at : at + 6] for at, _ in schedules._places()]


def change_again(change, state):
    """What the same wish makes a second time: nothing, or a refusal."""
    try:
        return change(state)
    except UsageProblem:
        return []


def follow(cache, changes):
    """A credential cache without storage."""
    for kind, name, *value in changes:
        if kind == "grant":
            cache[kind, name, value[0]] = (value[1], value[2] or {})
        elif kind == "revoke":
            gone = [one for one in cache if one[:2] == ("grant", name)]
            for one in gone:
                if value[0] is None or one[2] == value[0]:
                    del cache[one]
        elif kind == "group":
            cache[kind, name] = value[0]
        else:
            cache.pop(("group", name), None)


def agree(state, rules, cache):
    """The host's words and a reader's tags say the same."""
    assert {name: rules.door_number(name) for name in state.doors.values()} == {
        name: number for number, name in state.doors.items()
    }
    tags = [rules.doors[at : at + 4] for at in range(0, len(rules.doors), 4)]
    assert sum(map(any, tags)) == len(state.doors)
    assert len(rules.zones) == ZONE_ENTRY * len(state.zones)
    for zone, doors in state.zones.items():
        at = rules.zone_at(tag.name_tag(zone))
        entry = rules.zones[at : at + ZONE_ENTRY]
        assert entry[ZONE_DOORS:].rstrip(b"\x00") == field(doors)
        assert entry[ZONE_LOCKED] == (zone in state.locked_zones)
        assert rules.zone_key_number(tag.name_tag(zone)) == state.keys.numbers.get(zone, 0)
    assert set(schedule_tags(rules.schedules)) == {tag.name_tag(name) for name in state.schedules}
    for day, kind in state.holidays.items():
        if isinstance(day, int):
            assert rules.holidays.kind(day) == kind
    assert len(rules.revocations) == len(state.revoked.entries)
    assert all(map(rules.revocations.is_revoked, state.revoked.entries))
    assert rules.revocations.watermark == state.revoked.watermark
    assert rules.is_locked == state.is_locked
    assert rules.locked_doors == field(state.locked_doors)
    assert (rules.grace_s, rules.max_uncertainty_s) == (state.limits[1], state.limits[3])
    expected = {}
    for key, held in state.grants.items():
        for group, grant in held.items():
            _, _, _, end, *rare = grant.operation(key, group)
            expected["grant", key, group] = (end, rare[0] if rare else {})
    for number, some in state.groups.items():
        expected["group", number] = [
            (kind, tag.name_tag(name), bits, schedule and tag.name_tag(schedule))
            for (kind, name), bits, schedule in some
        ]
    assert cache == expected
