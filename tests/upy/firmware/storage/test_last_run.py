"""How the run before ended is told after any start: a board that starts again by itself at night
looks to everybody as one that never stopped.
"""

INTERPRETERS = ("micropython", "cpython")

from folders import Folder
from holdfast.access import status
from holdfast.storage import files
from holdfast.storage.last_run import UNKNOWN, LastRun


def _told(path):
    told = LastRun(path).told()
    return told[status.CRASHES], told.get(status.ENDED_BY)


def test_what_ended_a_run_is_told_by_the_next_one_alone():
    """A new board knows of no run; one that lost its power, of nothing that ended it."""
    with Folder() as folder:
        path = folder + "/last_run"
        assert _told(path) == (0, None)
        LastRun(path).begin()
        assert _told(path) == (0, UNKNOWN)
        run = LastRun(path)
        run.begin()
        run.crash("ValueError", "door/doorway.py:31")
        assert _told(path) == (1, "ValueError at door/doorway.py:31")
        run = LastRun(path)
        run.begin()
        assert run.told()[status.ENDED_BY] == "ValueError at door/doorway.py:31"
        run.end("stopped")
        assert _told(path) == (1, "stopped")
        LastRun(path).begin()
        assert _told(path) == (1, UNKNOWN)


def test_it_is_bounded_and_a_damaged_file_is_none():
    """A name that an attacker chose fills no flash; nothing that lies there stops a start."""
    with Folder() as folder:
        path = folder + "/last_run"
        LastRun(path).crash("E" * 5000, "")
        assert _told(path) == (1, "E" * 80)
        for damage in (b"", b"\x82", b"\x82\x20\x60", b"\x82\x01\x41a", b"\x60", b"\xff" * 4096):
            files.write(path, damage)
            assert _told(path) == (0, None)
            LastRun(path).begin()
            assert _told(path) == (0, UNKNOWN)


def test_flash_that_fails_stops_nobody():
    """The folder is not there; the run goes on, and ends as it ends."""
    run = LastRun("no such folder/last_run")
    run.begin()
    run.crash("OSError", "a.py:1")
    run.end("stopped")
    assert run.told() == {status.CRASHES: 0}
