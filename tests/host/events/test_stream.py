"""A log checked piece by piece comes to what ``check`` comes to at once, in little memory."""

import functools
import tracemalloc

import pytest

from collected_events import DEVICE, Collector
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast_host.events import check as checks
from holdfast_host.events import logs, stream
from holdfast_host.events.check import (
    DUPLICATED,
    EDITED,
    INCOMPLETE,
    OVERWRITTEN,
    REMOVED,
    check,
)
from holdfast_host.site import site as sites
from small_log import record


@pytest.fixture
def pieces_of(monkeypatch):
    """Pieces of so many events."""
    return lambda count: monkeypatch.setattr(stream, "PIECE", count)


def root_key(secret):
    audit = secret.audit_key()
    public = event_record.crypto.x25519_public_key(DEVICE)
    return lambda root: event_record.auditor_root(audit, root, public)


def walked(paths, site_folder, secret):
    """A walk to its end, and the numbers of its events."""
    (log,) = logs.find(paths, sites.load(site_folder))
    walk = stream.Walk(log, root_key(secret))
    return walk, [shown.event.number for shown in walk.events()]


def kinds(walk):
    return {finding.kind for finding in walk.findings}


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_it_comes_to_what_a_check_at_once_comes_to(
    size, pieces_of, collector, site_folder, secret, tmp_path
):
    """For a whole log, and one in which each record in turn was changed, removed or doubled."""
    pieces_of(size)
    path = collector.save()
    walk, numbers = walked([path], site_folder, secret)
    assert walk.intact and numbers == list(range(10)) and walk.proven == 10
    assert walk.findings == []
    (whole,) = event_batch.decode(path.read_bytes())
    records = whole.records
    for place in (1, 4, 8, 9):
        flipped = bytearray(records[place])
        flipped[len(flipped) // 2] ^= 1
        for name, changed in {
            "edited": [*records[:place], bytes(flipped), *records[place + 1 :]],
            "removed": records[:place] + records[place + 1 :],
            "twice": [*records[:place], records[place], *records[place:]],
        }.items():
            whole.records = changed
            other = tmp_path / "other.events"
            other.write_bytes(whole.encode())
            at_once = check(event_batch.decode(other.read_bytes()), root_key(secret))
            walk, numbers = walked([other], site_folder, secret)
            assert walk.intact is at_once.intact, (name, place)
            assert {one.first for one in at_once.findings if one.breaks} == {
                one.first for one in walk.findings if one.breaks
            }, (name, place, at_once.findings, walk.findings)
            assert walk.proven == at_once.proven and len(numbers) == len(set(numbers))


def test_several_files_that_overlap_are_one_log(pieces_of, collector, site_folder, secret):
    """In any order; and where they contradict each other that is found."""
    pieces_of(4)
    first = collector.save("a.events")
    record(collector.log, 8)
    second = collector.save("b.events", after=5)
    for paths in ([first, second], [second, first], [second, second, first]):
        walk, numbers = walked(paths, site_folder, secret)
        assert walk.intact and numbers == list(range(18))
    (batch,) = event_batch.decode(second.read_bytes())
    batch.records[2] = batch.records[2][:-1] + bytes([batch.records[2][-1] ^ 1])
    second.write_bytes(batch.encode())
    walk, _ = walked([first, second], site_folder, secret)
    assert {one.first for one in walk.findings} == {8} and kinds(walk) == {EDITED}


def test_what_the_reader_wrote_over_is_no_break(pieces_of, collector, site_folder, secret):
    """The event that says so stands far behind the gap, in another piece."""
    pieces_of(10)
    first = collector.save("a.events")
    record(collector.log, 250)
    second = collector.save("b.events", after=9)
    walk, numbers = walked([first, second], site_folder, secret)
    assert walk.intact and kinds(walk) == {OVERWRITTEN} and numbers[-1] > 250
    (batch,) = event_batch.decode(second.read_bytes())
    batch.records = batch.records[1:]
    second.write_bytes(batch.encode())
    walk, _ = walked([first, second], site_folder, secret)
    assert not walk.intact and REMOVED in kinds(walk)


def test_what_was_not_given_is_said(collector, site_folder, secret):
    """The reader had more."""
    path = collector.save()
    (batch,) = event_batch.decode(path.read_bytes())
    batch.records = batch.records[:6]
    path.write_bytes(batch.encode())
    walk, _ = walked([path], site_folder, secret)
    assert walk.intact and kinds(walk) == {INCOMPLETE}


def test_a_doubled_record_is_found_across_pieces(pieces_of, collector, site_folder, secret):
    """The first comes again at the end."""
    pieces_of(2)
    path = collector.save()
    (batch,) = event_batch.decode(path.read_bytes())
    batch.records = [*batch.records, batch.records[1]]
    path.write_bytes(batch.encode())
    walk, _ = walked([path], site_folder, secret)
    assert kinds(walk) == {DUPLICATED}


def test_nothing_is_proven_without_a_key(collector):
    """And nothing is said to be."""
    (log,) = logs.find([collector.save()], None)
    walk = stream.Walk(log, None)
    assert not any(shown.proven for shown in walk.events())
    assert walk.intact is None and walk.count == 10


def test_memory_does_not_grow_with_the_log(
    pieces_of, tmp_path, authority, secret, site_folder, made
):
    """Ten times the events take less than twice the memory."""
    pieces_of(100)
    peaks = []
    for count in (400, 4000):
        while len(made.log.records) < count:
            made.log.add(checks.event.POLICY_APPLIED, {"changeset": len(made.log.records)})
        path = made.save(tmp_path / f"{count}.events")
        (log,) = logs.find([path], sites.load(site_folder))
        audit = functools.partial(event_record.auditor_root, secret.audit_key())
        walk = stream.Walk(log, functools.partial(audit, device=log.key))
        tracemalloc.start()
        seen = sum(1 for _ in walk.events())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert walk.intact and seen == count
    assert peaks[1] < 2 * peaks[0], peaks


def test_another_collectors_files_need_no_order(tmp_path, authority, secret, site_folder):
    """Two nodes in one file are two logs."""
    (tmp_path / "other").mkdir()
    one = Collector(tmp_path, authority, secret)
    two = Collector(tmp_path / "other", authority, secret, b"\x66" * 32, "back")
    record(one.log, 3)
    record(two.log, 4)
    both = tmp_path / "both.events"
    both.write_bytes(one.save().read_bytes() + two.save().read_bytes())
    found = logs.find([both], sites.load(site_folder))
    counts = {log.node: sum(1 for _ in stream.Walk(log, None).events()) for log in found}
    assert counts == {"front-reader": 4, "back-reader": 5}
