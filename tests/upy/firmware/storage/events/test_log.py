"""Every event keeps its number and its place until somebody has it: what the log promises."""

INTERPRETERS = ("micropython", "cpython")
HEAP = "1M"

import os

import small_log as small
from folders import Folder, copy, remove
from harness import raises
from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.record import EventError
from small_log import access, audit, batch, open_log, record
from untrusted import InvalidInput


def kinds_of(log):
    """Kinds of all events that the log still serves, proven."""
    return [one.kind for one in audit(batch(log))]


def test_a_log_begins_with_its_own_start():
    """Without the chain's root in it, nobody could check the first event."""
    with Folder() as folder:
        log = open_log(folder + "/events")
        assert (log.head[0], log.oldest, log.root[0], log.fault, log.kept) == (0, 0, 0, 0, 0)
        assert batch(log).before is None
        (first,) = audit(batch(log))
        assert first.kind == event.LOG_STARTED and first.fields == {"root": log.root[1]}


def test_what_was_recorded_comes_back():
    """Field by field, after a restart, under numbers without a gap."""
    with Folder() as folder:
        log = open_log(folder)
        assert log.append(event.ACCESS, access(1)) == 1
        assert log.append(event.POLICY_APPLIED, {"changeset": 7, "clock": "none"}) == 2
        assert log.append(event.LOCKDOWN, {"on": False}) == 3
        log = open_log(folder)
        assert log.head[0] == 3 and log.fault == 0
        _, one, two, three = audit(batch(log))
        said = access(1)
        assert (one.time, one.source, one.uptime) == (said["time"], "rtc", said["uptime"])
        assert one.uncertainty == 2 and one.fields["holder"] == "alice"
        assert one.fields["cti"] == said["cti"] and one.fields["reason_code"] == 0
        assert two.fields == {"changeset": 7} and two.time is None and two.uptime is None
        assert three.fields == {"on": False}


def test_a_log_goes_on_where_it_stood():
    """A chain with a seam at each start would hide what was cut out there."""
    with Folder() as folder:
        for _ in range(5):
            record(open_log(folder, segments=9), 7)
        log = open_log(folder, segments=9)
        assert log.head[0] == 35 and [one.number for one in audit(batch(log))] == list(range(36))


def test_a_collector_gets_what_fits_and_goes_on():
    """In messages of a size of its own; no event twice, none left out."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 40)
        got, number = [], -1
        while number < log.head[0]:
            part = log.after(number, 300)
            assert 1 <= len(part) <= 10 and sum([len(raw) + 3 for raw in part]) <= 300
            got.extend(part)
            number = event_record.number_of(part[-1])
        assert got == log.after(-1, small.ALL)
        assert log.after(40, 1000) == [] and log.after(-1, 3) == []
        for size in (150, 200, 500):
            assert len(log.batch(-1, size)) <= size
        assert log.batch(40, 100) == log.batch(99, 100)


def test_events_go_after_they_are_acknowledged_and_not_before():
    """Whole segments: some that are acknowledged stay, none that is not goes."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 60)
        whole = batch(log)
        size = len(whole.records)
        for number in (0, 10, 31, 60):
            raw = whole.records[number]
            small.acknowledge(log, number, event_record.split(raw)[1])
            assert log.oldest <= number + 1 == log.kept
            assert log.after(number, small.ALL) == whole.records[number + 1 :]
            again = open_log(folder, segments=9)
            assert (again.head, again.kept, again.oldest) == (log.head, log.kept, log.oldest)
            assert again.after(number, small.ALL) == whole.records[number + 1 :]
        assert size == 61 and log.oldest == 61 and log.after(-1, small.ALL) == []
        record(log, 3)
        assert [one.number for one in audit(batch(log))] == [61, 62, 63]


