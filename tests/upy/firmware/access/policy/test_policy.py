"""The rules: what changesets come to, one after the other and never half."""

INTERPRETERS = ("micropython", "cpython")

import access_rules
import cbor
import crypto
import policy_site as board
import small_site as site
from access_rules import seen
from harness import raises
from holdfast.access import reason
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.policy.revocation import MAX_REVOKED
from holdfast.access.policy.rules import MAX_CARRIERS, MAX_MODES, MAX_ZONES, SiteRules
from holdfast.access.policy.schedule import MAX_DISTINCT, MAX_SCHEDULES
from holdfast.access.policy.view import DoorView
from holdfast.access.tag import name_tag

DOORS = [[ops.DOOR, 0, site.DOOR], [ops.DOOR, 1, "cellar"], [ops.DOOR, 255, "attic"]]
GUESTS = [ops.ZONE, site.ZONE, b"\x01"]
ZONE_TAG = name_tag(site.ZONE)


def _follow(*operations, rules=None):
    rules = rules or board.empty()
    ops.check(list(operations))
    number = rules.number + 1
    return draft.following(
        rules, list(operations), number, bytes([number] * 32), site.NOW + number
    )


def _here(rules, door=site.DOOR):
    return DoorView(rules, door)


def _refused(*operations, rules):
    before = seen(rules)
    error = raises(
        ChangesetRefused, draft.following, rules, list(operations), 2, bytes(32), site.NOW
    )
    assert seen(rules) == before
    return str(error)


def test_before_the_first_changeset_everything_is_refused():
    """Settings alone say whom to believe, not who may come in."""
    rules = board.empty()
    assert rules.fault == reason.POLICY_MISSING == _here(rules).fault and rules.number == 0
    assert rules.head == bytes(32) and _here(rules).number is None
    assert _follow(rules=rules).fault == 0
    assert _here(_follow(rules=rules)).fault == reason.DOOR_UNKNOWN
    assert _here(_follow(*DOORS, rules=rules)).fault == 0


def test_a_changeset_makes_other_rules_and_leaves_the_old():
    """A decision under way keeps the rules it began with."""
    old = board.empty()
    new = _follow(*board.EVERY, rules=old)
    assert old.number == 0 and old.zones == b"" and len(old.schedules) == 0
    assert new.number == 1 and new.fault == 0 and new.issued_at == site.NOW + 1
    kept = seen(new)
    newer = _follow([ops.ZONE, site.ZONE, False], [ops.SCHEDULE, "office", False], rules=new)
    assert seen(new) == kept
    assert new.zone_at(ZONE_TAG) >= 0 and new.schedules.get(name_tag("office")) is not None
    assert newer.zone_at(ZONE_TAG) < 0 and newer.schedules.get(name_tag("office")) is None


def test_a_zone_holds_exactly_the_doors_that_the_policy_says():
    """Each bit is one door; and an unknown zone holds none."""
    for doors, here, attic, knows in (
        (b"\x01", True, False, True),
        (b"\x03", True, False, True),
        (b"\x02", False, False, True),
        (bytes(31) + b"\x80", False, True, True),
        (b"\x01" + bytes(30) + b"\x80", True, True, True),
        (b"", False, False, True),
        (False, False, False, False),
    ):
        rules = _follow(*DOORS, [ops.ZONE, site.ZONE, doors])
        assert _here(rules).is_in(ZONE_TAG) is here
        assert _here(rules, "attic").is_in(ZONE_TAG) is attic
        assert _here(rules).zone_tags() == ([ZONE_TAG] if here else [])
        assert not _here(rules, "nowhere").is_in(ZONE_TAG)
        assert (rules.zone_at(ZONE_TAG) >= 0) is knows
    two = _follow(*DOORS, GUESTS, [ops.ZONE, "upstairs", b"\x01"])
    assert sorted(_here(two).zone_tags()) == sorted([ZONE_TAG, name_tag("upstairs")])


