"""How every command of ``holdfast policy`` that changes something goes about it."""

import contextvars
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ...policy import drafts
from ...policy.history import Changes, History
from ...register import shared
from ...site.keys import Keys
from ...site.site import Site
from ..output import say, say_json
from ..signing import now, unlocked

Folder = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder.")]
Remove = Annotated[bool, typer.Option("--remove", help="Take it out of the policy.")]

is_draft = contextvars.ContextVar("draft", default=False)  # see drafting.py


def signed(
    site: Site, passphrase_file: Path | None, changes: Changes, keys: Keys | None = None
) -> tuple[History, int]:
    """The policy once ``changes`` are signed, and how many changesets that took.

    They are tried on the present state first, so that what cannot be, or is so already, asks for
    no passphrase.
    """
    shared.catch_up(site.folder)
    history = site.policy()
    if is_draft.get():
        return _drafted(site, history, changes)
    if not changes(history.state):
        return history, 0
    if keys is None:
        keys = unlocked(site, passphrase_file)
    return site.change_policy(keys.authority, changes, now(site, history))


def _drafted(site: Site, history: History, changes: Changes) -> tuple[History, int]:
    """The policy as it would be once the draft is signed, which has got these ``changes``."""
    added, _ = drafts.add(site.folder, history, changes)
    meant = copy.copy(history)
    meant.state = drafts.state_of(history, drafts.load(site.folder, history.number))
    return meant, added


def report(
    history: History, added: int, done: str, as_json: bool, facts: Mapping[str, object]
) -> None:
    """Say what was ``done``, or that it was so already."""
    if as_json:
        changed = {"site": history.site, "changed": added > 0, "number": history.number}
        drafted = {"draft": True} if is_draft.get() else {}
        say_json({**changed, **drafted, **facts})
    elif not added:
        say(f"nothing to change: {done} already")
    elif is_draft.get():
        say(f"in the draft, and NOT signed: {done}", "yellow")
    elif added == 1:
        say(f"{done}; signed as changeset {history.number}", "green")
    else:
        say(
            f"{done}; signed as changesets {history.number - added + 1} to {history.number}",
            "green",
        )
