"""Policies, credentials and cards for tests of the decision. Runs on both interpreters."""

import small_site as site
from cose import cwt
from holdfast.access import Credential, Policy, Request, decide
from holdfast.access.clock.reading import SOURCE_FLOOR, SOURCE_RTC, ClockReading
from holdfast.access.credential import parse_scope
from holdfast.access.grant import POLICY, Grant
from holdfast.access.request import CARD, CardRequest
from holdfast.access.tag import name_tag

# site.NOW is a Friday, 08:00 in UTC and 09:00 in Berlin.
BERLIN = [1, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]
ZONE_HERE = [2, site.ZONE, None]
MORNING = [3, "morning", [[[480, 600]]] * 7, []]
EVENING = [3, "evening", [[[1080, 1320]]] * 7, []]
TODAY = site.NOW // 86400
KEY = b"\xc0\xffee-key"
GROUP = 7


def policy(*operations, zones=(site.ZONE,), **rules):
    """A whole policy: the zone is known, it is Berlin, and then what ``operations`` say."""
    empty = Policy(site.SITE, site.DOOR, zones, 3000, (site.authority_public(),))
    whole = empty.following([ZONE_HERE, BERLIN, MORNING, EVENING], 1, bytes(32), site.NOW)
    return whole.following(list(operations), 2, bytes(32), site.NOW).changed(**rules)


def holder(changes=None, authority=None):
    """A holder's credential as authenticate() would give it."""
    claims = cwt.Claims(site.holder_claims(changes=changes), b"")
    key = authority or site.authority_public()
    return Credential(claims, parse_scope(claims.scope), False, key.x)


def guest(changes=None):
    """A guest's credential as authenticate() would give it."""
    claims = cwt.Claims(site.guest_claims(changes=changes), b"")
    return Credential(claims, parse_scope(claims.scope), True)


def rtc(now=site.NOW, uncertainty=0):
    """A clock that knows the time."""
    return ClockReading(now, SOURCE_RTC, uncertainty)


def floor(now=site.NOW, grace_used=0):
    """A clock that knows only what it cannot be before."""
    return ClockReading(now, SOURCE_FLOOR, 0, grace_used)


def ask(credential, rules=None, clock=None, **request):
    """The decision on a phone's request."""
    wish = {"door": site.DOOR, "action": 1, "intent": True, "user_verified": False}
    wish.update(request)
    asked = Request(credential, **wish)
    return decide(asked, rules or policy(), None, clock or rtc())


class Cache:
    """What a credential cache would know; ``fails`` maps "grant" or "rights" to an exception."""

    def __init__(self, rights=(), expires=None, kind=POLICY, grant=True, group=True, fails=None):
        self._grant = Grant(KEY, kind, GROUP, expires) if grant else None
        self._rights = [
            (name_tag(place), bits, None if schedule is None else name_tag(schedule))
            for place, bits, schedule in rights
        ]
        self._group = group
        self._fails = fails or {}

    def grant(self, key):
        if "grant" in self._fails:
            raise self._fails["grant"]
        return self._grant

    def rights(self, group, tags):
        if "rights" in self._fails:
            raise self._fails["rights"]
        if not self._group or group != GROUP:
            return None
        return [right for right in self._rights if right[0] in tags]


def show(cache, rules=None, clock=None, kind=CARD, **request):
    """The decision on a card or PIN."""
    wish = {"door": site.DOOR}
    wish.update(request)
    asked = CardRequest(kind, KEY, **wish)
    return decide(asked, rules or policy(), cache, clock or rtc())
