"""A hundred thousand events: all are proven and decided again, in bounded memory; one edited byte
is found, and a draft shows the visits that it would change.

Two thousand of them in `make test`, all of it in `make torture`.
"""

import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

from conftest import environment

TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
COUNT = 100_000 if TORTURE else 2_000
MOST_KB = 160 << 10  # of the whole process: half of that is there before the first event

# Not ru_maxrss: that is what the process held before it became this program, too.
_RUN = """
import json, sys
from holdfast_host.cli import main
code = main(sys.argv[1:])
said = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(json.dumps({"kb": int(said["VmHWM"].split()[0]), "code": code}))
"""


@pytest.fixture
def replay(site_folder):
    """``replay(path, ...)`` in a process of its own: its exit code, KB at most, output; or another
    ``command`` about events.
    """

    def run(path, *options, command="replay"):
        command = ["events", command, path, "--site", site_folder, *options]
        done = subprocess.run(
            [sys.executable, "-c", _RUN, *map(str, command)],
            env={**environment("cpython"), "HOLDFAST_PASSPHRASE": "correct horse battery"},
            capture_output=True,
            text=True,
        )
        *lines, last = done.stdout.splitlines()
        said = re.fullmatch(r'\{"kb": ([0-9]+), "code": ([0-9]+)\}', last)
        assert said, done.stderr
        return int(said[2]), int(said[1]), "\n".join(lines), done.stderr

    return run


def test_a_long_log_is_decided_again(replay, made, tmp_path, policy):
    """And it takes no more memory than a short one."""
    short = made.save(tmp_path / "short.events")
    _, least, _, _ = replay(short)
    path = made.visits(COUNT).save(tmp_path / "log.events")
    count = len(made.log.records)
    code, most, out, _ = replay(path)
    assert code == 0 and "none differs" in out
    assert f"{count:,} of {count:,} events are proven" in out
    assert re.search(r"events, [0-9,]+ a second", out)
    print(out, f"\n{least} KB for 61 events, {most} KB for {count}")
    assert most < MOST_KB and most - least < 24 << 10, (least, most)
    assert policy("group", 7, "--door", "back", "--draft").code == 0
    code, _, out, _ = replay(path, "--policy", "draft")
    assert code == 3 and "would be" in out
    one_byte(path, made)
    code, _, out, err = replay(path)
    assert code == 1 and "BROKEN" in out and "front-reader" in err
    assert f"event {count // 2} was changed" in out


def test_a_long_log_is_shown(replay, made, tmp_path):
    """Each event as it is read: to ask for one in a hundred thousand takes the memory of one."""
    short = made.save(tmp_path / "short.events")
    _, least, _, _ = replay(short, command="show")
    path = made.visits(COUNT).save(tmp_path / "log.events")
    for how in ((), ("--jsonl",), ("--csv",)):
        code, most, out, err = replay(path, *how, command="show")
        assert code == 0, err
        assert len(out.splitlines()) >= len(made.log.records)
        assert most < MOST_KB and most - least < 24 << 10, (how, least, most)
    _, _, out, _ = replay(path, "--reason", "log_started", command="show")
    assert f"1 of {len(made.log.records)} events" in out


def one_byte(path: pathlib.Path, made):
    """Edit one byte of the event in the middle."""
    middle = made.log.records[len(made.log.records) // 2]
    data = path.read_bytes()
    at = data.index(middle) + random.Random(1).randrange(12, len(middle) - 1)
    path.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
