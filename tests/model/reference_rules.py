"""The site's policy as the authority ordered it, for the reference model: lists and zoneinfo."""

import copy
import datetime
import zoneinfo

DOOR, ZONE = 1, 2  # what a place is; it is (kind, name)
EPOCH = datetime.date(1970, 1, 1)


class Refused(Exception):
    """What the authority ordered cannot be followed: it names what the policy does not know."""


class Grant:
    """One group of a card or PIN: until when, from which local day on, and what else is said."""

    def __init__(
        self, expires, first_day=None, suspended=False, person=None, uses=0, duress=False
    ):
        self.expires = expires
        self.first_day = first_day
        self.suspended = suspended
        self.person = person
        self.uses = uses
        self.duress = duress  # which opens what any other would

    def __repr__(self):
        return str(vars(self))


class Rules:
    """The site's policy as the authority ordered it; ``anchors`` are the names of the keys that
    the node's settings trust. ``at(door)`` is what of it holds there.
    """

    def __init__(self, site, anchors):
        self.site = site
        self.anchors = list(anchors)
        self.number = 0
        self.issued_at = 0
        self.doors = {}  # number: name
        self.zones = {}  # name: the numbers of its doors
        self.zoneinfo = None
        self.schedules = {}  # name: (seven lists of hours, up to four of holidays)
        self.holidays = []  # (day or (month, day), kind)
        self.groups = {}  # number: list of (place, bits, schedule or None)
        self.grants = {}  # what is shown: {group: Grant}
        self.modes = {}  # number of a door: (schedule, whether from the first grant on)
        self.revoked = []
        self.watermark = 0
        self.dropped = 0
        self.all_locked = False
        self.locked_doors = set()  # numbers
        self.locked_zones = set()  # names
        self.keys = {}  # zone: {number: secret}, as this door's reader has them
        self.in_use = {}  # zone: number of the key that guests' tokens are made with
        self.grace_s = 36 * 3600
        self.max_uncertainty_s = 900
        self.knowledge_s = 0

    # What the authority orders

    def follow(self, orders, issued_at):
        """Follow all of ``orders``; raises Refused, and then none of them counts."""
        before = copy.deepcopy(vars(self))
        try:
            for order in orders:
                getattr(self, "_" + order[0])(*order[1:])
        except Refused:
            vars(self).update(before)
            raise
        self.number += 1
        self.issued_at = issued_at
        self._let_keys_go()

    def _timezone(self, name):
        self.zoneinfo = zoneinfo.ZoneInfo(name)

    def _door(self, number, name):
        if name is False:
            self.doors.pop(number, None)
            self.modes.pop(number, None)
            self.locked_doors.discard(number)
            for numbers in self.zones.values():
                numbers.discard(number)
            return
        if any(name == other and number != its for its, other in self.doors.items()):
            raise Refused("two doors of one name")
        self.doors[number] = name

    def _zone(self, zone, numbers):
        if numbers is False:
            self.zones.pop(zone, None)
            self.in_use.pop(zone, None)
            self.locked_zones.discard(zone)
            return
        if any(number not in self.doors for number in numbers):
            raise Refused("a zone of an unknown door")
        self.zones[zone] = set(numbers)

    def _zone_key(self, zone, number, secret, is_ours):
        if is_ours:
            keys = self.keys.setdefault(zone, {})
            keys.pop(number, None)
            keys[number] = secret

    def _zone_switch(self, zone, number):
        if zone not in self.zones:
            raise Refused("a key for an unknown zone")
        self.in_use[zone] = number

    def _let_keys_go(self):
        """Of a zone there is the key in use, and the one that came last to follow it."""
        for zone, keys in self.keys.items():
            present = self.in_use.get(zone, 0)
            later = [number for number in keys if number > present][-1:]
            kept = [number for number in (present, *later) if number in keys]
            self.keys[zone] = {number: keys[number] for number in kept if zone in self.zones}

    def _schedule(self, name, week, holidays):
        if week is False:
            self.schedules.pop(name, None)
        else:
            self.schedules[name] = (week, holidays)

    def _mode(self, number, schedule, late):
        if schedule is False:
            self.modes.pop(number, None)
        elif number not in self.doors:
            raise Refused("a mode of an unknown door")
        else:
            self.modes[number] = (schedule, late)

    def _holidays(self, days):
        self.holidays = days

    def _group(self, group, rights):
        if rights is False:
            self.groups.pop(group, None)
        else:
            self.groups[group] = rights

    def _grant(self, shown, group, expires, rare):
        if group is False:
            self.grants.pop(shown, None)
        elif expires is False:
            self.grants.get(shown, {}).pop(group, None)
        else:
            self.grants.setdefault(shown, {})[group] = Grant(expires, **rare)

    def _revoke(self, cti, expires, issued):
        self.revoked.append(cti)

    def _watermark(self, time):
        # What it covers it refuses: whether the list still has that, too, nobody can tell.
        self.watermark = max(self.watermark, time)

    def _dropped(self, time):
        self.dropped = max(self.dropped, time)

    def _lockdown(self, on, places):
        if places is None:
            self.all_locked = on
            self.locked_doors, self.locked_zones = set(), set()
            return
        if self.all_locked:
            return
        for kind, name in places:
            if kind == DOOR:
                known, locked = {its: number for number, its in self.doors.items()}, "locked_doors"
            else:
                known, locked = {zone: zone for zone in self.zones}, "locked_zones"
            if name not in known:
                raise Refused("a lockdown of an unknown place")
            change = {known[name]}
            has = getattr(self, locked)
            setattr(self, locked, has | change if on else has - change)

    def _anchors(self, names):
        self.anchors = names

    def _limits(self, grace_s, max_uncertainty_s, knowledge_s):
        self.grace_s = grace_s
        self.max_uncertainty_s = max_uncertainty_s
        self.knowledge_s = knowledge_s

    def _nothing(self):
        """An empty changeset says that nothing has changed."""

    # What follows from it

    def at(self, door):
        """These rules as they are for one door, now and later."""
        return Here(self, door)

    def number_of(self, door):
        """The number of the door of this name, None if there is none."""
        return next((number for number, name in self.doors.items() if name == door), None)

    def guest_key(self, zone):
        """The secret by which guests of this zone are believed here, None if there is none."""
        return self.keys.get(zone, {}).get(self.in_use.get(zone, 0))

    def local(self, now):
        return datetime.datetime.fromtimestamp(now, self.zoneinfo)

    def local_day(self, now):
        """Days since 1970 on the wall's calendar."""
        return (self.local(now).date() - EPOCH).days

    def hours(self, name, reading):
        """Why the schedule does not hold now; none if it does."""
        if not reading.trusted:
            return ["clock_uncertain"]
        if name not in self.schedules or self.zoneinfo is None:
            return ["schedule_unknown"]
        local = self.local(reading.now)
        today, minute = local.date(), local.hour * 60 + local.minute
        yesterday = today - datetime.timedelta(days=1)
        kind = self._kind(today)
        if self._holds(name, today, kind, minute):
            return []
        # Hours that cross midnight are the day's on which they began.
        if self._holds(name, yesterday, self._kind(yesterday), minute + 1440):
            return []
        usual = kind and self._holds(name, today, 0, minute)
        return ["holiday"] if usual else ["outside_schedule"]

    def hours_of(self, name, date):
        """The hours of the schedule that begin on this date."""
        return self._hours(name, date, self._kind(date))

    def _holds(self, name, date, kind, minute):
        return any(start <= minute < end for start, end in self._hours(name, date, kind))

    def _hours(self, name, date, kind):
        week, holidays = self.schedules[name]
        if kind:
            return holidays[kind - 1] if kind <= len(holidays) else []
        return week[date.weekday()]

    def _kind(self, date):
        """Which kind of holiday it is, 0 for none; a date of one year before that of every."""
        kinds = dict(self.holidays)
        return kinds.get((date - EPOCH).days) or kinds.get((date.month, date.day)) or 0


class Here:
    """What the Rules say at the door of this name; all that is not the door's is theirs."""

    def __init__(self, rules, door):
        self._rules = rules
        self.door = door

    def __getattr__(self, name):
        return getattr(self._rules, name)

    @property
    def our_number(self):
        """The number of this door, None if the policy does not know it."""
        return self._rules.number_of(self.door)

    def our_zones(self):
        """The zones that this door lies in."""
        number = self.our_number
        return [zone for zone, numbers in self._rules.zones.items() if number in numbers]

    def places(self):
        """The places by which a scope or a right may mean this door."""
        return [(DOOR, self.door)] + [(ZONE, zone) for zone in self.our_zones()]

    def is_locked(self):
        """Whether it is locked down: by itself, with a zone of its, or with all doors."""
        rules = self._rules
        return (
            rules.all_locked
            or self.our_number in rules.locked_doors
            or any(zone in rules.locked_zones for zone in self.our_zones())
        )
