"""Small programs, run as they are and joined, on both interpreters."""

import os
import pathlib
import subprocess
import sys
import textwrap

from join import config
from join.join import Joined

import conftest

INTERPRETERS = ("cpython", "micropython")


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
        for interpreter in INTERPRETERS:
            before = run(interpreter, self.sources).splitlines()
            joined = run(interpreter, self.modules).splitlines()
            longer = range(max(len(before), len(joined)))
            at = next((i for i in longer if before[i : i + 1] != joined[i : i + 1]), None)
            assert at is None, (interpreter, at, before[at : at + 3], joined[at : at + 3])
        return run("cpython", self.sources)


def _toml(value):
    return str(value).lower() if isinstance(value, bool) else repr(value)


def run(interpreter: str, folder: pathlib.Path) -> str:
    """What ``import main`` prints, and of an error its last line."""
    if interpreter == "cpython":
        command, variable = [sys.executable, "-B"], "PYTHONPATH"
    else:
        command, variable = [conftest.micropython()], "MICROPYPATH"
    paths = f"{folder}:.frozen" if interpreter == "micropython" else str(folder)
    process = subprocess.run(
        [*command, "-c", "import main"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, variable: paths},
    )
    return process.stdout + process.stderr.strip().rpartition("\n")[2]
