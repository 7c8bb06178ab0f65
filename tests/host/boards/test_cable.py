"""A board on a cable, by the real mpremote over a pseudo-terminal (support/virtual_board.py).

Who stands on a ladder sees one line of what is wrong and one of what to do, and what was done
before the cable came off is not done again.
"""

import time

import pytest

from holdfast_host.boards import cable as cables
from holdfast_host.boards.cable import BoardFull, BoardRefusal, Cable
from holdfast_host.errors import UsageProblem
from virtual_board import VirtualBoard

FILES = {
    "/main.py": b"print('hello')\n",
    "/lib/one.py": b"ONE = 1\n" * 1000,
    "/lib/deep/er/two.bin": bytes(range(256)) * 20,
}
WAIT = 120  # seconds; a hang must end the run


@pytest.fixture
def board(tmp_path):
    with VirtualBoard(tmp_path) as board:
        yield board


def test_files_arrive_whole_and_nothing_is_sent_twice(board):
    """By what goes over the cable: a board that has all costs the question."""
    heard = []
    with Cable(board.device) as cable:
        cable.enter()
        assert cable.send(FILES, lambda name, sent: heard.append((name, sent))) == list(FILES)
        for name, data in FILES.items():
            assert [sent for one, sent in heard if one == name][-1] == len(data)
            assert cable.read(name) == data
        before = board.received
        assert cable.send(FILES) == []
        assert board.received - before < 2000 < sum(map(len, FILES.values()))
        changed = {**FILES, "/lib/one.py": b"ONE = 2\n" * 1000}
        assert cable.send(changed) == ["/lib/one.py"]
        assert cable.read("/lib/one.py") == changed["/lib/one.py"]
        assert cable.read("/lib/none") is None
        cable.remove("/lib/one.py")
        cable.remove("/lib/one.py")
        assert cable.hashes(["/lib/one.py"]) == {"/lib/one.py": None}
        assert "deep" in cable.run("import os\nprint(os.listdir('/lib'))")


def test_what_the_board_raises_is_told_by_its_last_line(board):
    """Not by a traceback of the REPL's."""
    with Cable(board.device) as cable:
        cable.enter()
        with pytest.raises(BoardRefusal, match="ZeroDivisionError") as told:
            cable.run("1/0")
    assert told.value.last.startswith("ZeroDivisionError") and "\n" not in told.value.cause


def test_a_program_that_runs_is_stopped_and_starts_again(board):
    """What a board says after its restart is heard from the first line on."""
    program = b"import time\nn=0\nwhile 1:\n print('beat', n)\n n+=1\n time.sleep_ms(50)\n"
    with Cable(board.device) as cable:
        cable.enter()
        cable.send({"/main.py": program})
        for _ in range(2):
            starts = board.starts
            cable.restart()
            beats = [line for line, _ in zip(_beats(cable), range(3), strict=False)]
            assert beats == [b"beat 0", b"beat 1", b"beat 2"]
            assert board.starts == starts + 1
            cable.enter()
            assert cable.run("print('n' in globals())").strip() == "False", "nothing is loaded"


def _beats(cable):
    return (line.strip() for line in cable.lines(WAIT) if b"beat" in line)


@pytest.mark.parametrize("after", [300, 3000, 7000, 12000])
def test_unplugged_in_the_middle_it_goes_on_where_it_stopped(tmp_path, after):
    """No file is half of one: it is what it was, or what was sent."""
    with VirtualBoard(tmp_path, unplug_after=after) as board:
        with Cable(board.device) as cable, pytest.raises(UsageProblem, match="is gone") as told:
            cable.enter()
            cable.send(FILES)
    assert "run the same command again" in told.value.next_step
    with VirtualBoard(tmp_path) as board, Cable(board.device) as cable:
        cable.enter()
        there = [name for name in FILES if cable.read(name) is not None]
        assert there == list(FILES)[: len(there)]
        assert all(cable.read(name) == FILES[name] for name in there)
        assert cable.send(FILES) == list(FILES)[len(there) :]
        assert all(cable.read(name) == data for name, data in FILES.items())


def test_a_full_flash_is_named_and_leaves_the_file_that_was(tmp_path):
    """And no rest of the one that did not fit."""
    with VirtualBoard(tmp_path, blocks=16) as board, Cable(board.device) as cable:
        cable.enter()
        cable.send({"/settings": b"old"})
        with pytest.raises(BoardFull, match="full"):
            cable.write("/settings", bytes(80000))
        assert cable.read("/settings") == b"old"
        assert cable.hashes(["/settings.new"]) == {"/settings.new": None}


def test_a_board_that_cannot_be_written_is_named(tmp_path):
    with VirtualBoard(tmp_path) as board, Cable(board.device) as cable:
        cable.enter()  # it has a file system now
    with VirtualBoard(tmp_path, readonly=True) as board, Cable(board.device) as cable:
        cable.enter()
        with pytest.raises(UsageProblem, match="read-only"):
            cable.send({"/main.py": b""})


def test_a_board_that_starts_over_and_over_is_named(tmp_path, monkeypatch):
    """It never comes to the REPL; nothing else can be said to it."""
    with VirtualBoard(tmp_path) as board, Cable(board.device) as cable:
        cable.enter()
        cable.send({"/boot.py": b"import machine\nmachine.reset()\n"})
    monkeypatch.setattr(cables, "_ENTER_SECONDS", 3)
    with VirtualBoard(tmp_path) as board, Cable(board.device) as cable:
        end = time.monotonic() + WAIT
        while board.starts < 3 and time.monotonic() < end:
            time.sleep(0.1)
        assert board.starts >= 3
        with pytest.raises(UsageProblem, match="does not stop") as told:
            cable.enter()
    assert "over and over" in told.value.next_step


def test_ports_that_cannot_be_had(board, monkeypatch, capsys):
    """Each is named with what to do, and nothing of mpremote's is printed."""
    with pytest.raises(UsageProblem, match="no serial port") as told:
        Cable("/dev/none")
    assert "board list" in told.value.next_step
    with Cable(board.device), pytest.raises(UsageProblem, match="cannot be opened") as told:
        Cable(board.device)
    assert "program that has it" in told.value.next_step
    monkeypatch.setattr(cables, "_may_open", lambda device: False)
    with pytest.raises(UsageProblem, match="you may not open it") as told:
        Cable(board.device)
    assert "usermod -aG" in told.value.next_step and "udev" in told.value.next_step
    assert capsys.readouterr() == ("", "")
