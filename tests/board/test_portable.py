"""The tests of lib and of the decision, on a board: 31-bit integers, and an ESP32-C3's heap.

Each runs on a board of its own, switched on for it. Together they take minutes: `make rv32-test`.
"""

import os

import pytest

from board import portable
from board.qemu_board import BoardError, missing, new_board

if missing():
    pytest.skip(missing(), allow_module_level=True)
if os.environ.get("HOLDFAST_RV32") != "1":
    pytest.skip("takes minutes: run `make rv32-test`", allow_module_level=True)


def _item(name):
    marks = []
    if name in portable.CANNOT:
        why = portable.CANNOT[name]
        marks = [pytest.mark.xfail(reason=why, strict=True, raises=BoardError)]
    elif name in portable.TOO_LONG:
        marks = [pytest.mark.skip(reason=portable.TOO_LONG[name])]
    return pytest.param(name, marks=marks)


@pytest.fixture(scope="module")
def rom(tmp_path_factory) -> bytes:
    return portable.rom(tmp_path_factory.mktemp("rom"))


@pytest.mark.parametrize("name", [_item(name) for name in portable.names()])
def test_what_runs_on_both_interpreters_runs_on_a_board(rom, name):
    """The unix port has 64-bit words, double floats and as much heap as it is given. What only
    works there is found here, and not on a door."""
    with new_board(rom, portable.heap(name)) as board:
        try:
            board.run(portable.script(name))
        except BoardError as error:
            skipped = str(error).partition("\nSkipTest: ")[2]
            if not skipped:
                raise
            pytest.skip(skipped.strip())


def test_no_exception_is_about_a_test_that_is_gone():
    """A renamed test would leave its exception behind, for another one to fall under."""
    assert {*portable.HEAPS, *portable.CANNOT, *portable.TOO_LONG} <= set(portable.names())
    assert set(portable.ROOMY_FILES) <= {path.stem for path in portable.FILES}
