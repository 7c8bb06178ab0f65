"""Functions and classes' attributes in ROM (boards/resident): each does what it does in the heap.

The joined image has a module with every shape of them in it, and so has this interpreter.
"""

import contextlib
import io

import pytest

from board import resident_shapes
from board.bench_unlock import is_frozen_of_today
from board.qemu_board import JOINED, Board, missing

if missing():
    pytest.skip(missing(), allow_module_level=True)
if not is_frozen_of_today(JOINED):
    pytest.skip("no image of today: run `make rv32-joined`", allow_module_level=True)

_HEAP = 0x82000000  # where it begins: boards/qemu_rv32/cmodules/heap.c
_RUN = "import resident_shapes\nresident_shapes.main()"
_PLACES = """
import resident_shapes as shapes
functions = shapes.plain, shapes.generator, shapes.nested, shapes.coroutine, shapes.main
classes = shapes.Plain.__dict__, shapes.Empty.__dict__
print(max(id(one) for one in functions), max(id(one) for one in classes))
others = shapes.Odd, shapes.Child, shapes.Failure, shapes.Computed, shapes.Counted
print(min(id(one.__dict__) for one in others))
"""


@pytest.fixture
def board(tmp_path):
    with Board(tmp_path, firmware=JOINED) as board:
        yield board


def _here():
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        resident_shapes.main()
    return said.getvalue()


def test_every_shape_does_what_it_does_elsewhere(board):
    """Also in the second run of a board: a heap that began anew has none of the first one's."""
    assert board.run(_RUN) == _here()
    board.soft_reset()
    assert board.run("import gc\ngc.collect()\n" + _RUN + "\ngc.collect()") == _here()
    assert board.run(_RUN) == _here()


def test_it_lies_in_rom_and_what_cannot_be_in_the_heap(board):
    """Else all of this would be for nothing, and no other test would fail but those of memory."""
    functions, classes, others = map(int, board.run(_PLACES).split())
    assert functions < _HEAP and classes < _HEAP < others


def test_an_attribute_of_a_class_in_rom_cannot_be_set_and_that_is_told(board):
    """Whoever does it by a name that the build cannot see, as a test may."""
    said = board.run(
        "import resident_shapes as shapes\n"
        "try:\n shapes.Plain.NUMBER = 9\nexcept AttributeError: print('told')\n"
        "shapes.Odd.NUMBER = 9\nprint(shapes.Plain.NUMBER, shapes.Odd.NUMBER)"
    )
    assert said.split() == ["told", "7", "9"]
