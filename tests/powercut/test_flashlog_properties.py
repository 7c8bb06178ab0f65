"""Random histories and random damage, against a list.

A log is a list whose beginning may be forgotten: whatever is done to one, in whatever order and
however often it is opened anew, the list says what is right. Under damage it may lose what was
damaged, never a record that was not, and never make one up.
"""

import os
import pathlib
import tempfile

import hypothesis.strategies as st
from hypothesis import example, given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flashlog import FlashLog, LogFull
from flashlog.segment import HEAD

SEGMENT, SEGMENTS = 120, 4

records = st.binary(min_size=1, max_size=SEGMENT - HEAD)


class History(RuleBasedStateMachine):
    """One log, opened again and again, and a list of all that was ever put in it."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name + "/log"
        self.log = FlashLog(self.path, SEGMENT, SEGMENTS)
        self.all = []
        self.first = 0

    def teardown(self):
        self.folder.cleanup()

    @rule(record=records)
    def append(self, record):
        room = self.log.capacity - self.log.size
        try:
            assert self.log.append(record) == len(self.all)
        except LogFull:
            assert room < HEAD + len(record) + SEGMENT
        else:
            self.all.append(record)

    @rule(before=st.integers(-3, 60))
    def release(self, before):
        self.log.release(before)
        assert self.log.first <= max(self.first, min(before, len(self.all)))
        assert self.first <= self.log.first
        if before >= len(self.all):
            assert self.log.first == len(self.all) and self.log.size == 0
        self.first = self.log.first

    @rule()
    def drop_oldest(self):
        second = self.log.second
        assert self.log.drop_oldest() == second - self.first
        assert self.log.first == second
        self.first = second

    @rule()
    def open_again(self):
        size, second = self.log.size, self.log.second
        self.log = FlashLog(self.path, SEGMENT, SEGMENTS)
        assert (self.log.size, self.log.second, self.log.damaged) == (size, second, 0)

    @rule(start=st.integers(-3, 60))
    def read_from(self, start):
        expected = list(enumerate(self.all))[max(start, self.first) :]
        assert list(self.log.records(start)) == expected

    @invariant()
    def is_what_the_list_says(self):
        assert (self.log.first, self.log.next) == (self.first, len(self.all))
        expected = list(enumerate(self.all))[self.first :]
        assert list(self.log.records()) == expected
        for number, record in expected:
            assert self.log.read(number) == record
        assert self.log.size <= self.log.capacity
        files = list(pathlib.Path(self.path).iterdir())
        assert len(files) <= SEGMENTS
        assert sum(file.stat().st_size for file in files) <= self.log.size


History.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_any_history = History.TestCase


@st.composite
def damages(draw):
    """Changes to a set of files: what a worn flash, a torn write or a careless hand leaves."""
    kind = draw(st.sampled_from(("flip", "cut", "fill", "replace", "add", "remove", "grow")))
    where = draw(st.integers(0, 1 << 16))
    content = draw(st.binary(max_size=150) | st.sampled_from((b"\x00" * 130, b"\xff" * 130)))
    return kind, where, content, draw(st.integers(0, 1 << 16)), draw(st.integers(1, 255))


def apply(folder, damage):
    kind, where, content, place, change = damage
    names = sorted(os.listdir(folder))
    path = pathlib.Path(folder, names[where % len(names)])
    data = bytearray(path.read_bytes())
    if kind == "flip" and data:
        data[place % len(data)] ^= change
    elif kind == "cut":
        del data[place % (len(data) + 1) :]
    elif kind == "fill":
        data[place % (len(data) + 1) :][: len(content)] = content
    elif kind == "replace":
        data = content
    elif kind == "grow":
        data += content
    elif kind == "add":
        path = pathlib.Path(folder, "%08x.fl1" % (place % 64))
        data = content
    if kind == "remove" and len(names) > 1:
        path.unlink()
    else:
        path.write_bytes(data)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(records, min_size=1, max_size=16),
    st.lists(damages(), min_size=1, max_size=4),
    records,
)
def test_any_damage(history, damaged, another):
    """It opens, serves of each number what was written under it or nothing, and goes on."""
    with tempfile.TemporaryDirectory() as base:
        folder = base + "/log"
        log = FlashLog(folder, SEGMENT, 32)
        for record in history:
            log.append(record)
        for damage in damaged:
            apply(folder, damage)
        log = FlashLog(folder, SEGMENT, 32)
        left = list(log.records())
        assert left == [(n, history[n]) for n, _ in left]
        assert [n for n, _ in left] == sorted({n for n, _ in left})
        for number in range(log.next):
            try:
                assert (number, log.read(number)) in left
            except KeyError:
                assert number not in dict(left)
        number = log.append(another)
        assert number >= max([-1] + [n for n, _ in left]) + 1
        log = FlashLog(folder, SEGMENT, 32)
        assert list(log.records()) == [*left, (number, another)]
        assert log.next == number + 1


@settings(max_examples=150, deadline=None)
@example([b"\0"] * 5 + [bytes(14), bytes(17), bytes(5)], 0, 79, b"\1")
@given(
    st.lists(records, min_size=2, max_size=16),
    st.integers(0, 1 << 16),
    st.integers(0, 1 << 16),
    st.binary(min_size=1, max_size=8),
)
def test_damage_in_one_place_costs_what_was_there(history, where, place, noise):
    """All records but those whose bytes were changed are there, and the next number stays.

    The last record of a segment whose new length leads past the end looks as an append that the
    power cut: nobody can tell, so it alone may be missing without counting as damage.
    """
    with tempfile.TemporaryDirectory() as base:
        folder = base + "/log"
        log = FlashLog(folder, SEGMENT, 32)
        spans = {}
        for record in history:
            number = log.append(record)
            name = max(os.listdir(folder))
            end = pathlib.Path(folder, name).stat().st_size
            spans[number] = (name, end - HEAD - len(record), end)
        names = sorted(os.listdir(folder))
        name = names[where % len(names)]
        path = pathlib.Path(folder, name)
        data = path.read_bytes()
        begin = place % len(data)
        noise = noise[: len(data) - begin]
        path.write_bytes(data[:begin] + noise + data[begin + len(noise) :])
        hit = {
            number
            for number, (file, start, end) in spans.items()
            if file == name and start < begin + len(noise) and begin < end
        }
        may_be_torn = max(n for n, (file, _, _) in spans.items() if file == name) in hit
        unchanged = data == path.read_bytes()
        log = FlashLog(folder, SEGMENT, 32)
        kept = {number for number, _ in log.records()}
        assert kept >= set(spans) - hit
        assert log.next >= len(history)
        assert unchanged or len(history) - 1 in hit or log.next == len(history)
        assert unchanged or kept < set(spans)
        assert unchanged == (log.damaged == 0) or may_be_torn
