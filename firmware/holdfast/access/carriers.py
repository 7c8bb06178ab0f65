"""What a carrier may do to the node that decides: how often, and as how many.

Pure. Times are seconds of uptime.
"""

from micropython import const

# A reader that is torn off its wall can show all numbers there are, as fast as the LAN goes. What
# a wall's worth of wrong cards comes to in a day is little to whoever guesses.
_NUMBERS_AT_ONCE = const(16)
_NUMBER_EVERY_S = const(60)
_NUMBERS_A_DAY = const(100)
_DAY_S = const(86400)

_LINKS_AT_ONCE = const(32)
_LINK_EVERY_S = const(1)

_KEPT = const(32)  # numbers back of what a carrier said
_DIGEST = const(4)
_FORMER = const(4)

# What is to be made of a message
NEW = 1
REPEATED = 2  # said before, in these bytes: an answer of it was lost
STALE = 3  # older than what was heard since, or of an instance that is over
TWO = 4  # another one that is alive says other things under this name


class Bucket:
    """So many at once, and one more each ``every_s``."""

    def __init__(self, at_once: int, every_s: int):
        self._at_once = at_once
        self._every_s = every_s
        self._spent = 0
        self._since = 0

    def is_empty(self, uptime: int) -> bool:
        """Whether there is none now."""
        gone = (uptime - self._since) // self._every_s
        self._spent = max(0, self._spent - gone)
        self._since = uptime if not self._spent else self._since + gone * self._every_s
        return self._spent >= self._at_once

    def take(self, uptime: int):
        """One of them."""
        if self._spent < self._at_once and not self._spent:
            self._since = uptime
        self._spent += 1


class Numbers:
    """Cards' numbers and PINs that opened nothing: 16 at once, one more each minute, and 100 in
    any 24 hours. Right ones forgive nothing.
    """

    def __init__(self):
        self._bucket = Bucket(_NUMBERS_AT_ONCE, _NUMBER_EVERY_S)
        self._times = []

    def is_over(self, uptime: int) -> bool:
        """Whether none is tried now, right or wrong."""
        while self._times and uptime - self._times[0] >= _DAY_S:
            self._times.pop(0)
        return len(self._times) >= _NUMBERS_A_DAY or self._bucket.is_empty(uptime)

    def wrong(self, uptime: int):
        """One opened nothing."""
        self._bucket.take(uptime)
        self._times.append(uptime)


class Life:
    """Tells whether all that is said in the name of one carrier is said by one carrier.

    Each start of it draws an instance, and numbers what it says from 1 on, one after the other.
    So of two with one memory, each cannot but say what the other one has numbered, or speak after
    the other has begun anew.
    """

    def __init__(self):
        self.instance = None  # of the one that is heard
        self._former = []
        self._highest = 0
        self._digests = bytearray(_KEPT * _DIGEST)

    def heard(self, instance: bytes, number: int, digest: bytes) -> int:
        """NEW, REPEATED, STALE or TWO for the message ``number`` whose bytes have this ``digest``
        (4 bytes or more, of which those count). Only NEW changes anything.
        """
        digest = digest[:_DIGEST]
        if instance != self.instance:
            if instance in self._former:
                return TWO
            self._begin(instance)
        at = number % _KEPT * _DIGEST
        if number <= self._highest:
            if number <= self._highest - _KEPT:
                return STALE
            kept = bytes(self._digests[at : at + _DIGEST])
            if kept == digest:
                return REPEATED if number == self._highest else STALE
            # Numbers that were passed over were given up, and may come late.
            return TWO if any(kept) else STALE
        for passed in range(max(self._highest + 1, number - _KEPT + 1), number):
            place = passed % _KEPT * _DIGEST
            self._digests[place : place + _DIGEST] = bytes(_DIGEST)
        self._digests[at : at + _DIGEST] = digest
        self._highest = number
        return NEW

    def _begin(self, instance):
        if self.instance is not None:
            self._former.append(self.instance)
            if len(self._former) > _FORMER:
                self._former.pop(0)
        self.instance = instance
        self._highest = 0
        self._digests = bytearray(_KEPT * _DIGEST)


def links_bucket() -> Bucket:
    """How many links of phones a carrier may begin."""
    return Bucket(_LINKS_AT_ONCE, _LINK_EVERY_S)
