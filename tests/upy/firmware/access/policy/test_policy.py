"""The policy: what changesets come to at one door, one after the other and never half."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
import policy_site as board
import small_site as site
from harness import raises
from holdfast.access import Policy, reason
from holdfast.access.policy import changeset, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.draft import MAX_INTERVALS, MAX_LOCKED, MAX_SCHEDULES, MAX_ZONES
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.policy.revocation import MAX_REVOKED

RULES = (
    "site door zones strike_ms fault number head issued_at schedules holidays locked_down anchors "
    "grace_s retention_s max_uncertainty_s known_zones locked_places"
).split()


def _follow(*operations, policy=None):
    policy = policy or board.empty()
    ops.check(list(operations))
    number = policy.number + 1
    return policy.following(list(operations), number, bytes([number] * 32), site.NOW + number)


def _refused(*operations, policy):
    before = [str(getattr(policy, rule)) for rule in RULES]
    error = raises(ChangesetRefused, policy.following, list(operations), 2, bytes(32), site.NOW)
    assert [str(getattr(policy, rule)) for rule in RULES] == before
    return str(error)


def test_before_the_first_changeset_everything_is_refused():
    """Settings alone say whom to believe, not who may come in."""
    policy = board.empty()
    assert policy.fault == reason.POLICY_MISSING and policy.number == 0
    assert policy.head == bytes(32) and policy.places() == (site.DOOR,)
    assert policy.unknown_zones() == (site.ZONE,) and policy.audiences() == (site.SITE,)
    assert _follow(policy=policy).fault == 0


def test_a_changeset_makes_another_policy_and_leaves_the_old():
    """A decision under way keeps the rules it began with."""
    old = board.empty()
    new = _follow(*board.EVERY, policy=old)
    assert old.number == 0 and old.known_zones == {} and old.schedules == {}
    assert new.number == 1 and new.fault == 0 and new.issued_at == site.NOW + 1
    newer = _follow([ops.ZONE, site.ZONE, False], [ops.SCHEDULE, "office", False], policy=new)
    assert site.ZONE in new.known_zones and new.schedule("office") is not None
    assert site.ZONE not in newer.known_zones and newer.schedule("office") is None


def test_a_zone_holds_this_door_if_the_policy_says_so():
    """Null is what the settings say; a list is exactly its doors; and an unknown zone none."""
    for doors, holds, knows in (
        (None, True, True),
        ([site.DOOR], True, True),
        (["other", site.DOOR], True, True),
        (["other"], False, True),
        ([], False, True),
        (False, False, False),
    ):
        policy = _follow([ops.ZONE, site.ZONE, doors])
        assert policy.places() == ((site.DOOR, site.ZONE) if holds else (site.DOOR,))
        assert policy.audiences() == ((site.SITE, site.ZONE) if holds else (site.SITE,))
        assert policy.unknown_zones() == (() if knows else (site.ZONE,))
    elsewhere = _follow([ops.ZONE, "cellar", None], [ops.ZONE, "attic", [site.DOOR]])
    assert elsewhere.places() == (site.DOOR, "attic")


def test_a_lockdown_reaches_this_door_by_any_of_its_names():
    """All, the door, a zone; also one that the policy does not know or lists the door in later."""
    assert _follow([ops.LOCKDOWN, True, None]).locked_down
    assert _follow([ops.LOCKDOWN, True, ["x", site.DOOR]]).locked_down
    assert _follow([ops.LOCKDOWN, True, [site.ZONE]]).locked_down
    other = _follow([ops.LOCKDOWN, True, ["cellar"]])
    assert not other.locked_down
    assert _follow([ops.ZONE, "cellar", [site.DOOR]], policy=other).locked_down
    assert not _follow([ops.ZONE, "cellar", ["other"]], policy=other).locked_down


def test_a_lockdown_ends_as_it_began():
    """Ending one place's leaves another's; while all are locked down no part can be open."""
    two = _follow([ops.LOCKDOWN, True, [site.DOOR]], [ops.LOCKDOWN, True, [site.ZONE]])
    assert _follow([ops.LOCKDOWN, False, [site.ZONE]], policy=two).locked_down
    assert not _follow([ops.LOCKDOWN, False, [site.ZONE, site.DOOR]], policy=two).locked_down
    assert not _follow([ops.LOCKDOWN, False, None], policy=two).locked_down
    everything = _follow([ops.LOCKDOWN, True, None], policy=two)
    assert _follow([ops.LOCKDOWN, False, [site.DOOR, site.ZONE]], policy=everything).locked_down
    ended = _follow([ops.LOCKDOWN, False, None], policy=everything)
    assert not ended.locked_down and ended.locked_places == frozenset()


def test_limits_time_zone_holidays_and_schedules_are_replaced():
    """Each says the whole of what it speaks of; limits that are not named stay."""
    policy = _follow(*board.EVERY[:1], [ops.HOLIDAYS, [1, 2]], [ops.LIMITS, {1: 7, 3: 9}])
    assert (policy.grace_s, policy.retention_s, policy.max_uncertainty_s) == (7, 36 * 3600, 9)
    assert policy.timezone.local(1784548800) == (20654, 14 * 60)  # 2026-07-20 in Berlin
    later = _follow(
        [ops.HOLIDAYS, [3]], [ops.LIMITS, {2: 8}], [ops.TIMEZONE, 0, None], policy=policy
    )
    assert (later.grace_s, later.retention_s, later.max_uncertainty_s) == (7, 8, 9)
    assert later.holidays == frozenset([3]) and policy.holidays == frozenset([1, 2])
    assert later.timezone.local(1784548800) == (20654, 12 * 60)


def test_revocations_have_the_authoritys_time_and_the_watermark_never_falls():
    """The board's own clock has no part in it, or one chain would end here and not there."""
    policy = _follow([ops.REVOKE, board.CTI, 5], [ops.WATERMARK, 100])
    assert policy.revocations.is_revoked(board.CTI) and policy.revocations.watermark == 100
    assert _follow([ops.WATERMARK, 99], policy=policy).revocations.watermark == 100
    full = [[ops.REVOKE, b"%08d" % number, site.NOW + 10] for number in range(MAX_REVOKED)]
    policy = _follow(*full[:128])
    policy = _follow(*full[128:], policy=policy)
    assert "watermark" in _refused([ops.REVOKE, board.CTI, site.NOW + 99], policy=policy)
    late = policy.following([[ops.REVOKE, board.CTI, site.NOW + 99]], 3, bytes(32), site.NOW + 10)
    assert len(late.revocations) == 1


