"""``holdfast doctor``: what is wrong with the nodes of a site, and what to do."""

import dataclasses
import time

import typer

from ..lan.doctor import checks
from ..lan.doctor.finding import FAULT, NOTE, WARNING, Finding, Gathered
from . import errands
from .output import AsJson, say, say_json

_STYLES = {FAULT: "bold red", WARNING: "yellow", NOTE: ""}
FOUND = 1


def doctor(
    folder: errands.SiteFolder,
    phone: errands.As,
    nodes: errands.Nodes = None,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong with the nodes of a site on the LAN, and say what to do.

    Addresses and masks, nodes of one door in different networks, who does not answer, whether
    multicast passes, clocks, number and head of the policy, certificates near their end, events
    that nobody brought home, and whether the limit `knowledge` is set. Changes nothing. A
    credential that may administer sees most, one that may carry events sees which wait. Exit code
    1 if there is a fault, 0 with warnings and notes alone.
    """
    errand = errands.Errand(folder, phone, nodes, wait, listen)
    if not as_json:
        say(f"asking {len(errand.targets)} nodes of {errand.home.id}")
    seen, missed = errand.look()
    found = checks.run(
        Gathered(
            int(time.time()),
            errand.home.policy(),
            errand.devices,
            seen,
            missed,
            errand.interfaces,
            errand.hearing,
        )
    )
    if as_json:
        counts = {kind: sum(one.severity == kind for one in found) for kind in _STYLES}
        asked = {"nodes": [one.name for one in seen], "missed": [str(one.place) for one in missed]}
        findings = [dataclasses.asdict(one) for one in found]
        say_json({"site": errand.home.id, **asked, "counts": counts, "findings": findings})
    else:
        _show(found, len(seen))
    if any(one.severity == FAULT for one in found):
        raise typer.Exit(FOUND)


def _show(found: list[Finding], count: int) -> None:
    for one in found:
        say(f"{one.severity}: {one.about}: {one.text}", _STYLES[one.severity])
        say(f"  next: {one.todo}")
    if not found:
        say(f"{count} nodes, and nothing is wrong with any", "green")
