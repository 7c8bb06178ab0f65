"""Cards and PINs: what has no key of its own to prove, and is known to the policy or is not."""

from micropython import const
from untrusted import InvalidInput

from ..access import reason
from ..access.attempts import KEYPAD, Attempts
from ..access.request import CARD, PIN, CardRequest
from ..access.tag import card_key
from .access_point import SECOND_MS

MAX_CARD_LENGTH = 32
_PIN_LENGTHS = (4, 10)
# An antenna reports a card several times a second for as long as it is there.
_SAME_VISIT_MS = const(2000)
_FORGIVE_EVERY_S = const(3600)
_VISITS = const(4)  # cards in the field at once
_NOBODYS = bytes(8)  # in the place of a key: what no card is called and no PIN is

# Who tries a PIN alone, and who does with a card, has learnt from these that it is another.
_WRONG_ALONE = (reason.WRONG_PIN, reason.LOCKED_DOWN)  # the latter answers right and wrong alike
_WRONG_WITH_CARD = (
    reason.OTHER_PERSON,
    reason.SECOND_NEEDED,
    # Told in the place of the first where other rights of the card are closed for them.
    reason.CLOCK_UNKNOWN,
    reason.CLOCK_UNCERTAIN,
    reason.GRACE_OVER,
    reason.SCHEDULE_UNKNOWN,
    reason.GROUP_UNKNOWN,
)


