"""``holdfast policy carrier``: which reader without a strike carries for which side of a door."""

import enum
from typing import Annotated

import typer

from ...errors import UsageProblem
from ...policy import carriers
from ...site import site as sites
from .. import names
from ..output import AsJson
from ..passphrase import PassphraseFile
from .change import Folder, Remove, report, signed


class Way(enum.StrEnum):
    """The sides of a door, as carriers.WAYS has them."""

    IN = "in"
    OUT = "out"


def carrier(
    folder: Folder,
    node: Annotated[
        str, typer.Argument(metavar="ID", parser=names.NODE, help="The carrier's own id.")
    ],
    door: Annotated[
        str | None,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="The one door it carries for."),
    ] = None,
    side: Annotated[Way, typer.Option(help="Whether who stands at it wants in or out.")] = Way.IN,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say for which door a reader without a strike carries. Replaces what it was.

    The node whose strike it is decides; what the carrier brings, phones included, may ask for
    that door alone.
    """
    site = sites.load(folder)
    if remove:
        if door is not None:
            raise UsageProblem("--remove takes nothing else", "give only the id and --remove")
        done = signed(site, passphrase_file, lambda state: carriers.remove(state, node))
        report(*done, f"{node} carries for no door", as_json, {"carrier": node, "door": None})
        return
    if door is None:
        raise UsageProblem(
            f"it is not said for which door {node} carries", "give --door, or --remove"
        )
    way = carriers.WAYS[side.value]
    done = signed(site, passphrase_file, lambda state: carriers.carry(state, node, door, way))
    text = f"{node} carries for the door {door}, {side.value}"
    report(*done, text, as_json, {"carrier": node, "door": door, "side": side.value})
