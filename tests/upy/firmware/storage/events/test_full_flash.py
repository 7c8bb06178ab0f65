"""A flash that others have filled: a door goes on letting people in, and each is recorded.

On a real littlefs that is really full, whoever filled it.
"""

INTERPRETERS = ("micropython",)
HEAP = "64M"

import gc
import os

import flash_in_ram
import small_log as small
from flash_in_ram import Flash, mounted
from harness import raises
from holdfast.access.events import event
from holdfast.storage.events import left
from holdfast.storage.events.reserve import RESERVE_BYTES, Reserve
from small_log import access, audit, batch, open_log, record

ROOT = "/full"
small.remember_agreements()


def log_at(segments=12, segment_bytes=4000):
    """The log of a small flash; a segment is a block."""
    return open_log(ROOT + "/events", segments, segment_bytes=segment_bytes)


def free():
    return flash_in_ram.free(ROOT)


def fill(name="others"):
    flash_in_ram.fill(ROOT, name)


def whole(log):
    """All events that the log serves, proven; those that are gone are told of."""
    events = audit(batch(log))
    told = [one for one in events if one.kind == event.OVERWRITTEN]
    assert log.kept == (told[-1].fields["last"] + 1 if told else 0)
    return events


def test_what_others_fill_costs_no_event():
    """The reserve bears what comes first; then the oldest go, as in a log that is full."""
    with mounted(Flash(40), ROOT):
        log = log_at()
        record(log, 150)
        fill()
        assert free() == 0, free()
        for number in range(600):
            before = log.head[0]
            assert log.append(event.ACCESS, access(number)) > before
            log.flush()
            if number % 100 == 0:
                whole(log)
                fill("more%d-" % number)
        events = whole(log)
        assert events[-1].number == log.head[0] > 750 and log.kept > 0
        again = log_at()
        assert again.head == log.head and again.fault == 0
        record(again, 50)
        whole(again)


def test_the_first_that_hits_a_full_flash_loses_nothing():
    """Others may be full for a moment only: what nobody has fetched must not pay for it."""
    with mounted(Flash(40), ROOT):
        log = log_at()
        record(log, 150)
        fill()
        record(log, 20)
        assert log.kept == 0 and not Reserve(ROOT + "/events/reserve").is_there
        kinds = [one.kind for one in whole(log)]
        assert kinds.count(event.LOG_NEARLY_FULL) == 1  # of what there is
        for name in os.listdir(ROOT):
            if name != "events":
                os.remove(ROOT + "/" + name)
        record(log, 40)
        assert Reserve(ROOT + "/events/reserve").is_there and log.kept == 0
        assert os.stat(ROOT + "/events/reserve")[6] == RESERVE_BYTES


def test_acknowledging_makes_room_on_a_full_flash():
    """It is what the collector came for."""
    with mounted(Flash(40), ROOT):
        log = log_at()
        record(log, 300)
        fill()
        record(log, 30)
        kept = log.kept
        small.acknowledge(log, *log.head)
        assert log.kept > kept and free() >= 1
        assert Reserve(ROOT + "/events/reserve").is_there
        record(log, 30)
        assert len(audit(batch(log))) == 30


def test_a_node_starts_on_a_full_flash():
    """It was full before; and a log of which the key has to follow opens all the same."""
    with mounted(Flash(40), ROOT):
        log = log_at()
        record(log, 200)
        log.append(event.ACCESS, access())  # and the power goes
        fill()
        again = log_at()
        assert again.head == log.head and again.fault == 0
        record(again, 40)
        whole(again)


def test_a_flash_that_is_smaller_than_the_log_may_grow():
    """A board with less than the log was made for: it is as long as fits, and says what went."""
    with mounted(Flash(24), ROOT):
        log = log_at(segments=200)
        record(log, 1500)
        events = whole(log)
        assert 300 < len(events) < 1100 and log.kept > 0
        assert events[-1].number == log.head[0]


