"""Files that are old or new, never torn, and never larger than they may be."""

import os
from collections.abc import Callable
from pathlib import Path

from . import folders, locks
from .errors import UsageProblem

PRIVATE = 0o600
PUBLIC = 0o644

locked = locks.changing

_KINDS = (folders.SITE, folders.PHONE)

_LARGEST_OURS = 64 << 20


def write(path: Path, data: bytes, mode: int) -> None:
    """Replace the file at ``path`` by ``data``, whole or not at all, even if the power fails.

    The data goes to ``.NAME.tmp`` beside the file, is synced and then renamed. What a kill or
    a power cut leaves under that name is never read, and the next write replaces it.
    """
    try:
        _write(path, data, mode)
    except OSError as error:
        raise _problem(
            error,
            path,
            os.W_OK,
            f"cannot write {path}",
            "check that the folder exists, is yours to write, and that the disk is not full",
        ) from error


def _write(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    # Unlinked first: the mode below only holds for a file that is made here.
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C and a full disk leave nothing unfinished
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_replaceable(
    path: Path, is_ours: Callable[[bytes], bool], *, force: bool = False
) -> None:
    """Refuse to write to ``path`` if something is there; with ``force`` unless it ``is_ours``, and
    no part of a site, phone or reader.

    Asked before any work is done for it. An empty file is nothing.
    """
    try:
        if not path.is_symlink() and not path.exists():
            return
        if path.is_file():
            with open(path, "rb") as file:
                data = file.read(_LARGEST_OURS + 1)
            if not data:
                return
            if len(data) <= _LARGEST_OURS and is_ours(data) and not _is_kept(path):
                if force:
                    return
                raise UsageProblem(
                    f"{path} is there already",
                    "give the name of a new file; or write over this one, with --force",
                )
        what = "a file of another kind" if path.is_file() else "no file"
    except OSError as error:
        what = f"something that cannot be looked at ({_reason(error)})"
    raise UsageProblem(
        f"{path} is there already, and it is {what}",
        "give the name of a new file; or remove what is there, if it is not needed",
    )


def _is_kept(path: Path) -> bool:
    """Whether the file is one that a site, a phone or a reader lives on."""
    return any(folders.kind(above) is not None for above in path.resolve().parents[:2])


def read(path: Path, limit: int, what: str, missing: str) -> bytes:
    """The content of the file at ``path``, at most ``limit`` bytes.

    ``what`` names the file for a person, ``missing`` is the next step if it is not there.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        other = folders.instead(path.parent, what) if what in _KINDS else ""
        cause = f"there is no {what} at {path}{other}"
        raise UsageProblem(cause, f"give the folder of a {what}" if other else missing) from error
    except OSError as error:
        raise _problem(
            error,
            path,
            os.R_OK,
            f"cannot read the {what} at {path}",
            "give the path of a file that you may read",
        ) from error
    if len(data) > limit:
        raise UsageProblem(
            f"{path} is larger than {limit} bytes, so it is no {what}",
            "check that this is the right file",
        )
    return data


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make the folder ``path`` and those above it, unless it is there."""
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise _problem(
            error,
            path,
            os.W_OK,
            f"cannot make the folder {path}",
            "choose a path that you may write and that is no file",
        ) from error


def remove(path: Path) -> None:
    """Remove the file at ``path`` for good, if it is there."""
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise UsageProblem(
            f"cannot remove {path}: {_reason(error)}", "check that the folder is yours to write"
        ) from error


def _problem(
    error: OSError, path: Path, permission: int, cause: str, advice: str
) -> UsageProblem:
    """What went wrong, and which permission is missing if it is that."""
    if isinstance(error, PermissionError):
        barrier = folders.barrier(path, permission)
        if barrier is not None:
            return UsageProblem(
                f"{cause}: {barrier}", "run this as who owns it, or have them give you the right"
            )
    return UsageProblem(f"{cause}: {_reason(error)}", advice)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
