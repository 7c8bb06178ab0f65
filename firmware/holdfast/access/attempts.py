"""How often a wrong PIN may be tried, at a keypad and with a card."""

from micropython import const
from untrusted import InvalidInput

_LIMIT = const(5)  # wrong PINs until the first lock
_FIRST_LOCK_S = const(30)
_DOUBLINGS = const(7)  # until the longest lock
_LONGEST_LOCK_S = const(3600)
_FORGIVEN_AFTER_S = const(3600)  # one wrong PIN
_DAY = const(86400)
_TOLD = const(8)
# More than these are not tried in a day, since the lock is an hour long by then.
_MOST_A_DAY = const(64)

KEYPAD = bytes(8)  # in the place of a card's key, for PINs that come alone
_CARDS = const(16)
_VERSION = const(1)
_ENTRY = const(10)  # bytes: a key, how many in a row, how many of a day


class PinAttempts:
    """Counts wrong PINs; times are seconds of uptime.

    No more than ``a_day`` are tried in any 24 hours. Besides, the fifth locks for 30 s, and each
    one after it twice as long as the last, up to an hour; an hour without one forgives one of
    those. A right PIN forgives nothing: otherwise who has a PIN of their own could guess between
    showing it.

    ``row`` and ``today`` are what is known of before the start, as ``known`` gave it. How long ago
    that was nobody knows: so it was at the start, ``uptime``, and a lock begins anew there.
    """

    def __init__(self, uptime: int = 0, row: int = 0, today: int = 0):
        self.a_day = 10
        self.told = 0  # attempts that the lock that holds has turned away, this one included
        self._wrong = min(row, _LIMIT + _DOUBLINGS)
        self._times = [uptime] * min(today, _MOST_A_DAY)
        self._locked_until = uptime
        self._since = uptime
        self._lock(uptime)

    def locked_s(self, uptime: int) -> int:
        """Seconds until the next attempt; 0 if it may be made now."""
        until = self._locked_until
        self._forgive(uptime)
        if len(self._times) >= self.a_day:
            until = max(until, self._times[-self.a_day] + _DAY)
        return max(0, until - uptime)

    def is_told(self) -> bool:
        """Whether this attempt, turned away by a lock, is among the first of that lock, each of
        which is recorded; the others are strangers' noise.
        """
        return self.told <= _TOLD

    def wrong(self, uptime: int) -> tuple:
        """A PIN was tried that opens nothing; what ``take_back`` needs to forget that."""
        self._forgive(uptime)
        before = self._wrong, self._locked_until, self._since
        self._wrong = min(self._wrong + 1, _LIMIT + _DOUBLINGS)
        self._times.append(uptime)
        self.told = 0
        self._lock(uptime)
        return before

    def take_back(self, before: tuple):
        """The one that was counted last, for which ``wrong`` gave ``before``, was right."""
        self._times.pop()
        self._wrong, self._locked_until, self._since = before

    def known(self, uptime: int) -> tuple:
        """``row`` and ``today``, each below 256, to begin with after a restart."""
        self._forgive(uptime)
        return self._wrong, min(len(self._times), _MOST_A_DAY)

    def _forgive(self, uptime):
        forgiven = (uptime - self._since) // _FORGIVEN_AFTER_S
        if forgiven > 0:
            self._wrong = max(0, self._wrong - forgiven)
            self._since += forgiven * _FORGIVEN_AFTER_S
        while self._times and uptime - self._times[0] >= _DAY:
            self._times.pop(0)

    def _lock(self, uptime):
        if self._wrong >= _LIMIT:
            lock = min(_FIRST_LOCK_S << self._wrong - _LIMIT, _LONGEST_LOCK_S)
            self._locked_until = self._since = uptime + lock


class Attempts:
    """The PinAttempts of a keypad, and of the 16 cards with which wrong PINs came last.

    ``packed`` is what ``pack`` gave before the start, None if there never was any. Raises
    InvalidInput for anything else.
    """

    def __init__(self, packed=None):
        self._counts = {}
        if packed is None:
            return
        if not 0 < len(packed) <= 1 + (1 + _CARDS) * _ENTRY or len(packed) % _ENTRY != 1:
            raise InvalidInput("attempts: no such length")
        if packed[0] != _VERSION:
            raise InvalidInput("attempts: another version")
        for at in range(1, len(packed), _ENTRY):
            self._counts[packed[at : at + 8]] = PinAttempts(0, packed[at + 8], packed[at + 9])

    @classmethod
    def used_up(cls):
        """Where nobody knows what was: at the keypad none may be tried for a day."""
        made = cls()
        made._counts[KEYPAD] = PinAttempts(0, _LIMIT + _DOUBLINGS, _MOST_A_DAY)
        return made

    def of(self, key: bytes) -> PinAttempts:
        """Those of the card with this key (8 bytes), or of the KEYPAD."""
        found = self._counts.get(key)
        return PinAttempts() if found is None else found

    def wrong(self, key: bytes, count: PinAttempts, uptime: int) -> tuple:
        """A PIN was tried with this key that opens nothing; ``count`` is what ``of`` gave.

        Gives what its ``take_back`` needs.
        """
        before = count.wrong(uptime)
        rest = [other for other in self._counts if other not in (KEYPAD, key)]
        if key != KEYPAD and len(rest) >= _CARDS:
            # Who wants a count forgotten must use 16 more cards as often.
            del self._counts[min(rest, key=lambda other: self._counts[other].known(uptime)[1])]
        self._counts[key] = count
        return before

    def pack(self, uptime: int) -> bytes:
        """What is not forgiven yet, at most 171 bytes."""
        packed = bytearray((_VERSION,))
        for key in sorted(self._counts):
            known = self._counts[key].known(uptime)
            if any(known):
                packed.extend(key)
                packed.extend(bytes(known))
        return bytes(packed)
