"""Checks of the addresses and masks that nodes have themselves, against each other. Pure."""

import ipaddress
from itertools import combinations

from .. import look
from .finding import FAULT, NOTE, WARNING, Finding, Gathered

_DHCP = "look at what the DHCP server of that network gives, or at the node's fixed address"


def addresses(gathered: Gathered) -> list[Finding]:
    """Nodes that have no address of a network, another's, or another than they are asked at."""
    found = []
    # By the port, too: several on one machine have an address in common.
    having: dict[tuple[ipaddress.IPv4Address, int], set[str]] = {}
    for one in gathered.seen:
        own, asked = look.own_address(one), look.address(one.place)
        if own is None:
            continue
        if own.is_loopback and (asked is None or not asked.is_loopback):
            text = f"it has {own}, which no other node can ask"
            found.append(Finding("address", FAULT, one.name, text, _DHCP))
            continue
        having.setdefault((own, one.place.port), set()).add(one.name)
        if asked is not None and asked != own:
            found.append(
                Finding(
                    "address",
                    NOTE,
                    one.name,
                    f"it answers at {asked} and has {own} itself: something between rewrites"
                    " addresses, and that passes no hint",
                    "name it to the nodes on this side as a peer, by the address that they reach"
                    " it at; better: put them into one network",
                )
            )
    for (address, _), names in having.items():
        if len(names) > 1:
            found.append(
                Finding(
                    "address",
                    FAULT,
                    ", ".join(sorted(names)),
                    f"all of them have the address {address}: what is for one comes to another",
                    "give each an address of its own: " + _DHCP,
                )
            )
    return found


def masks(gathered: Gathered) -> list[Finding]:
    """Masks that are none, or by which two in one network do not see each other as neighbours."""
    found = []
    having: list[tuple[str, ipaddress.IPv4Interface]] = []
    for one in gathered.seen:
        network = look.own_network(one)
        if network is not None:
            having.append((one.name, network))
        elif "/" in (said := look.own_text(one)):
            text = f"{said[:40]!r} is no address with a mask"
            found.append(Finding("mask", WARNING, one.name, text, _DHCP))
    own = [
        (f"this computer ({one.name})", one.address)
        for one in gathered.interfaces
        if not one.address.is_loopback
    ]
    told = set()
    for (name, one), (other, another) in combinations([*own, *having], 2):
        differ = one.network != another.network and one.network.overlaps(another.network)
        # Two of this computer are told of elsewhere, and one node may answer at two places.
        if not differ or name == other or (name, one) in own and (other, another) in own:
            continue
        about = other
        if about in told:
            continue
        told.add(about)
        found.append(
            Finding(
                "mask",
                WARNING,
                about,
                f"it is {another}, and {name} is {one}: for one of them the other is near, for"
                " the other it is not, and answers or broadcasts go astray",
                "give both the same mask: " + _DHCP,
            )
        )
    return found
