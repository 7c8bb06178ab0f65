"""Random chains of everything that can be ordered: the snapshot of a state is that state."""

import random

import pytest

import crypto
import policy_site as board
import small_site as site
from access_rules import seen
from holdfast.access.policy import changeset, draft, key_changes, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.key_ring import KeyRing
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.tag import name_tag

DAY = site.DAY
DOORS = ("lobby", "roof", "cellar", "vault")
ZONES = ("guests", "roof", "staff")  # one is called as a door is
SCHEDULES = ("office", "nights")
NODES = (site.NODE, "outside")
EPHEMERAL = crypto.x25519_public_key(site.EPHEMERAL)


class Ledger:
    """What the authority remembers of what it ordered, in the words in which it did: enough to
    write it down as a snapshot, in the order of docs/protocol.md.
    """

    def __init__(self):
        self.last = {}  # operations of which the last counts, by what they speak of
        self.revoked = {}
        self.locked = []
        self.is_locked = False

    def follow(self, operation, rules):
        code, *said = operation
        if code in (ops.TIMEZONE, ops.HOLIDAYS, ops.ANCHORS):
            self.last[code, None] = operation
        elif code == ops.LIMITS:
            limits = dict(self.last.get((code, None), [code, {}])[1])
            limits.update(said[0])
            self.last[code, None] = [code, limits]
        elif code == ops.REVOKE:
            cti, end, issued_at = said
            before = self.revoked.get(cti)
            if before is not None:
                end = max(end, before[0])
                issued_at = None if None in (issued_at, before[1]) else max(issued_at, before[1])
            self.revoked[cti] = (end, issued_at)
        elif code == ops.LOCKDOWN:
            self._lockdown(*said)
        elif code not in (ops.WATERMARK, ops.DROPPED):
            self._named(code, said, operation)
        if code == ops.WATERMARK:
            kept = rules.revocations
            self.revoked = {c: value for c, value in self.revoked.items() if kept.is_revoked(c)}

    def _named(self, code, said, operation):
        if said[-1] is not False:
            self.last[code, said[0]] = operation
            return
        self.last.pop((code, said[0]), None)
        if code == ops.ZONE:
            self.last.pop((ops.ZONE_SWITCH, said[0]), None)
            self.locked = [place for place in self.locked if place != [2, said[0]]]
        if code == ops.DOOR:
            self._forget(said[0])

    def _forget(self, number):
        self.last.pop((ops.DOOR_MODE, number), None)
        for key, operation in list(self.last.items()):
            if key[0] == ops.CARRIER and operation[2] == number:
                del self.last[key]
            elif key[0] == ops.ZONE:
                field = bytearray(operation[2])
                if number < 8 * len(field):
                    field[number // 8] &= ~(1 << number % 8)
                self.last[key] = [ops.ZONE, key[1], bytes(field).rstrip(b"\0")]
        self.locked = [place for place in self.locked if place != number]

    def _lockdown(self, on, places):
        if places is None:
            self.is_locked, self.locked = on, []
        elif not self.is_locked:
            numbers = {op[2]: op[1] for (code, _), op in self.last.items() if code == ops.DOOR}
            for kind, name in places:
                place = numbers[name] if kind == 1 else [2, name]
                self.locked = [one for one in self.locked if one != place]
                if on:
                    self.locked.append(place)

    def _all(self, *codes):
        return [operation for (code, _), operation in self.last.items() if code in codes]

    def operations(self, rules):
        made = self._all(ops.TIMEZONE, ops.LIMITS, ops.ANCHORS, ops.DOOR)
        made += self._all(ops.ZONE)
        made += self._all(ops.ZONE_SWITCH)
        made += self._all(ops.SCHEDULE, ops.HOLIDAYS)
        made += [[ops.WATERMARK, rules.revocations.watermark]]
        made += [[ops.DROPPED, rules.revocations.dropped]]
        made += [[ops.REVOKE, cti, *value] for cti, value in self.revoked.items()]
        if self.is_locked:
            made.append([ops.LOCKDOWN, True, None])
        names = {op[1]: op[2] for op in self._all(ops.DOOR)}
        for place in self.locked:
            place = place if isinstance(place, list) else [1, names[place]]
            made.append([ops.LOCKDOWN, True, [place]])
        return made + self._all(ops.DOOR_MODE, ops.CARRIER)


def _order(pick):
    """Any operation; some will be refused where they come."""
    time = site.NOW + pick(range(-90, 90)) * DAY + pick(range(86400))
    number, name, zone = pick(range(4)), pick(DOORS), pick(ZONES)
    place = pick(([1, name], [2, zone]))
    end = [pick(range(600)), pick(range(601, 1441))]
    return pick(
        (
            [ops.TIMEZONE, pick((-600, 0, 60)), pick((None, board.BERLIN[2]))],
            [ops.DOOR, number, pick((name, name, False))],
            [ops.DOOR, pick((9, 63, 255)), pick((name, False))],
            [ops.ZONE, zone, pick((b"", b"\x01", b"\x03", b"\x0e", b"\x00\x02", False))],
            [ops.ZONE_SWITCH, zone, pick(range(1, 9))],
            [ops.SCHEDULE, pick(SCHEDULES), [[end]] * 5 + [[], []], [[], [[100, 1500]]]],
            [ops.SCHEDULE, pick(SCHEDULES), False],
            [ops.HOLIDAYS, [[20000 + pick(range(9)), pick((1, 2, 3, 4))]]],
            [ops.REVOKE, b"%08d" % pick(range(9)), time + 90 * DAY, pick((None, time))],
            [ops.WATERMARK, time],
            [ops.DROPPED, time],
            [ops.LOCKDOWN, pick((True, False)), pick((None, [place], [place], [place]))],
            [ops.ANCHORS, [site.authority_public().x, bytes([pick(range(9))]) * 32]],
            [ops.LIMITS, {pick((1, 3, 4, 5, 6)): pick(range(1, 1000))}],
            [ops.DOOR_MODE, number, pick(SCHEDULES), pick((0, 1))],
            [ops.DOOR_MODE, number, False],
            [ops.CARRIER, pick(NODES), number, pick((1, 2))],
            [ops.CARRIER, pick(NODES), False],
        )
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_snapshot_of_a_random_chain_comes_to_what_the_chain_comes_to(seed):
    """Byte for byte: two nodes of which one was away must not differ in anything."""
    pick = random.Random(seed).choice
    rules, ledger, refused = board.empty(), Ledger(), 0
    for _ in range(150):
        operation = _order(pick)
        ops.check([operation])
        number = rules.number + 1
        try:
            rules = draft.following(rules, [operation], number, bytes(32), site.NOW + number)
        except ChangesetRefused:
            refused += 1
            continue
        ledger.follow(operation, rules)
    assert rules.number > 60 and refused > 3
    parts = snapshot.make(
        site.authority(),
        site.SITE,
        rules.number,
        rules.head,
        rules.issued_at,
        ledger.operations(rules),
    )
    assembly = snapshot.Assembly(snapshot.parse(parts[0]), board.empty())
    for part in parts[1:]:
        assembly.add(part)
    assert assembly.is_complete
    assert seen(assembly.rules) == seen(rules)


@pytest.mark.parametrize("seed", range(10))
def test_the_keys_of_a_snapshot_are_those_of_the_chain(seed):
    """A snapshot carries the keys in use and those to follow, also to who has older ones still."""
    pick = random.Random(seed).choice
    rules, ring = board.empty(), KeyRing()
    start = [[ops.ZONE, zone, b""] for zone in ZONES]
    present, following, lookup = dict.fromkeys(ZONES), {}, []

    def follow(operations, rules, ring, is_whole=False):
        number = rules.number + 1
        rules = draft.following(rules, operations, number, bytes(32), site.NOW, is_whole)
        unseal = lambda ephemeral, purpose, sealed: sealed[8:]  # noqa: E731
        return rules, key_changes.following(
            ring, operations, rules, site.root(), site.NODE, unseal
        )

    rules, ring = follow(start, rules, ring)
    count = 0
    for _ in range(60):
        zone = pick(ZONES)
        count += 1
        if zone in following:
            present[zone] = following.pop(zone)
            step = [[ops.ZONE_SWITCH, zone, present[zone][2]]]
        else:
            sealed = [[name_tag(node), bytes(8) + bytes([count]) * 32] for node in NODES]
            following[zone] = [ops.ZONE_KEY, zone, count, EPHEMERAL, sealed]
            step = [following[zone]]
        rules, ring = follow(step, rules, ring)
    whole = list(start) + lookup
    for zone in ZONES:
        if present[zone] is not None:
            whole += [present[zone], [ops.ZONE_SWITCH, zone, present[zone][2]]]
        if zone in following:
            whole.append(following[zone])
    for before in (KeyRing(), ring):
        _, again = follow(whole, board.empty(), before, is_whole=True)
        assert again.packed == ring.packed


def test_changesets_that_say_nothing_are_followed_too():
    """A site with a limit of knowledge signs such, so that doors know that nothing was taken
    back.
    """
    (raw,) = board.chain([])
    step = changeset.parse(raw)
    rules = draft.applied(board.empty(), step)
    assert rules.number == 1 and rules.issued_at == step.issued_at and rules.fault == 0