def test_what_lingers_can_still_be_fetched():
    """A second collector that is a little behind the first misses nothing that is there."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 60)
        whole = batch(log).records
        small.acknowledge(log, 50, event_record.split(whole[50])[1])
        oldest = log.oldest
        assert 0 < oldest <= 50
        assert log.after(oldest, small.ALL) == whole[oldest + 1 :]
        # Whoever is further behind gets what can be proven: from the acknowledged one on.
        assert log.after(oldest - 2, small.ALL) == whole[51:] == log.after(-1, small.ALL)


def test_an_acknowledgement_of_something_else_is_refused():
    """Else a collector that was fed a forged log would erase the true one."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 30)
        number, code = log.head
        wrong = bytes([code[0] ^ 1]) + code[1:]
        for claim in ((number, wrong), (number - 1, code), (number + 1, code), (99999, code)):
            assert isinstance(raises(EventError, small.acknowledge, log, *claim), InvalidInput)
        raises(EventError, small.acknowledge, log, number, code[:8])
        raises(EventError, small.acknowledge, log, number, b"")
        assert log.oldest == 0 == log.kept and len(batch(log).records) == 31
        small.acknowledge(log, number, code)
        small.acknowledge(log, number, code)
        small.acknowledge(log, 3, bytes(16))  # long gone, and said to be safe before
        raises(EventError, small.acknowledge, log, number, wrong)


def test_a_full_log_gives_up_the_oldest_and_says_so():
    """How many, and up to which: so the sum of what is seen and what is told is what happened."""
    with Folder() as folder:
        log = open_log(folder)
        record(log, 300)
        events = audit(batch(log))
        told = [one for one in events if one.kind == event.OVERWRITTEN][-1]
        assert told.fields["last"] == events[0].number - 1 == log.kept - 1
        # Earlier events of this kind are given up themselves, so each tells all since the start.
        assert told.fields["count"] == events[0].number and told.time is not None
        assert len(events) < 70 and events[-1].number == log.head[0]
        again = open_log(folder)
        assert again.head == log.head and audit(batch(again))[0].number == events[0].number


def test_given_up_events_are_counted_without_gap_or_overlap():
    """Seen by a collector that looks after every event and acknowledges none."""
    with Folder() as folder:
        log = open_log(folder)
        lost, seen = range(0), set()
        for _ in range(300):
            before = log.head[0]
            record(log, 1)
            for raw in log.after(before, small.ALL):
                one = event_record.decode(event_record.split(raw)[0])
                if one.kind == event.OVERWRITTEN:
                    last, count = one.fields["last"], one.fields["count"]
                    assert last + 1 - count == 0 and count > len(lost)
                    lost = range(count)
            assert len(lost) == log.oldest == log.kept
            seen.add(log.oldest)
        assert len(seen) > 5


def test_acknowledged_events_are_not_counted_as_lost():
    """Half of the oldest segment was fetched: only the other half is lost."""
    with Folder() as folder:
        log = open_log(folder)
        record(log, 30)
        code = event_record.split(log.after(4, 200)[0])[1]
        small.acknowledge(log, 5, code)
        assert log.oldest == 0
        while event.OVERWRITTEN not in kinds_of(log):
            record(log, 1)
        (told,) = [one for one in audit(batch(log)) if one.kind == event.OVERWRITTEN]
        assert told.fields["count"] == told.fields["last"] - 5


def test_a_log_that_is_collected_in_time_never_loses_one():
    """Ten times its capacity goes through, and every event arrives."""
    with Folder() as folder:
        log = open_log(folder)
        collected = []
        for _ in range(60):
            record(log, 10)
            got = log.after(collected[-1] if collected else -1, small.ALL)
            collected.extend([event_record.number_of(raw) for raw in got])
            small.acknowledge(log, *log.head)
        assert collected == list(range(601))


def test_a_log_says_once_that_it_is_nearly_full():
    """At 90 %, and again only after it was below 80 %: an alarm that rings on is switched off."""
    with Folder() as folder:
        log = open_log(folder, segments=10)
        while log.append(event.ACCESS, access()) == log.head[0]:
            pass
        whole = log.after(-1, small.ALL)
        told = event_record.decode(event_record.split(whole[-1])[0])
        assert told.kind == event.LOG_NEARLY_FULL and told.time is not None
        used = sum([len(raw) + 10 for raw in whole])
        assert 8 * 1024 < used < 10 * 1024
        log = open_log(folder, segments=10)
        record(log, 5)
        assert kinds_of(log).count(event.LOG_NEARLY_FULL) == 1
        small.acknowledge(log, told.number, event_record.split(whole[-1])[1])
        record(log, 100)
        assert kinds_of(log) == [event.ACCESS] * 105
        record(log, 50)
        assert kinds_of(log).count(event.LOG_NEARLY_FULL) == 1


