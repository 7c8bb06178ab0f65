"""A reader tried out beside itself: on a copy of its folder, which is gone afterwards.

Whatever happens meanwhile, a kill included, the reader itself is what it was. The copy lies within
its folder, ``.rehearsal``, as private as that; what a kill left of one is never read.
"""

import contextlib
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from .. import files
from ..errors import UsageProblem
from .process import ReaderProcess

_NAME = ".rehearsal"


@contextlib.contextmanager
def folder(state_folder: Path, names: Collection[str] | None = None) -> Iterator[Path]:
    """A folder with a copy of the files in ``state_folder``, or of those of these ``names``.

    Whoever calls this has the state folder for themselves.
    """
    copy = state_folder / _NAME
    _remove(copy)
    files.make_folder(copy)
    try:
        for path in sorted(state_folder.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                if names is None or path.name in names:
                    files.write(copy / path.name, path.read_bytes(), files.PRIVATE)
        yield copy
    finally:
        _remove(copy)


@contextlib.contextmanager
def of(state_folder: Path, changed: Mapping[str, bytes]) -> Iterator[ReaderProcess]:
    """The reader in ``state_folder``, running, as it would be with the files ``changed``.

    Raises UsageProblem as it would.
    """
    with folder(state_folder) as copy:
        for name, data in changed.items():
            files.write(copy / name, data, files.PRIVATE)
        try:
            with ReaderProcess(copy) as reader:
                yield reader
        except UsageProblem as problem:
            raise told_of(state_folder, problem) from problem


def told_of(state_folder: Path, problem: UsageProblem) -> UsageProblem:
    """What went wrong in the copy, as a problem of the reader itself."""
    texts = (problem.cause, problem.next_step)
    copy = str(state_folder / _NAME)
    return UsageProblem(*[text.replace(copy, str(state_folder)) for text in texts])


def _remove(copy: Path) -> None:
    try:
        if copy.exists():
            shutil.rmtree(copy)
    except OSError as error:
        raise UsageProblem(
            f"cannot remove {copy}: {error.strerror or error}",
            "check that the folder is yours to write",
        ) from error
