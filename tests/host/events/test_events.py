"""Whatever happens to a reader's events on their way is found, and named where it happened.

The logs are made by the firmware's own code.
"""

import functools

import hypothesis
import pytest
from hypothesis import strategies as st

import small_log as small
import small_site as site
from folders import copy
from harness import bit_flips
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.storage.events import chain as event_chain
from holdfast_host.events import check as events
from holdfast_host.events.check import (
    DUPLICATED,
    EDITED,
    INCOMPLETE,
    OVERWRITTEN,
    REMOVED,
    REORDERED,
    RESTARTED,
    TRUNCATED,
    UNPROVEN,
)
from small_log import batch, open_log, record


@functools.cache
def root_key(ephemeral):
    """What the auditor knows of any chain of the small site's reader."""
    return event_record.auditor_root(site.AUDIT_PRIVATE, ephemeral, small.READER_PUBLIC)


def not_asked(ephemeral):
    """The passphrase need not be typed for this."""
    raise AssertionError("asked for the auditor's key")


def check(got, before=None, key=root_key):
    """A report on one batch, or on several."""
    return events.check(got if isinstance(got, list) else [got], key, before)


def kinds(report):
    return {finding.kind for finding in report.findings if finding.breaks}


def changed(got, records):
    """The same batch with other records."""
    return events.Batch(got.root, got.before, got.head, got.now, list(records))


def number_of(raw):
    return event_record.number_of(raw)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A log of eight events, as a collector has it."""
    log = open_log(str(tmp_path_factory.mktemp("log")))
    record(log, 7)
    return batch(log)


def test_a_whole_log_is_proven(whole):
    """From its first event to its head."""
    report = check(whole)
    assert report.findings == [] and report.intact and report.proven == 8
    assert (report.checked.head_number, report.checked.head_code) == whole.head
    assert [shown.event.number for shown in report.events] == list(range(8))


def test_every_bit_counts(whole):
    """An event that was changed is named; those around it stay proven."""
    for place, raw in enumerate(whole.records):
        for flipped in bit_flips(raw):
            records = list(whole.records)
            records[place] = flipped
            report = check(changed(whole, records))
            # With another's number it casts doubt on that one, too.
            assert not report.intact and report.proven >= 6
            assert place in {finding.first for finding in report.findings}
            assert kinds(report) <= {EDITED, REMOVED, REORDERED, UNPROVEN}
            if number_is(flipped, place):
                assert report.proven == 7
                (finding,) = [one for one in report.findings if one.first == place][:1]
                assert finding.kind == EDITED


def number_is(raw, number):
    """Whether a raw record still says that it is this one."""
    try:
        return number_of(raw) == number
    except ValueError:
        return False


def test_every_removal_is_found(whole):
    """Also several at once; at the end, what the reader named as its head is missed."""
    for place in range(1, 7):
        records = whole.records[:place] + whole.records[place + 1 :]
        report = check(changed(whole, records))
        assert REMOVED in kinds(report)
        (gap,) = [one for one in report.findings if one.kind == REMOVED]
        assert (gap.first, gap.last) == (place, place)
    assert UNPROVEN in kinds(check(changed(whole, whole.records[1:])))
    report = check(changed(whole, whole.records[:3] + whole.records[6:]))
    assert [(one.first, one.last) for one in report.findings if one.kind == REMOVED] == [(3, 5)]
    (cut,) = check(changed(whole, whole.records[:5])).findings
    assert (cut.kind, cut.first, cut.last, cut.breaks) == (INCOMPLETE, 5, 7, False)


def test_every_other_order_is_found(whole):
    """And every event that is there twice."""
    for first in range(8):
        for second in range(8):
            records = list(whole.records)
            if first < second:
                records[first], records[second] = records[second], records[first]
                assert kinds(check(changed(whole, records))) == {REORDERED}
            records = list(whole.records)
            records.insert(second, records[first])
            assert DUPLICATED in kinds(check(changed(whole, records)))


def test_an_end_before_the_acknowledged_head_is_found(whole):
    """The state that the last check left behind knows how far it was."""
    head = check(whole).checked
    for length in range(8):
        records = whole.records[:length]
        last = number_of(records[-1]) if records else 0
        code = event_record.split(records[-1])[1] if records else bytes(16)
        cut = events.Batch(whole.root, None, (last, code), whole.now, records)
        report = check(cut, head)
        assert kinds(report) == {TRUNCATED}
        assert report.checked == head
    assert check(whole, head).intact


def test_the_next_check_goes_on_where_the_last_one_ended(tmp_path):
    """Without the auditor's key, and with events that were there before."""
    log = open_log(str(tmp_path), segments=9)
    before = got = None
    for part in range(5):
        record(log, 10)
        got = batch(log, before.head_number if before else -1)
        report = check(got, before, not_asked if before else root_key)
        assert report.intact and report.proven == 10 + (part == 0)
        before = report.checked
        small.acknowledge(log, before.head_number, before.head_code)
    assert before.head_number == 50
    report = check(changed(got, got.records[:-1]), before)
    assert kinds(report) == {TRUNCATED}
    assert check(got, before).intact and check(got, before).checked == before
    # Of an event that was checked before, too, no bit may be another.
    records = [got.records[0][:-1] + b"x", *got.records[1:]]
    assert not check(changed(got, records), before).intact
    assert REMOVED in kinds(check([batch(log, 52), batch(grown(log), 52)], before))


