"""The site's policy as the authority ordered it, for the reference model: lists and zoneinfo."""

import datetime
import zoneinfo


class Rules:
    """The site's policy as the authority ordered it, for the door ``door``.

    ``provisioned`` are the zones in the door's settings, ``anchors`` the names of the keys that
    its settings trust.
    """

    def __init__(self, site, door, provisioned, anchors):
        self.site = site
        self.door = door
        self.provisioned = list(provisioned)
        self.anchors = list(anchors)
        self.number = 0
        self.issued_at = 0
        self.zones = {}  # name: None for every door provisioned into it, or a list of doors
        self.zoneinfo = None
        self.schedules = {}  # name: (seven lists of hours, hours of a holiday)
        self.holidays = []
        self.groups = {}  # number: list of (place, bits, schedule or None)
        self.grants = {}  # what is shown: (group, expires or None)
        self.revoked = []
        self.last_revocation = 0
        self.watermark = 0
        self.all_locked = False
        self.locked = []
        self.grace_s = 36 * 3600
        self.max_uncertainty_s = 900

    # What the authority orders

    def follow(self, orders, issued_at):
        self.number += 1
        self.issued_at = max(self.issued_at, issued_at)
        for order in orders:
            getattr(self, "_" + order[0])(*order[1:], **_at(order, issued_at))

    def _timezone(self, name):
        self.zoneinfo = zoneinfo.ZoneInfo(name)

    def _zone(self, zone, doors):
        if doors is False:
            self.zones.pop(zone, None)
        else:
            self.zones[zone] = doors

    def _schedule(self, name, week, holiday):
        if week is False:
            self.schedules.pop(name, None)
        else:
            self.schedules[name] = (week, holiday)

    def _holidays(self, days):
        self.holidays = days

    def _group(self, group, rights):
        if rights is False:
            self.groups.pop(group, None)
        else:
            self.groups[group] = rights

    def _grant(self, shown, group, expires):
        if group is False:
            self.grants.pop(shown, None)
        else:
            self.grants[shown] = (group, expires)

    def _revoke(self, cti, expires, issued_at):
        self.revoked.append(cti)
        self.last_revocation = max(self.last_revocation, issued_at)

    def _watermark(self, time):
        if time > self.watermark:
            self.watermark = time
            if time > self.last_revocation:
                self.revoked = []

    def _lockdown(self, on, places):
        if places is None:
            self.all_locked = on
            self.locked = []
        elif not self.all_locked:
            self.locked = [place for place in self.locked if place not in places]
            if on:
                self.locked += places

    def _anchors(self, names):
        self.anchors = names

    def _limits(self, grace_s, max_uncertainty_s):
        self.grace_s = grace_s
        self.max_uncertainty_s = max_uncertainty_s

    # What follows from it

    def places(self):
        """Under which names a scope or a right may mean this door."""
        names = [self.door]
        for zone, doors in self.zones.items():
            if self.door in doors if doors is not None else zone in self.provisioned:
                names.append(zone)
        return names

    def unknown(self):
        """Zones that the settings name and the policy does not."""
        return [zone for zone in self.provisioned if zone not in self.zones]

    def is_locked(self):
        names = self.places() + self.provisioned
        return self.all_locked or any(place in names for place in self.locked)

    def hours(self, name, reading):
        """Why the schedule does not hold now; none if it does."""
        if not reading.trusted:
            return ["clock_uncertain"]
        if name not in self.schedules or self.zoneinfo is None:
            return ["schedule_unknown"]
        local = datetime.datetime.fromtimestamp(reading.now, self.zoneinfo)
        week, holiday = self.schedules[name]
        minute = local.hour * 60 + local.minute
        usual = any(start <= minute < end for start, end in week[local.weekday()])
        day = (local.date() - datetime.date(1970, 1, 1)).days
        if day not in self.holidays:
            return [] if usual else ["outside_schedule"]
        if any(start <= minute < end for start, end in holiday):
            return []
        return ["holiday"] if usual else ["outside_schedule"]


def _at(order, issued_at):
    return {"issued_at": issued_at} if order[0] == "revoke" else {}
