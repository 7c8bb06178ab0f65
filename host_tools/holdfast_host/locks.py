"""One at a time: a folder that runs, or that a command changes, is locked.

A lock is the system's (flock), on the folder itself, so it ends with whoever has it, however that
ends: there are no stale ones. ``.lock`` in the folder only says who has it, ``PID COMMAND``, while
somebody has. What is there when nobody has the folder is of a command that was killed in it:
whoever comes next to a site is told.
"""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import folders
from .errors import UsageProblem

NAME = ".lock"

_PATIENCE_S = 20.0  # longer than any change takes
_PAUSE_S = 0.05
_LONGEST = 80  # characters of a program's name that are told

# (folder, thread) of the changes that go on
_changing: set[tuple[str, int]] = set()


def _unheard(folder: Path, who: str) -> None:
    """Nobody wants to know."""


# What is held besides while a site is signed for: its database, where offices share one.
shared: Callable[[Path], contextlib.AbstractContextManager] = contextlib.nullcontext

# Is told of a site's folder in which a command was killed, and which one that was.
when_cut_short: Callable[[Path, str], None] = _unheard


class Hold:
    """A folder that this process has for itself until ``release``, or the end of the context."""

    def __init__(self, folder: Path, descriptor: int):
        self.descriptor = descriptor
        self._folder = folder

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, *exception) -> None:
        self.release()

    def release(self) -> None:
        """Let others have it; harmless to repeat."""
        unlabel(self._folder)
        self.pass_on()

    def pass_on(self) -> None:
        """Leave it to the process that inherited the descriptor, as long as that lives."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def hold(folder: Path, patience: float = 0.0) -> Hold:
    """Have ``folder``, which must be there, for this process.

    Raises UsageProblem that says who has it, if that does not end within ``patience`` seconds.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageProblem(
            f"cannot open the folder {folder}: {error.strerror or error}", "check the path"
        ) from error
    held = Hold(folder, descriptor)
    try:
        _take(folder, descriptor, time.monotonic() + patience)
        if _tell(folder):
            _sweep(folder)
        with contextlib.suppress(OSError):  # it only tells
            _write(folder / NAME, f"{os.getpid()} {command()}\n".encode())
    except BaseException:
        held.pass_on()
        raise
    return held


def unlabel(folder: Path) -> None:
    """Take away what this process wrote of having ``folder``."""
    if _label(folder).startswith(f"{os.getpid()} "):
        with contextlib.suppress(OSError):
            (folder / NAME).unlink(missing_ok=True)


def look(folder: Path) -> None:
    """Tell if a command was killed in the site's ``folder``; for who only reads it."""
    if not os.path.lexists(folder / NAME):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # While nobody has it; whoever comes meanwhile tries again.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            _tell(folder)
        finally:
            os.close(descriptor)


def command() -> str:
    """What this process was told to do, for others: ``holdfast policy card``. No more of it: the
    numbers of cards, and names of people and files, are nobody else's.
    """
    name, *arguments = sys.argv or ["holdfast"]
    words = [word for word in arguments[:2] if word.isascii() and word.replace("-", "").isalpha()]
    return " ".join([Path(name).name[:_LONGEST], *words])


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Change ``folder`` while nobody else does: whoever has it is waited for.

    A part of a change may say so again: whoever is in it is in it.
    """
    key = os.path.realpath(folder), threading.get_ident()
    if key in _changing:
        yield
        return
    held = hold(folder, _PATIENCE_S)
    _changing.add(key)
    try:
        yield
    finally:
        _changing.discard(key)
        held.release()


@contextlib.contextmanager
def signing(folder: Path) -> Iterator[None]:
    """Change what is signed for the site in ``folder`` while nobody else does, here or at another
    office that shares its register; what others signed is here then.
    """
    with changing(folder), shared(folder):
        yield


def _take(folder: Path, descriptor: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise UsageProblem(
                    f"{folder} is in use by {_owner(folder)}",
                    "wait until that has ended, or stop it; then run the command again",
                ) from error
        time.sleep(_PAUSE_S)


def _tell(folder: Path) -> bool:
    """Whether a command was killed in this site's folder; and tell."""
    was_cut = bool(_label(folder)) and folders.kind(folder) == folders.SITE
    if was_cut:
        when_cut_short(folder, _owner(folder))
    return was_cut


def _sweep(folder: Path) -> None:
    """Take away what the killed one had not finished (files.write): nobody else has the folder."""
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            path.unlink()


def _owner(folder: Path) -> str:
    number, _, named = _label(folder).strip().partition(" ")
    return f"{named} (process {number})" if named else "another process"


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _label(folder: Path) -> str:
    try:
        with open(folder / NAME, "rb") as file:
            return file.read(4 * _LONGEST).decode(errors="replace")
    except OSError:
        return ""

