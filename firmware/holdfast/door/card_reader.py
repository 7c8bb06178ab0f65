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

# Who tries a PIN alone, and who does with a card, has learnt from these that it is another. A PIN
# that wants its card is counted as a wrong one would be, until the card has come: what is shown
# and how long it takes must not tell which of them it is.
_WRONG_ALONE = (
    reason.WRONG_PIN,
    reason.LOCKED_DOWN,  # answers right and wrong alike
    reason.SECOND_NEEDED,
)
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

    _panel = None
    _for_panel = b""  # number of the card that waits for its PIN

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
        self._typed = [None, 0, 0]  # the PIN that opened nothing alone
        self._tried = None  # (PinAttempts, what takes it back) if it was right and wants its card

    def card(self, number: bytes):
        """A card with this number, 1 to 32 bytes, was held to the reader, or still is.

        One that stays, or comes back within 2 s, is one visit and answered once.
        """
        self._heed(CARD, number)

    def pin(self, digits: str):
        """These digits, 4 to 10 of them, were entered and confirmed; within 10 s after a card
        that wants a PIN they are that one's, and within 10 s before it.
        """
        self._heed(PIN, digits)

    def tell_panel(self, panel):
        """From now on give the number of each card that is granted to ``panel``, by
        ``send(number)``, which raises nothing.
        """
        self._panel = panel

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
        pin_key = self._typed[0] if self._is_on(self._typed) else None
        self._typed[0] = None
        if key == _NOBODYS:
            self._access_point.refuse(reason.UNKNOWN_CARD, None, about)
        else:
            if pin_key is None:
                request = CardRequest(CARD, key, self._access_point.name)
                decision = self._access_point.ask(request, about)
            else:
                decision = self._card_after_pin(key, pin_key, about)
            if decision.reason == reason.SECOND_NEEDED:
                self._note(self._waiting, key, SECOND_MS)
            if self._panel is not None:
                self._for_panel = number
                if decision.granted:
                    self._panel.send(number)
        self._note(visit, key, _SAME_VISIT_MS)

    def _card_after_pin(self, key, pin_key, about):
        """Ask by the card, and by both where it wants its PIN; the Decision."""
        name = self._access_point.name
        tried = self._tried
        is_locked, count = self._guess(key, _WRONG_WITH_CARD)
        is_pair = False

        def instead(decision):
            # A card that opens by itself needs no PIN, and its event says nothing of one.
            nonlocal is_pair
            if decision.reason != reason.SECOND_NEEDED or not self._can_count():
                return None
            is_pair = True
            about["shown"] = "pin_and_card"
            # By the card, as in the other order: together they open what they open, whichever
            # came first.
            shown = _NOBODYS if is_locked else pin_key
            return CardRequest(CARD, key, name, locked=is_locked, second=shown)

        def before(decision):
            return is_pair and count(decision)

        card = CardRequest(CARD, key, name)
        decision = self._access_point.ask(card, about, before, instead)
        if is_pair and decision.granted and tried is not None:
            # Saved when there is time: until then one too many is counted, never one too few.
            tried[0].take_back(tried[1])
            self._looked_at -= _FORGIVE_EVERY_S
        return decision

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
        self._waiting[0] = self._typed[0] = None
        about = {"shown": "pin" if card is None else "card_and_pin"}
        try:
            if self._attempts is None:
                self._attempts = self._read()
        except OSError as error:
            self._faults.heard("attempts", error)
        if not self._can_count():
            self._access_point.refuse(reason.STORAGE_FAILED, None, about)
            return
        is_locked, before = self._guess(
            card or KEYPAD, _WRONG_ALONE if card is None else _WRONG_WITH_CARD
        )
        # What is no PIN is looked up as one that nobody has: it counts, and is answered alike.
        pin_key = _NOBODYS
        if not is_locked and _is_pin(digits):
            try:
                pin_key = card_key(self._lookup_key(), PIN, digits.encode())
            except OSError:
                self._access_point.refuse(reason.STORAGE_FAILED, None, about)
                return
        name = self._access_point.name
        if card is not None:
            request = CardRequest(CARD, card, name, locked=is_locked, second=pin_key)
            decision = self._access_point.ask(request, about, before)
            if self._panel is not None and decision.granted:
                self._panel.send(self._for_panel)
            return
        for visit in self._visits:
            if visit[0] == pin_key and self._is_on(visit):
                # Typed twice, or a key that bounces: one use, as of a card that stays.
                self._note(visit, pin_key, _SAME_VISIT_MS)
                return
        request = CardRequest(PIN, pin_key, name, locked=is_locked)
        decision = self._access_point.ask(request, about, before)
        if decision.granted and request.used is not None:
            self._note(self._visit(pin_key), pin_key, _SAME_VISIT_MS)
        elif not (decision.granted or is_locked):
            # While the keypad is locked nobody can spoil a card's visit by typing before it.
            self._note(self._typed, pin_key, SECOND_MS)

    def _guess(self, key, wrong):
        """``(is_locked, before)`` for a PIN that is tried with the card ``key``, or at the KEYPAD.

        ``before`` is for AccessPoint.ask and counts it if the reason is among those of ``wrong``.
        """
        uptime = self._uptime()
        attempts: Attempts = self._attempts  # pyright: ignore[reportAssignmentType]
        count = attempts.of(key)
        count.a_day = self._access_point.moment()[0].rules.wrong_pins_a_day
        is_locked = count.locked_s(uptime) > 0
        self._tried = None

        def before(decision):
            # Counted on flash before anybody is told: who then cuts the power has had this one.
            if is_locked:
                count.told += 1
                return count.is_told()
            if decision.reason not in wrong:
                return False
            undo = attempts.wrong(key, count, uptime)
            if decision.reason == reason.SECOND_NEEDED and key == KEYPAD:
                self._tried = count, undo
            self._can_count()
            return True

        return is_locked, before

    def _can_count(self):
        """Whether all that was counted is on flash: what cannot be counted is not tried."""
        try:
            if self._attempts is None:
                return False
            self._save(self._attempts, self._uptime())
        except OSError as error:
            self._faults.heard("attempts", error)
            return False
        return True

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
