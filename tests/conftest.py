"""Collects tests that run on MicroPython, on CPython, or on both, as pytest items.

A file that says ``INTERPRETERS = ("micropython",)`` or ``("micropython", "cpython")`` at its top
is collected here: each ``test_*`` function becomes one item an interpreter, each in a process of
its own. ``HEAP = "256K"`` in such a file sets the size of MicroPython's heap. The interpreter
``"alloc"`` is a MicroPython whose allocations can be made to fail (`make unix-alloc`); its tests
are skipped where it was not built. Every other file is plain pytest.
"""

import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import hypothesis
import pytest

# What commands keep outside of a site's folder is not for the home of who runs the tests.
_STATE = tempfile.TemporaryDirectory(prefix="holdfast-tests-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNNER = ROOT / "tests" / "upy" / "runner.py"
ALLOC = ROOT / "build" / "unix-alloc" / "micropython"
SOURCES = [ROOT / "lib", ROOT / "firmware", ROOT / "tests", ROOT / "tests" / "support"]
# MicroPython then runs what is frozen into it (make unix), and takes from files only the tests.
FROZEN = os.environ.get("HOLDFAST_FROZEN") == "1"
# A folder with lib and firmware joined (make unix-joined), which MicroPython takes in their place.
JOINED = os.environ.get("HOLDFAST_JOINED")
DEFAULT_HEAP = "16M"
# What MicroPython prints each time that it compares a byte string with a text; a board's serial
# line blocks meanwhile. Whoever can make it print can hold the board up, so nothing may.
_WARNING = "Warning: Comparison between bytes and str"
# A hang must end the run; nothing here asserts on speed, and `make torture` is slow on purpose.
ITEM_SECONDS = 12 * 3600 if os.environ.get("HOLDFAST_TORTURE") == "1" else 600

# Nor does hypothesis: by default it fails an example that takes 200 ms and a slow generator.
hypothesis.settings.register_profile(
    "unhurried",
    hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("unhurried")


def micropython() -> str:
    """The interpreter under test: ``MICROPYTHON`` or the wheel's, next to this Python."""
    named = os.environ.get("MICROPYTHON")
    if named:
        return named
    beside = pathlib.Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if not found:
        raise pytest.UsageError(
            "no MicroPython: run `make setup`, or set MICROPYTHON=/path/to/micropython"
        )
    return found


def environment(interpreter: str) -> dict:
    """The process environment in which ``lib``, ``firmware`` and ``tests`` are importable."""
    paths = [str(path) for path in SOURCES]
    variables = dict(os.environ)
    variables.setdefault("HOLDFAST_VECTORS", str(ROOT.parent / "shared" / "vectors"))
    if interpreter == "cpython":
        variables["PYTHONPATH"] = ":".join([*paths, str(ROOT / "host_tools")])
    else:
        is_elsewhere = (FROZEN or JOINED) and interpreter == "micropython"
        ours = paths[-2:] if is_elsewhere else paths
        if JOINED and interpreter == "micropython":
            ours = [JOINED, *ours]
        variables["MICROPYPATH"] = ":".join([*ours, ".frozen"])
    return variables


def settings(tree: ast.Module) -> dict:
    """What a file says at its top about where it runs: INTERPRETERS and HEAP."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in ("INTERPRETERS", "HEAP"):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def pytest_pycollect_makemodule(module_path, parent):
    if "INTERPRETERS" in settings(ast.parse(module_path.read_text())):
        return PortableFile.from_parent(parent, path=module_path)
    return None


class PortableFile(pytest.File):
    """A test file whose functions run in interpreters of their own."""

    def collect(self):
        tree = ast.parse(self.path.read_text())
        chosen = settings(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if not node.name.startswith("test_"):
                    continue
                for interpreter in chosen["INTERPRETERS"]:
                    yield PortableItem.from_parent(
                        self,
                        name=f"{node.name}[{interpreter}]",
                        called=node.name,
                        interpreter=interpreter,
                        heap=chosen.get("HEAP", DEFAULT_HEAP),
                        line=node.lineno,
                    )


class PortableFailure(Exception):
    """What the other interpreter said."""


class PortableItem(pytest.Item):
    """One test function in one interpreter."""

    def __init__(self, *, called, interpreter, heap, line, **kwargs):
        super().__init__(**kwargs)
        self.called, self.interpreter, self.heap, self.line = called, interpreter, heap, line

    def runtest(self):
        if JOINED and self.interpreter == "micropython":
            import joined_tree

            if f"{self.path.stem}.{self.called}" in joined_tree.NEVER_ENDS:
                pytest.skip("joined it would never end")
        if self.interpreter == "cpython":
            command = [sys.executable]
        else:
            if self.interpreter == "alloc" and not ALLOC.exists():
                pytest.skip("no allocator that fails: make unix-alloc")
            found = ALLOC if self.interpreter == "alloc" else micropython()
            command = [str(found), "-X", f"heapsize={self.heap}"]
        with tempfile.TemporaryDirectory() as folder:
            result_path = pathlib.Path(folder) / "result.json"
            process = subprocess.run(
                [*command, str(RUNNER), str(self.path), self.called, str(result_path)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=ITEM_SECONDS,
                cwd=ROOT,
                env={**environment(self.interpreter), "HOLDFAST_TEST_FOLDER": folder},
            )
            self.add_report_section("call", "stdout", process.stdout)
            if not result_path.exists():
                raise PortableFailure(
                    f"{self.interpreter} died with {process.returncode}\n"
                    f"{process.stdout[-2000:]}{process.stderr[-2000:]}"
                )
            result = json.loads(result_path.read_text())
        if _WARNING in process.stderr:
            times = process.stderr.count(_WARNING)
            raise PortableFailure(f"printed {times} times: {_WARNING}\n{result['text']}")
        if result["status"] == "skipped":
            pytest.skip(result["text"])
        self._check_known(result)
        if result["status"] != "passed":
            raise PortableFailure(result["text"])

    def _check_known(self, result):
        """Where lib and firmware are joined: what is known not to pass must not pass."""
        if not JOINED or self.interpreter != "micropython":
            return
        import joined_tree

        why = joined_tree.CANNOT.get(f"{self.path.stem}.{self.called}")
        if why:
            if result["status"] == "passed":
                raise PortableFailure("passes joined: take it off the list in joined_tree")
            pytest.xfail(why)

    def repr_failure(self, excinfo, style=None):
        if excinfo.errisinstance(PortableFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, self.line - 1, f"{self.interpreter}: {self.called}"


@pytest.fixture(autouse=True, scope="session")
def patient():
    """Nobody waits in vain for a reader because this machine is busy."""
    import patience

    with pytest.MonkeyPatch.context() as patched:
        patience.install(patched)
        yield


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path_factory, monkeypatch):
    """Where harness.new_folder makes folders for a test that runs in this process."""
    monkeypatch.setenv("HOLDFAST_TEST_FOLDER", str(tmp_path_factory.getbasetemp()))
