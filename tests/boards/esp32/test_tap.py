"""docs/hardware/tap.md says how long a tap takes: of counted figures, rightly reckoned."""

import json
import math
import re

from esp32_boards import ROOT

PAGE = (ROOT / "docs" / "hardware" / "tap.md").read_text()
INTERVALS = (15, 30, 50)
KINDS = ("cold", "warm")


def rows(heading: str) -> list:
    """Cells of a section's table, the two lines of its head left out."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def counted() -> dict:
    """(until the answer, in all) of a cold and a warm unlock, from docs/memory.md."""
    text = (ROOT / "docs" / "memory.md").read_text()
    found = re.findall(r"\| ([\d,]{9,}) \| ([\d,]{9,}) \|$", text, re.MULTILINE)
    in_all, answered = ([int(cell.replace(",", "")) for cell in row] for row in found)
    return {kind: (answered[i], in_all[i]) for i, kind in enumerate(KINDS)}


def milliseconds(instructions: int, mhz: str, cycles: str) -> float:
    return instructions * int(cycles) / int(mhz) / 1000


def test_counts_are_the_counted_ones():
    """Those of docs/memory.md."""
    said = {
        row[0]: [int(cell.replace(",", "")) for cell in row[1:]]
        for row in rows("Instructions, counted")
    }
    found = counted()
    assert said["until the answer leaves"] == [found[kind][0] for kind in KINDS]
    assert said["in all"] == [found[kind][1] for kind in KINDS]


def test_time_of_the_processor():
    found = counted()
    table = rows("The processor's time, modelled")
    assert [(row[0], row[1]) for row in table] == [(m, c) for m in ("160", "240") for c in "12"]
    for mhz, cycles, *cells in table:
        expected = []
        for kind in KINDS:
            answered, in_all = found[kind]
            expected += [answered, in_all - answered]
        assert cells == [f"{milliseconds(count, mhz, cycles):.1f}" for count in expected]


def test_from_the_tap_to_the_answer():
    found = counted()
    table = rows("From the tap to the answer, modelled")
    assert len(table) == 4
    for mhz, cycles, *cells in table:
        expected = []
        for kind, more in (("warm", 0), ("cold", 2)):
            time = milliseconds(found[kind][0], mhz, cycles)
            expected += [i / 2 + (math.ceil(time / i) + more) * i for i in INTERVALS]
        assert cells == [f"{value:g}" for value in expected]
        assert max(expected) < 500  # "All of it is below half a second"


def test_small_packets():
    """Bytes on the wire are those of the recorded unlocks."""
    vectors = json.loads((ROOT / "docs" / "vectors" / "unlocks.json").read_text())["vectors"]
    steps = {vector["name"]: vector["steps"] for vector in vectors}
    frames = {
        kind: [len(step["frame"]) // 2 for step in steps[f"{kind}-suite-0"]] for kind in KINDS
    }
    frames["warm"] = frames["warm"][:2]
    assert "64, 230, 238 and 24 bytes; warm two, 39 and 26" in PAGE
    assert frames == {"cold": [64, 230, 238, 24], "warm": [39, 26]}
    for mtu, cold, *waits, warm in rows("Where packets are small"):
        more = {
            kind: sum(math.ceil(size / (int(mtu) - 3)) - 1 for size in frames[kind])
            for kind in KINDS
        }
        assert (int(cold), int(warm)) == (more["cold"], more["warm"])
        assert [int(wait) for wait in waits] == [more["cold"] * i for i in INTERVALS]