def grown(log):
    """The log, with some more events."""
    record(log, 5)
    return log


def test_nothing_new_is_no_break_whoever_brought_the_rest(tmp_path):
    """All of it came by way of the controller, and the reader, which has heard of no auditor yet,
    is asked for what follows: it says after what nothing does.
    """
    log = open_log(str(tmp_path))
    record(log, 7)
    head = check(batch(log)).checked
    rest = batch(log, head.head_number)
    assert rest.records == []
    report = check(rest, head, not_asked)
    assert report.findings == [] and report.checked == head
    for other in ((head.head_number, bytes(16)), (head.head_number - 1, head.head_code)):
        cut = events.Batch(rest.root, rest.before, other, rest.now, [])
        assert kinds(check(cut, head)) == {TRUNCATED}


def test_batches_may_overlap_and_come_in_any_order(tmp_path):
    """Collected by several people, each from where they were."""
    log = open_log(str(tmp_path), segments=9)
    parts = []
    for _ in range(4):
        record(log, 5)
        parts.append(batch(log))
    record(log, 5)
    parts.append(batch(log, 12))
    for got in (parts, parts[::-1], [parts[4], parts[2]]):
        report = check(got)
        assert report.intact and report.proven == 26 and report.findings == []
    other = [parts[0].records[0], parts[0].records[1][:-1] + b"?"]
    assert not check([*parts, changed(parts[0], other)]).intact


def test_what_was_written_over_is_a_loss_and_no_break(tmp_path):
    """The reader says it, in the chain; nobody else can."""
    log = open_log(str(tmp_path))
    record(log, 20)
    before = check(batch(log)).checked
    record(log, 150)
    got = batch(log, before.head_number)
    report = check(got, before)
    assert report.intact and report.proven == len(got.records)
    (lost,) = report.findings
    assert (lost.kind, lost.first, lost.breaks) == (OVERWRITTEN, 21, False)
    assert lost.last == got.before[0] == number_of(got.records[0]) - 1 > 100
    fresh = check(got)
    assert fresh.intact and fresh.proven == report.proven
    # A thief removes more than the reader gave up.
    assert {REMOVED, UNPROVEN} <= kinds(check(changed(got, got.records[1:]), before))


def test_a_chain_that_began_anew_is_reported(tmp_path):
    """At its place; both chains are proven as far as they go."""
    log = open_log(str(tmp_path), segments=9)
    record(log, 10)
    head = check(batch(log)).checked
    (tmp_path / "chain").unlink()
    log = open_log(str(tmp_path), segments=9, random_bytes=small.Randomness(b"2"))
    record(log, 3)
    got = batch(log)
    for before in (None, head):
        report = check(got, before)
        assert kinds(report) == {RESTARTED} and report.proven == 16
        assert [one.first for one in report.findings] == [11]
        assert report.checked.root_number == 11
        assert check(batch(grown(log), 15), report.checked, not_asked).intact


def test_a_log_that_began_all_over_is_reported(tmp_path):
    """Somebody erased the board: its numbers begin anew, its chain has another root."""
    log = open_log(str(tmp_path / "a"), segments=9)
    record(log, 10)
    head = check(batch(log)).checked
    for count in (2, 30):
        log = open_log(str(tmp_path / f"b{count}"), 9, small.Randomness(b"%d" % count))
        record(log, count)
        report = check(batch(log), head)
        assert RESTARTED in kinds(report) and report.proven == count + 1
        assert report.checked.root == log.root[1]


