"""What a node is told of the LAN when it is enrolled: who decides, and whom it meets there."""

import enum
import ipaddress
from typing import Annotated

import typer

from holdfast.access.credential import ROLE_CARRIER, ROLE_CONTROLLER, ROLE_READER

from ..errors import UsageProblem
from . import names

PORT = 62435  # of nodes, where no other is named


class Wiring(enum.StrEnum):
    """Who decides for a door (docs/flash_format.md, settings)."""

    DECIDES = "decides"
    CARRIES = "carries"
    WIEGAND = "wiegand"


DECIDES = Wiring.DECIDES


class Role(enum.StrEnum):
    """What a device is, by its certificate."""

    READER = "reader"
    CONTROLLER = "controller"
    CARRIER = "carrier"


ROLES = {
    Role.READER: ROLE_READER,
    Role.CONTROLLER: ROLE_CONTROLLER,
    Role.CARRIER: ROLE_CARRIER,
}

RoleOption = Annotated[
    Role | None,
    typer.Option(
        help="A controller may have several doors, and other nodes' events go to it; a carrier is"
        " what carries [reader, or carrier by its wiring].",
    ),
]


def role(named: Role | None, wiring: Wiring) -> int:
    """What its certificate says that it is. Raises UsageProblem."""
    if named is None:
        return ROLE_CARRIER if wiring == Wiring.CARRIES else ROLE_READER
    if (named == Role.CARRIER) != (wiring == Wiring.CARRIES):
        raise UsageProblem(
            f"a {named.value} cannot have the wiring {wiring.value!r}",
            "a carrier is who carries: --role carrier --wiring carries",
        )
    return ROLES[named]


WiringOption = Annotated[
    Wiring,
    typer.Option(help="Who decides for the door: the reader itself, or a node it carries to."),
]
OtherDoors = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DOOR",
        parser=names.DOOR,
        help="Another door that a controller opens, in the same zones; repeatable.",
    ),
]
Controller = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        parser=names.NODE,
        help="The node that its events go to, or that it carries to; it shows whether that is"
        " there.",
    ),
]
Peers = Annotated[
    list[str] | None,
    typer.Option(
        "--peer",
        metavar="ADDRESS[:PORT]",
        help="A node on its LAN, where multicast does not come; up to four.",
    ),
]
Joined = Annotated[
    str | None,
    typer.Option(
        "--lan",
        metavar="PORT[,ADDRESS]",
        help="Meet other nodes on this UDP port, such as 62435 or 62435,127.0.0.2.",
    ),
]


def joined(text: str) -> tuple[int, str]:
    """``(port, IPv4 address)`` of PORT[,ADDRESS]. Raises UsageProblem."""
    port, _, address = text.partition(",")
    try:
        found = str(ipaddress.IPv4Address(address or "0.0.0.0"))
        if not 0 < int(port) < 1 << 16:
            raise ValueError
    except ValueError as error:
        raise UsageProblem(
            f"{text!r} is no port and address", f"such as {PORT}, or {PORT},127.0.0.2"
        ) from error
    return int(port), found


def peer(text: str) -> tuple[str, int]:
    """``(IPv4 address, port)`` of ADDRESS[:PORT], one node's. Raises UsageProblem."""
    address, _, port = text.partition(":")
    try:
        number = int(port) if port else PORT
        found = ipaddress.IPv4Address(address)
        if not 0 < number < 1 << 16 or not 0 < found.packed[0] < 224:
            raise ValueError
    except ValueError as error:
        raise UsageProblem(
            f"{text!r} is no address of a node", "such as 192.168.1.20, or 192.168.1.20:62435"
        ) from error
    return str(found), number
