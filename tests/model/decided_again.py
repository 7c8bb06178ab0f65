"""What an event log must hold; and its events decided again, from the event and the policy that it
names, and nothing else.
"""

import copy

from holdfast.access import reason
from holdfast.access.decide import decide
from holdfast.access.events import again, event
from holdfast.access.grant import Grant
from holdfast.access.policy.view import DoorView
from holdfast.access.request import CARD
from holdfast.access.tag import name_tag
from model.authority import DOORS
from model.in_bytes import shown_key
from model.reference_rules import DOOR


class Difference(AssertionError):
    """Reader and reference do not agree."""


class PlainCache:
    """What ``decide`` asks about cards, from lists: what the reference's ``rules`` grant now."""

    def __init__(self, rules):
        self._grants = {
            shown_key(shown): [
                Grant(
                    shown_key(shown), group, one.expires, one.first_day, one.suspended, one.person,
                    one.uses, one.duress,
                )
                for group, one in grants.items()
            ]
            for shown, grants in rules.grants.items()
        }  # fmt: skip
        self._groups = copy.copy(rules.groups)

    def keys(self):
        """Every card's and PIN's."""
        return list(self._grants)

    def grants(self, key):
        return self._grants.get(key, [])

    def rights(self, group, door_tag, zone_tags):
        if group not in self._groups:
            return None
        found = []
        for (kind, name), bits, schedule in self._groups[group]:
            tag = name_tag(name)
            if tag == door_tag if kind == DOOR else tag in zone_tags:
                found.append((kind, tag, bits, schedule and name_tag(schedule)))
        return found


def decided_again(happened, policies, seen):
    """The access event ``happened`` comes to the same answer from itself and the policy that it
    names, one of ``policies``, (SiteRules, PlainCache) by number; Difference if it does not.
    """
    fields = happened.fields
    rules, cache = policies[fields["changeset"]]
    view = DoorView(rules, door_of(fields))
    name = reason.name(fields["reason_code"])
    was = name == "granted", name, fields.get("by_grace", False)
    if "shown" not in fields:
        # Nothing authentic was shown, and nothing decided.
        if name not in ("bad_signature", "unknown_key"):
            raise Difference(f"an event does not say what was shown: {fields}")
        return
    request, clock, why = again.request_of(happened, view)
    if not why:
        answers = [told_again(request, view, cache, clock)]
    elif fields["shown"] == CARD or fields["shown"] == event.SHOWN_TOKEN:
        raise Difference(f"{name} cannot be decided again: {why}; {fields}")
    else:
        # A PIN that opened nothing is never kept: it was one of the policy's.
        answers = []
        for key in cache.keys():
            request, clock, why = again.request_of(happened, view, key)
            answers.append(told_again(request, view, cache, clock))
        seen["of some PIN"] += 1
    if was not in answers:
        raise Difference(f"it was {was}, and decided again it is {answers}: {fields}")
    seen["again"] += 1


def told_again(request, view, cache, clock):
    """The answer to a wish that was made anew from an event."""
    decision = decide(request, view, cache, clock)
    return decision.granted, decision.reason_name, decision.by_grace


def door_of(fields):
    """The name of the door that an event is of."""
    return next(name for name in DOORS if name_tag(name) == fields["door"])


def told(happened):
    """What of an event a history knows beforehand."""
    fields = happened.fields
    if happened.kind == event.ACCESS:
        names = ("shown", "cti", "action", "guest", "by_grace", "use", "of")
        about = {name: fields[name] for name in names if name in fields}
        about["door"] = door_of(fields)
        return (event.ACCESS, reason.name(fields["reason_code"]), about)
    if happened.kind == event.POLICY_APPLIED:
        return (event.POLICY_APPLIED, fields["changeset"])
    if happened.kind == event.LOCKDOWN:
        return (event.LOCKDOWN, door_of(fields), fields["on"])
    return (happened.kind,)


def told_of_standing(events, door):
    """What the events say of a door that stands unlocked by its schedule, in order."""
    found = []
    for shown in events:
        fields = shown.event.fields
        if shown.event.kind == event.UNLOCKED_BY_SCHEDULE and door_of(fields) == door:
            found.append(("unlocked", None))
        elif shown.event.kind == event.LOCKED_BY_SCHEDULE and door_of(fields) == door:
            found.append(("locked", fields["detail"]))
    return found


def expected(kind, *rest):
    """The same, from what happened."""
    if kind != event.ACCESS:
        return (kind, *rest)
    why, about = rest
    said = {
        name: value for name, value in about.items() if value is not None and value is not False
    }
    return (kind, why, said)
