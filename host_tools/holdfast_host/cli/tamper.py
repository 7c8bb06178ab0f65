"""``holdfast clear-tamper``: a carrier that said that it was opened was looked after."""

from typing import Annotated

import typer

from ..errors import UsageProblem
from ..lan.places import Place
from ..lan.visit import Met
from ..site import devices
from . import errands, names
from .output import AsJson, say, say_json


def clear_tamper(
    folder: errands.SiteFolder,
    node: Annotated[
        str, typer.Argument(metavar="ID", parser=names.NODE, help="The carrier's own id.")
    ],
    phone: errands.As,
    at: errands.Nodes = None,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    as_json: AsJson = False,
) -> None:
    """Say that a carrier that was tampered with is whole again: its cards and PINs count again.

    First look at it, where it hangs. Goes to the nodes at each --node, or to all that are known,
    with a credential that may administer there: the one that decides for its door keeps an event
    that says who. Fails if none of them had a tamper of it.
    """
    errand = errands.Errand(folder, phone, at, wait, listen)
    device = devices.require(errand.devices, node)
    if device.role != devices.CARRIER:
        raise UsageProblem(f"{node!r} is no carrier", "see: holdfast reader list SITE_DIR")

    def visit(met: Met, place: Place) -> tuple[str, bool]:
        return met.name, met.carrier.clear_tamper(node)

    done = errand.go("Clearing", visit)
    cleared = [one.value[0] for one in done if one.value is not None and one.value[1]]
    if as_json:
        say_json({"carrier": node, "cleared_at": cleared, "failed": errands.failed(done)})
    elif cleared:
        say(f"the tamper of {node} is cleared at {', '.join(cleared)}", "green")
    if not cleared:
        errands.require_all(done, "cleared at")
        raise UsageProblem(
            f"no node that was asked had a tamper of {node}",
            "ask the node that it carries to: --node HOST",
        )
