"""What one reader knows of itself, of its place in the site, and of the site's rules."""

from . import operations as ops
from . import reason
from .operations import ChangesetRefused
from .revocation import Revocations, RevocationsFull
from .schedule import Schedule
from .tag import name_tag
from .timezone import TimeZone

MAX_ZONES = 64
MAX_SCHEDULES = 64
MAX_INTERVALS = 640  # in all schedules together
MAX_LOCKED = 64  # places locked down one by one

# What a zone is to this door
ELSEWHERE = 0  # other doors are listed
HERE = 1  # this door is listed
PROVISIONED = 2  # every door that its settings put there

_SITE_RULES = (
    "anchors",
    "number",
    "head",
    "issued_at",
    "timezone",
    "schedules",
    "holidays",
    "revocations",
    "grace_s",
    "retention_s",
    "max_uncertainty_s",
    "known_zones",
    "locked_places",
)


class Policy:
    """The rules of one door, after changeset ``number``; 0 is a policy that knows none.

    ``site`` and ``door`` are ids, ``zones`` the ids of the zones that the settings put the door
    in, ``strike_ms`` how long a granted unlock releases the strike, in milliseconds. ``anchors``
    are the authority's public Ed25519 keys (cose.Key, 1 or 2).

    What changesets say: ``head`` is the SHA-256 of the last one, ``issued_at`` its time in seconds
    since 1970; ``timezone`` is a TimeZone or None, ``schedules`` a dict of name tag to Schedule,
    ``holidays`` a frozenset of local days since 1970, ``revocations`` a Revocations,
    ``locked_down`` whether this door is; ``grace_s``, ``retention_s`` and ``max_uncertainty_s``
    are the site's limits in seconds. ``known_zones`` maps a zone's id to ELSEWHERE, HERE or
    PROVISIONED, ``locked_places`` is True or a frozenset of name tags. ``fault`` is the reason
    code with which everything is refused, 0 if the policy is whole.

    A policy is not edited but followed by another.
    """

    def __init__(self, site: str, door: str, zones=(), strike_ms: int = 3000, anchors=()):
        self.site = site
        self.door = door
        self.zones = tuple(zones)
        self.strike_ms = strike_ms
        self.anchors = tuple(anchors)
        self.fault = reason.POLICY_MISSING
        self.number = 0
        self.head = bytes(32)
        self.issued_at = 0
        self.timezone = None
        self.schedules = {}
        self.holidays = frozenset()
        self.revocations = Revocations()
        self.locked_down = False
        self.grace_s = 36 * 3600
        self.retention_s = 36 * 3600
        self.max_uncertainty_s = 900
        self.known_zones = {}
        self.locked_places = frozenset()

    def places(self) -> tuple:
        """Every id under which a scope may name this door: its own, and of zones that hold it.

        A zone that the policy lists doors of holds exactly those, whatever their settings say.
        """
        known = self.known_zones
        provisioned = [zone for zone in self.zones if known.get(zone) == PROVISIONED]
        listed = [zone for zone in sorted(known) if known[zone] == HERE]
        return (self.door,) + tuple(provisioned + listed)

    def unknown_zones(self) -> tuple:
        """Zones that the settings put this door in and the policy does not know."""
        return tuple(zone for zone in self.zones if zone not in self.known_zones)

    def audiences(self) -> tuple:
        """Every ``aud`` a credential for this door may carry."""
        return (self.site,) + self.places()[1:]

    def schedule(self, name: str):
        """The Schedule called ``name``, or None."""
        return self.schedules.get(name_tag(name))

    def applied(self, changeset):
        """The Policy after ``changeset``, which is verified and the next of this site.

        Raises ChangesetRefused; then nothing of it counts.
        """
        if changeset.site != self.site:
            raise ChangesetRefused("changeset of another site")
        if changeset.number != self.number + 1:
            raise ChangesetRefused(
                "changeset %d is not the next: %d is wanted" % (changeset.number, self.number + 1)
            )
        if changeset.previous != self.head:
            raise ChangesetRefused(
                "changeset %d does not follow the changeset %d that is here: the chain has forked"
                % (changeset.number, self.number)
            )
        return self.following(
            changeset.operations, changeset.number, changeset.hash, changeset.issued_at
        )

    def following(self, operations, number: int, head: bytes, issued_at: int):
        """The Policy after well-formed ``operations``, which has this number, head and time.

        Grants and groups are not the policy's: see operations.changes. Raises ChangesetRefused.
        """
        draft = _Draft(self, issued_at)
        draft.follow(operations)
        return self.changed(
            draft.rules,
            number=number,
            head=head,
            issued_at=max(self.issued_at, issued_at),
        )

    def changed(self, rules: dict | None = None, fault: int | None = None, **more):
        """A Policy of the same door with other rules, by the names of this one's attributes.

        ``fault`` is what it has then; without, POLICY_MISSING for number 0, else none.
        """
        made = Policy(self.site, self.door, self.zones, self.strike_ms, self.anchors)
        for name in _SITE_RULES:
            setattr(made, name, getattr(self, name))
        for some in (rules or {}, more):
            for name, value in some.items():
                if name not in _SITE_RULES:
                    raise ValueError("a policy has no rule %s" % name)
                setattr(made, name, value)
        if fault is None:
            fault = 0 if made.number else reason.POLICY_MISSING
        made.fault = fault
        made.locked_down = made._is_locked()
        return made

    def _is_locked(self):
        if isinstance(self.locked_places, bool):
            return self.locked_places
        # The settings' zones too, known or not: what might be locked down is.
        return any(name_tag(name) in self.locked_places for name in self.places() + self.zones)


class _Draft:
    """Rules while operations change them; the policy they come from stays as it is."""

    def __init__(self, policy: Policy, issued_at: int):
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

    def _limits(self, limits):
        for label, value in limits.items():
            self.rules[_LIMITS[label]] = value


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

_LIMITS = {
    ops.GRACE_S: "grace_s",
    ops.RETENTION_S: "retention_s",
    ops.MAX_UNCERTAINTY_S: "max_uncertainty_s",
}
