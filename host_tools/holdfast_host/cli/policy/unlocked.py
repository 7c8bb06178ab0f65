"""``holdfast policy unlocked``: doors that stand unlocked by schedule."""

from typing import Annotated

import typer

from ...errors import UsageProblem
from ...policy import modes
from ...site import site as sites
from .. import names
from ..output import AsJson
from ..passphrase import PassphraseFile
from .change import Folder, Remove, report, signed


def unlocked(
    folder: Folder,
    door: Annotated[
        str, typer.Argument(metavar="DOOR", parser=names.DOOR, help="A door of the policy.")
    ],
    schedule: Annotated[
        str | None,
        typer.Option(metavar="NAME", parser=names.SCHEDULE, help="In these hours."),
    ] = None,
    from_first_grant: Annotated[
        bool,
        typer.Option(
            "--from-first-grant", help="Not before somebody was let in, each window anew."
        ),
    ] = False,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a door stand unlocked in the hours of a schedule. Replaces what it was.

    A lockdown, a clock that cannot be trusted and a damaged policy secure it at once. Give it a
    lock that stays shut without current (fail-secure): no reader holds another one shut.
    """
    site = sites.load(folder)
    if remove:
        if schedule is not None or from_first_grant:
            raise UsageProblem("--remove takes nothing else", "give only the door and --remove")
        done = signed(site, passphrase_file, lambda state: modes.lock(state, door))
        text = f"the door {door} stands unlocked by no schedule"
        report(*done, text, as_json, {"door": door, "unlocked": None})
        return
    if schedule is None:
        raise UsageProblem(
            f"it is not said when {door} stands unlocked", "give --schedule, or --remove"
        )
    done = signed(
        site,
        passphrase_file,
        lambda state: modes.unlock(state, door, schedule, from_first_grant),
    )
    mode = (schedule, int(from_first_grant))
    text = f"the door {door} stands unlocked {modes.text(mode)}"
    report(*done, text, as_json, {"door": door, "unlocked": modes.facts(mode)})
