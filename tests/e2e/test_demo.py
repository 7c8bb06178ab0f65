"""The demonstration is the main job's acceptance: real processes, every scene, nothing left
behind.
"""

import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT, environment

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from holdfast_host.cli import main; sys.exit(main())",
]
DEMO_SECONDS = 900  # a hang must end the run; how long it takes is not asserted

AT_ONE_DOOR, OF_A_SITE = 94, 30  # scenes


@pytest.fixture(scope="module")
def finished():
    """The demo, run once as a user would run it."""
    return subprocess.run(
        [*COMMAND, "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        cwd=ROOT,
        env=environment("cpython"),
    )


def test_every_scene_is_kept(finished):
    """All of the promise at once: one scene that is not kept fails the whole demo."""
    report = json.loads(finished.stdout)
    broken = [scene for scene in report["scenes"] if not scene["kept"]]
    assert not broken and not report["strike_problems"]
    assert finished.returncode == 0
    assert len(report["scenes"]) == AT_ONE_DOOR + OF_A_SITE


def test_each_refusal_has_its_own_reason(finished):
    """A door that says no without a reason is what nobody may meet."""
    scenes = {scene["scene"]: scene for scene in json.loads(finished.stdout)["scenes"]}
    reasons = [
        scenes[name]["reason"]
        for name in (
            "expired",
            "not yet valid",
            "wrong door",
            "forged signature",
            "token of another site",
            "stolen token without its key",
            "guest token made for longer",
            "cold unlock replayed, same connection",
            "P-256 phone, reader without",
        )
    ]
    assert len(set(reasons)) == len(reasons)
    assert "granted" not in reasons


def test_doors_decide_while_their_controller_is_away(finished):
    """Between its end and its return: who is known, who comes first, and who was taken back."""
    scenes = json.loads(finished.stdout)["scenes"][AT_ONE_DOOR:]
    names = [scene["scene"] for scene in scenes]
    first = names.index("the controller is killed: the card")
    end = names.index("the controller returns, and red ends")
    said = [(scene["decision"], scene["reason"]) for scene in scenes[first:end]]
    assert said == [
        ("granted", "granted"),
        ("-", "red"),
        ("-", "red"),
        ("refused", "no controller"),
        ("granted", "granted"),
        ("granted", "granted"),
        ("-", said[6][1]),
        ("refused", "revoked"),
        ("-", "3 faults"),
    ]
    assert said[6][1].startswith("changeset ")


def test_a_copy_of_the_reader_outside_opens_nothing(finished):
    """It decides nothing: what came by it before and after was opened by the node inside."""
    found = json.loads(finished.stdout)["scenes"][AT_ONE_DOOR:]
    scenes = {scene["scene"]: scene["reason"] for scene in found}
    assert scenes["outside: the card"] == scenes["outside: the card, as before"] == "granted"
    assert scenes["outside: a thief has cloned it"] == "two_carriers"
    assert scenes["by the clone: a card"] == "unknown_card"
    assert scenes["by the clone: a forged key"] == "bad_signature"


def test_the_wire_stays_within_its_budget(finished):
    """Cold: both certificates by value in at most 600 bytes and 2 round trips; warm: 90 and 1."""
    cold, warm = json.loads(finished.stdout)["scenes"][:2]
    assert (cold["round_trips"], warm["round_trips"]) == (2, 1)
    assert cold["bytes"] <= 600
    assert warm["bytes"] <= 90
    assert warm["public_key_operations"] == 0


def test_a_demo_that_cannot_start_says_why():
    """No MicroPython: one clear line with the next step, no traceback, a non-zero exit."""
    variables = environment("cpython")
    variables["MICROPYTHON"] = os.devnull
    failed = subprocess.run(
        [*COMMAND, "demo"],
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        cwd=ROOT,
        env=variables,
    )
    assert failed.returncode not in (0, None)
    assert "MICROPYTHON" in failed.stderr and "Traceback" not in failed.stderr
