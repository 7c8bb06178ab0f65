"""All checks, each a pure function of what was gathered."""

from collections.abc import Callable, Sequence

from . import network, nodes, own
from .finding import FAULT, NOTE, WARNING, Finding, Gathered

CHECKS: Sequence[Callable[[Gathered], list[Finding]]] = (
    network.reachable,
    network.own_networks,
    network.addresses,
    own.addresses,
    own.masks,
    network.prefixes,
    network.multicast,
    nodes.clocks,
    nodes.policies,
    nodes.certificates,
    nodes.events,
    nodes.knowledge,
    nodes.neighbours,
    nodes.faults,
)


def run(gathered: Gathered) -> list[Finding]:
    """All that is found, the worst first."""
    found = [finding for check in CHECKS for finding in check(gathered)]
    return sorted(found, key=lambda one: (FAULT, WARNING, NOTE).index(one.severity))
