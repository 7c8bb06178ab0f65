"""No step of a public-key function keeps the others on a board waiting for long.

A door has radio, strike and clock in one event loop: 10 ms, and an ESP32-C3 does 160 instructions
a microsecond, fewer when code comes from flash. So each step has 400,000 at most; where Python's
integers compute, 600,000, because finding memory for each of them takes long in a full heap.
"""

import pathlib

import pytest

from backends import machines
from board.qemu_board import compile_tree, missing, new_board, rom_image
from conftest import ROOT

if missing():
    pytest.skip(missing(), allow_module_level=True)

_HEAP = 1024 * 1024  # a collection in the middle of a step would be counted as the step's
FUNCTIONS = 11


@pytest.fixture(scope="module")
def rom(tmp_path_factory) -> bytes:
    folder: pathlib.Path = tmp_path_factory.mktemp("rom")
    compile_tree(folder, [ROOT / "tests" / "backends" / "steps_on_board.py"])
    return rom_image(folder)


@pytest.mark.parametrize(
    ("backend", "before", "most"),
    [("rv32", "", 400_000), ("portable", machines.PORTABLE, 600_000)],
    ids=["rv32", "portable"],
)
def test_steps_are_short(rom, backend, before, most):
    with new_board(rom, _HEAP) as board:
        printed = board.run(f"import crypto\n{before}\nimport steps_on_board as s\ns.main()")
        assert board.run("print(crypto.backend_name())") == backend + "\n"
    found = [line.split()[1:] for line in printed.splitlines() if line.startswith("STEPS")]
    assert len(found) == FUNCTIONS
    assert [line for line in found if int(line[-1]) > most] == []
    assert all(int(steps) > 1 for _, steps, _ in found)