def test_an_unknown_door_is_refused_wherever_it_is_named():
    """Mistyped, it would be a lockdown that locks nothing, or a zone that opens the door that has
    this number next.
    """
    rules = _follow(*DOORS, GUESTS)
    for operation in (
        [ops.ZONE, "new", b"\x04"],
        [ops.ZONE, site.ZONE, b"\x01\x80"],
        [ops.LOCKDOWN, True, [[DOOR, "lobyb"]]],
        [ops.LOCKDOWN, False, [[DOOR, "lobyb"]]],
        [ops.LOCKDOWN, True, [[ZONE, "nobody's"]]],
        [ops.LOCKDOWN, True, [[DOOR, site.ZONE]]],
        [ops.LOCKDOWN, True, [[ZONE, site.DOOR]]],
        [ops.LOCKDOWN, True, [[DOOR, site.DOOR], [DOOR, "lobyb"]]],
        [ops.DOOR_MODE, 2, "office", 0],
        [ops.CARRIER, "outside", 2, 1],
        [ops.ZONE_SWITCH, "nobody's", 1],
    ):
        assert "does not know" in _refused(operation, rules=rules), operation
        assert "does not know" in _refused([ops.WATERMARK, 5], operation, rules=rules)


def test_two_doors_have_two_names():
    """A right, a token and a lockdown name one door."""
    rules = _follow(*DOORS)
    assert "two doors" in _refused([ops.DOOR, 7, site.DOOR], rules=rules)
    same = _follow([ops.DOOR, 0, site.DOOR], rules=rules)
    assert same.doors == rules.doors
    renamed = _follow([ops.DOOR, 0, "entrance"], [ops.DOOR, 7, site.DOOR], rules=rules)
    assert renamed.door_number("entrance") == 0 and renamed.door_number(site.DOOR) == 7
    assert rules.door_number("attic") == 255 and rules.door_number("nowhere") is None


def test_a_door_that_is_forgotten_leaves_nothing_to_who_has_its_number_next():
    """No zone, no lockdown, no hours in which it stands open, no reader that carries for it."""
    rules = _follow(
        *DOORS,
        [ops.ZONE, site.ZONE, b"\x01" + bytes(30) + b"\x80"],
        [ops.ZONE, "upstairs", bytes(31) + b"\x80"],
        [ops.LOCKDOWN, True, [[DOOR, "attic"], [DOOR, site.DOOR]]],
        [ops.DOOR_MODE, 255, "office", 1],
        [ops.DOOR_MODE, 0, "office", 1],
        [ops.CARRIER, "outside", 255, 1],
        [ops.CARRIER, "inside", 0, 2],
    )
    assert _here(rules, "attic").is_locked_down and len(_here(rules, "attic").zone_tags()) == 2
    gone = _follow([ops.DOOR, 255, False], rules=rules)
    assert _here(gone, "attic").fault == reason.DOOR_UNKNOWN
    assert gone.doors == rules.doors[:8]
    again = _follow([ops.DOOR, 255, "vault"], rules=gone)
    vault = _here(again, "vault")
    assert vault.fault == 0 and vault.zone_tags() == [] and not vault.is_locked_down
    assert again.modes == b"\x00\x01" + name_tag("office")
    assert again.carriers == name_tag("inside") + b"\x00\x02"
    # Of the others nothing is lost.
    assert _here(again).is_in(ZONE_TAG) and _here(again).is_locked_down
    # Forgetting one that was not there is no fault, and no trace.
    assert _follow([ops.DOOR, 200, False], rules=rules).doors == rules.doors


def test_a_lockdown_reaches_a_door_by_itself_a_zone_of_it_and_with_all():
    """Also one that the zone gets later; and no longer one that it has lost."""
    start = _follow(*DOORS, GUESTS, [ops.ZONE, "upstairs", bytes(31) + b"\x80"])
    assert _here(_follow([ops.LOCKDOWN, True, None], rules=start)).is_locked_down
    assert _here(_follow([ops.LOCKDOWN, True, [[DOOR, site.DOOR]]], rules=start)).is_locked_down
    assert _here(_follow([ops.LOCKDOWN, True, [[ZONE, site.ZONE]]], rules=start)).is_locked_down
    other = _follow([ops.LOCKDOWN, True, [[ZONE, "upstairs"]]], rules=start)
    assert not _here(other).is_locked_down and _here(other, "attic").is_locked_down
    joined = _follow([ops.ZONE, "upstairs", b"\x01"], rules=other)
    assert _here(joined).is_locked_down and not _here(joined, "attic").is_locked_down
    # The number of a zone's key has nothing to do with it.
    switched = _follow([ops.ZONE_SWITCH, "upstairs", 0xFFFF], rules=other)
    assert _here(switched, "attic").is_locked_down
    assert switched.zone_key_number(name_tag("upstairs")) == 0xFFFF
    # A zone that is taken away is not locked down when there is one of its name again.
    gone = _follow([ops.ZONE, "upstairs", False], rules=switched)
    again = _follow([ops.ZONE, "upstairs", bytes(31) + b"\x80"], rules=gone)
    assert not _here(again, "attic").is_locked_down
    assert again.zone_key_number(name_tag("upstairs")) == 0