def test_a_lost_key_begins_a_new_chain_and_says_so():
    """Nothing recorded after it is lost, and the break is where it was."""
    for damage in (None, b"", b"x" * 200, b"flip"):
        with Folder() as folder:
            log = open_log(folder, segments=9)
            record(log, 20)
            old = batch(log)
            if damage is None:
                os.remove(folder + "/chain")
            else:
                with open(folder + "/chain", "rb") as file:
                    data = bytearray(file.read())
                data[40] ^= 1
                with open(folder + "/chain", "wb") as file:
                    file.write(data if damage == b"flip" else damage)
            log = open_log(folder, segments=9, random_bytes=small.Randomness(b"other"))
            assert log.fault == reason.EVENT_LOG_FAILED
            assert log.root[0] == 21 and log.root[1] != old.root[1]
            record(log, 3)
            events = audit(batch(log))
            assert [one.number for one in events] == list(range(26))
            kinds = [one.kind for one in events[21:23]]
            assert kinds == [event.LOG_STARTED, event.STORAGE_FAULT]
            assert open_log(folder, segments=9).fault == 0


def test_a_log_of_another_site_is_not_gone_on_with():
    """The new auditor could not read it; numbers go on all the same."""
    with Folder() as folder:
        record(open_log(folder), 3)
        log = small.EventLog(
            folder, small.READER_PUBLIC, small.site.READER_PRIVATE, small.Randomness(b"x")
        )
        assert log.fault == reason.EVENT_LOG_FAILED and log.root[0] == 4 and log.head[0] == 5


def test_records_that_are_gone_are_missed():
    """The key says how far the log was: losing its end does not look like a shorter log."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 30)
        for name in os.listdir(folder + "/log"):
            os.remove(folder + "/log/" + name)
        log = open_log(folder, segments=9)
        assert log.fault == reason.EVENT_LOG_FAILED
        assert log.head[0] == 31
        (told,) = [event_record.decode(event_record.split(raw)[0]) for raw in log.after(30, 999)]
        assert told.kind == event.STORAGE_FAULT and told.fields["count"] == 31
        assert len(told.fields["before"]) == 16
        record(log, 2)
        assert [event_record.number_of(raw) for raw in log.after(31, 999)] == [32, 33]
        again = open_log(folder, segments=9)
        assert again.fault == 0 and again.head == log.head
        small.acknowledge(again, *again.head)


def test_the_key_on_flash_is_never_one_that_made_a_code():
    """Whoever takes the board finds a key for the next event only."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        key = event_record.auditor_root(small.site.AUDIT_PRIVATE, log.root[1], small.READER_PUBLIC)
        old = []
        for _ in range(20):
            old.append(key)
            key = event_record.next_key(key)
            with open(folder + "/chain", "rb") as file:
                chain = file.read()
            assert key in chain and len(chain) <= 128
            assert not [one for one in old if one in chain]
            record(log, 1)


def test_the_key_on_flash_follows_when_there_is_time():
    """Until then it is the last event's and no older one's, also after a power cut."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 2)
        for settles in (log.flush, lambda: log.append(event.ACCESS, access())):
            with open(folder + "/chain", "rb") as file:
                settled = file.read()
            log.append(event.ACCESS, access())
            with open(folder + "/chain", "rb") as file:
                assert file.read() == settled
            copied = folder + "-copy"
            copy(folder, copied)
            cut = open_log(copied, segments=9)
            assert cut.head == log.head and cut.fault == 0
            with open(copied + "/chain", "rb") as file:
                assert file.read() != settled
            remove(copied)
            settles()
            with open(folder + "/chain", "rb") as file:
                assert file.read() != settled
        assert len(audit(batch(log))) == log.head[0] + 1


def test_what_no_event_can_hold_is_refused_before_anything_is_written():
    """A mistake of the caller must not cost an event number."""
    with Folder() as folder:
        log = open_log(folder)
        for fields in (
            {"cti": b"short"},
            {"cti": 5},
            {"time": -1},
            {"time": "now"},
            {"reason_code": 1 << 40},
            {"reason_code": True},
            {"count": -1},
        ):
            raises(ValueError, log.append, event.ACCESS, fields)
        raises(ValueError, log.append, 256, {})
        assert log.head[0] == 0 and log.append(event.STARTED, {}) == 1
