"""How often wrong PINs may be tried at a door, for the reference model."""

# What tells who tries a PIN, alone or with a card, that it is another.
WRONG_ALONE = ("wrong_pin", "locked_down", "second_needed")
WRONG_WITH_CARD = (
    *("other_person", "second_needed", "clock_unknown", "clock_uncertain", "grace_over"),
    *("schedule_unknown", "group_unknown"),
)


class Keypad:
    """How often a wrong PIN may be tried alone, or with one card; in seconds of uptime."""

    def __init__(self, wrong=0, today=0):
        self.wrong = wrong
        self.since = 0
        self.until = 0
        self.times = [0] * today
        self._lock(0)

    def is_locked(self, uptime, a_day):
        lately = [time for time in self.times if uptime - time < 86400]
        return uptime < self.until or len(lately) >= a_day

    def tried_wrong(self, uptime):
        self.before = list(self.times), self.wrong, self.since, self.until
        self.times.append(uptime)
        self.known(uptime)
        self.wrong = min(self.wrong + 1, 12)
        self._lock(uptime)

    def take_back(self, uptime):
        """The one that was counted last was a right one: nothing has come after it."""
        self.times, self.wrong, self.since, self.until = self.before

    def known(self, uptime):
        """How many in a row and of a day are not forgiven."""
        while uptime - self.since >= 3600:
            self.since += 3600
            self.wrong = max(0, self.wrong - 1)
        return self.wrong, sum(uptime - time < 86400 for time in self.times)

    def _lock(self, uptime):
        if self.wrong >= 5:
            self.until = self.since = uptime + min(30 * 2 ** (self.wrong - 5), 3600)


class Keypads:
    """That for PINs alone (None) and those of cards, and what of them lasts over a restart."""

    def __init__(self, kept=None):
        self.kept = kept or {}
        self.each = {card: Keypad(*known) for card, known in self.kept.items()}
        self.kept_at = 0
        self.is_read = False

    def restarted(self):
        """Those after a restart: when it was that somebody was wrong, nobody knows."""
        return Keypads(self.kept)

    def of(self, card):
        return self.each.setdefault(card, Keypad())

    def tried_wrong(self, card, uptime):
        self.of(card).tried_wrong(uptime)
        self._keep(uptime)

    def take_back(self, uptime):
        """The PIN that was typed alone last was right, and its card has come."""
        self.of(None).take_back(uptime)
        self._keep(uptime)

    def shown(self, uptime, is_pin):
        """A card or a PIN comes: what is forgiven by then is so after a restart."""
        self.is_read = self.is_read or is_pin
        is_due = self.is_read and uptime - self.kept_at >= 3600
        if is_pin or is_due:
            self._keep(uptime)
        if is_due:
            self.kept_at = uptime

    def _keep(self, uptime):
        self.kept = {card: one.known(uptime) for card, one in self.each.items()}
