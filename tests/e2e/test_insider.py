"""Somebody who may carry events, and has something to hide, at the reader as a process."""

import time

import pytest

from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.request import CARRY_EVENTS
from holdfast_host.demo.scenes import visit_cold
from holdfast_host.demo.stage import DOOR, Stage
from holdfast_host.phone.carrier import Carrier, Refused


@pytest.fixture
def stage(tmp_path):
    """A site and its running reader, at whose door something happened."""
    with Stage(tmp_path, lambda: int(time.time())) as running:
        visit_cold(running, running.holder("alice"))
        yield running


def taken(carrier, after=None, most=100):
    """Raw records after a number, in at most so many answers."""
    found = []
    for _ in range(most):
        (batch,) = event_batch.decode(carrier.events(after))
        if not batch.records:
            break
        found += batch.records
        after = event_record.number_of(found[-1])
    return found


def told(raws):
    """``(kind, who)`` of events about events."""
    decoded = [event_record.decode(event_record.split(raw)[0]) for raw in raws]
    return [(one.kind, one.fields.get("by")) for one in decoded if "by" in one.fields]


def test_who_reads_and_clears_the_log_is_in_it(stage):
    """Everything is read and said to be safe, in each way there is; what remains is all of it, and
    who it was.
    """
    insider = stage.holder("insider", permissions=CARRY_EVENTS)
    with stage.call() as link:
        carrier, _ = Carrier.introduced(link, [insider], DOOR, stage.now())
        everything = taken(carrier)
        code = event_record.split(everything[-1])[1]
        carrier.copied(event_record.number_of(everything[-1]), code)
        for word in (b"", code, bytes(96)):
            with pytest.raises(Refused):
                carrier.acknowledge(word)
    with stage.call() as link:
        collector = stage.holder("collector", permissions=CARRY_EVENTS)
        carrier, _ = Carrier.introduced(link, [collector], DOOR, stage.now())
        later = taken(carrier)
    assert later[: len(everything)] == everything
    mine = [kind for kind, who in told(later) if who == "insider"]
    assert mine == [event.FETCHED, event.COPIED] + 3 * [event.ACKNOWLEDGEMENT_REFUSED]
    assert (event.FETCHED, "collector") in told(later)


def test_who_comes_in_pieces_is_in_it_as_well(stage):
    """A connection for each question, one event further each time, day after day."""
    insider = stage.holder("insider", permissions=CARRY_EVENTS)
    after = None
    for _ in range(4):
        visit_cold(stage, stage.holder("alice"))
        with stage.call() as link:
            carrier, _ = Carrier.introduced(link, [insider], DOOR, stage.now())
            seen = taken(carrier, after, 1)
            after = event_record.number_of(seen[-1])
    with stage.call() as link:
        carrier, _ = Carrier.introduced(link, [insider], DOOR, stage.now())
        assert told(taken(carrier)).count((event.FETCHED, "insider")) >= 4


def test_the_auditors_word_counts_whoever_brings_it(stage):
    """And not before: then the reader begins where the site ends, and shows what was done."""
    with stage.call() as link:
        insider = stage.holder("insider", permissions=CARRY_EVENTS)
        carrier, _ = Carrier.introduced(link, [insider], DOOR, stage.now())
        batches = [carrier.events()]
        for _ in range(20):
            (batch,) = event_batch.decode(batches[-1])
            if not batch.records:
                break
            batches.append(carrier.events(event_record.number_of(batch.records[-1])))
        report = stage.check_events(b"".join(batches))
        assert report.intact and report.checked is not None
        word = stage.acknowledgement(report.checked)
        for _ in range(2):
            carrier.acknowledge(word)
        assert carrier.root() == report.checked.root
        (batch,) = event_batch.decode(carrier.events(report.checked.head_number))
    assert batch.before == report.checked.head
    assert told(batch.records) == [(event.ACKNOWLEDGED, "insider")]
