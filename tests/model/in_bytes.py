"""What the authority of a random history orders, as changesets say it."""

import crypto
import small_site as site
from holdfast.access.policy import sealing
from holdfast.access.tag import CARD, PIN, card_key, name_tag

SECOND_SEED = b"\x99" * 32
SEEDS = {"first": site.AUTHORITY_SEED, "second": SECOND_SEED}
TIMEZONES = {
    "Europe/Berlin": [1, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]],
    "America/New_York": [1, -300, [60, [3, 2, 6, 120], [11, 1, 6, 120]]],
    "Asia/Kolkata": [1, 330, None],
}


def zone_secret(zone, number):
    """The secret that guests' tokens of this zone are made with, 32 bytes."""
    return crypto.sha256(f"{zone} {number}".encode())


def shown_key(shown):
    """What stands in the policy for a card (bytes) or a PIN (text)."""
    kind, value = (PIN, shown.encode()) if isinstance(shown, str) else (CARD, shown)
    return card_key(site.LOOKUP_KEY, kind, value)


def operation(order):
    """The order as a changeset says it; None if that says nothing."""
    return _ENCODERS[order[0]](*order[1:])


def _zone(zone, numbers):
    if numbers is False:
        return [2, zone, False]
    field = sum(1 << number for number in numbers)
    return [2, zone, field.to_bytes(32, "little").rstrip(b"\x00")]


def _zone_key(zone, number, secret, is_ours):
    node = site.NODE if is_ours else "another"
    ephemeral = crypto.x25519_public_key(site.EPHEMERAL)
    purpose = sealing.zone_key(site.SITE, site.root(), zone, number, node, ephemeral)
    device = crypto.x25519_public_key(site.READER_PRIVATE)
    sealed = sealing.seal(site.EPHEMERAL, device, purpose, secret)
    return [13, zone, number, ephemeral, [[name_tag(node), sealed]]]


def _grant(shown, group, expires, rare):
    if group is False:
        return [6, shown_key(shown), False]
    said = {_RARE[name]: value for name, value in rare.items()}
    more = [said] if said and expires is not False else []
    return [6, shown_key(shown), group, expires, *more]


def _rights(rights):
    return rights and [[list(place), bits, name] for place, bits, name in rights]


def _holidays(days):
    return [[list(day) if isinstance(day, tuple) else day, kind] for day, kind in days]


_RARE = {"first_day": 1, "suspended": 2, "person": 3, "uses": 4, "duress": 5}
_ENCODERS = {
    "timezone": lambda name: TIMEZONES[name],
    "door": lambda number, name: [12, number, name],
    "zone": _zone,
    "zone_key": _zone_key,
    "zone_switch": lambda zone, number: [14, zone, number],
    "schedule": lambda name, week, holidays: (
        [3, name, False] if week is False else [3, name, week, holidays]
    ),
    "mode": lambda number, name, late: [16, number, name, late][: 3 if name is False else 4],
    "holidays": lambda days: [4, _holidays(days)],
    "group": lambda group, rights: [5, group, _rights(rights)],
    "grant": _grant,
    "revoke": lambda cti, expires, issued: [7, cti, max(0, expires), issued],
    "watermark": lambda time: [8, time],
    "dropped": lambda time: [18, time],
    "lockdown": lambda on, places: [9, on, places and [list(place) for place in places]],
    "anchors": lambda names: [10, [crypto.ed25519_public_key(SEEDS[name]) for name in names]],
    "limits": lambda grace, uncertainty, knowledge: [11, {1: grace, 3: uncertainty, 4: knowledge}],
    "nothing": lambda: None,
}
