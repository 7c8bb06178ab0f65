"""Whether a door stands unlocked by its schedule, for the reference model, written from decision
036 as plainly as can be.
"""

import datetime

from model.plain_calendar import changes, moments

EARLY = 10_000  # ms that a door stays secured after what ended it before its hours did


class Standing:
    """One door, by the rules that are ``here``; ``told`` is what its events must say, in order."""

    def __init__(self, here):
        self.here = here
        self.told = []
        self.started()

    def started(self):
        """The power was gone; nothing of it is durable."""
        self.stands = False
        self.entered = None  # the end of the window that somebody was let in in
        self.not_before = None
        self.number = None  # of the policy at the last look

    def granted(self, reading):
        """Somebody was let in, which unlocks some doors for the rest of the window."""
        ends = [] if self._why_not(reading) else self.ends(reading.now)
        if ends and self._mode()[1]:
            self.entered = max(self.entered or 0, *ends)

    def look(self, reading, ticks_ms):
        """What the door does now; ``stands`` tells it."""
        why = self._why_not(reading)
        holds = not why and self._holds(reading.now) and self._holds(reading.now + 1)
        if self.stands and not holds:
            self.stands = False
            cause = {"locked_down": "lockdown", "clock_uncertain": "clock lost"}.get(why)
            if cause is None and self.number != self.here.number:
                cause = "policy changed"
            if cause is not None:
                self.not_before = ticks_ms + EARLY
                self.entered = None
            self.told.append(("locked", cause or "end of hours"))
        elif not self.stands and holds:
            if self.not_before is None or ticks_ms >= self.not_before:
                self.stands = True
                self.told.append(("unlocked", None))
        if why or not self._holds(reading.now):
            self.entered = None
        self.number = self.here.number

    def ends(self, now):
        """When the windows end that hold at ``now``, in minutes of the wall since 1970."""
        mode, rules = self._mode(), self.here
        if mode is None or rules.zoneinfo is None or mode[0] not in rules.schedules:
            return []
        local = rules.local(now)
        found = []
        for back in (0, 1):
            date = local.date() - datetime.timedelta(days=back)
            minute = local.hour * 60 + local.minute + 1440 * back
            begins = (date - datetime.date(1970, 1, 1)).days * 1440
            hours = rules.hours_of(mode[0], date)
            found += [begins + end for start, end in hours if start <= minute < end]
        return found

    def edges(self, now, until):
        """The moments between these two at which a window may begin or end."""
        mode, rules = self._mode(), self.here
        if mode is None or rules.zoneinfo is None or mode[0] not in rules.schedules:
            return set()
        found = set(changes(rules.zoneinfo, now - now % 3600, until))
        date = rules.local(now).date() - datetime.timedelta(days=1)
        while date <= rules.local(until).date():
            for hours in rules.hours_of(mode[0], date):
                for minute in hours:
                    found.update(moments(rules.zoneinfo, date, minute))
            date += datetime.timedelta(days=1)
        return {moment for moment in found if now < moment < until}

    def _holds(self, now):
        ends = self.ends(now)
        return self.entered in ends if self._mode()[1] else bool(ends)

    def _mode(self):
        return self.here.modes.get(self.here.our_number)

    def _why_not(self, reading):
        here = self.here
        if not here.number:
            return "policy_missing"
        if here.our_number is None:
            return "door_unknown"
        if here.is_locked():
            return "locked_down"
        if self._mode() is None:
            return "outside_schedule"
        why = here.hours(self._mode()[0], reading)
        return why[0] if why else None
