"""docs/hardware/tap.md says how long a tap takes: of the counted figures, rightly reckoned."""

import json
import math

from bench import tap
from esp32_boards import ROOT

PAGE = (ROOT / "docs" / "hardware" / "tap.md").read_text()
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> list:
    """Cells of a section's table, the two lines of its head left out."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def test_it_is_of_the_figures_that_the_readme_has():
    """Otherwise it goes on saying what an older reader took: tests/bench/run.py --readme."""
    found = tap.counts(README)
    for heading, expected in tap.tables(found).items():
        assert rows(heading) == expected, heading
    assert tap.rewritten(PAGE, found) == PAGE


def test_it_is_rightly_reckoned():
    """Worked out by hand: 16 M instructions at 160 MHz are 100 ms, and 200 at two cycles each.
    100 ms are 7 events of 15 ms, and two more cold; half an interval before the first.
    """
    made = tap.tables({"cold": (16000000, 24000000), "warm": (2400000, 3200000)})
    assert made["Instructions, counted"][0][1:] == ["16,000,000", "2,400,000"]
    first, second, third, _ = made["The processor's time, modelled"]
    assert first == ["160", "1", "100.0", "50.0", "15.0", "5.0"]
    assert second == ["160", "2", "200.0", "100.0", "30.0", "10.0"]
    assert third[2:] == ["66.7", "33.3", "10.0", "3.3"]
    first = made["From the tap to the answer, modelled"][0]
    assert first == ["160", "1", "22.5", "45", "75", "142.5", "195", "225"]


def test_all_of_it_is_what_a_person_takes_for_at_once():
    """ "All of it is below half a second" """
    for row in rows("From the tap to the answer, modelled"):
        assert max(float(cell) for cell in row[2:]) < 500


def test_small_packets():
    """Bytes on the wire are those of the recorded unlocks."""
    vectors = json.loads((ROOT / "docs" / "vectors" / "unlocks.json").read_text())["vectors"]
    steps = {vector["name"]: vector["steps"] for vector in vectors}
    frames = {
        kind: [len(step["frame"]) // 2 for step in steps[f"{kind}-suite-0"]] for kind in tap.KINDS
    }
    frames["warm"] = frames["warm"][:2]
    assert "64, 230, 238 and 24 bytes; warm two, 39 and 26" in PAGE
    assert frames == {"cold": [64, 230, 238, 24], "warm": [39, 26]}
    for mtu, cold, *waits, warm in rows("Where packets are small"):
        more = {
            kind: sum(math.ceil(size / (int(mtu) - 3)) - 1 for size in frames[kind])
            for kind in tap.KINDS
        }
        assert (int(cold), int(warm)) == (more["cold"], more["warm"])
        assert [int(wait) for wait in waits] == [more["cold"] * i for i in tap.INTERVALS]
