"""At which addresses a node may be that is not known yet, and when to go and ask who it is.

Pure. A hint is believed by nobody: a forged one costs one attempt at most, of which there are a
few a minute, whatever comes.
"""

from micropython import const

MOST = const(16)  # addresses beside the configured ones
A_MINUTE = const(6)  # attempts in all
_MINUTE_MS = const(60000)
_LONGEST_MS = const(1920000)  # between two at one address
_HEARD_MS = const(300000)  # and at one that is heard of again
_OF_WANTED = const(4)  # of these addresses no other one takes the place of
_SOON_MS = const(2000)  # so that not all who hear of a new node come at once


class _Place:
    tag: object = None  # of who is said to be there

    def __init__(self, at, is_configured=False):
        self.at = at  # when it may be tried
        self.tried_at = at  # and when it was
        self.fails = 0
        self.is_configured = is_configured


class Discovery:
    """One attempt at a time: ``run`` gives it, and ``ended`` is told what became of it.

    ``random_bytes(n)`` is for the jitter; at the addresses ``configured`` somebody is to be found
    without a hint. ``is_met(address)`` says whether a node that answers is known there.
    ``wanted``, a tag or None, goes before all others the first time. An address that did not
    answer rests for ``first_ms``, and twice as long each time, up to ``longest_ms``; where the
    wanted is said to be, ``first_ms`` each time: among many nodes its own hint, which would end
    a longer rest, is hardly ever the one that is sent.
    """

    def __init__(
        self,
        random_bytes,
        now: int,
        is_met,
        configured=(),
        wanted=None,
        first_ms: int = _MINUTE_MS,
        longest_ms: int = _LONGEST_MS,
    ):
        self._random_bytes = random_bytes
        self._is_met = is_met
        self._wanted = wanted
        self._first_ms = first_ms
        self._longest_ms = longest_ms
        self._places = {}
        self._tries = []  # when the last ones were, the first of them first
        self._trying = None
        for address in configured:
            self._places[address] = _Place(now, True)

    def heard(self, address, tag: bytes, now: int):
        """A hint came from ``address``, and says that it is of the node ``tag``."""
        place = self._places.get(address)
        if place is None:
            if self._count() >= MOST and not self._make_room(tag):
                return
            place = self._places[address] = _Place(now + self._between(0, _SOON_MS))
        place.tag = tag
        if place.fails:
            # Somebody is there now, or lies: a minute for the one that all goes to.
            pause = _MINUTE_MS if tag == self._wanted else _HEARD_MS
            place.at = min(place.at, place.tried_at + pause)

    @property
    def due(self):
        """When ``run`` is to be called next; None while there is nothing to be tried."""
        if self._trying is not None:
            return None
        at = min([place.at for place in self._places.values()], default=None)
        if at is not None and len(self._tries) >= A_MINUTE:
            at = max(at, self._tries[0] + _MINUTE_MS)
        return at

    def run(self, now: int):
        """``(address, tag or None)`` of who is to be asked now who it is, or None."""
        if self._trying is not None:
            return None
        while self._tries and now - self._tries[0] >= _MINUTE_MS:
            self._tries.pop(0)
        if len(self._tries) >= A_MINUTE:
            return None
        due = []
        for address, place in self._places.items():
            if place.at > now:
                continue
            if place.is_configured and self._is_met(address):
                place.at = now + _MINUTE_MS
            else:
                due.append(address)
        if not due:
            return None
        address = due[self._between(0, len(due))]
        for one in due:
            # Who is expected there goes before whoever anybody has named: once, since many
            # addresses may be said to be the wanted's, and those that are not rest no longer.
            if self._places[one].tag == self._wanted is not None and not self._places[one].fails:
                address = one
                break
            if self._places[one].is_configured:
                address = one
        self._trying = address
        self._tries.append(now)
        return address, self._places[address].tag

    def ended(self, is_known: bool, now: int):
        """The attempt is over: whether somebody is known there now."""
        address, self._trying = self._trying, None
        place = self._places[address]
        if is_known and not place.is_configured:
            del self._places[address]
            return
        place.fails = 0 if is_known else place.fails + 1
        place.tried_at = now
        if is_known:
            pause = _MINUTE_MS
        else:
            is_wanted = place.tag == self._wanted is not None
            doubled = 0 if is_wanted else min(place.fails, 6) - 1
            pause = min(self._first_ms << doubled, self._longest_ms)
        place.at = now + pause + self._between(0, pause // 4)

    def _make_room(self, tag) -> bool:
        # Who was tried in vain most often; of those that nobody has tried yet none, but for a
        # place where the wanted may be. Where it was said to be it may be all the same.
        is_wanted = tag == self._wanted is not None
        wanted = [one for one in self._places.values() if one.tag == self._wanted is not None]
        is_first = is_wanted and len(wanted) < _OF_WANTED
        is_one_of_many = len(wanted) >= _OF_WANTED if is_wanted else len(wanted) > _OF_WANTED
        worst = None
        for address, place in self._places.items():
            if place.is_configured or address == self._trying:
                continue
            if place in wanted:
                may_go = place.fails and is_one_of_many
            else:
                may_go = place.fails or is_first
            if not may_go:
                continue
            if worst is None or place.fails > self._places[worst].fails:
                worst = address
        if worst is None:
            return False
        del self._places[worst]
        return True

    def _count(self):
        return len([place for place in self._places.values() if not place.is_configured])

    def _between(self, least, most):
        span = most - least
        return least + (int.from_bytes(self._random_bytes(4), "big") % span if span > 1 else 0)
