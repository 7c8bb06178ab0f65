"""What a reader may know of the time, written from decision 009: what it leaves open is tried
both ways.

Crystals are perfect here; what the documents bound and do not fix (how exactly a drift is
measured, what of the last hour is on flash) is kept as its two ends. ``readings`` gives every
reading that the reader may have. Where even that does not say what the reader has to do,
``Unclear`` is raised, and the history takes another way.
"""

import itertools

ENROLLED_ERROR = 300
SKEW = 300
REACH = 400 * 86400
LINK = 30  # seconds that a protected message may have been on its way
FLASH_BEHIND = 3600
PAID_AHEAD = 1800
OFFSET_STEP = 60  # a smaller one is kept with the next save only
PPM = (20, 100)


class Unclear(Exception):
    """The documents leave open what happens here."""


class Reading:
    """One reading that the reader may have: ``now`` None if nobody knows."""

    def __init__(self, now, uncertainty, trusted, grace_used):
        self.now = now
        self.uncertainty = uncertainty
        self.trusted = trusted
        self.grace_used = grace_used

    def __repr__(self):
        return f"{self.now}±{self.uncertainty} {self.trusted} {self.grace_used}"


class Clock:
    """``enrolled_at`` is the date of the certificate; whoever signed it set the board's clock."""

    def __init__(self, enrolled_at):
        self.floor = [enrolled_at - ENROLLED_ERROR] * 2  # at least, at most
        self.floor_kept = self.floor[0]  # on flash, at least
        self.attested = self.floor[0]
        # What may be known of the board's clock: when it was compared, how exactly, its offset.
        self.syncs = self.syncs_kept = [(enrolled_at, ENROLLED_ERROR, 0)]
        self.ppm = (100,)
        self.believed = (True,)  # what may be thought of the board's clock
        # The earliest it was when last trusted, at least and at most; and at which uptime.
        self.known = [0, 0, 0]
        self.known_kept = 0
        self.seen = [0, 0]  # the latest it was believed to show: on flash at least, at most
        self.grace = [0, 0]
        self.paid = [0, 0]
        self.limit = 900
        self.start()

    def start(self):
        """The power was gone; what is not on flash is forgotten."""
        self.floor[0] = self.floor_kept
        self.grace = list(self.paid)
        self.syncs = self.syncs_kept
        self.uptime = 0
        self.base = (0, self.floor[0], self.floor[1])
        self.known = [self.known_kept, self.known[1], 0]
        self.told_at = None
        self.pace = None
        self.trust = None

    # The board's clocks

    def look(self, uptime, rtc, limit=None):
        """Time has passed; the reader looks at its clocks, and keeps what is to be kept."""
        if limit is not None:
            self.limit = limit
        elapsed, self.uptime, self.rtc = uptime - self.uptime, uptime, rtc
        at, least, most = self.base
        up = uptime - at
        self.floor[0] = max(self.floor[0], least + up - up // 10000 - 3)
        self.floor[1] = max(self.floor[1], most + up)
        self._judge_rtc(uptime, rtc)
        may_be = [known for known, _ in self._known()]
        trusts = {known is not None for known in may_be}
        self._spend_grace(elapsed, trusts)
        self.trust = trusts
        if self.trust == {True} and rtc is not None and True in self.believed:
            shown = rtc + self.syncs[-1][2]
            self.seen = [max(self.seen[0], shown - FLASH_BEHIND), max(self.seen[1], shown)]
        if True in trusts:
            earliest = [known[0] - known[1] for known in may_be if known is not None]
            self._learn(min(earliest), max(earliest), False in trusts)
        if self.told_at is not None and uptime - self.told_at[0] > 2 * FLASH_BEHIND:
            self.syncs_kept = self.syncs
        self.floor_kept = max(self.floor_kept, self.floor[0] - FLASH_BEHIND)

    def _judge_rtc(self, uptime, rtc):
        if rtc is None or True not in self.believed:
            return
        shown = rtc + self.syncs[-1][2]
        if self.pace is None:
            # It came through the restart if it is past all it was seen to show before.
            started = shown - uptime
            slack = uptime // 1000 + OFFSET_STEP + 10
            if started <= self.seen[0] - slack:
                self.believed = (False,)
            elif started <= self.seen[1] + slack:
                self.believed = (True, False)
            self.pace = (uptime, rtc)
            return
        up, before = self.pace
        off = abs(rtc - before - (uptime - up))
        allowed = (uptime - up) / 1000 + 2
        if off > allowed + 2:
            self.believed = (False,)
        elif off > allowed - 2:
            self.believed = (True, False)

    def _known(self):
        """Every ((now, uncertainty), floor) that may be; the first None without trusted clock."""
        may_be = itertools.product(self._floors(), self.ppm, self.believed, self.syncs)
        for floor, ppm, believed, (time, error, offset) in may_be:
            known = []
            if self.told_at is not None:
                at, told, told_error = self.told_at
                up = self.uptime - at
                uncertainty = told_error + up // 10000 + 1
                if told + up + uncertainty + SKEW >= floor:
                    known.append((uncertainty, told + up))
            if believed and self.rtc is not None:
                now = self.rtc + offset
                uncertainty = error + 2 + max(0, now - time) * ppm // 1_000_000
                if now + uncertainty >= floor:
                    known.append((uncertainty, now))
            if known and min(known)[0] <= self.limit:
                uncertainty, now = min(known)
                yield (now, uncertainty), floor
            else:
                yield None, floor

    def _floors(self):
        return self._between(*self.floor)

    @staticmethod
    def _between(least, most):
        step = max(1, (most - least) // 4)
        return sorted({*range(least, most, step), most})

    def _spend_grace(self, elapsed, trusts):
        before = trusts if self.trust is None else self.trust
        if False in before:
            self.grace[1] += elapsed
            if True not in before:
                self.grace[0] += elapsed
        if False in trusts:
            self.paid[1] = max(self.paid[1], self.grace[1] + PAID_AHEAD)
            if True not in trusts:
                self.paid[0] = max(self.paid[0], self.grace[0])

    def _learn(self, least, most, perhaps):
        up = self.uptime - self.known[2]
        if perhaps:
            least, most = min(least, self.known[0] + up), max(most, self.known[1] + up)
        self.known = [least, most, self.uptime]
        self.known_kept = least - FLASH_BEHIND

    def readings(self):
        """Every reading that the reader may have now."""
        found = []
        for known, floor in self._known():
            if known is not None:
                found.append(Reading(max(known[0], floor), known[1], True, 0))
            elif not floor:
                found.append(Reading(None, 0, False, 0))
            else:
                found += [
                    Reading(max(floor, earliest), 0, False, used)
                    for used in self.grace
                    for earliest in self._earliest()
                ]
        return found

    def _earliest(self):
        least, most, at = self.known
        up = self.uptime - at
        return self._between(least + up - up // 10000 - 3, most + up)

    # What others say

    def heard(self, time):
        """The authority signed something at ``time``."""
        outcomes = {self._hears(known, floor, time) for known, floor in self._known()}
        if len(outcomes) > 1:
            raise Unclear
        (raised,) = outcomes
        if raised is None:
            return
        self.attested = max(self.attested, raised)
        self._raise_floor(raised)

    def _hears(self, known, floor, time):
        """What time it is at least, or None if it is not believed."""
        if known is not None:
            now, uncertainty = known
            if time <= now:
                return time
            if time <= now + uncertainty + SKEW:
                return now
        return time if time <= max(floor, self.attested + REACH) else None

    def told(self, time, error):
        """An administrator says what time it is; whether that is believed."""
        error += LINK + 1
        outcomes = {self._believes(known, floor, time, error) for known, floor in self._known()}
        if len(outcomes) > 1:
            raise Unclear
        (outcome,) = outcomes
        if outcome == "no":
            return False
        self.grace, self.paid = [0, 0], [0, 0]
        if outcome == "better known":
            return True
        self.told_at = (self.uptime, time, error)
        self.known = [time - error, time - error, self.uptime]
        self.known_kept = min(self.known_kept, time - error - FLASH_BEHIND)
        self.ppm = PPM
        self._raise_floor(time - error)
        self.trust = {True}
        if self.rtc is None:
            self.believed = (False,)
            return True
        sync = (time, error, time - self.rtc)
        is_step = abs(sync[2] - self.syncs[-1][2]) > OFFSET_STEP
        self.syncs_kept = [sync] if is_step else [*self.syncs_kept, sync]
        self.syncs = [sync]
        self.believed = (True,)
        self.pace = (self.uptime, self.rtc)
        self.seen = [time - FLASH_BEHIND, time]
        return True

    def _believes(self, known, floor, time, error):
        if time + error + SKEW < floor or time > self.attested + REACH:
            return "no"
        if known is not None:
            now, uncertainty = known
            if abs(time - now) > uncertainty + error:
                return "no"
            if error >= uncertainty:
                return "better known"
        return "yes"

    def _raise_floor(self, time):
        floor = [max(known, time) for known in self.floor]
        if floor != self.floor:
            self.floor = floor
            self.base = (self.uptime, *floor)
