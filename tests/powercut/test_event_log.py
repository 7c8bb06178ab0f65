"""Power that fails, and flash that errs, at every write of the event log.

What was recorded stays, numbers never go back, and whoever checks the chain finds it whole after
every cut. The checking is the arithmetic that the host uses too.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import ROOT, every_cut, every_error
from lossy_flash import formatted, mount, unmount

import small_log as small
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.storage.events import left
from small_log import access, audit, batch, open_log, record

small.remember_agreements()

_SEGMENTS = 3
_SEGMENT = 512  # about seven events, so that segments come and go within a short test


def log_at(root):
    return open_log(root + "/events", _SEGMENTS, segment_bytes=_SEGMENT)


def append(log, acked):
    acked.append(log.append(event.ACCESS, access(log.head[0] + 1)))
    log.flush()


def check(root, acked):
    """The chain holds, goes on, and has all that was acknowledged to a caller.

    An event that nobody acknowledged, and one more for each cut, may be there.
    """
    log = log_at(root)
    assert log.fault == 0
    events = audit(batch(log))
    numbers = [one.number for one in events]
    highest = max(acked) if acked else 0
    assert log.head[0] >= highest, (log.head[0], highest)
    assert numbers == list(range(log.head[0] + 1 - len(numbers), log.head[0] + 1))
    told = [one for one in events if one.kind == event.OVERWRITTEN]
    lost = told[-1].fields["last"] if told else -1
    # Everything is there, or an event says that it was given up, or somebody has it.
    first = numbers[0] if numbers else log.head[0] + 1
    assert first <= max(lost, log.kept - 1) + 1
    if told:
        assert told[-1].fields["count"] <= lost + 1
    before = log.head[0]
    append(log, acked)
    assert before < acked[-1] <= log.head[0]


def test_the_first_start():
    """The chain's root must not be lost between the key and the first event, nor what the auditor
    is believed by: else no event could ever be acknowledged.
    """

    def nothing(root):
        pass

    def check_it(root, acked):
        check(root, acked)
        log = log_at(root)
        small.acknowledge(log, *log.head)
        assert log.kept == log.head[0] + 1

    def start(root, acked):
        append(log_at(root), acked)

    every_cut(nothing, start, check_it, again=2, at_least=120, name="first start")


def test_append_and_rotation():
    """Six events, over the border of a segment; each is there once."""

    def prepare(root):
        record(log_at(root), 5)

    def work(root, acked):
        log = log_at(root)
        for _ in range(6):
            append(log, acked)

    def check_it(root, acked):
        log = log_at(root)
        made = [one for one in audit(batch(log)) if one.kind == event.ACCESS]
        assert 5 + len(acked) <= len(made) <= 5 + len(acked) + acked.cuts
        check(root, acked)

    every_cut(prepare, work, check_it, again=4, at_least=250, name="append")


def test_overwriting():
    """A full log: the oldest events go, and an event says so, whatever is cut."""

    def prepare(root):
        log = log_at(root)
        while log.oldest == 0:
            record(log, 1)
        for _ in range(5):
            record(log, 1)

    def work(root, acked):
        log = log_at(root)
        for _ in range(4):
            append(log, acked)

    def check_it(root, acked):
        check(root, acked)
        log = log_at(root)
        told = [one for one in audit(batch(log)) if one.kind == event.OVERWRITTEN][-1]
        assert told.fields == {"count": log.kept, "last": log.kept - 1}
        assert log.oldest == log.kept

    every_cut(prepare, work, check_it, again=4, at_least=200, name="overwrite")


def test_acknowledging():
    """An acknowledgement that was confirmed is remembered, and lets nothing else go."""

    def prepare(root):
        record(log_at(root), 16)

    def work(root, acked):
        log = log_at(root)
        small.acknowledge(log, 9, event_record.split(log.after(8, 200)[0])[1])
        acked.append(16)
        append(log, acked)

    def check_it(root, acked):
        log = log_at(root)
        assert log.kept == 10 if 16 in acked else log.kept in (0, 10)
        assert log.oldest <= log.kept
        got = [event_record.number_of(raw) for raw in log.after(9, small.ALL)]
        assert got == list(range(10, log.head[0] + 1)) and len(got) >= 7
        check(root, acked)

    every_cut(prepare, work, check_it, again=2, at_least=90, name="acknowledge")


def test_copying():
    """Who copied is recorded before it counts: after no cut does it count and nobody said so."""

    def prepare(root):
        record(log_at(root), 16)

    def work(root, acked):
        log = log_at(root)
        code = event_record.split(log.after(8, 200)[0])[1]

        def tell():
            log.append(event.COPIED, {"by": "carla", "last": 9})

        log.copied(9, code, tell)
        acked.append(log.head[0])

    def check_it(root, acked):
        log = log_at(root)
        told = [one for one in audit(batch(log)) if one.kind == event.COPIED]
        copied = log._log.state.copied
        assert copied == 10 if acked else copied in (0, 10)
        assert len(told) == 1 if copied else len(told) <= 1
        assert log.acked == log.kept == log.oldest == 0
        append(log, [])
        audit(batch(log))

    every_cut(prepare, work, check_it, again=3, at_least=40, name="copy")


def test_old_and_new_acknowledgements_between_cuts():
    """In any order and said twice: the mark never goes back, and what it covers came home."""

    def prepare(root):
        log = log_at(root)
        record(log, 16)
        small.acknowledge(log, 4, event_record.split(log.after(3, 200)[0])[1])

    def work(root, acked):
        log = log_at(root)
        raw = [event_record.split(one)[1] for one in log.after(4, small.ALL)]
        for number in (12, 8, 4, 12, 14):
            small.acknowledge(log, number, raw[number - 5] if number > 4 else bytes(16))
            acked.append(number)

    def check_it(root, acked):
        log = log_at(root)
        highest = max([4] + list(acked))
        assert log.acked == log.kept and log.acked in (5, 13, 15) and log.acked > highest
        got = [event_record.number_of(one) for one in log.after(14, small.ALL)]
        assert got == list(range(15, log.head[0] + 1)) and log.head[0] >= 16
        append(log, [])
        audit(batch(log))

    every_cut(prepare, work, check_it, again=3, at_least=60, name="acknowledgements")


def test_a_new_chain_after_a_lost_key():
    """The recovery from damage may be cut too: one new start and one word on it, in the end."""

    def prepare(root):
        record(log_at(root), 5)
        os.remove(root + "/events/chain")

    def work(root, acked):
        append(log_at(root), acked)

    def check_it(root, acked):
        log = log_at(root)
        assert log.root[0] == 6
        kinds = [one.kind for one in audit(batch(log))]
        assert kinds[6:8] == [event.LOG_STARTED, event.STORAGE_FAULT]
        assert kinds.count(event.LOG_STARTED) == 2 and kinds.count(event.STORAGE_FAULT) == 1
        append(log, acked)
        # The auditor is believed by the new key, also on what the old chain has.
        small.acknowledge(log, 0, event_record.split(log.after(-1, 200)[0])[1])
        assert log.kept == 1

    every_cut(prepare, work, check_it, again=3, at_least=120, name="new chain")


def persist(log, acked, count):
    """``count`` events, each tried once more if flash fails."""
    for _ in range(count):
        for _ in range(2):
            try:
                append(log, acked)
                break
            except OSError:
                pass


def test_errors_once_and_for_ever():
    """An event that could not be recorded raises OSError; it is there whole or not at all."""

    def prepare(root):
        record(log_at(root), 14)

    def work(root, acked):
        persist(log_at(root), acked, 6)

    every_error(prepare, work, check, at_least=140, name="errors")


def fill(root):
    """Somebody else takes all the room there is."""
    piece = b"\x5a" * 512
    try:
        with open(root + "/others", "wb") as file:
            while True:
                file.write(piece)
                file.flush()
    except OSError:
        pass  # what was flushed stays


def test_a_flash_that_others_have_filled():
    """The reserve goes, then the oldest events, and each step may be the last before the power
    does: what was acknowledged to a caller is there, or told to be given up.
    """

    def prepare(root):
        log = log_at(root)
        while log.oldest == 0:
            record(log, 1)
        fill(root)

    def work(root, acked):
        log = log_at(root)
        for _ in range(9):
            append(log, acked)

    every_cut(prepare, work, check, stride=2, again=5, at_least=200, name="full flash", blocks=20)

    def again(root, acked):
        persist(log_at(root), acked, 9)

    every_error(
        prepare, again, check, stride=2, at_least=100, name="full flash, errors", blocks=20
    )


def test_a_place_that_is_left():
    """Its log shrinks to a share; what is cut off in between is shrunk at the next start."""

    def large(root):
        return open_log(root + "/events", 12, segment_bytes=_SEGMENT)

    def prepare(root):
        record(large(root), 60)

    def shrink(root):
        folder = root + "/events"
        size = _SEGMENTS * _SEGMENT
        return left.keep(folder, small.site.READER_PRIVATE, small.Randomness(), size, _SEGMENT)

    def work(root, acked):
        shrink(root)

    def check_it(root, acked):
        count = shrink(root)
        assert len(os.listdir(root + "/events/log")) <= _SEGMENTS
        log = large(root)
        assert log.fault == 0
        events = audit(batch(log))
        told = [one for one in events if one.kind == event.OVERWRITTEN]
        assert len(events) == count and events[-1].number == log.head[0] >= 60
        assert told[-1].fields == {"count": log.kept, "last": log.kept - 1}

    every_cut(prepare, work, check_it, again=3, at_least=60, name="left place")


def test_how_many_old_keys_lie_on_the_flash():
    """Littlefs writes a file's new content elsewhere, so the chips remember a few keys.

    Whoever reads the bare flash can write anew as many of the last events, unless they are
    acknowledged: a number for docs/decisions/011-event-log.md, which must not grow unseen.
    """
    flash = formatted(4096, 16)
    mount(flash, ROOT)
    try:
        log = log_at(ROOT)
        key = event_record.auditor_root(small.site.AUDIT_PRIVATE, log.root[1], small.READER_PUBLIC)
        keys = []
        worst = 0
        for _ in range(100):
            while len(keys) <= log.head[0]:
                keys.append(key)
                key = event_record.next_key(key)
            back = len(keys)
            while keys[-back] not in flash.content:
                back -= 1
            worst = max(worst, back)
            record(log, 1)
    finally:
        unmount(ROOT)
    print("keys of up to the last %d events are still on the flash" % worst)
    assert 0 < worst <= 18
