"""What operations make of a policy's rules. Loaded when there are some, not to open a door."""

from ..tag import name_tag
from . import limits
from . import operations as ops
from .operations import ELSEWHERE, HERE, PROVISIONED, ChangesetRefused
from .revocation import RevocationsFull
from .schedule import Schedule
from .timezone import TimeZone

MAX_ZONES = 64
MAX_SCHEDULES = 64
MAX_INTERVALS = 640  # in all schedules together
MAX_LOCKED = 64  # places locked down one by one


def applied(policy, changeset):
    """See Policy.applied."""
    if changeset.site != policy.site:
        raise ChangesetRefused("changeset of another site")
    if changeset.number != policy.number + 1:
        raise ChangesetRefused(
            "changeset %d is not the next: %d is wanted" % (changeset.number, policy.number + 1)
        )
    if changeset.previous != policy.head:
        raise ChangesetRefused(
            "changeset %d does not follow the changeset %d that is here: the chain has forked"
            % (changeset.number, policy.number)
        )
    return following(
        policy, changeset.operations, changeset.number, changeset.hash, changeset.issued_at
    )


def following(policy, operations, number: int, head: bytes, issued_at: int):
    """See Policy.following."""
    draft = _Draft(policy, issued_at)
    draft.follow(operations)
    return policy.changed(
        draft.rules,
        number=number,
        head=head,
        issued_at=max(policy.issued_at, issued_at),
    )


class _Draft:
    """Rules while operations change them; the policy they come from stays as it is."""

    def __init__(self, policy, issued_at: int):
        self._door = policy.door
        self._issued_at = issued_at
        self._zones = dict(policy.known_zones)
        self._schedules = dict(policy.schedules)
        self._revocations = policy.revocations
        self._locked = policy.locked_places
        self.rules: dict = {
            "known_zones": self._zones,
            "schedules": self._schedules,
        }

    def follow(self, operations):
        for operation in operations:
            code = operation[0]
            if code in _FOLLOW:
                _FOLLOW[code](self, *operation[1:])
        if sum(map(_intervals, self._schedules.values())) > MAX_INTERVALS:
            raise ChangesetRefused("more than %d hours in all schedules" % MAX_INTERVALS)
        self.rules["revocations"] = self._revocations
        self.rules["locked_places"] = self._locked

    def _timezone(self, offset, rule):
        self.rules["timezone"] = TimeZone.parse(offset, rule)

    def _zone(self, zone, doors):
        if doors is False:
            self._zones.pop(zone, None)
            return
        if zone not in self._zones and len(self._zones) >= MAX_ZONES:
            raise ChangesetRefused("more than %d zones" % MAX_ZONES)
        if doors is None:
            self._zones[zone] = PROVISIONED
        else:
            self._zones[zone] = HERE if self._door in doors else ELSEWHERE

    def _schedule(self, name, week, on_holidays=None):
        tag = name_tag(name)
        if week is False:
            self._schedules.pop(tag, None)
            return
        if tag not in self._schedules and len(self._schedules) >= MAX_SCHEDULES:
            raise ChangesetRefused("more than %d schedules" % MAX_SCHEDULES)
        self._schedules[tag] = Schedule.parse(week, on_holidays)

    def _holidays(self, days):
        self.rules["holidays"] = frozenset(days)

    def _revoke(self, cti, expires):
        try:
            self._revocations = self._revocations.added(
                cti, expires, self._issued_at, self._issued_at
            )
        except RevocationsFull as error:
            raise ChangesetRefused(str(error))

    def _watermark(self, time):
        self._revocations = self._revocations.raised(time)

    def _lockdown(self, on, places):
        if places is None:
            self._locked = True if on else frozenset()
        elif not isinstance(self._locked, bool):
            tags = frozenset([name_tag(place) for place in places])
            self._locked = self._locked | tags if on else self._locked - tags
            if len(self._locked) > MAX_LOCKED:
                raise ChangesetRefused("more than %d places locked down" % MAX_LOCKED)

    def _anchors(self, keys):
        self.rules["anchors"] = tuple([ops.anchor(x) for x in keys])

    def _limits(self, said):
        self.rules.update(limits.rules(said))


def _intervals(schedule):
    return sum(map(len, schedule.week)) + len(schedule.holiday)


_FOLLOW = {
    ops.TIMEZONE: _Draft._timezone,
    ops.ZONE: _Draft._zone,
    ops.SCHEDULE: _Draft._schedule,
    ops.HOLIDAYS: _Draft._holidays,
    ops.REVOKE: _Draft._revoke,
    ops.WATERMARK: _Draft._watermark,
    ops.LOCKDOWN: _Draft._lockdown,
    ops.ANCHORS: _Draft._anchors,
    ops.LIMITS: _Draft._limits,
}