def test_a_lockdown_ends_as_it_began():
    """Ending one place's leaves another's; while all are locked down no part can be open."""
    door, zone = [DOOR, site.DOOR], [ZONE, site.ZONE]
    start = _follow(*DOORS, GUESTS)
    two = _follow([ops.LOCKDOWN, True, [door]], [ops.LOCKDOWN, True, [zone]], rules=start)
    for ended, is_locked in (([zone], True), ([door], True), ([zone, door], False), (None, False)):
        after = _follow([ops.LOCKDOWN, False, ended], rules=two)
        assert _here(after).is_locked_down is is_locked, ended
    everything = _follow([ops.LOCKDOWN, True, None], rules=two)
    assert _here(_follow([ops.LOCKDOWN, False, [door, zone]], rules=everything)).is_locked_down
    ended = _follow([ops.LOCKDOWN, False, None], rules=everything)
    assert not _here(ended).is_locked_down and seen(ended)["zones"] == seen(start)["zones"]
    assert ended.locked_doors == b""
    # Who is not in the policy is locked down with all, at least.
    assert _here(everything, "nowhere").is_locked_down
    assert not _here(two, "nowhere").is_locked_down


def test_limits_time_zone_holidays_and_schedules_are_replaced():
    """Each says the whole of what it speaks of; limits that are not named stay."""
    rules = _follow(*board.EVERY[:1], [ops.HOLIDAYS, [[1, 1], [2, 1]]], [ops.LIMITS, {1: 7, 3: 9}])
    assert (rules.grace_s, rules.max_uncertainty_s, rules.knowledge_s) == (7, 9, 0)
    assert (rules.certificate_days, rules.wrong_pins_a_day) == (730, 10)
    assert rules.timezone.local(1784548800) == (20654, 14 * 60)  # 2026-07-20 in Berlin
    later = _follow(
        [ops.HOLIDAYS, [[3, 4]]],
        [ops.LIMITS, {4: 8, 5: 90, 6: 3}],
        [ops.TIMEZONE, 0, None],
        rules=rules,
    )
    assert (later.grace_s, later.max_uncertainty_s, later.knowledge_s) == (7, 9, 8)
    assert (later.certificate_days, later.wrong_pins_a_day) == (90, 3)
    assert [later.holidays.kind(day) for day in (1, 2, 3)] == [0, 0, 4]
    assert [rules.holidays.kind(day) for day in (1, 2, 3)] == [1, 1, 0]
    assert later.timezone.local(1784548800) == (20654, 12 * 60)


def test_revocations_have_the_authoritys_time_and_the_watermark_never_falls():
    """The board's own clock has no part in it, or one chain would end here and not there."""
    rules = _follow([ops.REVOKE, board.CTI, site.NOW, site.NOW], [ops.WATERMARK, 100])
    assert rules.revocations.is_revoked(board.CTI) and rules.revocations.watermark == 100
    assert _follow([ops.WATERMARK, 99], rules=rules).revocations.watermark == 100
    full = [[ops.REVOKE, b"%08d" % number, site.NOW + 10, None] for number in range(MAX_REVOKED)]
    rules = _follow(*full[:128])
    rules = _follow(*full[128:], rules=rules)
    one_more = [ops.REVOKE, board.CTI, site.NOW + 99 * site.DAY, None]
    assert "watermark" in _refused(one_more, rules=rules)
    late = draft.following(rules, [one_more], 3, bytes(32), site.NOW + 10 + site.DAY)
    assert len(late.revocations) == 1 and late.revocations.is_dropped(site.NOW + 10)


