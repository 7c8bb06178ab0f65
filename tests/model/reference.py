"""What the door must answer, written from the documents alone and as plainly as can be.

Lists are searched from end to end, local time comes from zoneinfo, and nothing of what decides on
the board is imported. It is told what the authority ordered, never a changeset's bytes.

An answer is a set of (granted, reason, by grace): of two reasons that the documents put in the
same step of the order, either may be told, because which is asked first is an internal matter.
"""

import itertools

UNLOCK, OVERRIDE, BOTH = 1, 4, 32
GRANTED = "granted"
DAY = 86400
SKEW = 300  # seconds that clocks may be apart
# Of several grants and rights of a card, each closed for a reason of its own, which is told.
TOLD_FIRST = (
    *("clock_unknown", "clock_uncertain", "grace_over", "schedule_unknown", "group_unknown"),
    *("other_person", "second_needed", "holiday", "outside_schedule", "not_yet_valid"),
    *("suspended", "uses_over", "expired"),
)


def yes(trusted):
    return {(True, GRANTED, not trusted)}


def no(*reasons):
    return {(False, reason, False) for reason in reasons}


class Token:
    """What a token says: ``signer`` is the authority key's name, or None for a guest's, made with
    the zone key ``mac``.
    """

    def __init__(self, cti, signer, mac, audience, expires, begins, issued, scope, **binds):
        self.cti = cti
        self.signer = signer
        self.mac = mac
        self.audience = audience
        self.expires = expires
        self.begins = begins
        self.issued = issued
        self.scope = scope  # list of ((kind, name), bits)
        self.is_bound = "schedule" in binds
        self.schedule = binds.get("schedule")
        self.wants_clock = binds.get("wants_clock", False)
        self.wants_verification = binds.get("wants_verification", False)

    def bits(self, places):
        found = 0
        for place, bits in self.scope:
            if place in places:
                found |= bits
        return found

    def worth(self, places):
        """What it can be used for there: a guest unlocks, and does nothing else."""
        return self.bits(places) & UNLOCK if self.signer is None else self.bits(places)


def authentic(token, rules):
    """Reasons why a token shown anew is not believed; none if it is."""
    if token.signer is None:
        key = rules.guest_key(token.audience)
        if key is None:
            return ["unknown_key"]
        return [] if key == token.mac else ["bad_signature"]
    return [] if token.signer in rules.anchors else ["bad_signature"]


def window(reading, begins, expires, wants_clock, rules):
    """Reasons why it is not its time."""
    if reading.now is None:
        return ["clock_unknown"]
    found = []
    latest = reading.now + reading.uncertainty
    if expires is not None and latest >= expires:
        found.append("expired")
    if latest < begins:
        found.append("not_yet_valid")
    if not reading.trusted and wants_clock:
        found.append("clock_uncertain")
    if not reading.trusted and reading.grace_used > rules.grace_s:
        found.append("grace_over")
    return found


def ask_token(rules, token, reading, door, action, intent, verified):
    """The answer to the holder of an authentic token."""
    steps = (
        _policy_there,
        _token_lockdown,
        _token_authority,
        _token_revoked,
        _token_ahead,
        _token_time,
        _token_scope,
        _token_hours,
        _token_intent,
    )
    wish = (door, action, intent, verified)
    for step in steps:
        reasons = step(rules, token, reading, wish)
        if reasons:
            return no(*reasons)
    return yes(reading.trusted)


def _policy_there(rules, *_):
    if not rules.number:
        return ["policy_missing"]
    return [] if rules.our_number is not None else ["door_unknown"]


def _token_lockdown(rules, token, reading, wish):
    # Guests' keys lie in every reader of the zone: they never override.
    if rules.is_locked() and not token.worth(rules.places()) & OVERRIDE:
        return ["locked_down"]
    return []


def _token_authority(rules, token, reading, wish):
    found = []
    if token.signer is not None and token.signer not in rules.anchors:
        found.append("retired_key")
    is_sites = token.audience == rules.site and token.signer is not None
    if not is_sites and token.audience not in rules.our_zones():
        found.append("wrong_audience")
    if token.signer is None:
        if token.issued is None or token.expires - token.issued > DAY:
            found.append("guest_too_long")
    return found


def _token_revoked(rules, token, reading, wish):
    found = ["revoked"] if token.cti in rules.revoked else []
    if rules.watermark and (token.issued is None or token.issued < rules.watermark):
        found.append("below_watermark")
    if token.expires <= rules.dropped:
        found.append("expired")
    return found


def _token_ahead(rules, token, reading, wish):
    # Who made it did not know the time, and none of its dates is one.
    if not reading.trusted or token.issued is None:
        return []
    is_ahead = token.issued > reading.now + reading.uncertainty + SKEW
    return ["dated_ahead"] if is_ahead else []


def _token_time(rules, token, reading, wish):
    begins = token.begins or 0
    if token.signer is None:
        begins = max(begins, token.issued)
    return window(reading, begins, token.expires, token.wants_clock, rules)


