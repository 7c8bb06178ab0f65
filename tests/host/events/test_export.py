"""``holdfast events export``: a table that a spreadsheet opens, and lines for other programs."""

import csv
import io
import json

import pytest


@pytest.fixture
def export(holdfast, site_folder, made, tmp_path):
    log = made.save(tmp_path / "log.events")

    def run(name, *options):
        out = tmp_path / name
        done = holdfast("events", "export", log, "--site", site_folder, "-o", out, *options)
        return out, done

    return run


def test_a_table_by_name_and_by_the_sites_clocks(export, policy):
    """Every cell is a text or a number, and none is a formula."""
    assert policy("time-zone", "Asia/Kolkata").code == 0
    out, done = export("out.csv")
    assert done.code == 0 and "61 of 61" in done.out
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r\n" in raw
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    visits = [row for row in rows if row["kind"] == "access"]
    assert len(rows) == 61 and len(visits) == 60
    people = {row["person"] for row in visits}
    assert {"Zoë Đ.", "Eve; Adam", ""} <= people
    assert {row["holder"] for row in visits} == {"", "'=1+1\\u202e<script>"}
    assert all(row["time"].endswith("+05:30") for row in visits)
    assert {row["decision"] for row in visits} == {"granted", "refused"}
    assert {row["proven"] for row in rows} == {"True"}
    assert {row["door"] for row in visits} == {"front", "back"}
    for row in rows:
        for cell in row.values():
            assert cell[:1] not in tuple("=+-@\t\r"), row
    unknown = [row for row in visits if row["reason"] == "unknown_card"]
    assert unknown and all(row["who"] == f"unknown card #{row['card'][:6]}" for row in unknown)


def test_lines_of_json(export):
    """All that an event says, and the site's own time."""
    out, _ = export("out.jsonl", "--who", "Zoë Đ.")
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert told and {one["person"] for one in told} == {"Zoë Đ."}
    assert all(isinstance(one["time"], int) and one["local_time"] for one in told)


def test_nothing_is_written_over(export):
    """Without --force; and the kind of the file is in its name."""
    out, _ = export("out.csv")
    before = out.read_bytes()
    export("out.csv")[1].fails("is there already", "--force")
    assert out.read_bytes() == before
    assert export("out.csv", "--force")[1].code == 0
    out.write_text("node,event\n")
    export("out.csv", "--force")[1].fails("another kind")
    export("out.txt")[1].fails(".csv or .jsonl")
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".out")] == []


def test_until_ends_with_the_day(export, made):
    """As --since begins with one."""
    whole = export("all.jsonl")[0].read_text().splitlines()
    day = sorted(json.loads(line)["local_time"][:10] for line in whole if '"granted"' in line)[20]
    early = export("early.jsonl", "--until", day)[0].read_text().splitlines()
    late = export("late.jsonl", "--since", day)[0].read_text().splitlines()
    timed = [json.loads(line) for line in whole if json.loads(line)["time"] is not None]
    both = [one for one in timed if one["local_time"].removeprefix("after ")[:10] == day]
    assert len(early) + len(late) == len(timed) + len(both)


def test_an_unknown_card_is_offered(holdfast, site_folder, made, tmp_path):
    """Under a short name that is the same each time, and by the key that gives it to somebody."""
    log = made.save(tmp_path / "log.events")
    shown = holdfast("events", "show", log, "--site", site_folder)
    card = made.unknown.hex()
    assert f"#{card[:6]}" in shown.out
    assert f"enrol #{card[:6]}: holdfast people card {site_folder} NAME --key {card}" in shown.out
    assert holdfast("people", "card", site_folder, "Ana", "--key", card).code == 0
