"""Rules at their bounds: as large as a site can make them. Runs on both interpreters."""

import small_site as site
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import draft
from holdfast.access.policy import operations as ops
from holdfast.access.policy.revocation import MAX_REVOKED
from holdfast.access.policy.rules import MAX_CARRIERS, MAX_DOORS, MAX_MODES, MAX_ZONES, SiteRules
from holdfast.access.policy.schedule import MAX_DISTINCT, MAX_HOLIDAYS, MAX_SCHEDULES
from holdfast.access.policy.view import DoorView

_MOST = ops.MAX_TIME
_DAY_LISTS = MAX_DISTINCT // MAX_SCHEDULES  # of a schedule, none the same as another


def steps():
    """Operations, a changeset's worth at a time, that fill every bound."""
    yield [[ops.TIMEZONE, -600, [60, [10, 5, 6, 120], [10, 5, 6, 180]]]]
    yield [[ops.LIMITS, {1: 2592000, 3: 86400, 4: 315360000, 5: 3650, 6: 1000}]]
    yield [[ops.ANCHORS, [site.authority_public().x, b"\xff" * 32]]]
    for first in range(0, MAX_DOORS, 64):
        yield [[ops.DOOR, number, name(number)] for number in range(first, first + 64)]
    yield [[ops.ZONE, "zone %d" % number, b"\xff" * 32] for number in range(MAX_ZONES)]
    yield [[ops.ZONE_SWITCH, "zone %d" % number, 0xFFFF] for number in range(MAX_ZONES)]
    week = [[[100 * day, 100 * day + 50]] for day in range(_DAY_LISTS)]
    week += [[]] * (7 - _DAY_LISTS)
    yield [[ops.SCHEDULE, "hours %d" % number, week, []] for number in range(MAX_SCHEDULES)]
    yield [[ops.HOLIDAYS, [[20000 + day, 1 + day % 4] for day in range(MAX_HOLIDAYS)]]]
    yield [[ops.WATERMARK, site.NOW], [ops.DROPPED, site.NOW]]
    for first in range(0, MAX_REVOKED, 64):
        yield [[ops.REVOKE, b"%08d" % n, _MOST, _MOST] for n in range(first, first + 64)]
    yield [[ops.DOOR_MODE, number, "hours 0", 1] for number in range(MAX_MODES)]
    yield [[ops.CARRIER, "node %d" % number, number, 2] for number in range(MAX_CARRIERS)]
    for first in range(0, MAX_DOORS, 64):
        places = [[DOOR, name(number)] for number in range(first, first + 64)]
        yield [[ops.LOCKDOWN, True, places]]
    yield [[ops.LOCKDOWN, True, [[ZONE, "zone %d" % number] for number in range(MAX_ZONES)]]]


def name(number):
    """The name of the door of this number."""
    return "door %d" % number


def rules():
    """The SiteRules that all of it comes to."""
    made = SiteRules(site.SITE, (site.authority_public(),))
    for number, operations in enumerate(steps()):
        made = draft.following(made, operations, number + 1, bytes(32), site.NOW)
    return made


def views(made, names):
    """What a node with these doors holds of them."""
    return [DoorView(made, door) for door in names]
