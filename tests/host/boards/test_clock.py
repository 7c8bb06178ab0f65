"""A board's clock at the enrolment: compared with the host's, set, and told of.

A board that was set to local time when it was commissioned looks right to whoever stands before
it, and opens two hours too long for as long as it hangs there.
"""

import json
import time

import pytest

import sealed_settings
from holdfast_host.boards import clock, correct
from holdfast_host.boards.process import ReaderProcess, micropython

DAY = 86400


@pytest.fixture
def board_clock(tmp_path, monkeypatch):
    """``board_clock(7200)``: every board of this machine is two hours ahead; "lost": has none."""
    found = micropython()

    def put(ahead):
        script = tmp_path / "board"
        script.write_text(f'#!/bin/sh\nexec "{found}" "$@" --clock {ahead}\n')
        script.chmod(0o755)
        monkeypatch.setenv("MICROPYTHON", str(script))

    return put


def test_two_clocks_agree_within_a_couple_of_seconds():
    """The board spoke at some moment between its start and when it was heard."""
    for said in (998, 1000, 1003, 1005):
        found = clock.compare(said, 1000.4, 1003.2)
        assert (found.standing, found.offset) == (clock.RIGHT, 0), said
        assert found.text == "clock right"
    for said in (997, 1006):
        assert clock.compare(said, 1000.4, 1003.2).standing == clock.SET


@pytest.mark.parametrize("off", [3600, -3600, 7200, 86400, -86400, 13])
def test_what_a_clock_is_off_is_what_the_board_adds(off):
    """From then on it is right by that clock, on both sides of noon."""
    found = clock.compare(1_800_000_000 + off, 1_800_000_000.0, 1_800_000_000.9)
    assert (found.standing, found.ahead, found.offset) == (clock.SET, off, -off)
    way = "ahead" if off > 0 else "behind"
    assert found.text == f"the board's clock is {abs(off):,} s {way}: set"


@pytest.mark.parametrize("said", [0, 946_684_800, 1_800_086_401, 1_799_913_599, -5])
def test_a_clock_that_tells_no_time_is_not_believed(said):
    """It began in 2000 with the power. What it is off by today it will not be off by tomorrow."""
    found = clock.compare(said, 1_800_000_000.0, 1_800_000_000.9)
    assert (found.standing, found.offset) == (clock.LOST, None)
    assert "until told" in found.text


@pytest.mark.parametrize("said", [None, "now", 1.5, True, [1]])
def test_what_is_no_time_is_none(said):
    """It came from a board that nobody knows yet."""
    found = clock.compare(said, 10.0, 11.0)
    assert (found.standing, found.ahead, found.offset) == (clock.LOST, None, None)
    assert "no clock" in found.text


@pytest.mark.parametrize(
    ("ahead", "standing", "words"),
    [
        (0, "right", "clock right"),
        (7200, "set", "s ahead: set"),
        (-3600, "set", "s behind: set"),
        (100 * DAY, "lost", "until told"),
        ("lost", "lost", "no clock"),
    ],
)
def test_enrolment_compares_sets_and_tells(
    holdfast, site_folder, tmp_path, board_clock, ahead, standing, words
):
    """In text and in JSON, and the board's settings have it."""
    board_clock(ahead)
    folder = tmp_path / "board-1"
    enroll = ["reader", "enroll", folder, "--site", site_folder, "--door", "front"]
    done = holdfast(*enroll, "--node", "one", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)["clock"]
    assert found["standing"] == standing
    offset = sealed_settings.opened(folder).get(12, 0)
    assert offset == found["offset_s"]
    if standing == "set":
        assert abs(offset + ahead) <= 30  # as long as a machine may take to say a line
    again = holdfast(*enroll, "--node", "one", "--replace")
    assert again.code == 0 and words in again.out


def test_a_board_that_says_no_time_goes_by_its_clock(holdfast, site_folder, tmp_path, monkeypatch):
    """Firmware from before boards said it is enrolled as it ever was, and that is told."""
    said = clock.unsaid()
    monkeypatch.setattr(clock, "compare", lambda *_: said)
    folder = tmp_path / "board-1"
    done = holdfast(
        "reader", "enroll", folder, "--site", site_folder, "--door", "front", "--node", "one"
    )
    assert done.code == 0 and "does not say its time" in done.out
    assert 12 not in sealed_settings.opened(folder)


def test_a_reader_enrolled_anew_forgets_the_wrong_time_that_it_believed(
    holdfast, reader_folder, site_folder, board_clock
):
    """Its clock was moved, by two hours and back: what it heard meanwhile is later than it is, and
    no clock that is put right alone takes that back. The authority's word does, at the enrolment.
    """
    again = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "front"]
    again += ["--node", "reader", "--replace"]
    for ahead, found in ((7200, "s ahead: set"), (0, "clock right"), (-3600, "s behind: set")):
        board_clock(ahead)
        with ReaderProcess(reader_folder) as reader:
            said = reader.wait(lambda event: event.get("event") == "ready")
            assert said and not is_right(said)
        done = holdfast(*again)
        assert done.code == 0 and found in done.out, done.err
        with ReaderProcess(reader_folder) as reader:
            said = reader.wait(lambda event: event.get("event") == "ready")
            assert said and is_right(said), said


def is_right(said):
    """Whether a reader goes by a clock that is trusted and right."""
    return said["clock"] == "rtc" and abs(said["time"] - time.time()) < 60


@pytest.mark.parametrize(
    ("said", "off", "standing", "needed"),
    [
        ("rtc", 5, clock.RIGHT, False),
        ("rtc", 3600, clock.SET, True),
        ("authority", -3600, clock.RIGHT, True),
        ("floor", -300, clock.RIGHT, True),
        ("floor", -300, clock.LOST, False),
        ("floor", 3600, clock.LOST, True),
        ("token", -9 * DAY, clock.UNSAID, False),
    ],
)
def test_who_needs_the_authoritys_word_at_the_enrolment(said, off, standing, needed):
    """Whoever goes by another time, whatever for. One without a clock waits, but not for years."""
    ready = {"time": 1_800_000_000 + off, "clock": said}
    found = clock.Found(standing, 0, 0)
    assert correct.is_needed(ready, found, 1_800_000_000) is needed
    assert not correct.is_needed({"clock": said}, found, 1_800_000_000)
    assert not correct.is_needed({**ready, "time": None}, found, 1_800_000_000)
