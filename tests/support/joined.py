"""Small programs, run as they are and joined, on both interpreters, one or many in a process."""

import os
import pathlib
import subprocess
import sys
import textwrap

from join import config
from join.join import Joined

import conftest

INTERPRETERS = ("cpython", "micropython")
_END = "=== end of a program ===\n"
_MANY = f"""
import sys
folders = %r
sys.path[:] = [path for path in sys.path if path]  # that one of all would be the first's
at = sys.path.index(folders[0])
kept = list(sys.modules)
for sys.path[at] in folders:
    try:
        import main
    except Exception as error:
        print(type(error).__name__, error)
    print({_END!r}, end="")
    for name in [name for name in sys.modules if name not in kept]:
        del sys.modules[name]
"""


class Joint:
    """A program of ``files`` (name to source), written and joined in ``folder``.

    Its root is main.py. ``settings`` are keys of the configuration. Raises Problem.
    """

    def __init__(self, folder: pathlib.Path, files: dict[str, str], **settings):
        self.sources = folder / "sources"
        for name, text in files.items():
            path = self.sources / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        described = {"unit": "one", "roots": ["main"], "sources": ["sources"], **settings}
        lines = [f"{key} = {_toml(value)}" for key, value in described.items()]
        (folder / "join.toml").write_text("\n".join(lines))
        self.joined = Joined(config.read(folder / "join.toml"))
        self.out = folder / "out"
        self.joined.write(self.out)
        self.modules = self.out / "modules"

    def text(self, unit: str = "one") -> str:
        """The source of one unit."""
        return (self.modules / f"{unit}.py").read_text()

    def units(self) -> set[str]:
        """The names of all units."""
        return {text.unit for text in self.joined.texts}

    def printed(self) -> str:
        """What the program prints on CPython; joined it prints the same, on both interpreters."""
        outputs = {one: run(one, self.sources) for one in INTERPRETERS}
        for interpreter, before in outputs.items():
            same(before, run(interpreter, self.modules), interpreter)
        return outputs["cpython"]


def print_the_same(joints: dict) -> None:
    """All of ``joints`` (name to Joint) print the same joined as before, on both interpreters.

    In four processes for all of them: most of a small program's time is its interpreter's start.
    """
    for interpreter in INTERPRETERS:
        before = run_many(interpreter, [joint.sources for joint in joints.values()])
        joined = run_many(interpreter, [joint.modules for joint in joints.values()])
        for name, one, other in zip(joints, before, joined, strict=True):
            assert one, (name, interpreter)
            same(one, other, f"{name}, {interpreter}")


def same(before: str, joined: str, where: str) -> None:
    """Both are the same lines; the AssertionError has the first that differ, and ``where``."""
    one, other = before.splitlines(), joined.splitlines()
    longer = range(max(len(one), len(other)))
    at = next((i for i in longer if one[i : i + 1] != other[i : i + 1]), None)
    assert at is None, (where, at, one[at : at + 3], other[at : at + 3])


def _toml(value):
    return str(value).lower() if isinstance(value, bool) else repr(value)


def run(interpreter: str, folder: pathlib.Path) -> str:
    """What ``import main`` prints, and of an error its last line."""
    process = _process(interpreter, folder, "import main")
    return process.stdout + process.stderr.strip().rpartition("\n")[2]


def run_many(interpreter: str, folders: list) -> list:
    """What ``import main`` prints in each of the ``folders``, in one process that forgets the
    modules of one before it comes to the next; of an error its name and text.
    """
    process = _process(interpreter, folders[0], _MANY % [str(folder) for folder in folders])
    assert not process.stderr, process.stderr
    printed = process.stdout.split(_END)
    assert len(printed) == len(folders) + 1, printed[-1]
    return printed[:-1]


def _process(interpreter, folder, code):
    if interpreter == "cpython":
        command, variable = [sys.executable, "-B"], "PYTHONPATH"
    else:
        command, variable = [conftest.micropython()], "MICROPYPATH"
    paths = f"{folder}:.frozen" if interpreter == "micropython" else str(folder)
    return subprocess.run(
        [*command, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, variable: paths},
    )
