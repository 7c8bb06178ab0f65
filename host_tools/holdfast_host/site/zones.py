"""A new key for a zone: sealed to its nodes, signed, and from then on used for guest tokens."""

import os
from collections.abc import Iterable
from pathlib import Path

from .. import locks
from ..errors import UsageProblem
from ..policy.history import History
from . import devices, rotation
from . import site as sites
from .keys import Keys
from .site import Site


def rotate(folder: Path, zone: str, keys: Keys, now: int) -> tuple[Site, History, list[str]]:
    """Replace the key of ``zone`` at every node that decides in it and is not revoked.

    The site, its policy, and who got the key. Guest tokens of the old key open nothing from when a
    node hears of it. ``now`` is in seconds since 1970.
    """
    sites.load(folder).require_zones([zone])
    with locks.signing(folder):
        site = sites.load(folder)
        number = site.zones[zone] + 1
        doors = _doors(site.policy(), zone)
        nodes = devices.deciding(devices.load(folder), doors)
        made = rotation.zone_operations(site, keys.secret, zone, number, nodes, os.urandom)
        # First the policy: cut short after it, the same command makes the same key again.
        history, _ = site.change_policy(keys.authority, lambda state: made, now)
        site = site.change(zones={**site.zones, zone: number})
    return site, history, [name for name, _ in nodes]


def of_doors(history: History, doors: Iterable[str]) -> list[str]:
    """The zones that one of ``doors`` lies in: whoever decides there has their keys."""
    wanted = set(doors)
    return sorted(
        zone for zone in history.state.zones if not wanted.isdisjoint(history.state.doors_in(zone))
    )


def _doors(history: History, zone: str) -> list[str]:
    if zone not in history.state.zones:
        raise UsageProblem(
            f"the policy does not know the zone {zone!r}",
            "see what it knows: holdfast policy show",
        )
    return history.state.doors_in(zone)
