"""What the host signs, a reader takes: the same policy, also on the board's interpreter.

The host shows names where a reader keeps tags, so it replays changesets in its own words; here
both are held against each other after every history.
"""

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

import crypto
from conftest import environment, micropython
from cose import CRV_ED25519, Key
from holdfast.access import Policy, tag
from holdfast.access.policy import changeset, operations, snapshot
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import (
    changes as policy_changes,
)
from holdfast_host.policy import (
    history as policy,
)
from holdfast_host.policy import (
    time_zones as policy_time_zones,
)
from holdfast_host.site import site

NOW = 1_800_000_000
SEED = bytes(range(32))
SIGNING_KEY = Key.okp(CRV_ED25519, crypto.ed25519_public_key(SEED), d=SEED)
PUBLIC_KEY = Key.okp(CRV_ED25519, crypto.ed25519_public_key(SEED))
NAMES = ["a", "b", "Büro-東", "x" * 64]

# What a reader at the door "front", in the zone "lobby", makes of a file of changesets and of one
# with a snapshot; runs on both interpreters.
READER = """
import sys
import cbor, json
from cose import CRV_ED25519, Key
from holdfast.access import Policy
from holdfast.access.policy import changeset, snapshot

def facts(policy, changes):
    return {
        "number": policy.number,
        "head": policy.head.hex(),
        "places": list(policy.places()),
        "schedules": sorted(tag.hex() for tag in policy.schedules),
        "holidays": sorted(policy.holidays),
        "revoked": sorted(cti.hex() for cti, _ in policy.revocations),
        "watermark": policy.revocations.watermark,
        "locked": policy.locked_down,
        "limits": [policy.grace_s, policy.retention_s, policy.max_uncertainty_s],
        "winter": policy.timezone.offset_s(1800000000),
        "summer": policy.timezone.offset_s(1815000000),
        "cache": sorted(repr(change) for change in changes),
    }

def read(path):
    with open(path, "rb") as file:
        return cbor.decode_sequence(file.read(), max_items=4096)

anchors = (Key.okp(CRV_ED25519, bytes.fromhex(sys.argv[1])),)
blank = Policy("acme", "front", ("lobby",), 3000, anchors)
policy, changes = blank, []
for raw in read(sys.argv[2]):
    made = changeset.parse(raw)
    made.verify(policy.anchors)
    policy = policy.applied(made)
    changes += made.changes()
head, *parts = read(sys.argv[3])
head = snapshot.parse(head)
head.verify(anchors)
assembly = snapshot.Assembly(head, blank)
again = []
for part in parts:
    again += assembly.add(part)
assert assembly.is_complete
print(json.dumps([facts(policy, changes), facts(assembly.policy, again)]))
"""


def everything(state, anchor):
    """Operations of every kind, and enough cards for several changesets."""
    week = [[[480, 720], [780, 1440]]] * 5 + [[], [[0, 1440]]]
    made = [
        policy_time_zones.operation("CET-1CEST,M3.5.0,M10.5.0/3", NOW),
        *policy_changes.set_zone(state, "lobby", ["front", "back"]),
        *policy_changes.set_schedule(state, "office", week, [[600, 601]]),
        *policy_changes.set_holidays(state, range(20600, 20728)),
        [operations.GROUP, 7, [["front", 1, "office"], ["lobby", 1, None]]],
        *policy_changes.revoke(state, b"revoked!", None, NOW),
        *policy_changes.raise_watermark(state, NOW - 5, NOW),
        *policy_changes.lock_down(state, True, ["lobby"]),
        *policy_changes.set_limits(state, {operations.GRACE_S: 0}),
        [operations.ANCHORS, [anchor]],
    ]
    lookup = bytes(range(32))
    for number in range(150):
        until = NOW + number if number % 2 else None
        key = tag.card_key(lookup, tag.CARD, number.to_bytes(4, "big"))
        made.append([operations.GRANT, key, 7, until])
    return made