def _token_scope(rules, token, reading, wish):
    door, action = wish[:2]
    worth = token.worth(rules.places())
    found = [] if door == rules.door else ["no_such_door"]
    if worth & UNLOCK:
        # This reader serves nothing else.
        return found if action == UNLOCK else [*found, "action_not_allowed"]
    if worth:
        return [*found, "action_not_allowed"]
    if any(kind == 2 and name not in rules.zones for (kind, name), _ in token.scope):
        return [*found, "zone_unknown"]
    return [*found, "action_not_allowed" if token.bits(rules.places()) else "wrong_door"]


def _token_hours(rules, token, reading, wish):
    if not token.is_bound:
        return []
    if not isinstance(token.schedule, str):
        return ["schedule_unknown"] if reading.trusted else ["schedule_unknown", "clock_uncertain"]
    return rules.hours(token.schedule, reading)


def _token_intent(rules, token, reading, wish):
    intent, verified = wish[2:]
    found = [] if intent else ["no_intent"]
    if token.wants_verification and not verified:
        found.append("user_verification_needed")
    return found


class Shown:
    """A card or PIN at the door: ``value`` is what the authority granted it by.

    ``locked`` says that the keypad is; ``second`` is what came with it, None if it came alone;
    ``used`` how often its grants were used before, None where nobody counts.
    """

    def __init__(self, value, locked=False, second=None, used=None):
        self.value = value
        self.is_pin = isinstance(value, str)
        self.locked = locked and (self.is_pin or second is not None)
        self.second = second
        self.used = used
        self.is_uncounted = False  # a grant was met that counts, where nobody did


def ask_card(rules, shown, reading):
    """The answer to a card or PIN."""
    missing = _policy_there(rules)
    if missing:
        return no(*missing)
    locked = rules.is_locked()
    grants = {} if shown.locked else rules.grants.get(shown.value, {})
    rights = {group: _rights_here(rules, group) for group in grants}
    if locked and not any(bits & OVERRIDE for some in rights.values() for bits, _ in some or ()):
        return no("locked_down")
    if shown.locked:
        return no("pin_locked")
    if not grants:
        return no("wrong_pin" if shown.is_pin else "unknown_card")
    if rules.knowledge_s and reading.now is not None:
        if reading.now - rules.issued_at > rules.knowledge_s:
            return no("knowledge_too_old")
    closed = {group: _grant_closed(rules, one, shown, reading) for group, one in grants.items()}
    if all(closed.values()):
        return told_of(closed.values())
    needed = UNLOCK | OVERRIDE if locked else UNLOCK
    return _open_rights(rules, shown, reading, (grants, rights, closed), needed)


def told_of(closed):
    """The answers, where each of ``closed`` may be closed for any of some reasons."""
    return no(*{min(some, key=TOLD_FIRST.index) for some in itertools.product(*closed)})


def _rights_here(rules, group):
    """(bits, schedule) of the group's rights at this door; None if there is no such group."""
    if group not in rules.groups:
        return None
    return [(bits, name) for place, bits, name in rules.groups[group] if place in rules.places()]


def _grant_closed(rules, grant, shown, reading):
    """Reasons why the grant is worth nothing now."""
    found = window(reading, 0, grant.expires, False, rules)
    if found:
        return found
    if grant.suspended:
        return ["suspended"]
    if grant.first_day is not None:
        if rules.zoneinfo is None:
            return ["schedule_unknown"]
        if rules.local_day(reading.now) < grant.first_day:
            return ["not_yet_valid" if reading.trusted else "clock_uncertain"]
    if grant.uses and shown.used is None:
        shown.is_uncounted = True
        return ["uses_over"]
    if grant.uses and shown.used >= grant.uses:
        return ["uses_over"]
    return []


def _open_rights(rules, shown, reading, found, needed):
    """Whether what is open now makes up all the bits ``needed``."""
    closed = []  # (bits, reasons)
    held = named = 0
    grants, rights, refused = found
    for group, grant in grants.items():
        if refused[group] or rights[group] is None:
            # It might have had anything.
            closed.append((needed, refused[group] or ["group_unknown"]))
            continue
        for bits, schedule in rights[group]:
            named |= bits
            why = _second_missing(rules, grant, shown, reading) if bits & BOTH else []
            if not why and schedule is not None:
                why = rules.hours(schedule, reading)
            if why:
                closed.append((bits, why))
            else:
                held |= bits
    if held & needed == needed:
        return yes(reading.trusted)
    missed = [why for bits, why in closed if bits & needed & ~held]
    if missed:
        return told_of(missed)
    return no("action_not_allowed" if named else "wrong_door")


def _second_missing(rules, grant, shown, reading):
    """Reasons why card and PIN are not there together, and one person's."""
    if shown.second is None or shown.second == shown.value:
        return ["second_needed"]
    others = [
        _grant_closed(rules, other, shown, reading)
        for other in rules.grants.get(shown.second, {}).values()
        if grant.person is not None and other.person == grant.person
    ]
    if not others:
        return ["other_person"]
    if all(others):
        return sorted({why for _, why, _ in told_of(others)})
    return []
