"""Checks of the network: who answers, addresses, masks, prefixes, multicast. Pure."""

import ipaddress

from ...site.devices import CARRIER
from .. import look
from ..look import Seen
from ..networks import Interface
from .finding import FAULT, NOTE, WARNING, Finding, Gathered

_AUTO = ipaddress.IPv4Network("169.254.0.0/16")
_USUAL = 24  # bits of a mask, where nobody tells it


def reachable(gathered: Gathered) -> list[Finding]:
    """Who did not answer, and who of the register was never met."""
    found = []
    for one in gathered.missed:
        about = one.name or str(one.place)
        found.append(Finding("port", FAULT, about, one.problem.cause, one.problem.next_step))
    there = {one.name for one in gathered.seen} | {one.name for one in gathered.missed}
    for device in gathered.devices:
        # Who carries answers nobody: its controller sees it, and its light shows that.
        if device.role == CARRIER:
            continue
        if not device.revoked and device.id not in there:
            found.append(
                Finding(
                    "port",
                    WARNING,
                    device.id,
                    "it is in the register, and nobody knows where it is",
                    "name its address once: --node HOST; if it is no more: holdfast reader revoke",
                )
            )
    return found


def own_networks(gathered: Gathered) -> list[Finding]:
    """Addresses and masks of this computer that leave it without a way to nodes."""
    found = []
    usable = [one for one in gathered.interfaces if not one.address.is_loopback]
    for one in usable:
        if one.address in _AUTO:
            found.append(
                Finding(
                    "address",
                    WARNING,
                    one.name,
                    f"{one.address} is an address that this computer gave itself: nobody else did",
                    "check the cable and the DHCP server of that network",
                )
            )
        elif one.network.prefixlen >= 31 and _nodes_near(gathered, one):
            found.append(
                Finding(
                    "mask",
                    WARNING,
                    one.name,
                    f"the mask of {one.address} has room for no node",
                    "give the interface the mask of its network",
                )
            )
    for at, one in enumerate(usable):
        for other in usable[:at]:
            if one.network.overlaps(other.network):
                found.append(
                    Finding(
                        "mask",
                        WARNING,
                        one.name,
                        f"{one.address} and {other.address} ({other.name}) overlap: what is for"
                        " one may leave by the other",
                        "give one of them another network, or a narrower mask",
                    )
                )
    return found


def _nodes_near(gathered: Gathered, one: Interface) -> bool:
    near = ipaddress.IPv4Network((one.address.ip, _USUAL), strict=False)
    addresses = [look.address(seen.place) for seen in gathered.seen]
    return any(address in near for address in addresses if address is not None)


def addresses(gathered: Gathered) -> list[Finding]:
    """Addresses of nodes that no others can rely upon."""
    found = []
    by_name: dict[str, list[Seen]] = {}
    for one in gathered.seen:
        by_name.setdefault(one.name, []).append(one)
        address = look.address(one.place)
        if address is not None and address in _AUTO:
            found.append(
                Finding(
                    "address",
                    WARNING,
                    one.name,
                    f"{address} is an address that the node gave itself: nobody else did",
                    "check the DHCP server of its network, or give it a fixed address",
                )
            )
    for name, places in by_name.items():
        if len(places) > 1:
            where = ", ".join(str(one.place) for one in places)
            found.append(
                Finding(
                    "address",
                    NOTE,
                    name,
                    f"it answers at several places: {where}",
                    "use one of them: remove the others from nodes.json of the site",
                )
            )
    return found


def prefixes(gathered: Gathered) -> list[Finding]:
    """Nodes that share a door, in networks between which no multicast goes."""
    found = []
    doors = sorted({door for one in gathered.seen for door in one.doors})
    for door in doors:
        networks: dict[ipaddress.IPv4Network, list[str]] = {}
        for one in gathered.seen:
            network = _network_of(gathered, one)
            if door in one.doors and network is not None:
                networks.setdefault(network, []).append(one.name)
        if len(networks) > 1:
            which = "; ".join(
                f"{network}: {', '.join(sorted(set(names)))}"
                for network, names in sorted(networks.items())
            )
            found.append(
                Finding(
                    "prefix",
                    WARNING,
                    door,
                    f"the nodes of this door are in different networks ({which})",
                    "put them into one, or name them to each other as peers: multicast does not"
                    " cross a router",
                )
            )
    return found


def _network_of(gathered: Gathered, one: Seen) -> ipaddress.IPv4Network | None:
    own = look.own_network(one)
    if own is not None:
        return own.network
    address = look.address(one.place)
    return None if address is None else _network(gathered, address)


def _network(gathered: Gathered, address: ipaddress.IPv4Address) -> ipaddress.IPv4Network:
    own = [one.network for one in gathered.interfaces if address in one.network]
    if own:
        return max(own, key=lambda network: network.prefixlen)
    return ipaddress.IPv4Network((address, _USUAL), strict=False)


def multicast(gathered: Gathered) -> list[Finding]:
    """Whether hints come by multicast from the networks that nodes are in."""
    hearing = gathered.hearing
    if hearing is None:
        return []
    if hearing.problem:
        return [
            Finding(
                "multicast",
                WARNING,
                "this computer",
                f"it could not listen for hints: {hearing.problem}",
                "check that it has a network with multicast",
            )
        ]
    heard = {address for one in hearing.heard if (address := look.address(one.place)) is not None}
    found = []
    for interface in gathered.interfaces:
        near = [
            one.name
            for one in gathered.seen
            if (address := look.address(one.place)) is not None and address in interface.network
        ]
        if near and not any(address in interface.network for address in heard):
            names = ", ".join(sorted(set(near)))
            found.append(
                Finding(
                    "multicast",
                    WARNING,
                    str(interface.network),
                    f"{names} answered, and nobody there was heard by multicast",
                    "let the access points and switches of this network pass multicast to and from"
                    " the nodes (IGMP snooping, client isolation); until then name peers to each"
                    " node",
                )
            )
    far = [
        one.name
        for one in gathered.seen
        if (address := look.address(one.place)) is not None
        and gathered.interfaces
        and not any(address in interface.network for interface in gathered.interfaces)
    ]
    if far:
        found.append(
            Finding(
                "multicast",
                NOTE,
                ", ".join(sorted(set(far))),
                "reached through a router: whether multicast passes there is not seen from here",
                "run this on a computer in that network",
            )
        )
    return found
