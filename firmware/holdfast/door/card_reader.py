"""Cards and PINs: what has no key of its own to prove, and is known to the policy or is not."""

from ..access import reason
from ..access.request import CARD, PIN, CardRequest
from ..access.tag import card_key

MAX_CARD_LENGTH = 32
_PIN_LENGTHS = (4, 10)

# Decided with a PIN that the policy knows, whether or not it opens now.
_KNOWN_PIN = (
    reason.GRANTED,
    reason.EXPIRED,
    reason.WRONG_DOOR,
    reason.OUTSIDE_SCHEDULE,
    reason.HOLIDAY,
)


class CardReader:
    """What the reader's card antenna and keypad lead to.

    ``lookup_key()`` gives the 32 bytes that turn a number into the key that the policy has in its
    place, so that none is ever kept, or raises OSError; ``attempts`` (PinAttempts) and
    ``uptime()`` in seconds bound guessing.
    """

    def __init__(self, lookup_key, access_point, attempts, uptime):
        self._lookup_key = lookup_key
        self._access_point = access_point
        self._attempts = attempts
        self._uptime = uptime

    def card(self, number: bytes):
        """A card with this number, 1 to 32 bytes, was held to the reader."""
        if 0 < len(number) <= MAX_CARD_LENGTH:
            self._ask(CARD, number, {"shown": "card"})
        else:
            self._access_point.refuse(reason.UNKNOWN_CARD, None, {"shown": "card"})
        self._access_point.settle()

    def pin(self, digits: str):
        """These digits, 4 to 10 of them, were entered and confirmed."""
        uptime = self._uptime()
        is_locked = self._attempts.locked_s(uptime) > 0
        about = {"shown": "pin"}
        if _is_pin(digits):
            decision = self._ask(PIN, digits.encode(), about, is_locked)
        else:
            why = reason.PIN_LOCKED if is_locked else reason.WRONG_PIN
            decision = self._access_point.refuse(why, None, about)
        # In a lockdown right and wrong are answered alike: each counts as a guess.
        if decision.reason == reason.WRONG_PIN or (
            decision.reason == reason.LOCKED_DOWN and not is_locked
        ):
            self._attempts.wrong(uptime)
        elif decision.reason in _KNOWN_PIN:
            self._attempts.right(uptime)
        self._access_point.settle()

    def _ask(self, kind, value, about, is_locked=False):
        try:
            key = card_key(self._lookup_key(), kind, value)
            request = CardRequest(kind, key, self._access_point.name, locked=is_locked)
            return self._access_point.ask(request, about)
        except OSError:
            return self._access_point.refuse(reason.STORAGE_FAILED, None, about)
        except Exception as error:
            # A phone loses its connection by a fault of ours. Here there is none to lose, and the
            # next card must find the reader at work.
            about["error"] = type(error).__name__
            return self._access_point.refuse(reason.FAULT, None, about)


def _is_pin(digits) -> bool:
    shortest, longest = _PIN_LENGTHS
    return shortest <= len(digits) <= longest and all(["0" <= digit <= "9" for digit in digits])
