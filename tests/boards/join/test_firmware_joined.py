"""The firmware's own tests, joined: what `make unix-joined-test` runs all of, a choice of it here.

The programs of the joiner are small and drawn by who knows it. The firmware is neither: what is
asked for through two late modules was an AttributeError at a door, and no test of the joiner's.
"""

import json
import os
import subprocess
import sys

import pytest

import conftest
import joined_tree

_TESTS = conftest.ROOT / "tests" / "upy"
# A policy that is taken late, decisions, cards, events on flash, handshakes that wait.
CHOSEN = (
    "firmware/storage/policy/test_steps.py",
    "firmware/resources/test_acknowledgement.py",
    "firmware/door/test_card_reader.py",
    "firmware/access/test_decide.py",
    "firmware/link/test_pending.py",
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """lib and firmware, joined and compiled."""
    folder = tmp_path_factory.mktemp("joined")
    joined_tree.make(folder / "out")
    return folder / "out" / "modules"


@pytest.mark.parametrize("file", CHOSEN)
def test_the_firmware_does_the_same_joined(modules, tmp_path, file):
    """Every test of the file passes that passes with modules as they lie in the sources."""
    command = [sys.executable, "-m", "pytest", "-k", "micropython", str(_TESTS / file)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
        capture_output=True,
        text=True,
        cwd=conftest.ROOT,
        env={**os.environ, "HOLDFAST_JOINED": str(modules), "HOLDFAST_TEST_FOLDER": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_what_is_joined_is_joined(modules):
    """Most of the firmware is in the first unit, and a shim is all that is where it was."""
    lines = json.loads((modules.parent / "map.json").read_text())["units"]["hf"]
    assert len([line for line in lines if line]) > 5000
    assert (modules / "coap" / "message.mpy").stat().st_size < 1500
    assert not list(modules.rglob("*.py"))


def test_no_exception_is_about_a_test_that_is_gone():
    """A renamed test would leave its exception behind, for another one to fall under."""
    there = {
        f"{path.stem}.{line.split('(')[0].removeprefix('async ').removeprefix('def ')}"
        for path in _TESTS.rglob("test_*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("def test_", "async def test_"))
    }
    assert {*joined_tree.CANNOT, *joined_tree.NEVER_ENDS} <= there
