"""An image that is a carrier's alone has nothing that decides: not even in its flash."""

import json
import subprocess
import sys

import pytest

from esp32_boards import ROOT
from test_import_picture import DECIDING, INTAKE


def _files(tmp_path, name):
    """The sources of which the image that ``name``.toml describes has something."""
    command = [sys.executable, "-m", "join", ROOT / "boards" / "esp32" / name, tmp_path / name]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(ROOT / "boards")})
    said = json.loads((tmp_path / name / "map.json").read_text())
    numbers = {line[0] for lines in said["units"].values() for line in lines if line}
    return {said["files"][number] for number in numbers}


@pytest.fixture(scope="module")
def native():
    """Machine code's names are asked for by the joiner."""
    if not (ROOT / "build" / "native" / "rv32imc").is_dir():
        pytest.skip("no machine code: make native")


def _module(file):
    return file.rpartition("firmware/holdfast/")[2].removesuffix(".py").replace("/", ".")


def test_a_carriers_image_has_no_decision_and_another_has_one(native, tmp_path):
    """Held by what was joined, and by the image of all roles, which has it."""
    files = _files(tmp_path, "joined_carrier.toml")
    modules = {_module(file) for file in files if "holdfast" in file}
    assert {"link.carrying", "roles.carrier", "roles.esp32_carrier"} <= modules
    # Settings that are brought may come with the changesets that hand the authority on: how those
    # are written it can read. Nothing of it is a rule.
    forms = "changeset key_changes limits operations schedule timezone".split()
    allowed = {f"access.policy.{name}" for name in forms} | {INTAKE.removeprefix("holdfast.")}
    decides = {m for m in modules for d in DECIDING if f"{m}.".startswith(f"{d}.")}
    assert decides <= allowed
    every = {_module(file) for file in _files(tmp_path, "joined.toml")}
    assert {"access.decide", "node.stores", "roles.controller", "roles.esp32_carrier"} <= every