def test_a_flash_without_room_for_any_event_refuses():
    """Nobody enters unseen; with the first bit of room the door works again."""
    with mounted(Flash(24), ROOT):
        os.mkdir(ROOT + "/events")
        fill()
        raises(OSError, log_at)
        os.remove(ROOT + "/others")
        log = log_at()
        record(log, 3)
        assert [one.kind for one in whole(log)][-3:] == [event.ACCESS] * 3


def test_copied_events_go_before_others_and_untold():
    """Another node has them: who collects gets them there."""
    with mounted(Flash(40), ROOT):
        log = log_at(segments=3)
        record(log, 60)
        log._log.state.copied = 59
        log.flush()
        record(log, 1)
        log = log_at(segments=3)
        assert log._log.state.copied == 59
        while log.kept < 59:
            record(log, 1)
        told = [one for one in audit(batch(log)) if one.kind == event.OVERWRITTEN]
        assert told and told[-1].fields["count"] == log.kept - 59
        record(log, 60)
        told = [one for one in audit(batch(log)) if one.kind == event.OVERWRITTEN]
        assert told[-1].fields == {"count": log.kept - 59, "last": log.kept - 1}


def test_a_place_that_was_left_keeps_its_newest_events_in_its_share():
    """They stay until somebody has them, and the new place has the rest."""
    with mounted(Flash(64), ROOT):
        log = log_at(segments=20)
        record(log, 700)
        head, code = log.head
        room = free()

        def keep():
            return left.keep(
                ROOT + "/events", small.site.READER_PRIVATE, small.Randomness(b"k"), 12000, 4000
            )

        count = keep()
        assert free() > room + 8
        other = small.EventLog(
            ROOT + "/events",
            small.AUDIT_PUBLIC,
            small.site.READER_PRIVATE,
            small.Randomness(b"k"),
            12000,
            4000,
            True,
        )
        events = whole(other)
        assert len(events) == count == other.head[0] + 1 - other.kept
        told = [one for one in events if one.kind == event.OVERWRITTEN]
        assert told[-1].fields["count"] == other.kept
        assert [one.number for one in events if one.number <= head][-1] == head
        assert not Reserve(ROOT + "/events/reserve").is_there
        # Once more there is nothing to do, and nothing is written.
        before = other.head
        assert keep() == count
        assert open_log(ROOT + "/events", 20, segment_bytes=4000).head == before
        # The board comes back: the log goes on, and what it holds can be collected.
        back = open_log(ROOT + "/events", 20, segment_bytes=4000)
        record(back, 100)
        assert whole(back)[-1].number == back.head[0] and back.fault == 0
        small.acknowledge(back, *back.head)
        assert keep() == 0


def test_a_place_that_nobody_can_read_any_more_still_keeps_to_its_share():
    """Without the file that says whose events they are they are given up by room alone."""
    with mounted(Flash(64), ROOT):
        log = log_at(segments=20)
        record(log, 700)
        del log  # what a board has open does not outlive its start
        gc.collect()
        os.remove(ROOT + "/events/audit")
        room = free()
        count = left.keep(
            ROOT + "/events", small.site.READER_PRIVATE, small.Randomness(), 12000, 4000
        )
        assert 0 < count < 200 and free() > room + 8


def test_a_board_that_was_moved_fills_its_flash():
    """Two places' logs on one flash that has not room for both: the second one's door works."""
    with mounted(Flash(64), ROOT):
        for name in ("first", "second"):
            os.mkdir(ROOT + "/" + name)
        first = open_log(ROOT + "/first/events", 40, segment_bytes=4000)
        record(first, 1500)
        left.keep(
            ROOT + "/first/events", small.site.READER_PRIVATE, small.Randomness(), 12000, 4000
        )
        second = open_log(ROOT + "/second/events", 60, segment_bytes=4000)
        for number in range(3500):
            second.append(event.ACCESS, access(number))
            second.flush()
        whole(second)
        kept = small.EventLog(
            ROOT + "/first/events",
            small.AUDIT_PUBLIC,
            small.site.READER_PRIVATE,
            small.Randomness(),
            12000,
            4000,
            True,
        )
        assert len(whole(kept)) > 80
