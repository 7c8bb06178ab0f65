"""Opening a site's keys to sign with them: first this computer's clock is asked, then the
passphrase.

Every command that signs takes --clock-is-right; ``offer`` gives it to all of them in one place.
"""

import contextvars
import inspect
import time
from pathlib import Path
from typing import Annotated

import typer

from ..policy import witness
from ..policy.history import History
from ..register import shared
from ..site import clock
from ..site.keys import Keys
from ..site.site import Site
from . import passphrase
from .offering import with_flag
from .output import progress, say_problem

ClockIsRight = Annotated[
    bool,
    typer.Option(
        "--clock-is-right",
        help="Sign although this computer's clock does not fit what was signed before.",
    ),
]

# What commands have that open the keys, and those among them that sign nothing with a date.
_OPENS = "passphrase_file"
_ONLY_READ = ("show", "verify", "pull", "compare", "replay", "report")

_is_right = contextvars.ContextVar("clock_is_right", default=False)


def now(site: Site | None = None, history: History | None = None) -> int:
    """The time to sign at, in seconds since 1970, which fits what ``site`` signed before.

    ``history`` is its policy, if that was loaded already. Without a site only the date of this
    program counts. Raises UsageProblem, unless told --clock-is-right.
    """
    at = int(time.time())
    if _is_right.get():
        return at
    if site is None:
        clock.require_built(at)
    else:
        clock.require_right(clock.of(site.folder, history or site.policy()), at)
    return at


def unlocked(site: Site, passphrase_file: Path | None, *, catches_up: bool = False) -> Keys:
    """The keys of ``site``, ready to sign, on a clock that may be right. Refuses an old copy of
    the site, unless it ``catches_up`` before it signs.
    """
    if not catches_up:
        shared.catch_up(site.folder)
    history = site.policy()
    if not catches_up:
        witness.require(site.folder, history)
    at = now(site, history)
    opened = opened_by(site, passphrase_file)
    note(site, history, at)
    if not witness.can_be_kept():
        say_problem("nothing can be kept here that would tell an old copy of this site")
    return opened


def opened_by(site: Site, passphrase_file: Path | None) -> Keys:
    """The keys of ``site``, to look things up, or when its clock was asked already."""
    secret = passphrase.existing(passphrase_file)
    with progress("Opening the site's keys"):
        return site.unlock(secret)


def note(site: Site, history: History, at: int) -> None:
    """Keep that the site signs something ``at`` this time, if the next command needs to know."""
    before = clock.of(site.folder, history).signed
    # What a changeset says is not said twice: most commands sign one.
    if not before <= at <= before + clock.NOTED_S:
        clock.signed(site.folder, history.number, at)


def offer(commands: typer.Typer) -> None:
    """Give --clock-is-right to all ``commands`` that sign, those in groups included."""
    for command in commands.registered_commands:
        callback = command.callback
        name = command.name or getattr(callback, "__name__", "")
        if callback is None or name in _ONLY_READ:
            continue
        if _OPENS in inspect.signature(callback).parameters:
            command.callback = with_flag(callback, "clock_is_right", ClockIsRight, _is_right)
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            offer(group.typer_instance)