def test_anchors_follow_one_another():
    """A changeset is signed by an anchor in force before it; the old one is of no use after."""
    old, new = site.authority_public(), crypto.ed25519_public_key(board.OTHER_SEED)
    (first,) = board.chain([[ops.ANCHORS, [old.x, new]]])
    (second,) = board.chain(
        [[ops.ANCHORS, [new]]], seed=board.OTHER_SEED, number=1, previous=crypto.sha256(first)
    )
    rules = board.empty()
    for raw in (first, second):
        step = changeset.parse(raw)
        step.verify(rules.anchors)
        rules = draft.applied(rules, step)
    assert [key.x for key in rules.anchors] == [new]
    (third,) = board.chain([], number=2, previous=rules.head)
    raises(ChangesetRefused, changeset.parse(third).verify, rules.anchors)


def test_what_does_not_fit_is_refused_whole():
    """Rules have to fit into a board; the operations before the one too many do not count."""
    hours = [[[d * 9 + n * 100, d * 9 + n * 100 + 5] for n in range(8)] for d in range(7)]
    start = _follow(*[[ops.DOOR, number, "door %d" % number] for number in range(MAX_MODES + 1)])
    for limit, many in (
        (MAX_ZONES, lambda number: [ops.ZONE, "zone %d" % number, b"\x01"]),
        (MAX_SCHEDULES, lambda number: [ops.SCHEDULE, "hours %d" % number, [[]] * 7, []]),
        (MAX_DISTINCT // 56, lambda number: [ops.SCHEDULE, "hours %d" % number, hours, []]),
        (MAX_MODES, lambda number: [ops.DOOR_MODE, number, "hours", number & 1]),
        (MAX_CARRIERS, lambda number: [ops.CARRIER, "node %d" % number, number, 1]),
    ):
        rules = _follow(*[many(number) for number in range(limit)], rules=start)
        assert "more than" in _refused([ops.WATERMARK, 5], many(limit), rules=rules)
        _follow(many(0), rules=rules)  # what is there already needs no more room
        without = many(0)[:2] + [False]
        _follow(without, many(limit), rules=rules)


def test_another_lookup_key_comes_by_a_snapshot_alone():
    """Under it every card has another key: a reader that followed the changeset by itself would
    know none of them.
    """
    rules = _follow(*DOORS)
    sealed = [ops.LOOKUP, 2, bytes(32), [[name_tag(site.NODE), bytes(40)]]]
    for operation in ([ops.LOOKUP, 2], sealed):
        assert "snapshot" in _refused(operation, rules=rules)
        whole = draft.following(rules, [operation], 2, bytes(32), site.NOW, is_whole=True)
        assert whole.lookup == 2
    parts = snapshot.make(site.authority(), site.SITE, 2, bytes(32), site.NOW, DOORS + [sealed])
    assert _assembled(parts)[0].lookup == 2


def test_each_changeset_is_asked_for_site_number_and_the_one_before():
    """A gap, a repetition, another site or another history: each refused by name."""
    first, second, third = [changeset.parse(raw) for raw in board.chain([], [], [])]
    rules = board.empty()
    assert "1 is wanted" in str(raises(ChangesetRefused, draft.applied, rules, second))
    rules = draft.applied(rules, first)
    assert rules.head == first.hash and rules.number == 1
    assert "2 is wanted" in str(raises(ChangesetRefused, draft.applied, rules, third))
    raises(ChangesetRefused, draft.applied, rules, first)
    (fork,) = board.chain([], number=1, previous=b"\x01" * 32)
    fork = changeset.parse(fork)
    assert "forked" in str(raises(ChangesetRefused, draft.applied, rules, fork))
    raises(ChangesetRefused, draft.applied, SiteRules("other"), first)
    assert draft.applied(rules, second).number == 2


def test_a_chain_is_in_order_of_numbers_not_of_dates():
    """An authority whose clock was put right goes on: what a changeset says of its time is that
    one's own, also below the one before.
    """
    rules = draft.following(board.empty(), [], 1, bytes(32), 500)
    assert draft.following(rules, [], 2, bytes(32), 400).issued_at == 400


def test_eight_doors_look_at_one_set_of_rules():
    """A controller has one policy, not eight of it: a view copies nothing."""
    rules = access_rules.rules(*[[ops.DOOR, n, "door %d" % n] for n in range(1, 9)])
    views = [DoorView(rules, "door %d" % n) for n in range(1, 9)]
    assert all(view.rules is rules for view in views)
    assert sorted([view.number for view in views]) == list(range(1, 9))
    # What each says is its own.
    locked = _follow([ops.LOCKDOWN, True, [[DOOR, "door 3"]]], rules=rules)
    assert [DoorView(locked, view.door).is_locked_down for view in views] == [
        number == 3 for number in range(1, 9)
    ]
    assert not any([view.is_locked_down for view in views])


def _assembled(parts):
    head = snapshot.parse(parts[0])
    head.verify(board.empty().anchors)
    assembly = snapshot.Assembly(head, board.empty())
    changes = []
    for part in parts[1:]:
        assert not assembly.is_complete
        changes += ops.changes(assembly.add(part))
    assert assembly.is_complete
    return assembly.rules, changes


def test_a_snapshot_comes_to_the_same_as_the_chain():
    """A board that was far behind must decide as its neighbours do."""
    rules, changes = board.empty(), []
    for raw in board.chain(*board.steps(60)):
        step = changeset.parse(raw)
        rules = draft.applied(rules, step)
        changes += step.changes()
    parts = board.taken(60)
    assert len(parts) > 2
    shot, taken = _assembled(parts)
    assert seen(shot) == seen(rules)
    last = {change[1]: change for change in changes}
    assert taken == [last[key] for key in sorted(key for key in last if key != 1)] + [last[1]]


def test_a_snapshots_parts_come_in_order_and_whole():
    """Each part is known by the hash before it, so nothing of a stranger's is ever looked at."""
    parts = board.taken(60)
    assembly = snapshot.Assembly(snapshot.parse(parts[0]), board.empty())
    raises(ChangesetRefused, assembly.add, parts[2])
    raises(ChangesetRefused, assembly.add, parts[0])
    assembly.add(parts[1])
    raises(ChangesetRefused, assembly.add, parts[1])
    assert not assembly.is_complete and assembly.taken == 1


def test_a_snapshot_of_wrong_order_or_count_is_refused():
    """The cache writes it in one pass, so grants ascend and come before groups."""
    grants = [[ops.GRANT, b"%08d" % number, 1, None] for number in range(3)]
    group = [ops.GROUP, 1, []]
    for operations in (
        [grants[1], grants[0]],
        [grants[1], grants[1]],
        [group, grants[0]],
        [[ops.GRANT, b"%08d" % 1, False]],
        [[ops.GROUP, 1, False]],
        [[ops.GROUP, 2, []], group],
        [[99]],
        [[ops.GRANT, b"%08d" % 1, 1, False]],
        [[ops.GRANT, b"%08d" % 1, 2, None], [ops.GRANT, b"%08d" % 1, 1, None]],
        [[ops.ZONE, "z%d" % number, b""] for number in range(MAX_ZONES + 1)],
        [[ops.ZONE, "z", b"\x01"], [ops.DOOR, 0, "x"]],
    ):
        part = cbor.encode([b"", operations])
        raises(ChangesetRefused, _head_of(part, 1).add, part)
    # A card may be in several groups.
    grants.append([ops.GRANT, b"%08d" % 2, 7, None])
    whole = cbor.encode([b"", grants + [group]])
    _head_of(whole, 1).add(whole)
    raises(ChangesetRefused, _head_of(whole, 2).add, whole)
    more = cbor.encode([bytes(32), grants])
    raises(ChangesetRefused, _head_of(more, 1).add, more)
    for part in (b"", b"\x80", cbor.encode([b"x", []]), cbor.encode([b"", [], 1]), b"\xf6"):
        raises(ChangesetRefused, _head_of(part, 1).add, part)


def _head_of(part, count):
    head = snapshot.parse(board.taken(1)[0])
    head.count, head.first_part = count, crypto.sha256(part)
    return snapshot.Assembly(head, board.empty())


def test_the_host_cannot_make_a_snapshot_that_no_board_takes():
    """It would be found out on a ladder."""
    many = [[ops.ZONE, "z%d" % number, b""] for number in range(MAX_ZONES + 1)]
    start = (site.authority(), site.SITE, 1, bytes(32), site.NOW)
    for operations in (many, [[ops.GRANT, bytes(8), False]], [[99]], [[ops.ZONE, "z", b"\x01"]]):
        raises(ChangesetRefused, snapshot.make, *start, operations)
    assert len(snapshot.make(*start, [])) == 2
