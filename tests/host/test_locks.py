"""A folder that runs, or that a command changes, is its own: others wait, or are told by whom."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from conftest import ROOT, environment
from holdfast_host import locks
from holdfast_host.boards import settings
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.errors import UsageProblem

_HOLD = """
import pathlib, sys, time
from holdfast_host import locks
folder = pathlib.Path(sys.argv[1])
sys.argv = ["/usr/bin/holdfast", "policy", "card", str(folder), "04a1b2c3", "--group", "7"]
with locks.hold(folder):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder():
    """``holder(folder)``: a process that has it until it is told to go, or killed."""
    started = []

    def hold(folder):
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment("cpython"),
            cwd=ROOT,
        )
        started.append(process)
        assert process.stdout and process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def test_whoever_comes_second_is_told_by_whom(tmp_path, holder):
    """With the number that `kill` wants, and the command that it knows as its own; but not with
    whose card that is about.
    """
    first = holder(tmp_path)
    named = rf"in use by holdfast policy card \(process {first.pid}\)"
    with pytest.raises(UsageProblem, match=named) as refused:
        locks.hold(tmp_path)
    assert "04a1b2c3" not in str(refused.value) + (tmp_path / locks.NAME).read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_ends_with_its_holder(tmp_path, holder, number):
    """However that ends: nobody removes lock files by hand, nor asks whether they may."""
    first = holder(tmp_path)
    first.send_signal(number)
    first.wait()
    assert (tmp_path / locks.NAME).exists()  # and holds nobody up
    with locks.hold(tmp_path):
        assert (tmp_path / locks.NAME).read_text().startswith(f"{os.getpid()} ")
    assert not (tmp_path / locks.NAME).exists()


def test_a_command_that_was_killed_in_a_site_is_told(holdfast, site_folder, holder):
    """By whatever comes next, once each, until another has changed the site; and not while it
    goes on.
    """
    first = holder(site_folder)
    shown = holdfast("policy", "show", site_folder)
    assert (shown.code, shown.err) == (0, "")
    first.kill()
    first.wait()
    name = f"holdfast policy card (process {first.pid}) was cut short in {site_folder}"
    for command in (["site", "show"], ["policy", "show"], ["policy", "refresh"]):
        ran = holdfast(*command, site_folder)
        assert ran.code == 0 and ran.err.count(name) == 1, ran.err
    assert "cut short" not in holdfast("policy", "show", site_folder).err


def test_a_change_waits_for_the_change_before_it(tmp_path, holder):
    """And is not refused because two people work at once."""
    first = holder(tmp_path)
    done = []

    def change():
        with locks.changing(tmp_path):
            done.append(first.poll())

    second = threading.Thread(target=change)
    second.start()
    assert first.stdin
    first.stdin.write("\n")
    first.stdin.flush()
    second.join()
    assert done and first.wait() == 0


def test_a_change_that_never_ends_is_told(tmp_path, holder, monkeypatch):
    """Somebody stopped it with Ctrl-Z, perhaps."""
    first = holder(tmp_path)
    monkeypatch.setattr(locks, "_PATIENCE_S", 0.1)
    with pytest.raises(UsageProblem, match=f"process {first.pid}"):
        with locks.changing(tmp_path):
            pass


def test_parts_of_a_change_are_in_it(tmp_path):
    """In one thread; another thread is somebody else."""
    refused = []

    def other():
        try:
            locks.hold(tmp_path)
        except UsageProblem as problem:
            refused.append(problem)

    with locks.changing(tmp_path):
        with locks.changing(tmp_path / "." / ""):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused
    locks.hold(tmp_path).release()


def test_a_label_that_is_a_link_is_not_followed(tmp_path):
    """What it names would be overwritten."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / locks.NAME).symlink_to(victim)
    with locks.hold(tmp_path):
        pass
    assert victim.read_bytes() == b"precious"


def test_a_reader_that_runs_is_neither_run_again_nor_enrolled(
    holdfast, process, reader_folder, site_folder
):
    """Two readers on one flash tear it; one that is enrolled while it runs goes on as it was."""
    running = process("reader", "run", reader_folder, "--json")
    running.reads_until(lambda line: '"ready"' in line)
    holdfast("reader", "run", reader_folder).fails("reader run", f"process {running.pid}")
    before = (reader_folder / settings.SEALED).read_bytes()
    again = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "back"]
    holdfast(*again, "--replace").fails("reader run", f"process {running.pid}")
    assert (reader_folder / settings.SEALED).read_bytes() == before
    (child,) = running.children()
    # Its keeper is killed, and the reader with it: whoever comes now waits for nobody.
    running.ends(signal.SIGKILL)
    while os.path.exists(f"/proc/{child}/fd/0"):
        pass
    with ReaderProcess(reader_folder) as reader:
        assert reader.running
        with pytest.raises(UsageProblem, match="in use by"):
            ReaderProcess(reader_folder).start()


def test_a_site_that_changes_is_not_changed_by_another(
    holdfast, policy, site_folder, holder, monkeypatch
):
    """And what only looks is not kept waiting."""
    monkeypatch.setattr(locks, "_PATIENCE_S", 0.1)
    first = holder(site_folder)
    for change in (
        ["policy", "door", site_folder, "side"],
        ["site", "add-zone", site_folder, "attic"],
        ["site", "rotate-zone", site_folder, "lobby"],
        ["site", "rotate-authority", site_folder],
        ["reader", "revoke", site_folder, "reader"],
        ["reader", "renew", site_folder, "reader", "-o", site_folder.parent / "new"],
    ):
        holdfast(*change).fails(f"process {first.pid}")
    assert holdfast("policy", "show", site_folder).code == 0
    assert holdfast("site", "show", site_folder).code == 0


def test_what_a_killed_command_left_unfinished_is_taken_away(site_folder, holder):
    """By the next that has the site for itself; nobody who only looks takes anything away."""
    process = holder(site_folder)
    rest = site_folder / ".cards.sealed.tmp"
    rest.write_bytes(b"half")
    process.kill()
    process.wait()
    locks.look(site_folder)
    assert rest.exists()
    with locks.hold(site_folder):
        assert not rest.exists()
    rest.write_bytes(b"of nobody who was killed")
    with locks.hold(site_folder):
        assert rest.exists()