def test_events_that_storage_lost_are_a_break_that_the_reader_tells(tmp_path):
    """What comes after it is proven all the same."""
    log = open_log(str(tmp_path), segments=9)
    record(log, 40)
    segments = sorted((tmp_path / "log").iterdir())
    segments[-1].unlink()
    log = open_log(str(tmp_path), segments=9)
    record(log, 3)
    report = check(batch(log))
    assert kinds(report) == {REMOVED} and report.proven == len(report.events)
    (gap,) = report.findings
    assert gap.last == 40 and "says" in gap.text


def test_a_board_dumped_at_an_event_cannot_write_its_past_anew(tmp_path):
    """The best a thief can do with all of its flash: every way to another past is found."""
    log = open_log(str(tmp_path / "board"), segments=9)
    record(log, 10)
    head = check(batch(log)).checked
    record(log, 10)
    true = batch(log)
    copy(str(tmp_path / "board"), str(tmp_path / "dump"))
    store = event_chain.ChainStore(
        str(tmp_path / "dump" / "chain"), site.READER_PRIVATE, small.AUDIT_PUBLIC
    )
    state = store.load()
    assert state.next == 21

    def forged(number, key, code):
        made = event_record.encode(number, event.ACCESS, small.access(holder="mallory"))
        return made + event_record.code(key, code, made)

    # With the key he has, for each event before; and with that of each chain he can begin.
    mine = small.Randomness(b"mallory")(32)
    own_root, _ = event_record.board_keys(mine, site.READER_PRIVATE, small.AUDIT_PUBLIC)
    for key in (state.key, event_record.next_key(state.key), own_root, bytes(32)):
        for number in range(1, 21):
            code = event_record.split(true.records[number - 1])[1]
            records = list(true.records)
            records[number] = forged(number, key, code)
            assert not check(changed(true, records)).intact
            assert not check(changed(true, records), head).intact
            # And all that follow as well, in a chain that fits.
            for later in range(number, 21):
                records[later] = forged(later, key, code)
                code = event_record.split(records[later])[1]
                key = event_record.next_key(key)
            for root in (true.root, (number, event_record_public(mine))):
                made = events.Batch(root, None, (20, code), true.now, records)
                assert not check(made).intact and not check(made, head).intact

    # What he can do is go on: from the event at which he took it, and from no other.
    record_ = forged(21, state.key, state.code)
    onward = events.Batch(
        true.root, None, (21, event_record.split(record_)[1]), true.now, [*true.records, record_]
    )
    assert check(onward, head).intact


def event_record_public(private):
    """The public key of an X25519 private key."""
    return event_record.crypto.x25519_public_key(private)


def test_nobody_makes_up_a_log_in_a_readers_name(tmp_path):
    """The auditor's public key is no secret; the reader's private key is."""
    log = small.EventLog(
        str(tmp_path), small.AUDIT_PUBLIC, b"\x77" * 32, small.Randomness(), 4096, 1024
    )
    record(log, 5)
    assert not check(batch(log)).intact


TAMPERING = st.tuples(
    st.sampled_from(["remove", "swap", "repeat", "flip", "cut", "replace", "insert"]),
    st.integers(0, 1 << 16),
    st.integers(0, 1 << 16),
)


@hypothesis.given(st.lists(TAMPERING, min_size=1, max_size=6), st.booleans())
@hypothesis.settings(max_examples=400)
def test_no_combination_of_tampering_passes(whole, steps, is_known):
    """Only the true events in their true order do, up to where they end."""
    records = list(whole.records)
    for what, one, two in steps:
        if not records:
            break
        at, to = one % len(records), two % len(records)
        if what == "remove":
            del records[at]
        elif what == "swap":
            records[at], records[to] = records[to], records[at]
        elif what == "repeat":
            records.insert(to, records[at])
        elif what == "flip":
            data = bytearray(records[at] or b"?")
            bit = two % (8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            records[at] = bytes(data)
        elif what == "cut":
            del records[at:]
        elif what == "replace":
            records[at] = records[at][: two % (len(records[at]) or 1)]
        else:
            records.insert(at, bytes(two % 100))
    report = check(changed(whole, records), check(whole).checked if is_known else None)
    is_true = records == whole.records[: len(records)]
    assert report.intact == (is_true and (not is_known or len(records) == 8))
    for shown in report.events:
        if shown.proven:
            assert any(number_is(raw, shown.event.number) for raw in whole.records)


@hypothesis.given(st.lists(st.binary(max_size=300), max_size=20), st.booleans())
@hypothesis.settings(max_examples=200)
def test_any_bytes_are_judged(whole, records, is_known):
    """Never an exception, never proven."""
    report = check(changed(whole, records), check(whole).checked if is_known else None)
    assert report.proven == 0 and (report.intact is (not records and not is_known))
