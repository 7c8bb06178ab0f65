"""A folder that is there whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from .. import files, locks
from ..errors import UsageProblem


@contextlib.contextmanager
def folder_for(folder: Path) -> Iterator[Path]:
    """Where to make what ``folder``, which is not there, is to be: it gets that name at the end.

    If that fails nothing is left; what a kill leaves has another name, and goes the next time.
    """
    files.make_folder(folder.parent)
    prefix = f".{folder.name}.new-"
    for left in folder.parent.glob(f"{prefix}*"):
        with contextlib.suppress(UsageProblem):  # somebody is at it
            with locks.hold(left):
                shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    except OSError as error:
        raise UsageProblem(
            f"cannot make a folder in {folder.parent}: {error.strerror or error}",
            "choose a path that you may write",
        ) from error
    try:
        with locks.changing(made):
            yield made
            locks.unlabel(made)
            os.rename(made, folder)
        files.sync_folder(folder.parent)
    except OSError as error:
        raise UsageProblem(
            f"cannot make {folder}: {error.strerror or error}", "choose another folder"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def all_or_none(folder: Path, names: Collection[str]) -> Iterator[None]:
    """Make files and folders of these ``names`` in ``folder``; none of them if that fails."""
    try:
        yield
    except BaseException:
        for name in names:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise
