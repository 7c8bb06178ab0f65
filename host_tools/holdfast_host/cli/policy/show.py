"""``holdfast policy show``: what the changesets come to, for people and for machines."""

import collections

from holdfast.access.policy import operations

from ...credentials import lifetime
from ...policy import schedules as policy_schedules
from ...policy import time_zones as policy_time_zones
from ...policy.history import History
from ...policy.state import State
from ...site import site as sites
from ..output import AsJson, say_json, say_table
from .access import rights_facts, rights_text
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
        "zones": state.zones,
        "schedules": {
            name: {
                "weekly": policy_schedules.format_week(schedule.week),
                "on_holidays": policy_schedules.format_hours(schedule.on_holidays),
            }
            for name, schedule in state.schedules.items()
        },
        "holidays": [policy_schedules.format_day(day) for day in state.holidays],
        "groups": {
            str(number): {"rights": rights_facts(rights), "cards_and_pins": count}
            for number, (rights, count) in _groups(state).items()
        },
        "cards_and_pins": len(state.grants),
        "revoked": {cti.hex(): expires for cti, expires in state.revocations.items()},
        "watermark": state.watermark,
        "lockdown": state.locked_down if state.locked_down is True else sorted(_places(state)),
        "limits": {
            "grace_s": state.limits[operations.GRACE_S],
            "retention_s": state.limits[operations.RETENTION_S],
            "max_uncertainty_s": state.limits[operations.MAX_UNCERTAINTY_S],
        },
    }


def _rows(history: History) -> dict[str, object]:
    state = history.state
    zone = "not set" if state.time_zone is None else policy_time_zones.describe(state.time_zone)
    rows: dict[str, object] = {
        "site": history.site,
        "changesets": f"{history.number}, the last of {lifetime.iso(history.issued_at)}",
        "head": history.head.hex(),
        "time zone": zone,
    }
    for name, doors in sorted(state.zones.items()):
        rows[f"zone {name}"] = "every door enrolled into it" if doors is None else ", ".join(doors)
    for name, schedule in sorted(state.schedules.items()):
        hours = policy_schedules.format_hours(schedule.on_holidays) or "closed"
        weekly = "; ".join(policy_schedules.format_week(schedule.week)) or "never"
        rows[f"schedule {name}"] = f"{weekly} (on holidays: {hours})"
    rows["holidays"] = ", ".join(map(policy_schedules.format_day, state.holidays)) or "none"
    for number, (rights, count) in _groups(state).items():
        rows[f"group {number}"] = f"{rights_text(rights) or 'nothing'}; cards and PINs: {count}"
    rows["cards and PINs"] = len(state.grants)
    rows["revoked"] = len(state.revocations)
    if state.watermark:
        rows["watermark"] = f"issued before {lifetime.iso(state.watermark)} is refused"
    everywhere = "ALL DOORS" if state.locked_down is True else ""
    rows["lockdown"] = everywhere or ", ".join(sorted(_places(state))) or "off"
    rows["grace"] = f"{state.limits[operations.GRACE_S] / 3600:g} h without a clock"
    rows["retention"] = f"{state.limits[operations.RETENTION_S] / 3600:g} h of answers"
    rows["clock"] = f"trusted within {state.limits[operations.MAX_UNCERTAINTY_S]} s"
    return rows


def _groups(state: State) -> dict[int, tuple[list, int]]:
    """Each group that has rights or members: its rights and how many members."""
    counts = collections.Counter(group for group, _ in state.grants.values())
    numbers = sorted({*state.groups, *counts})
    return {number: (state.groups.get(number, []), counts[number]) for number in numbers}


def _places(state: State) -> frozenset[str]:
    return frozenset() if isinstance(state.locked_down, bool) else state.locked_down
