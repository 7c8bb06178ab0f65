"""Policies, credentials and cards for tests of the decision. Runs on both interpreters."""

import small_site as site
from cose import cwt
from holdfast.access import Credential, Request
from holdfast.access.clock.reading import SOURCE_FLOOR, SOURCE_RTC, ClockReading
from holdfast.access.credential import parse_scope
from holdfast.access.decide import decide
from holdfast.access.grant import Grant
from holdfast.access.place import DOOR
from holdfast.access.policy import draft
from holdfast.access.policy.rules import RULES, SiteRules
from holdfast.access.policy.view import DoorView
from holdfast.access.request import CARD, CardRequest
from holdfast.access.tag import name_tag

# site.NOW is a Friday, 08:00 in UTC and 09:00 in Berlin.
BERLIN = [1, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]
MORNING = [3, "morning", [[[480, 600]]] * 7, []]
EVENING = [3, "evening", [[[1080, 1320]]] * 7, []]
TODAY = site.NOW // 86400
KEY = b"\xc0\xffee-key"
PIN_KEY = b"pin--key"
GROUP = 7


def rules(*operations, **changes):
    """Whole SiteRules: door and zone are known, it is Berlin, and then what ``operations`` say."""
    empty = SiteRules(site.SITE, (site.authority_public(),))
    begin = site.HERE + [BERLIN, MORNING, EVENING]
    whole = draft.following(empty, begin, 1, bytes(32), site.NOW)
    return draft.following(whole, list(operations), 2, bytes(32), site.NOW).changed(**changes)


def policy(*operations, door=site.DOOR, **changes):
    """The same as the door sees it."""
    return DoorView(rules(*operations, **changes), door, 3000)


def seen(rules):
    """All that rules hold, by name, so that two can be compared."""
    found = {}
    for name in RULES:
        value = getattr(rules, name)
        if name == "anchors":
            value = [key.x for key in value]
        elif name == "timezone" and value is not None:
            value = (value.std_offset_min, value.delta_min, value.start, value.end)
        elif name == "revocations":
            value = (value.packed, value.watermark, value.dropped)
        elif name in ("schedules", "holidays"):
            value = value.packed
        found[name] = value
    found["site"], found["fault"] = rules.site, rules.fault
    return found


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
    """What a credential cache would know; ``fails`` maps "grant" or "rights" to an exception.

    ``rights`` are (kind, name, bits, schedule or None) of the one group, or a dict of those by
    group; ``grants`` are what the key has, by default one in that group.
    """

    def __init__(self, rights=(), expires=None, grant=True, group=True, fails=None, grants=None):
        self._grants = grants
        if grants is None:
            self._grants = [Grant(KEY, GROUP, expires)] if grant else []
        self._rights = {}
        for number, some in (rights if isinstance(rights, dict) else {GROUP: rights}).items():
            self._rights[number] = [
                (kind, name_tag(name), bits, None if schedule is None else name_tag(schedule))
                for kind, name, bits, schedule in some
            ]
        if not group:
            self._rights = {}
        self._fails = fails or {}

    def grants(self, key):
        if "grant" in self._fails:
            raise self._fails["grant"]
        # One of neither of the two keys is what a damaged page would give for any.
        known = (KEY, PIN_KEY)
        return [one for one in self._grants if one.key == key or one.key not in known]

    def rights(self, group, door_tag, zone_tags):
        if "rights" in self._fails:
            raise self._fails["rights"]
        if group not in self._rights:
            return None
        return [
            right
            for right in self._rights[group]
            if (right[1] == door_tag if right[0] == DOOR else right[1] in zone_tags)
        ]


def show(cache, rules=None, clock=None, kind=CARD, **request):
    """The decision on a card or PIN."""
    wish = {"door": site.DOOR}
    wish.update(request)
    asked = CardRequest(kind, KEY, **wish)
    return decide(asked, rules or policy(), cache, clock or rtc())
