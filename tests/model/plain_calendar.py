"""A plain calendar beside the schedules of a board: hours painted minute by minute on a wall.

It knows dates and time zones from Python's datetime and zoneinfo, and nothing of the firmware.
A Site says the same twice: in data, from which the calendar is painted, and in the words that a
person types at the host.
"""

import datetime

DAY_MINUTES = 1440
KINDS = 4
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY = datetime.timedelta(days=1)
# Days that calendars stumble over; (month, day) is of every year.
_EVERY_YEAR = ((2, 29), (12, 31), (1, 1), (12, 24), (12, 25), (3, 1), (2, 28))
_ONCE = ((2, 28), (2, 29), (3, 1), (12, 31), (1, 1), (12, 24), (12, 25), (12, 26))


class Site:
    """Random hours and holidays of a site from ``first`` to ``last`` (dates), by ``rng``.

    ``week`` are seven lists of (start, end) in minutes, Monday first, of which an end may be on
    the next day; ``kinds`` the same for holidays of kind 1 on; ``dated`` and ``yearly`` map a
    date, or (month, day), to its kind. ``near`` are dates about which there shall be holidays.
    """

    def __init__(self, rng, first, last, near=()):
        self.week = [_hours(rng, 3) for _ in _WEEKDAYS]
        if rng.random() < 0.5:  # most sites have a week of few kinds of days
            self.week = [self.week[0]] * 5 + [self.week[5], self.week[rng.randrange(7)]]
        self.kinds = [_hours(rng, 2) for _ in range(rng.randrange(KINDS + 1))]
        length = (last - first).days + 1
        days = [first + _ONE_DAY * rng.randrange(length) for _ in range(4)]
        days += [day + _ONE_DAY * rng.randrange(-1, 2) for day in near if rng.random() < 0.5]
        for month, day in rng.sample(_ONCE, 3):
            try:
                days.append(datetime.date(rng.randrange(first.year, last.year + 1), month, day))
            except ValueError:
                pass  # no leap year
        days += [day + _ONE_DAY for day in days if rng.random() < 0.3]  # one after another
        self.dated = {day: rng.randrange(1, KINDS + 1) for day in days}
        self.yearly = {day: rng.randrange(1, KINDS + 1) for day in rng.sample(_EVERY_YEAR, 3)}
        month, day = rng.randrange(1, 13), rng.randrange(1, 29)
        self.yearly[month, day] = rng.randrange(1, KINDS + 1)

    def weekly_texts(self):
        """The week as somebody types it."""
        return [
            f"{name} {_text(hours)}"
            for name, hours in zip(_WEEKDAYS, self.week, strict=True)
            if hours
        ]

    def holiday_texts(self):
        """The hours of holidays as somebody types them."""
        return [f"kind {kind} {_text(hours)}" for kind, hours in enumerate(self.kinds, 1) if hours]

    def dates(self):
        """(text, kind) of each holiday, as somebody types it."""
        once = [(day.isoformat(), kind) for day, kind in self.dated.items()]
        every = [(f"{month:02}-{day:02}", kind) for (month, day), kind in self.yearly.items()]
        return once + every

    def kind(self, day):
        """Of which kind this date is, 0 if it is no holiday: that of the one year first."""
        return self.dated.get(day) or self.yearly.get((day.month, day.day)) or 0

    def hours(self, day):
        """The hours that begin on this date."""
        kind = self.kind(day)
        if kind:
            return self.kinds[kind - 1] if kind <= len(self.kinds) else []
        return self.week[day.weekday()]


class Calendar:
    """The minutes of a ``site`` from ``first`` to ``last`` (dates), painted, as its wall clock in
    ``zone`` (a ZoneInfo) shows them.
    """

    def __init__(self, site, zone, first, last):
        self._zone = zone
        self._began = first.toordinal()
        self._open = bytearray(((last - first).days + 3) * DAY_MINUTES)
        self._usually = bytearray(len(self._open))
        day = first - _ONE_DAY  # its night goes on into the first
        while day <= last:
            at = (day - first).days * DAY_MINUTES
            for start, end in site.hours(day):
                _paint(self._open, at + start, at + end)
            if site.kind(day):
                for start, end in site.week[day.weekday()]:
                    _paint(self._usually, at + start, at + min(end, DAY_MINUTES))
            day += _ONE_DAY

    def why(self, moment):
        """Why it is shut at ``moment`` (seconds since 1970): "" if it is open, "holiday" if it
        would be open on that date were it none, "outside_schedule" else.
        """
        local = datetime.datetime.fromtimestamp(moment, self._zone)
        at = (local.toordinal() - self._began) * DAY_MINUTES + local.hour * 60 + local.minute
        if self._open[at]:
            return ""
        return "holiday" if self._usually[at] else "outside_schedule"


def moments(zone, day, minute):
    """Every moment (seconds since 1970) at which the wall clock shows ``minute`` of the date
    ``day``: none in the hour that a change leaves out, two in the one that it repeats.
    """
    midnight = datetime.datetime.combine(day, datetime.time())
    shown = midnight + datetime.timedelta(minutes=minute)
    found = set()
    for fold in (0, 1):
        moment = shown.replace(tzinfo=zone, fold=fold).timestamp()
        back = datetime.datetime.fromtimestamp(moment, zone)
        if back.replace(tzinfo=None, fold=0) == shown:
            found.add(int(moment))
    return sorted(found)


def changes(zone, begin, end):
    """The moments (seconds since 1970) from ``begin`` to ``end`` at which the clock is changed."""
    found = []
    before = _offset(zone, begin)
    for hour in range(begin, end, 3600):
        if _offset(zone, hour + 3600) != before:
            found.append(
                next(
                    second
                    for second in range(hour, hour + 3601)
                    if _offset(zone, second) != before
                )
            )
            before = _offset(zone, hour + 3600)
    return found


def _offset(zone, moment):
    return datetime.datetime.fromtimestamp(moment, zone).utcoffset()


def _hours(rng, most):
    """Up to ``most`` hours of one day, apart from one another; a night may be the last."""
    minutes = [rng.choice((0, 360, 480, 1080, 1320)), 1440]
    minutes += [rng.randrange(1, 1440) for _ in range(2 * most)]
    if rng.random() < 0.7:
        minutes = [minute for minute in minutes if 0 < minute < 1440]
    edges = sorted(rng.sample(sorted(set(minutes)), 2 * rng.randrange(most + 1)))
    hours = list(zip(edges[::2], edges[1::2], strict=True))
    if hours and hours[-1][0] > 1 and rng.random() < 0.5:
        start = hours[-1][0]
        first = hours[0][0] if len(hours) > 1 else start
        # A night is no longer than a day, whatever comes before it.
        end = rng.choice((1, 60, 120, 180, 360, start - 1, first))
        hours[-1] = (start, DAY_MINUTES + max(1, min(end, start - 1)))
    return hours


def _text(hours):
    return ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in hours)


def _clock(minute):
    minute = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


def _paint(minutes, start, end):
    start = max(start, 0)
    if end > start:
        minutes[start:end] = b"\x01" * (end - start)
