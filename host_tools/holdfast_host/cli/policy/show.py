"""``holdfast policy show``: what the changesets come to, for people and for machines."""

import collections
import time

from holdfast.access.policy import limits

from ...credentials import lifetime
from ...policy import carriers as policy_carriers
from ...policy import modes as policy_modes
from ...policy import schedules as policy_schedules
from ...policy import time_zones as policy_time_zones
from ...policy.history import History
from ...policy.state import State
from ...site import site as sites
from ..output import AsJson, say_json, say_table
from .access import place_facts, place_text, rights_facts, rights_text
from .change import Folder


def show(folder: Folder, as_json: AsJson = False) -> None:
    """Show a site's present policy, with all its changesets checked. Needs no passphrase."""
    history = sites.load(folder).policy()
    if as_json:
        say_json(_facts(history))
    else:
        say_table(_rows(history))


def _facts(history: History) -> dict[str, object]:
    state = history.state
    return {
        "site": history.site,
        "number": history.number,
        "head": history.head.hex(),
        "issued_at": history.issued_at,
        "time_zone": state.time_zone and policy_time_zones.describe(state.time_zone),
        "doors": dict(sorted((name, number) for number, name in state.doors.items())),
        "zones": {zone: state.doors_in(zone) for zone in state.zones},
        "unlocked": {
            state.doors[number]: policy_modes.facts(mode) for number, mode in state.modes.items()
        },
        "carriers": policy_carriers.facts(state),
        "schedules": {
            name: {
                "weekly": policy_schedules.format_week(schedule.week),
                "on_holidays": policy_schedules.format_on_holidays(schedule.on_holidays),
            }
            for name, schedule in state.schedules.items()
        },
        "holidays": policy_schedules.format_holidays(_upcoming(state)),
        "groups": {
            str(number): {"rights": rights_facts(rights), "cards_and_pins": count}
            for number, (rights, count) in _groups(state).items()
        },
        "cards_and_pins": len(state.grants),
        "of_these": _rare(state),
        "grants": state.pairs,
        "revoked": {cti.hex(): entry.end for cti, entry in state.revoked.entries.items()},
        "watermark": state.revoked.watermark,
        "lockdown": state.is_locked or [place_facts(*place) for place in state.locked_places],
        "zone_keys": state.keys.numbers,
        "lookup_key": state.lookup,
        "limits": limit_facts(state),
    }


def limit_facts(state: State) -> dict[str, int]:
    """The limits for a machine, each by its name and unit; 0 for knowledge is none."""
    return {name: state.limits[label] for label, name in limits.names().items()}


def limit_rows(state: State) -> dict[str, str]:
    """The limits for a person."""
    said = limit_facts(state)
    knowledge = "not set: a card that was taken back goes on opening a door that is cut off,"
    knowledge += " without bound (holdfast policy limits --knowledge 7d)"
    if said["knowledge_s"]:
        knowledge = (
            f"cards and PINs open for {_time(said['knowledge_s'])} after the last changeset"
        )
    return {
        "grace": f"{said['grace_s'] / 3600:g} h without a clock",
        "clock": f"trusted within {said['max_uncertainty_s']} s",
        "knowledge": knowledge,
        "certificates": f"of devices hold for {said['certificate_days']} days",
        "wrong PINs": f"{said['wrong_pins_a_day']} a day at each door",
    }


def limits_text(state: State) -> str:
    """The limits for a person, in one line."""
    return "; ".join(f"{name}: {text}" for name, text in limit_rows(state).items())


def _time(seconds: int) -> str:
    return f"{seconds // 86400} days" if seconds % 86400 == 0 else f"{seconds / 3600:g} h"


def _rows(history: History) -> dict[str, object]:
    state = history.state
    zone = "not set" if state.time_zone is None else policy_time_zones.describe(state.time_zone)
    rows: dict[str, object] = {
        "site": history.site,
        "changesets": f"{history.number}, the last of {lifetime.iso(history.issued_at)}",
        "head": history.head.hex(),
        "time zone": zone,
    }
    rows["doors"] = ", ".join(sorted(state.doors.values())) or "none"
    for name in sorted(state.zones):
        rows[f"zone {name}"] = ", ".join(state.doors_in(name)) or "no door"
    for number, mode in sorted(state.modes.items()):
        rows[f"unlocked {state.doors[number]}"] = policy_modes.text(mode)
    for node, to in policy_carriers.facts(state).items():
        rows[f"carrier {node}"] = f"for {to['door']}, {to['side']}"
    for name, schedule in sorted(state.schedules.items()):
        hours = "; ".join(policy_schedules.format_on_holidays(schedule.on_holidays)) or "closed"
        weekly = "; ".join(policy_schedules.format_week(schedule.week)) or "never"
        rows[f"schedule {name}"] = f"{weekly} (on holidays: {hours})"
    rows["holidays"] = ", ".join(policy_schedules.format_holidays(_upcoming(state))) or "none"
    for number, (rights, count) in _groups(state).items():
        rows[f"group {number}"] = f"{rights_text(rights) or 'nothing'}; cards and PINs: {count}"
    rare = ", ".join(f"{count} {_RARE[name]}" for name, count in _rare(state).items() if count)
    rows["cards and PINs"] = f"{len(state.grants)} ({rare})" if rare else len(state.grants)
    rows["revoked"] = len(state.revoked.entries)
    if state.revoked.watermark:
        rows["watermark"] = f"issued before {lifetime.iso(state.revoked.watermark)} is refused"
    locked = ", ".join(place_text(*place) for place in state.locked_places)
    rows["lockdown"] = "ALL DOORS" if state.is_locked else locked or "off"
    rows.update(limit_rows(state))
    return rows


_RARE = {
    "suspended": "suspended",
    "first_day": "from a day on",
    "uses": "for a count of uses",
    "person": "of a person, for card and PIN",
    "duress": "duress PINs",
}


def _rare(state: State) -> dict[str, int]:
    """How many cards and PINs have something that few have, in one group at least."""
    return {
        name: sum(
            any(getattr(one, name) not in (None, False) for one in groups.values())
            for groups in state.grants.values()
        )
        for name in _RARE
    }


def _upcoming(state: State) -> policy_schedules.Kinds:
    return policy_schedules.upcoming(state.holidays, int(time.time()))


def _groups(state: State) -> dict[int, tuple[list, int]]:
    """Each group that has rights or members: its rights and how many members."""
    counts = collections.Counter(group for groups in state.grants.values() for group in groups)
    numbers = sorted({*state.groups, *counts})
    return {number: (state.groups.get(number, []), counts[number]) for number in numbers}