def test_anchors_follow_one_another():
    """A changeset is signed by an anchor in force before it; the old one is of no use after."""
    old, new = site.authority_public(), crypto.ed25519_public_key(board.OTHER_SEED)
    (first,) = board.chain([[ops.ANCHORS, [old.x, new]]])
    (second,) = board.chain(
        [[ops.ANCHORS, [new]]], seed=board.OTHER_SEED, number=1, previous=crypto.sha256(first)
    )
    policy = board.empty()
    for raw in (first, second):
        step = changeset.parse(raw)
        step.verify(policy.anchors)
        policy = policy.applied(step)
    assert [key.x for key in policy.anchors] == [new]
    (third,) = board.chain([], number=2, previous=policy.head)
    raises(ChangesetRefused, changeset.parse(third).verify, policy.anchors)


def test_what_does_not_fit_is_refused_whole():
    """A policy has to fit into a board; the operations before the one too many do not count."""
    hours = [[[number * 10, number * 10 + 5] for number in range(8)]] * 7
    for limit, many in (
        (MAX_ZONES, lambda number: [ops.ZONE, "zone %d" % number, None]),
        (MAX_SCHEDULES, lambda number: [ops.SCHEDULE, "hours %d" % number, [[]] * 7, []]),
        (MAX_LOCKED, lambda number: [ops.LOCKDOWN, True, ["place %d" % number]]),
        (MAX_INTERVALS // 56, lambda number: [ops.SCHEDULE, "hours %d" % number, hours, []]),
    ):
        policy = _follow(*[many(number) for number in range(limit)])
        _refused([ops.WATERMARK, 5], many(limit), policy=policy)
        _follow(many(0), policy=policy)  # what is there already needs no more room


def test_each_changeset_is_asked_for_site_number_and_the_one_before():
    """A gap, a repetition, another site or another history: each refused by name."""
    first, second, third = board.chain([], [], [])
    policy = board.empty()
    assert "1 is wanted" in str(raises(ChangesetRefused, policy.applied, changeset.parse(second)))
    policy = policy.applied(changeset.parse(first))
    assert policy.head == crypto.sha256(first) and policy.number == 1
    assert "2 is wanted" in str(raises(ChangesetRefused, policy.applied, changeset.parse(third)))
    raises(ChangesetRefused, policy.applied, changeset.parse(first))
    (fork,) = board.chain([], number=1, previous=b"\x01" * 32)
    assert "forked" in str(raises(ChangesetRefused, policy.applied, changeset.parse(fork)))
    stranger = Policy("other", site.DOOR)
    raises(ChangesetRefused, stranger.applied, changeset.parse(first))
    assert policy.applied(changeset.parse(second)).number == 2


def test_the_authoritys_clock_put_back_does_not_put_the_policys_back():
    """issued_at raises the floor of the board's clock."""
    policy = board.empty().following([], 1, bytes(32), 500).following([], 2, bytes(32), 400)
    assert policy.issued_at == 500


def _assembled(parts, policy=None):
    head = snapshot.parse(parts[0])
    head.verify(board.empty().anchors)
    assembly = snapshot.Assembly(head, policy or board.empty())
    changes = []
    for part in parts[1:]:
        assert not assembly.is_complete
        changes += assembly.add(part)
    assert assembly.is_complete
    return assembly.policy, changes


def test_a_snapshot_comes_to_the_same_as_the_chain():
    """A board that was far behind must decide as its neighbours do."""
    policy, changes = board.empty(), []
    for raw in board.chain(*board.steps(60)):
        step = changeset.parse(raw)
        policy = policy.applied(step)
        changes += step.changes()
    parts = board.taken(60)
    assert len(parts) > 2
    shot, taken = _assembled(parts)
    for rule in RULES:
        if rule != "anchors":
            assert getattr(shot, rule) == getattr(policy, rule), rule
    assert [key.x for key in shot.anchors] == [key.x for key in policy.anchors]
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
        [[12]],
        [[ops.ZONE, "z%d" % number, None] for number in range(MAX_ZONES + 1)],
    ):
        part = cbor.encode([b"", operations])
        raises(ChangesetRefused, _head_of(part, 1).add, part)
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
    many = [[ops.ZONE, "z%d" % number, None] for number in range(MAX_ZONES + 1)]
    start = (site.authority(), site.SITE, 1, bytes(32), site.NOW)
    for operations in (many, [[ops.GRANT, bytes(8), False]], [[99]]):
        raises(ChangesetRefused, snapshot.make, *start, operations)
    assert len(snapshot.make(*start, [])) == 2