def read_on(interpreter, script, *arguments):
    command = [micropython() if interpreter == "micropython" else sys.executable, script]
    done = subprocess.run(
        [*map(str, command), *map(str, arguments)],
        env=environment(interpreter),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_reader_takes_what_the_host_exports(holdfast, site_folder, tmp_path):
    """Every kind of change, through the files a person would carry, on both interpreters."""
    here = site.load(site_folder)
    authority = here.unlock("correct horse battery").authority
    here.change_policy(authority, lambda state: everything(state, here.authority_key.x), NOW)
    for command in ("export", "snapshot"):
        assert holdfast("policy", command, site_folder, "-o", tmp_path / command).code == 0
    script = tmp_path / "reader.py"
    script.write_text(READER)
    arguments = (here.authority_key.x.hex(), tmp_path / "export", tmp_path / "snapshot")
    followed, snapped = read_on("micropython", script, *arguments)
    assert [followed, snapped] == read_on("cpython", script, *arguments)
    assert len(followed.pop("cache")) == 151 == len(snapped.pop("cache"))
    assert followed == snapped
    history = site.load(site_folder).policy()
    assert followed == {
        "number": history.number,
        "head": history.head.hex(),
        "places": ["front", "lobby"],
        "schedules": [tag.name_tag("office").hex()],
        "holidays": list(range(20600, 20728)),
        "revoked": [b"revoked!".hex()],
        "watermark": NOW - 5,
        "locked": True,
        "limits": [0, 129600, 900],
        "winter": 3600,
        "summer": 7200,
    }
    assert history.number >= 5


names = st.sampled_from(NAMES[:2]) | st.sampled_from(NAMES)
times = st.integers(NOW - 100, NOW + 100)
groups = st.integers(0, 2)
keys = st.integers(0, 5).map(lambda number: number.to_bytes(8, "big"))
weeks = st.sampled_from([[[[480, 1080]]] * 7, [[], [[0, 1440]], [], [], [], [], []]])
rights = st.lists(st.tuples(names, st.just(1), st.none() | names).map(list), max_size=3)


def wish(function, *strategies, **named):
    """A strategy of changes: ``function(state, ...)`` with drawn arguments."""
    drawn = st.tuples(st.tuples(*strategies), st.fixed_dictionaries(named))
    return drawn.map(lambda some: lambda state: function(state, *some[0], **some[1]))


wishes = st.one_of(
    wish(policy_changes.set_zone, names, st.none() | st.lists(names, min_size=1)),
    wish(policy_changes.set_schedule, names, weeks, st.just([])),
    wish(policy_changes.remove_schedule, names),
    wish(policy_changes.set_holidays, st.lists(st.integers(20000, 20300), max_size=200)),
    wish(policy_changes.remove_holidays, st.lists(st.integers(20000, 20010))),
    wish(policy_changes.set_group, groups, rights),
    wish(policy_changes.remove_group, groups),
    wish(
        policy_changes.grant,
        st.dictionaries(keys, st.just("it"), max_size=3),
        groups,
        st.none() | times,
        now=st.just(NOW),
        replace=st.booleans(),
    ),
    wish(policy_changes.take_back, st.dictionaries(keys, st.just("it"), max_size=2)),
    wish(policy_changes.revoke, keys, st.none() | times, times),
    wish(policy_changes.raise_watermark, times, st.just(NOW + 100)),
    wish(policy_changes.lock_down, st.booleans(), st.lists(names, max_size=3)),
    wish(policy_changes.set_limits, st.dictionaries(st.integers(1, 3), st.integers(1, 86400))),
)


@given(st.lists(st.tuples(wishes, times), min_size=20, max_size=60))
def test_whatever_a_person_changes_the_host_and_a_reader_agree(changes):
    """Any wishes in any order: refused at the desk, or taken by every reader as the host shows."""
    history = policy.History("acme", PUBLIC_KEY)
    reader = Policy("acme", "a", ["b"], anchors=(PUBLIC_KEY,))
    cache = {}
    for change, now in changes:
        try:
            made = change(history.state)
        except UsageProblem:
            continue
        if not made:
            continue
        issued_at = max(now, history.issued_at)
        number, head = history.number + 1, history.head
        raw = changeset.make(SIGNING_KEY, "acme", number, head, issued_at, made)
        history.follow(raw)
        taken = changeset.parse(raw)
        taken.verify(reader.anchors)
        reader = reader.applied(taken)
        follow(cache, taken.changes())
        assert change_again(change, history.state) == []
    agree(history.state, reader, cache)
    if history.number:
        head, *parts = snapshot.make(
            SIGNING_KEY,
            "acme",
            history.number,
            history.head,
            history.issued_at,
            history.state.operations(),
        )
        blank = Policy("acme", "a", ["b"], anchors=(PUBLIC_KEY,))
        assembly = snapshot.Assembly(snapshot.parse(head), blank)
        again = {}
        for part in parts:
            follow(again, assembly.add(part))
        assert assembly.is_complete and assembly.policy.head == history.head
        agree(history.state, assembly.policy, again)


def change_again(change, state):
    """What the same wish makes a second time: nothing, or a refusal."""
    try:
        return change(state)
    except UsageProblem:
        return []


def follow(cache, changes):
    """A credential cache without storage."""
    for kind, name, *value in changes:
        if kind in ("grant", "group"):
            cache[kind, name] = tuple(value) if kind == "grant" else value[0]
        else:
            cache.pop(("grant" if kind == "revoke" else "group", name), None)


def agree(state, reader, cache):
    """The host's words and a reader's tags say the same."""
    assert set(reader.known_zones) == set(state.zones)
    assert set(reader.schedules) == {tag.name_tag(name) for name in state.schedules}
    for name, schedule in state.schedules.items():
        board = reader.schedules[tag.name_tag(name)]
        assert [[list(hours) for hours in day] for day in board.week] == schedule.week
    assert sorted(reader.holidays) == state.holidays
    assert dict(reader.revocations) == state.revocations
    assert reader.revocations.watermark == state.watermark
    if state.locked_down is True:
        assert reader.locked_places is True
    else:
        assert reader.locked_places == {tag.name_tag(name) for name in state.locked_down}
    limits = (reader.grace_s, reader.retention_s, reader.max_uncertainty_s)
    assert limits == tuple(state.limits[label] for label in (1, 2, 3))
    expected = {("grant", key): grant for key, grant in state.grants.items()}
    for number, some in state.groups.items():
        expected["group", number] = [
            (tag.name_tag(place), bits, schedule and tag.name_tag(schedule))
            for place, bits, schedule in some
        ]
    assert cache == expected
