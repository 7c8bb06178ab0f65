"""``holdfast policy door`` and ``zone``: which doors there are, and which lie together."""

from typing import Annotated

import typer

from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy.state import State
from ...site import site as sites
from .. import names
from ..output import AsJson
from ..passphrase import PassphraseFile
from .change import Folder, Remove, report, signed


def door(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="NAME", parser=names.DOOR, help="What to call the door.")
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone it lies in; repeatable."),
    ] = None,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a door to the site, or put one into more zones. Enrolling a reader at it does so, too.

    --remove refuses while a group, a zone or a schedule names it.
    """
    site = sites.load(folder)
    if remove:
        if zone:
            raise UsageProblem("--remove takes nothing else", "give only the name and --remove")
        done = signed(site, passphrase_file, lambda state: policy_changes.remove_door(state, name))
        report(*done, f"the door {name} is removed", as_json, {"door": name})
        return
    history, added = signed(
        site, passphrase_file, lambda state: policy_changes.add_door(state, name, zone or [])
    )
    zones = history.state.zones_of(name)
    number = history.state.door_number(name)
    where = f"in {', '.join(zones)}" if zones else "in no zone"
    facts = {"door": name, "door_number": number, "zones": zones}
    report(history, added, f"the door {name} is door {number}, {where}", as_json, facts)


def zone(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="ZONE", parser=names.ZONE, help="A zone of the site.")
    ],
    door: Annotated[
        list[str] | None,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="A door that is in it; repeatable."),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add these doors, and keep those it has.")
    ] = False,
    empty: Annotated[bool, typer.Option("--empty", help="No door is in it any more.")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which doors are in a zone: exactly those given."""
    site = sites.load(folder)
    if empty == bool(door):
        raise UsageProblem(
            "neither or both of --door and --empty are given",
            "give the doors that are in the zone, or --empty for none",
        )

    def changes(state: State) -> list[list]:
        policy_changes.require_zones(state, [name])
        kept = state.doors_in(name) if add else []
        return policy_changes.set_zone(state, name, [*kept, *(door or [])])

    history, added = signed(site, passphrase_file, changes)
    doors = history.state.doors_in(name)
    text = f"the zone {name} is {', '.join(doors) or 'without a door'}"
    report(history, added, text, as_json, {"zone": name, "doors": doors})
