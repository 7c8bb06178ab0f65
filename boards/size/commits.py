"""Commits of this checkout: which is the last, and its files in a folder of their own."""

import contextlib
import io
import pathlib
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator

from .measure import CannotMeasure

_WIDTH = 72
_BUILT = ("native", "rv32")


def last(root: pathlib.Path) -> str:
    """The commit that this one is held against: HEAD where files differ from it, else its parent.

    Raises CannotMeasure without git, or without a commit before.
    """
    is_changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    return named(root, "HEAD" if is_changed else "HEAD~1")


def named(root: pathlib.Path, name: str) -> str:
    """The full name of a commit. Raises CannotMeasure."""
    found = _git(root, "rev-parse", "--verify", "--end-of-options", name + "^{commit}")
    return found.decode().strip()


def subject(root: pathlib.Path, commit: str) -> str:
    """``commit``, short, and the first words of its message."""
    said = _git(root, "log", "-1", "--format=%h %s", commit).decode().strip()
    return said if len(said) <= _WIDTH else said[: _WIDTH - 3] + "..."


@contextlib.contextmanager
def checkout(root: pathlib.Path, commit: str) -> Iterator[pathlib.Path]:
    """The files of ``commit``, with what is built here for boards beside them."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", commit))) as archive:
            archive.extractall(folder, filter="data")
        (folder / "build").mkdir()
        for built in _BUILT:
            if (root / "build" / built).is_dir():
                (folder / "build" / built).symlink_to(root / "build" / built)
        yield folder


def _git(root: pathlib.Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True)
    except FileNotFoundError as error:
        raise CannotMeasure("no git, which knows the commit before") from error
    if done.returncode:
        what = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CannotMeasure(f"git {arguments[0]}: {what}")
    return done.stdout
