"""What the host signs, a reader takes on both interpreters, by changesets or by a snapshot."""

import json
import subprocess
import sys

from conftest import environment, micropython
from holdfast.access import tag
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import operations
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy import time_zones as policy_time_zones
from holdfast_host.site import site

NOW = 1_800_000_000

# What a reader makes of a file of changesets and of one with a snapshot, each rule as text; runs
# on both interpreters.
READER = """
import sys
import cbor, json
from cose import CRV_ED25519, Key
from holdfast.access.policy.view import DoorView
from holdfast.access.policy.rules import SiteRules
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy.rules import RULES

def facts(rules, changes):
    view = DoorView(rules, "front")
    said = {
        "number": rules.number,
        "head": rules.head.hex(),
        "doors": [rules.door_number(name) for name in ("front", "back", "cellar")],
        "zones": sorted(tag.hex() for tag in view.zone_tags()),
        "locked": [view.is_locked_down, DoorView(rules, "back").is_locked_down],
        "revoked": [rules.revocations.is_revoked(b"revoked!"), len(rules.revocations)],
        "watermark": rules.revocations.watermark,
        "dropped": rules.revocations.dropped,
        "limits": [rules.grace_s, rules.max_uncertainty_s, rules.knowledge_s],
        "winter": rules.timezone.offset_s(1800000000),
        "summer": rules.timezone.offset_s(1815000000),
        "cache": sorted(repr(change) for change in changes),
    }
    for name in RULES:
        value = getattr(rules, name)
        value = getattr(value, "packed", value)
        if isinstance(value, bytes):
            said["packed " + name] = value.hex()
    return said

def read(path):
    with open(path, "rb") as file:
        return cbor.decode_sequence(file.read(), max_items=4096)

anchors = (Key.okp(CRV_ED25519, bytes.fromhex(sys.argv[1])),)
blank = SiteRules("acme", anchors)
rules, changes = blank, []
for raw in read(sys.argv[2]):
    made = changeset.parse(raw)
    made.verify(rules.anchors)
    rules = draft.applied(rules, made)
    changes += made.changes()
head, *parts = read(sys.argv[3])
head = snapshot.parse(head)
head.verify(anchors)
assembly = snapshot.Assembly(head, blank)
again = []
for part in parts:
    again += [some for some in changeset.ops.changes(assembly.add(part))]
assert assembly.is_complete
print(json.dumps([facts(rules, changes), facts(assembly.rules, again)]))
"""


def everything(state, anchor):
    """Operations of every kind, and enough cards for several changesets."""
    week = [[[480, 720], [780, 1440]]] * 5 + [[], [[1320, 1800]]]
    sealed = [[tag.name_tag("reader-1"), bytes(40)]]
    days = {**dict.fromkeys(range(20600, 20690), 1), (12, 24): 2}
    made = [
        policy_time_zones.operation("CET-1CEST,M3.5.0,M10.5.0/3", NOW),
        [operations.DOOR, 0, "front"],
        [operations.DOOR, 1, "back"],
        [operations.DOOR, 2, "cellar"],
        [operations.ZONE, "lobby", b"\x03"],
        [operations.ZONE_KEY, "lobby", 2, bytes(32), sealed],
        [operations.ZONE_SWITCH, "lobby", 2],
        *policy_changes.set_schedule(state, "office", week, [[[600, 601]], [[480, 720]]]),
        *policy_changes.set_holidays(state, days, 0),
        [operations.GROUP, 7, [[[DOOR, "front"], 1, "office"], [[ZONE, "lobby"], 1, None]]],
        *policy_changes.revoke(state, b"revoked!", None, NOW),
        *policy_changes.raise_watermark(state, NOW - 5, NOW),
        [operations.DROPPED, NOW - 50],
        [operations.LOCKDOWN, True, [[DOOR, "front"]]],
        *policy_changes.set_limits(state, {operations.GRACE_S: 0, operations.KNOWLEDGE_S: 60}),
        [operations.ANCHORS, [anchor]],
        [operations.DOOR_MODE, 1, "office", 1],
        [operations.CARRIER, "reader-2", 0, 2],
    ]
    lookup = bytes(range(32))
    for number in range(150):
        until = NOW + number if number % 2 else None
        key = tag.card_key(lookup, tag.CARD, number.to_bytes(4, "big"))
        rare = [{operations.PERSON: b"pers", operations.SUSPENDED: True}] if number % 3 else []
        made.append([operations.GRANT, key, 7, until, *rare])
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


def test_a_reader_takes_what_the_host_exports(holdfast, site_folder, authority, tmp_path):
    """Every kind of change, through the files a person would carry, on both interpreters."""
    here = site.load(site_folder)
    here.change_policy(authority, lambda state: everything(state, authority.public_key.x), NOW)
    now = ("export", "--snapshot", "--clock-is-right", "-o", tmp_path / "now")
    whole = ("export", "-o", tmp_path / "chain"), now
    for command, *options in whole:
        assert holdfast("policy", command, site_folder, *options).code == 0
    script = tmp_path / "reader.py"
    script.write_text(READER)
    arguments = (authority.public_key.x.hex(), tmp_path / "chain", tmp_path / "now")
    followed, snapped = read_on("micropython", script, *arguments)
    assert [followed, snapped] == read_on("cpython", script, *arguments)
    assert followed == snapped
    assert len(followed.pop("cache")) == 151
    history = site.load(site_folder).policy()
    said = {name: value for name, value in followed.items() if not name.startswith("packed")}
    assert said == {
        "number": history.number,
        "head": history.head.hex(),
        "doors": [0, 1, 2],
        "zones": [tag.name_tag("lobby").hex()],
        "locked": [True, False],
        "revoked": [True, 1],
        "watermark": NOW - 5,
        "dropped": NOW - 50,
        "limits": [0, 900, 60],
        "winter": 3600,
        "summer": 7200,
    }
    assert history.number >= 5
    assert [operations.ZONE_KEY, operations.ZONE_SWITCH] == [
        one[0] for one in history.state.keys.operations()
    ]