class CardReader:
    """What the reader's card antenna and keypad lead to; nothing is raised to them.

    ``lookup_key()`` gives the 32 bytes that turn a number into the key that the policy has in its
    place, so that none is ever kept, or raises OSError. ``store`` (AttemptsStore) keeps how many
    wrong PINs there were; ``uptime()`` is in seconds, ``ticks`` the hal's monotonic clock. What
    fails is for ``faults`` (Faults).
    """

    def __init__(self, lookup_key, access_point, store, uptime, ticks, faults):
        self._lookup_key = lookup_key
        self._access_point = access_point
        self._store = store
        self._uptime = uptime
        self._ticks = ticks
        self._faults = faults
        self._attempts = None
        self._packed = None  # as they are on flash
        self._looked_at = 0
        self._answered_by = 0  # number of the rules by which visits were answered
        # [key, tick at which it was gone for long enough, uptime at which it was seen last]
        self._visits = [[None, 0, 0] for _ in range(_VISITS)]
        self._waiting = [None, 0, 0]  # the card that wants its PIN, likewise

    def card(self, number: bytes):
        """A card with this number, 1 to 32 bytes, was held to the reader, or still is.

        One that stays, or comes back within 2 s, is one visit and answered once.
        """
        self._heed(CARD, number)

    def pin(self, digits: str):
        """These digits, 4 to 10 of them, were entered and confirmed; within 15 s after a card
        that wants a PIN they are that one's.
        """
        self._heed(PIN, digits)

    def _heed(self, kind, shown):
        try:
            try:
                if kind == CARD:
                    self._card(shown)
                else:
                    self._pin(shown)
                self._faults.heard("card reader", None)
            except Exception as error:
                # A phone loses its connection by a fault of ours. Here there is none to lose, and
                # the next card must find the reader at work.
                self._access_point.deny()
                self._faults.heard("card reader", error)
                about = {"shown": "card" if kind == CARD else "pin"}
                about["error"] = type(error).__name__
                self._access_point.refuse(reason.FAULT, None, about)
            self._access_point.flush()
            self._forgive()
        except Exception:
            pass  # there was no memory to keep it or to tell it: no is what was shown

    def _card(self, number):
        about = {"shown": "card"}
        key = _NOBODYS
        if 0 < len(number) <= MAX_CARD_LENGTH:
            try:
                key = card_key(self._lookup_key(), CARD, number)
            except OSError:
                self._access_point.refuse(reason.STORAGE_FAILED, None, about)
                return
        rules = self._access_point.moment()[0].rules
        if rules.number != self._answered_by:
            # Answered by other rules is not answered by these.
            self._answered_by = rules.number
            for visit in self._visits:
                visit[0] = None
        visit = self._visit(key)
        if self._is_on(visit):
            self._note(visit, key, _SAME_VISIT_MS)
            if self._waiting[0] == key:
                self._note(self._waiting, key, SECOND_MS)
            return
        # Only what was answered is a visit: after a fault the card is heard at its next report.
        self._waiting[0] = None
        if key == _NOBODYS:
            self._access_point.refuse(reason.UNKNOWN_CARD, None, about)
        else:
            request = CardRequest(CARD, key, self._access_point.name)
            decision = self._access_point.ask(request, about)
            if decision.reason == reason.SECOND_NEEDED:
                self._note(self._waiting, key, SECOND_MS)
        self._note(visit, key, _SAME_VISIT_MS)

    def _visit(self, key):
        """The entry of this card, or the one to take for it; the card seen last is the first."""
        at = 0
        while at < _VISITS - 1 and self._visits[at][0] != key:
            at += 1
        entry = self._visits[at]
        while at:
            self._visits[at] = self._visits[at - 1]
            at -= 1
        self._visits[0] = entry
        if entry[0] != key:
            entry[0] = None
        return entry

    def _is_on(self, entry):
        # Ticks alone come round again after days.
        if entry[0] is None or self._ticks.until(entry[1]) <= 0:
            return False
        return self._uptime() - entry[2] <= SECOND_MS // 1000 + 1

    def _note(self, entry, key, ms):
        entry[0] = key
        entry[1] = self._ticks.add(ms)
        entry[2] = self._uptime()

    def _pin(self, digits):
        card = self._waiting[0] if self._is_on(self._waiting) else None
        self._waiting[0] = None
        about = {"shown": "pin" if card is None else "card_and_pin"}
        uptime = self._uptime()
        try:
            attempts = self._attempts
            if attempts is None:
                attempts = self._attempts = self._read()
            self._save(attempts, uptime)
        except OSError as error:
            # What cannot be counted is not tried.
            self._faults.heard("attempts", error)
            self._access_point.refuse(reason.STORAGE_FAILED, None, about)
            return
        count = attempts.of(card or KEYPAD)
        count.a_day = self._access_point.moment()[0].rules.wrong_pins_a_day
        is_locked = count.locked_s(uptime) > 0
        # What is no PIN is looked up as one that nobody has: it counts, and is answered alike.
        pin_key = _NOBODYS
        if not is_locked and _is_pin(digits):
            try:
                pin_key = card_key(self._lookup_key(), PIN, digits.encode())
            except OSError:
                self._access_point.refuse(reason.STORAGE_FAILED, None, about)
                return
        name = self._access_point.name
        if card is None:
            request = CardRequest(PIN, pin_key, name, locked=is_locked)
        else:
            request = CardRequest(CARD, card, name, locked=is_locked, second=pin_key)

        def before(decision):
            # Counted on flash before anybody is told: who then cuts the power has had this one.
            if is_locked:
                return count.is_told()
            if decision.reason not in (_WRONG_ALONE if card is None else _WRONG_WITH_CARD):
                return False
            attempts.wrong(card or KEYPAD, count, uptime)
            try:
                self._save(attempts, uptime)
            except OSError as error:
                self._faults.heard("attempts", error)
            return True

        self._access_point.ask(request, about, before)
        if is_locked:
            count.told += 1

    def _read(self):
        try:
            packed = self._store.read()
            attempts = Attempts(packed)
        except InvalidInput as error:
            self._faults.heard("attempts", error)
            return Attempts.used_up()
        self._packed = attempts.pack(0) if packed is None else packed
        return attempts

    def _save(self, attempts, uptime):
        packed = attempts.pack(uptime)
        if packed != self._packed:
            self._store.write(packed)
            self._packed = packed
        self._faults.heard("attempts", None)

    def _forgive(self):
        # What is forgiven is so after a restart, too: a lock of last year must not hold then.
        uptime = self._uptime()
        if self._attempts is not None and uptime - self._looked_at >= _FORGIVE_EVERY_S:
            self._looked_at = uptime
            self._save(self._attempts, uptime)


def _is_pin(digits) -> bool:
    shortest, longest = _PIN_LENGTHS
    return shortest <= len(digits) <= longest and all(["0" <= digit <= "9" for digit in digits])
