"""Where cases run: in this process, on MicroPython's unix port, on the 32-bit board in qemu."""

import contextlib
import io
import os
import pathlib
import subprocess
import tempfile

import crypto
from backends import case_runner
from board.qemu_board import compile_tree, new_board, rom_image
from conftest import ROOT, environment, micropython

# So much text in one ROM, which has room for some; a board starts in a tenth of a second.
_AT_ONCE = 1024 * 1024
_SECONDS = 4 * 3600 if os.environ.get("HOLDFAST_TORTURE") == "1" else 600

_ON_BOARD = "import crypto, case_runner\n%s\ncase_runner.main('/rom/cases.txt')"
PORTABLE = "import crypto.portable\ncrypto.backend.chosen = crypto.portable"


def here(cases: list[str], backend) -> None:
    """Run them in this process with ``backend``. Raises AssertionError with what went wrong."""
    genuine = crypto.backend.chosen
    crypto.backend.chosen = backend
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            count, wrong = case_runner.run(cases)
    finally:
        crypto.backend.chosen = genuine
    assert not wrong, "\n".join(wrong[:20])
    assert count == len(cases)


def on_micropython(cases: list[str]) -> None:
    """The same on the unix port, with the backend that is chosen there."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "cases.txt"
        path.write_text("\n".join(cases) + "\n")
        source = f"from backends import case_runner; case_runner.main({str(path)!r})"
        process = subprocess.run(
            [micropython(), "-X", "heapsize=1M", "-c", source],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=ROOT,
            env=environment("micropython"),
        )
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr
    _check(process.stdout, "portable", cases)


class CaseBoard:
    """The board in qemu with all of lib; ``folder`` is for the ROM's files."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        compile_tree(folder, [pathlib.Path(case_runner.__file__)])

    def run(self, cases: list[str], backend: str, before: str = "") -> None:
        """``before`` runs first, ``backend`` is the name of what must compute."""
        for some in _pieces(cases):
            (self._folder / "cases.txt").write_text("\n".join(some) + "\n")
            with new_board(rom_image(self._folder)) as board:
                _check(board.run(_ON_BOARD % before), backend, some)


def _pieces(cases):
    """The cases in lists of at most so many characters."""
    piece, length = [], 0
    for line in cases:
        length += len(line) + 1
        if length > _AT_ONCE:
            yield piece
            piece, length = [], len(line) + 1
        piece.append(line)
    yield piece


def _check(printed, backend, cases):
    assert printed.splitlines()[-1] == f"DONE {backend} {len(cases)} 0", printed[-4000:]
