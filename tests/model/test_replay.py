"""History decided again on the host: by the policy of then, and by a draft, as the reference does.

What a manager is told of a draft ("these visits would have been refused") rests on events that say
no more than they must. So each random history is replayed by the host, from its events and its
changesets alone, under random changes that nobody signed, and held against the reference, which
knows what really was asked. Where the host says that an event cannot be decided again nothing is
compared, so that must be the exception, and never where the event tells enough.
"""

import collections
import copy
import os
import random
import shutil
import types

import hypothesis
import hypothesis.strategies as st
import pytest

import small_site as site
from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.request import CARD
from holdfast_host.events.replay import Replay
from holdfast_host.policy.past import DRAFT, Past
from model import three_doors, world
from model.decided_again import door_of
from model.in_bytes import operation
from model.reference_rules import Refused

TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
HISTORIES = 2000 if TORTURE else 40
STEPS = 24
BYTES = 13 * STEPS
DRAFTS = 6  # of each history
MET = ("same by the draft", "another by the draft", "lacks by the draft", "then")


@pytest.fixture
def quick_files(monkeypatch):
    three_doors.quickly(monkeypatch)


def test_the_host_decides_again_as_the_reference_does(quick_files, tmp_path, monkeypatch):
    """By the policy of then nothing differs; by a draft exactly what the reference says."""
    seen = collections.Counter()

    @hypothesis.seed(5)
    @hypothesis.settings(max_examples=HISTORIES, database=None, phases=[hypothesis.Phase.generate])
    @hypothesis.given(st.binary(min_size=BYTES // 2, max_size=BYTES))
    def history(choices):
        folder = tmp_path / "reader"
        folder.mkdir()
        monkeypatch.setenv("HOLDFAST_TEST_FOLDER", str(folder))
        try:
            lived = world.run(iter(choices), STEPS, seen)
        finally:
            shutil.rmtree(folder)
        by_then(lived, seen)
        pick = random.Random(choices)
        for _ in range(DRAFTS):
            by_draft(lived, pick, seen)

    history()
    print(dict(sorted(seen.items())))
    missing = [name for name in MET if not seen[name]]
    assert not missing, missing
    told = seen["same by the draft"] + seen["another by the draft"]
    assert seen["another by the draft"] > told / 50
    assert seen["lacks by the draft"] < told


def history_of(lived):
    """What the host has of a site: its changesets."""
    return types.SimpleNamespace(
        site=site.SITE,
        every_key=lived.settings.authority_keys,
        changesets=lived.raws,
        turns={},
        issued_at=lived.rules.issued_at,
    )


def by_then(lived, seen):
    """Nothing differs, and what cannot be decided again hangs on a PIN or on nothing asked."""
    replay = Replay(Past(history_of(lived)))
    for happened in lived.of_doors:
        again = replay.again(happened)
        assert (again is None) == (happened.kind != event.ACCESS)
        if again is None:
            continue
        assert not again.differs, (again, happened.fields)
        seen["then" if again.now else "lacks then"] += 1
        if again.now is None:
            fields = happened.fields
            assert "shown" not in fields or fields["shown"] not in (CARD, event.SHOWN_TOKEN)


def by_draft(lived, pick, seen):
    """The answers under changes that nobody signed."""
    lived.authority.pick = pick.choice
    orders = lived.authority.orders(lived.now)
    drafted = [one for one in map(operation, orders) if one]
    rules = copy.deepcopy(lived.rules)
    last = rules.issued_at
    try:
        rules.follow(orders, last)
    except Refused:
        return
    if not drafted or not lived.raws:
        return
    past = Past(history_of(lived), drafted)
    # Revocations that have ended are let go; what ended with them stays so, and both say no.
    rules.dropped = max(rules.dropped, past.rules(DRAFT).revocations.dropped)
    replay = Replay(past, DRAFT)
    for place, happened in enumerate(lived.of_doors):
        asked = lived.asked.get(place)
        again = replay.again(happened)
        if again is None or asked is None:
            assert again is None or again.now is None
            continue
        if again.now is None:
            seen["lacks by the draft"] += 1
            seen["lacks " + again.lacks] += 1
            continue
        number = happened.fields["changeset"]
        rules.issued_at = past.rules(number).issued_at if number else last
        answers = asked(rules.at(door_of(happened.fields)))
        told = again.now.granted, reason.name(again.now.code), again.now.by_grace
        assert told in answers, (told, answers, orders, happened.fields)
        was = again.was.granted, reason.name(again.was.code), again.was.by_grace
        if was not in answers:
            assert again.differs
        seen["another by the draft" if again.differs else "same by the draft"] += 1
