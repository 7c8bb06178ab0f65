"""A whole site as processes on loopback, a controller and readers, under load and with power cuts
at any moment: what is acknowledged is there, what is decided is right, no nonce is used twice.

Nothing here waits for a time: what is waited for is what the
nodes say, or have, and a minute more of a busy machine is no fault. HOLDFAST_READERS and
HOLDFAST_CUTS say how many there are of either.
"""

import os
import random
import time

from holdfast.access.events import record as event_record
from lan_site import CONTROLLER, KNOWN, UNKNOWN, LanSite, applied, decisions, last_awaited

IS_LONG = os.environ.get("HOLDFAST_TORTURE") == "1"
READERS = int(os.environ.get("HOLDFAST_READERS", "32" if IS_LONG else "8"))
CUTS = int(os.environ.get("HOLDFAST_CUTS", "200" if IS_LONG else "5"))
HANGS = 1200.0  # seconds after which nothing will come any more


def test_a_site_at_work_through_power_cuts(tmp_path, monkeypatch):
    """One test, so that it is started once, whoever distributes tests."""
    folder = tmp_path / "site"
    folder.mkdir()
    site = LanSite(folder, READERS)
    try:
        monkeypatch.setenv("HOLDFAST_FIRMWARE", str(site.noting()))
        for node in site.nodes.values():
            node.start()
        a_change_reaches_every_node_and_every_visit_comes_home_once(site)
        power_cuts_at_any_moment_lose_nothing_that_was_told(site)
        no_nonce_was_used_twice(site)
    finally:
        site.stop()


def follows(number):
    return lambda said: said.get("event") == "policy_applied" and said["changeset"] == number


def decided(said):
    return said.get("event") == "access"


def show(node, card):
    """A card is held to a node that runs; what it decided."""
    begin = len(node.events)
    node.put(card=card)
    said = node.wait(decided, since=begin, timeout=HANGS)
    assert said is not None and said["granted"] is (card == KNOWN), said
    return said


def until_even(site):
    """The records of each reader, once the controller has them, to the last one that anybody
    waits for: what says itself that events are copied is worth no message.
    """
    ends = time.monotonic() + HANGS
    readers = site.names[1:]
    owns = {name: site.own(name) for name in readers}
    lasts = {name: last_awaited(own) for name, own in owns.items()}
    while True:
        collected = site.collected(readers)
        numbers = {
            name: [event_record.number_of(raw) for raw in collected.get(name, ())]
            for name in readers
        }
        if all(numbers[name] and numbers[name][-1] >= lasts[name] for name in readers):
            break
        assert time.monotonic() < ends, (numbers, lasts)
        time.sleep(1)
    for name in readers:
        assert numbers[name] == list(range(len(numbers[name]))), name
        both = min(len(owns[name]), len(collected[name]))
        assert owns[name][:both] == collected[name][:both], name
    return collected


def a_change_reaches_every_node_and_every_visit_comes_home_once(site):
    """The change is given to one reader; somebody comes to every door, and somebody else."""
    number = site.change()
    site.give(site.names[-1])
    site.nodes[site.names[-1]].restart()
    for name, node in site.nodes.items():
        show(node, KNOWN)
        show(node, UNKNOWN)
        assert name == site.names[-1] or node.wait(follows(number), timeout=HANGS)
    for name, records in until_even(site).items():
        assert [one["reason_code"] == 0 for one in decisions(records)] == [True, False], name


def power_cuts_at_any_moment_lose_nothing_that_was_told(site):
    """Any of them, at any moment, while cards are held to all doors and the policy changes: what a
    reader has told is in its log, and comes to the controller, once and in order.
    """
    chance = random.Random(7)
    for cut in range(CUTS):
        name = CONTROLLER if cut == 1 else chance.choice(site.names)
        node = site.nodes[name]
        if cut % 2 == 0:
            site.change()
            site.give(name)  # and has something to tell when it is back
        for other in chance.sample(site.names, 3):
            site.nodes[other].put(card=chance.choice((KNOWN, UNKNOWN)))
        time.sleep(chance.random() * chance.choice((0.01, 0.3)))  # a moment, not a wait
        node.restart()
    number = site.number
    site.give(CONTROLLER)
    site.nodes[CONTROLLER].restart()
    for node in site.nodes.values():
        if node is not site.nodes[CONTROLLER]:
            # Also of those that had it before they were cut.
            assert site.newest(node) == number or node.wait(follows(number), timeout=HANGS)
    for name, node in site.nodes.items():
        show(node, KNOWN)
        show(node, UNKNOWN)
        for said in node.events:
            assert said.get("event") not in ("fault", "text"), (name, said)
            if decided(said):
                assert said["granted"] is (said["reason_code"] == 0), said
    for name, records in until_even(site).items():
        told = [said for said in site.nodes[name].events if decided(said)]
        kept = decisions(records)
        # What was told was kept before; what was kept may have been cut off before it was told.
        assert len(kept) >= len(told), name
        codes = [one["reason_code"] for one in kept]
        rest = iter(codes)
        assert all(said["reason_code"] in rest for said in told), (name, codes, told)
        numbers = applied(records)
        assert numbers == sorted(set(numbers)) and numbers[-1] == number, (name, numbers)


def no_nonce_was_used_twice(site):
    """Of all that any of them ever encrypted, whether it left or not."""
    noted = site.nonces()
    assert len(noted) > READERS
    assert len(set(noted)) == len(noted)
