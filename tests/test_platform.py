"""On which platform it runs, only hal asks (`make lint` holds that), and main.py asks hal."""

import ast
import pathlib
import subprocess
import sys

import pytest

from conftest import ROOT, environment, micropython

FIRMWARE = ROOT / "firmware"
# Starts what main.py would on a board, and tells which role that was.
AS_ESP32 = """
import sys
from holdfast.hal import platform
platform.is_esp32 = lambda: True
class Role:
    @staticmethod
    def main(arguments):
        print("esp32", arguments)
sys.modules["holdfast.roles.esp32"] = Role
import main
main.main()
"""


def asks(source):
    """Lines on which a source asks what it runs on."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in {("sys", "platform"), ("os", "uname")}:
                found.append(node.lineno)
        elif isinstance(node, ast.Import):
            found += [node.lineno for alias in node.names if alias.name == "platform"]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = {alias.name for alias in node.names}
            if node.module == "platform" or (node.module == "sys" and "platform" in names):
                found.append(node.lineno)
    return found


def test_only_hal_asks_on_which_platform_it_runs():
    """A test of the platform in a door's rules is one that no test of ours takes both ways."""
    found = {}
    for path in [*FIRMWARE.rglob("*.py"), *(ROOT / "lib").rglob("*.py")]:
        if lines := asks(path.read_text()):
            found[path.relative_to(FIRMWARE).as_posix()] = lines
    assert list(found) == ["holdfast/hal/platform.py"]


@pytest.mark.parametrize(
    "source",
    ["import sys\nsys.platform", "from sys import platform", "os.uname()", "import platform"],
)
def test_a_question_is_seen(source):
    """A checker that sees none would hold nothing."""
    assert asks(source)


def test_lint_refuses_a_question_outside_hal():
    """Whoever writes one hears of it before a test runs."""
    ruff = pathlib.Path(sys.executable).parent / "ruff"
    if not ruff.exists():
        pytest.skip("no ruff: run `make lint`")
    name = FIRMWARE / "holdfast" / "door" / "x.py"
    done = subprocess.run(
        [ruff, "check", "--no-cache", "--stdin-filename", name, "-"],
        input='"""A door."""\n\nimport sys\n\nprint(sys.platform)\n',
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "only hal knows" in done.stdout


def test_main_starts_the_role_of_its_platform():
    """The same file is the first that runs on every device."""
    done = subprocess.run(
        [micropython(), "-c", AS_ESP32, "one"],
        env=environment("micropython"),
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("esp32 ['one']\n", 0), done.stderr
    done = subprocess.run(
        [micropython(), FIRMWARE / "main.py"],
        env=environment("micropython"),
        capture_output=True,
        text=True,
    )
    assert '"usage"' in done.stdout and done.returncode == 2
