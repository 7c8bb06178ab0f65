"""Where a command writes a file: to a new one, or with --force over one that it wrote before.

``offer`` gives --force to the commands that write what can be had again. What cannot be had again
(keys, registers, a site's policy, flash, events, PINs that were drawn) is never written over, and
its commands have no --force.
"""

import contextvars
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from .offering import with_flag

Force = Annotated[
    bool,
    typer.Option("--force", help="Write over a file that is there, if it is of the same kind."),
]

_AGAIN = ("export", "snapshot", "issue", "renew", "phone-lost", "report")
_OUT = ("out", "into")

_forced = contextvars.ContextVar("force", default=False)


def require(path: Path, is_ours: Callable[[bytes], bool]) -> None:
    """Refuse to write to ``path``, before any work is done for it, unless there is nothing; or,
    with --force, what ``is_ours``.
    """
    files.require_replaceable(path, is_ours, force=_forced.get())


def offer(commands: typer.Typer) -> None:
    """Give --force to those of ``commands`` that write what can be had again."""
    for command in commands.registered_commands:
        callback = command.callback
        name = command.name or getattr(callback, "__name__", "").replace("_", "-")
        if callback is None or name not in _AGAIN:
            continue
        signature = inspect.signature(callback)
        if set(_OUT) & set(signature.parameters) and "force" not in signature.parameters:
            command.callback = with_flag(callback, "force", Force, _forced)
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            offer(group.typer_instance)
