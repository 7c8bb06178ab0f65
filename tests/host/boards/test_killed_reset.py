"""``holdfast reader reset``, killed in any write: the board is what it was, or holds nothing.

Who has a board half reset, and does not know it, sells the keys and rules of a house with it, or
stands before a door that takes nobody. Not a copy of it in memory: command and reader are real
processes, and end by SIGKILL.
"""

import os
import shutil
import stat
import sys

import pytest

from conftest import ROOT
from holdfast_host.boards import reset
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.errors import UsageProblem
from host.conftest import TORTURE

_EVERY = 1 if TORTURE else 11  # of the reader's own writes
_MOST = 2000
_LEFT = {"device.key", "device_p256.key", "flash.img", "last_run"}

_INTERPRETER = """#!/bin/sh
# In the place of MicroPython: main.py, killed in the write that a file names.
shift
export MORTAL_AT=$(cat %s)
export MICROPYPATH=%s
exec %s %s "$@"
"""


@pytest.fixture
def mortal(tmp_path, monkeypatch):
    """``mortal(7)``: the next readers are killed in their seventh write; 0 for never."""
    real = os.environ.get("MICROPYTHON") or os.path.join(
        os.path.dirname(sys.executable), "micropython"
    )
    path, at = tmp_path / "micropython", tmp_path / "at"
    paths = ":".join([str(ROOT / "lib"), str(ROOT / "firmware"), ".frozen"])
    main = ROOT / "tests" / "support" / "mortal_main.py"
    path.write_text(_INTERPRETER % (at, paths, real, main))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("MICROPYTHON", str(path))

    def arm(write):
        at.write_text(str(write))

    arm(0)
    return arm


def _content(folder):
    """What is in it but for locks, and what says only that somebody has asked."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return {name: data for name, data in files.items() if name[0] != "." and "reset" not in name}


def _is_as_it_was_or_empty(folder, before):
    """As it lies there, or at its next start: ``empty`` says which, and never half of either."""
    if _content(folder) == before and not (folder / reset.BEGUN).exists():
        return False
    reader = ReaderProcess(folder)
    since = reader.launch()
    names = ("unprovisioned", "ready", "storage_refused", "settings_refused")
    said = reader.wait(lambda event: event.get("event") in names, since=since)
    reader.stop()
    assert said and said["event"] == "unprovisioned", reader.events[since:]
    left = _content(folder)
    assert left.keys() <= _LEFT, left.keys()
    for name in ("device.key", "device_p256.key"):
        assert left[name] != before[name]
    assert before["device.key"] not in b"".join(left.values())
    return True


def _finishes(folder):
    """Running it again brings it to its end."""
    reset.reset(folder, discard_events=True)
    assert _content(folder).keys() == _LEFT
    assert not (folder / reset.REQUEST).exists() and not (folder / reset.BEGUN).exists()


def _copy(reader_folder, tmp_path):
    folder = tmp_path / "mortal"
    shutil.rmtree(folder, ignore_errors=True)
    return shutil.copytree(reader_folder, folder)


def test_killed_in_any_write_the_reader_is_whole_or_empty(reader_folder, tmp_path, mortal):
    """A block half written, or a file or a name just before it changes; the last run survives."""
    before = _content(reader_folder)
    whole = empty = 0
    for write in range(1, _MOST, _EVERY):
        folder = _copy(reader_folder, tmp_path)
        mortal(write)
        try:
            reset.reset(folder, discard_events=True)
            break
        except UsageProblem:
            pass
        mortal(0)
        if _is_as_it_was_or_empty(folder, before):
            empty += 1
        else:
            whole += 1
        _finishes(folder)
    else:
        raise AssertionError("no end of writes")
    print(f"{whole} as before, {empty} empty")
    assert whole and empty > 2


def test_killed_the_command_leaves_it_whole_or_empty_too(reader_folder, tmp_path, killed_before):
    """And with it the reader that it started."""
    before = _content(reader_folder)
    folder = tmp_path / "mortal"
    survived, operation = False, 0
    while not survived:
        operation += 1
        _copy(reader_folder, tmp_path)
        survived = killed_before(lambda: reset.reset(folder, discard_events=True), operation)
        assert _is_as_it_was_or_empty(folder, before) or not survived
        _finishes(folder)
    assert operation > 1
