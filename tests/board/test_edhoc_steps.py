"""A handshake keeps the others on a board waiting no longer than its cryptography does.

tests/backends/test_steps.py has the steps of each operation. Between two of them EDHOC derives
keys, and with certificates by value that is more work than it looks: KEYSTREAM_2 alone is eight
HMACs. Nothing here is longer than a step of theirs (and an operation that hashes a signature's
whole input first), but for what holds an AES-CCM of a whole message, which cannot pause.
"""

import pathlib

import pytest

from board.qemu_board import compile_tree, missing, new_board, rom_image
from conftest import ROOT

if missing():
    pytest.skip(missing(), allow_module_level=True)

MOST = 500_000
MOST_WITH_AES_CCM = 1_000_000
_WITH_AES_CCM = ("prepare_message_3", "parse_message_3")
_HEAP = 2 * 1024 * 1024  # a collection in the middle of a step would be counted as the step's


@pytest.fixture(scope="module")
def rom(tmp_path_factory) -> bytes:
    folder: pathlib.Path = tmp_path_factory.mktemp("rom")
    names = ("board/edhoc_on_board.py", "support/edhoc_sides.py")
    tests = [ROOT / "tests" / name for name in names]
    compile_tree(folder, tests)
    return rom_image(folder)


def test_steps_of_a_handshake_are_short(rom):
    with new_board(rom, _HEAP) as board:
        assert board.run("import crypto; print(crypto.backend_name())") == "rv32\n"
        printed = board.run("import edhoc_on_board as on_board\non_board.main()")
    found = [line.split()[1:] for line in printed.splitlines() if line.startswith("STEPS")]
    assert len(found) == 4 * 6
    for profile, name, _, longest, _ in found:
        most = MOST_WITH_AES_CCM if name in _WITH_AES_CCM else MOST
        assert int(longest) <= most, (profile, name, longest)
