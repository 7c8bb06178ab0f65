"""What the door must answer, written from the documents alone and as plainly as can be.

Lists are searched from end to end, local time comes from zoneinfo, and nothing of what decides on
the board is imported. It is told what the authority ordered, never a changeset's bytes.

An answer is a set of (granted, reason, by grace): of two reasons that the documents put in the
same step of the order, either may be told, because which is asked first is an internal matter.
"""

UNLOCK, OVERRIDE = 1, 4
GRANTED = "granted"
DAY = 86400


def yes(trusted):
    return {(True, GRANTED, not trusted)}


def no(*reasons):
    return {(False, reason, False) for reason in reasons}


class Token:
    """What a token says: ``signer`` is the authority key's name, or None for a guest's, made with
    the zone key called ``mac``.
    """

    def __init__(self, cti, signer, mac, audience, expires, begins, issued, scope, **binds):
        self.cti = cti
        self.signer = signer
        self.mac = mac
        self.audience = audience
        self.expires = expires
        self.begins = begins
        self.issued = issued
        self.scope = scope  # list of (place, bits)
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


def authentic(token, rules, zone_keys):
    """Reasons why a token shown anew is not believed; none if it is."""
    if token.signer is None:
        if token.audience not in zone_keys:
            return ["unknown_key"]
        return [] if zone_keys[token.audience] == token.mac else ["bad_signature"]
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
    return [] if rules.number else ["policy_missing"]


def _token_lockdown(rules, token, reading, wish):
    # Guests' keys lie in every reader of the zone: they never override.
    if rules.is_locked() and (token.signer is None or not token.bits(rules.places()) & OVERRIDE):
        return ["locked_down"]
    return []


def _token_authority(rules, token, reading, wish):
    found = []
    if token.signer is not None and token.signer not in rules.anchors:
        found.append("retired_key")
    zones = [place for place in rules.places() if place != rules.door]
    if token.audience in rules.unknown():
        found.append("zone_unknown")
    elif token.audience != rules.site and token.audience not in zones:
        found.append("wrong_audience")
    if token.signer is None:
        if token.issued is None or token.expires - token.issued > DAY:
            found.append("guest_too_long")
    return found


def _token_revoked(rules, token, reading, wish):
    found = ["revoked"] if token.cti in rules.revoked else []
    if rules.watermark and (token.issued is None or token.issued < rules.watermark):
        found.append("below_watermark")
    return found


def _token_time(rules, token, reading, wish):
    begins = token.begins or 0
    if token.signer is None:
        begins = max(begins, token.issued)
    return window(reading, begins, token.expires, token.wants_clock, rules)


def _token_scope(rules, token, reading, wish):
    door, action = wish[:2]
    bits = token.bits(rules.places())
    found = [] if door == rules.door else ["no_such_door"]
    if bits & UNLOCK:
        # This reader serves nothing else.
        return found if action == UNLOCK else [*found, "action_not_allowed"]
    if token.bits(rules.unknown()) & UNLOCK:
        return [*found, "zone_unknown"]
    return [*found, "action_not_allowed" if bits else "wrong_door"]


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


def ask_card(rules, shown, reading, is_pin=False, pin_locked=False):
    """The answer to a card or PIN; ``shown`` is what the authority granted it by."""
    if not rules.number:
        return no("policy_missing")
    grant = None if pin_locked else rules.grants.get(shown)
    rights = None if grant is None else rules.groups.get(grant[0])
    here = [right for right in rights or () if right[0] in rules.places()]
    locked = rules.is_locked()
    if locked and not any(bits & OVERRIDE for _, bits, _ in here):
        return no("locked_down")
    if pin_locked:
        return no("pin_locked")
    if grant is None:
        return no("wrong_pin" if is_pin else "unknown_card")
    outside = window(reading, 0, grant[1], False, rules)
    if outside:
        return no(*outside)
    if rights is None:
        return no("group_unknown")
    named = 0
    for _, bits, _ in here:
        named |= bits
    if not named & UNLOCK:
        if any(place in rules.unknown() and bits & UNLOCK for place, bits, _ in rights):
            return no("zone_unknown")
        return no("action_not_allowed" if named else "wrong_door")
    return _open_rights(rules, here, reading, UNLOCK | OVERRIDE if locked else UNLOCK)


def _open_rights(rules, here, reading, needed):
    """Whether the rights whose hours it is make up all the bits ``needed``."""
    closed = []
    held = 0
    for _, bits, schedule in here:
        why = [] if schedule is None else rules.hours(schedule, reading)
        if why:
            closed.append((bits, why[0]))
        else:
            held |= bits
    if held & needed == needed:
        return yes(reading.trusted)
    missed = [why for bits, why in closed if bits & needed & ~held]
    for why in ("clock_uncertain", "schedule_unknown", "holiday", "outside_schedule"):
        if why in missed:
            return no(why)
    raise AssertionError("a right is neither held nor closed")


class Keypad:
    """How often a wrong PIN may be tried, in seconds of uptime."""

    def __init__(self):
        self.wrong = 4  # a restart buys one attempt
        self.since = 0
        self.until = 0

    def is_locked(self, uptime):
        return uptime < self.until

    def tried(self, uptime, opens_something):
        while uptime - self.since >= 900:
            self.since += 900
            self.wrong = max(0, self.wrong - 1)
        if opens_something:
            if uptime - self.since >= 300:
                self.since = uptime
                self.wrong = max(0, self.wrong - 1)
            return
        self.wrong = min(self.wrong + 1, 12)
        if self.wrong >= 5:
            self.until = self.since = uptime + min(30 * 2 ** (self.wrong - 5), 3600)
