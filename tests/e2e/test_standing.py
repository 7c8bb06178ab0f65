"""A reader process whose door stands unlocked by schedule: its log against its strike, over a
lockdown, a lost clock and a program that stops in the middle.
"""

import os
import signal
import time

import pytest

from holdfast.access.request import ADMINISTER, UNLOCK
from holdfast_host.demo.scenes import visit_cold
from holdfast_host.demo.stage import DOOR, Stage
from holdfast_host.phone.carrier import Carrier
from holdfast_host.policy import changes, modes

WAIT = 60  # a hang must end the run
PULSE_S = 10  # firmware/holdfast/door/standing.py


@pytest.fixture
def stage(tmp_path):
    """A site and its running reader, whose schedule ``office`` holds all the time."""
    with Stage(tmp_path, lambda: int(time.time())) as running:
        yield running


def bring(stage, *rules):
    with stage.call() as link:
        bearer = stage.holder("bearer", permissions=UNLOCK | ADMINISTER)
        carrier, _ = Carrier.introduced(link, [bearer], DOOR, stage.now())
        for raw in [raw for rule in rules for raw in stage.change_policy(rule)]:
            carrier.post_policy(raw)
    stage.log()


def hours(state):
    return changes.set_schedule(state, "office", [[[0, 1440]]] * 7, [])


def at_once(state):
    return modes.unlock(state, DOOR, "office", False)


def from_first(state):
    return modes.unlock(state, DOOR, "office", True)


def wait_for(stage, kind, since):
    said = stage.reader.wait(lambda said: said.get("event") == kind, since=since, timeout=WAIT)
    assert said is not None, [str(one)[:90] for one in stage.reader.events[since:]]
    return said


def row(stage, since):
    """What was said of the door and done by the strike, in order."""
    found = []
    for said in stage.reader.events[since:]:
        if said.get("hal") == "strike":
            found.append("released" if said["active"] else "secured")
        elif said.get("event", "").endswith("_by_schedule"):
            found.append(said["event"] + (": " + said["detail"] if "detail" in said else ""))
        elif said.get("event") == "access":
            found.append(said["reason"])
    return found


def test_it_stands_unlocked_for_longer_than_a_pulse_and_is_secured_by_a_lockdown(stage):
    """One release in all that time, after its event, and nobody's phone is turned away."""
    begin = len(stage.reader.events)
    bring(stage, hours, at_once)
    wait_for(stage, "unlocked_by_schedule", begin)
    time.sleep(PULSE_S + 3)
    visit, _ = visit_cold(stage, stage.holder("resident"))
    assert visit.granted
    time.sleep(1)
    assert row(stage, begin) == ["unlocked_by_schedule", "released", "granted"]
    bring(stage, lambda state: changes.lock_down(state, True, []))
    wait_for(stage, "locked_by_schedule", begin)
    assert row(stage, begin)[3:] == ["secured", "locked_by_schedule: lockdown"]
    assert not stage.strike_problems()


def test_a_program_that_stood_still_does_not_go_on_as_if_nothing_had_been(stage):
    """The strike's pulse is over meanwhile: that is an end, and a beginning has its own event.

    (That a pulse ends in time while the interpreter alone is blocked: test_strike_times.)
    """
    begin = len(stage.reader.events)
    bring(stage, hours, at_once)
    wait_for(stage, "unlocked_by_schedule", begin)
    stage.reader.wait(lambda said: said.get("hal") == "strike", since=begin, timeout=WAIT)
    pid = stage.reader._process.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(PULSE_S + 2)
    os.kill(pid, signal.SIGCONT)
    wait_for(stage, "locked_by_schedule", begin)
    told = ["secured", "locked_by_schedule: not renewed in time"]
    assert row(stage, begin) == ["unlocked_by_schedule", "released", *told]
    wait_for(stage, "unlocked_by_schedule", len(stage.reader.events))


@pytest.mark.parametrize("mode", [at_once, from_first])
def test_a_power_cut_in_the_middle(stage, mode):
    """At once begins anew with an event; from the first grant on waits for the next one."""
    begin = len(stage.reader.events)
    bring(stage, hours, mode)
    if mode is from_first:
        time.sleep(1)
        assert "unlocked_by_schedule" not in row(stage, begin)
        visit_cold(stage, stage.holder("first"))
    wait_for(stage, "unlocked_by_schedule", begin)
    begin = len(stage.reader.events)
    stage.restart()
    if mode is at_once:
        wait_for(stage, "unlocked_by_schedule", begin)
        return
    time.sleep(2)
    assert "released" not in row(stage, begin)
    visit_cold(stage, stage.holder("second"))
    wait_for(stage, "unlocked_by_schedule", begin)


def test_without_a_clock_that_is_trusted_it_is_secured(stage):
    """Hours mean nothing to who does not know the time."""
    bring(stage, hours, at_once)
    begin = len(stage.reader.events)
    stage.restart(has_clock=False)
    visit, _ = visit_cold(stage, stage.holder("by grace"))
    assert visit.granted
    for _ in range(WAIT):
        if row(stage, begin)[-1:] == ["secured"] and "granted" in row(stage, begin):
            break
        time.sleep(1)
    assert row(stage, begin)[-3:] == ["released", "granted", "secured"]
    assert not any("unlocked" in what for what in row(stage, begin))
