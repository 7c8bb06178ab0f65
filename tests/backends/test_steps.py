"""No step of a public-key function keeps the others on a board waiting for long.

A door has radio, strike and clock in one event loop: 10 ms, and an ESP32-C3 does 160 instructions
a microsecond, fewer when code comes from flash. So each step has 400,000 at most.
"""

import pathlib

import pytest

from backends import machines
from board.qemu_board import compile_tree, missing, new_board, rom_image
from conftest import ROOT

if missing():
    pytest.skip(missing(), allow_module_level=True)

MOST = 400_000
FUNCTIONS = 10


@pytest.fixture(scope="module")
def rom(tmp_path_factory) -> bytes:
    folder: pathlib.Path = tmp_path_factory.mktemp("rom")
    compile_tree(folder, [ROOT / "tests" / "backends" / "steps_on_board.py"])
    return rom_image(folder)


@pytest.mark.parametrize("before", [machines.PORTABLE], ids=["portable"])
def test_steps_are_short(rom, before):
    with new_board(rom) as board:
        printed = board.run(f"import crypto\n{before}\nimport steps_on_board as s\ns.main()")
    found = [line.split()[1:] for line in printed.splitlines() if line.startswith("STEPS")]
    assert len(found) == FUNCTIONS
    assert [line for line in found if int(line[-1]) > MOST] == []
    assert all(int(steps) > 1 for _, steps, _ in found)
