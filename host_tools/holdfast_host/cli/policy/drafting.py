"""``--draft``: a change of the policy that is kept and not signed, to see what it would do.

Every command that changes rules by ``change.signed`` takes it; ``offer`` gives it to all of them
in one place. `holdfast events replay --policy draft` decides by it what was decided before.
"""

from typing import Annotated

import typer

from ... import locks
from ...errors import UsageProblem
from ...policy import drafts
from ...site import site as sites
from ..offering import with_flag
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from ..signing import now, unlocked
from .change import Folder, Remove, is_draft

_TAKE_IT = (
    "schedule", "holidays", "time-zone", "door", "zone", "unlocked", "carrier", "limits", "group",
    "revoke", "watermark", "lockdown",
)  # fmt: skip

_Draft = Annotated[
    bool,
    typer.Option("--draft", help="Sign nothing: put it in the draft, for events replay."),
]

def draft(
    folder: Folder,
    sign: Annotated[bool, typer.Option("--sign", help="Sign all that is in it.")] = False,
    remove: Remove = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show whether there is a draft; --sign it, or --remove it.

    A draft is what commands with --draft made: changes that no reader ever sees before they are
    signed. What it would have changed: holdfast events replay --policy draft.
    """
    if sign and remove:
        raise UsageProblem("--sign or --remove, not both", "give one of the two")
    site = sites.load(folder)
    history = site.policy()
    if remove:
        drafts.remove(folder)
        _say("there is no draft any more", as_json, site.id, 0, history.number)
        return
    drafts.settle(folder, history)
    made = drafts.load(folder, history.number)
    if not sign:
        text = f"the draft changes {len(made)} things after changeset {history.number}"
        _say(text if made else "there is no draft", as_json, site.id, len(made), history.number)
        return
    if not made:
        raise UsageProblem("there is no draft", "make one: holdfast policy group ... --draft")
    authority = unlocked(site, passphrase_file).authority
    with locks.signing(folder):
        # Signed is what was drafted for this changeset: not after another's since.
        made = drafts.load(folder, site.policy().number)
        history, _ = site.change_policy(authority, lambda state: made, now(site, history))
        drafts.remove(folder)
    text = f"the draft is signed; the policy is at changeset {history.number}"
    _say(text, as_json, site.id, 0, history.number)


def _say(text: str, as_json: bool, site: str, operations: int, number: int) -> None:
    if as_json:
        say_json({"site": site, "number": number, "draft": operations})
    else:
        say(text)


def offer(commands: typer.Typer) -> None:
    """Give --draft to those of the ``commands`` that can be drafted."""
    for command in commands.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        if name in _TAKE_IT and command.callback is not None:
            command.callback = with_flag(command.callback, "draft", _Draft, is_draft)
