"""Events of a log one after the other, checked as they come, in little memory.

``check`` knows all that can be wrong, and wants its events at once. So it gets them in pieces,
each going on from what the one before came to. What one piece alone would call missing, and a
later one explains (events that the reader wrote over), is said at the end.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator

from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from untrusted import InvalidInput

from . import check as checks
from .chain import Checked
from .check import Finding, Shown
from .logs import Log, Source

PIECE = 2000  # events at a time
MOST_FINDINGS = 1000

_SEEN = 8  # bytes kept of an event that was proven, to know it when it comes again
_MOST_SEEN = 1 << 27
_NO_HEAD = (-1, b"")


@dataclasses.dataclass
class Walk:
    """The events of one ``log``, by ``events``, and what was found once that is at its end.

    ``root_key`` gives the first key of a chain, as for ``check``; without it nothing is proven.
    ``findings`` are the first of what is not as it should be, ``broken`` counts those that break.
    """

    log: Log
    root_key: Callable[[bytes], bytes] | None
    findings: list[Finding] = dataclasses.field(default_factory=list)
    broken: int = 0
    count: int = 0
    proven: int = 0

    def events(self) -> Iterator[Shown]:
        """Every event that can be read, in order."""
        taken = self._unproven() if self.root_key is None else self._checked(self.root_key)
        for shown in taken:
            self.count += 1
            self.proven += shown.proven
            yield shown

    @property
    def intact(self) -> bool | None:
        """Whether nothing was changed, removed or added; None if nobody looked."""
        return None if self.root_key is None else self.broken == 0

    def _find(self, finding: Finding) -> None:
        self.broken += finding.breaks
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)

    def _unproven(self) -> Iterator[Shown]:
        for source in self.log.sources:
            for raw in source.records():
                try:
                    happened = event_record.decode(event_record.split(raw)[0])
                except InvalidInput as error:
                    text = f"what stands near event {source.first} is none: {error}"
                    self._find(Finding(checks.EDITED, source.first, source.first, text))
                    continue
                late = event_record.is_late(happened, source.head.now)
                yield Shown(happened, False, late, raw)

    def _checked(self, root_key: Callable[[bytes], bytes]) -> Iterator[Shown]:
        state = _State(functools.cache(root_key), self._find)
        for source in self.log.sources:
            at_once: list[bytes] = []
            highest = -1
            for raw in source.records():
                highest, is_new = state.is_new(raw, highest)
                if not is_new:
                    continue
                at_once.append(raw)
                if len(at_once) >= PIECE:
                    yield from state.piece(source, at_once)
                    at_once = []
            yield from state.piece(source, at_once)
        yield from state.end(self.log.sources)


class _State:
    """How far a log was checked, and what is kept for the pieces to come."""

    def __init__(self, root_key, find: Callable[[Finding], None]):
        self._root_key = root_key
        self._find = find
        self._checked: Checked | None = None
        self._kept: list[Batch] = []  # events that may yet be proven, or be missed
        self._said: set[tuple] = set()
        self._gaps: list[Finding] = []
        self._given_up: list[tuple[int, int]] = []
        self._seen = bytearray()
        self._base: int | None = None
        self._told = -1  # the last number that was handed out

    def is_new(self, raw: bytes, highest: int) -> tuple[int, bool]:
        """Whether this record is to be looked at, and the highest number of its source so far."""
        try:
            number = event_record.number_of(raw)
        except InvalidInput:
            return highest, True
        head = -1 if self._checked is None else self._checked.head_number
        if number > head:
            return max(highest, number), True
        known = self._digest_of(number)
        if known != _digest(raw):
            text = f"two different events have the number {number}"
            if not any(known):
                text = f"event {number} stands after event {head}"
            self._say(Finding(checks.EDITED, number, number, text))
        elif number <= highest:
            text = f"event {number} is there twice"
            self._say(Finding(checks.DUPLICATED, number, number, text))
        return highest, False

    def piece(self, source: Source, records: list[bytes]) -> Iterator[Shown]:
        """Check these, and hand out what can be said of them for good."""
        if not records and not source.head.urgent:
            return
        head = source.head
        batches = [*self._kept, _batch(head, records, head.before, head.urgent)]
        report = checks.check(batches, self._root_key, self._checked)
        self._checked = report.checked
        last = -1 if report.checked is None else report.checked.head_number
        for finding in report.findings:
            self._say(finding)
        later = [one for one in report.events if one.event.number > last]
        if len(later) > PIECE:
            later, last = [], max(one.event.number for one in later)
        self._kept = [_batch(head, [one.raw for one in later], None)] if later else []
        for shown in report.events:
            if self._told < shown.event.number <= last:
                self._told = shown.event.number
                self._note(shown)
                yield shown

    def end(self, sources: list[Source]) -> Iterator[Shown]:
        """What is left, and what is missing at the end."""
        newest = max((one.head for one in sources), key=lambda one: one.head, default=None)
        if self._kept and newest is not None:
            (kept,) = self._kept
            kept = Batch(newest.root, None, newest.head, kept.now, kept.records)
            report = checks.check([kept], self._root_key, self._checked)
            self._checked = report.checked
            for finding in report.findings:
                self._say(finding)
            for shown in report.events:
                if shown.event.number > self._told:
                    self._told = shown.event.number
                    self._note(shown)
                    yield shown
        elif newest is not None:
            self._compare(newest.head)
        for gap in self._gaps:
            if any(first <= gap.first and gap.last <= last for first, last in self._given_up):
                text = gap.text.partition(" missing")[0] + " lost: the reader was full and wrote"
                gap = Finding(checks.OVERWRITTEN, gap.first, gap.last, f"{text} over them", False)
            self._find(gap)

    def _compare(self, newest: tuple[int, bytes]) -> None:
        """What the node named as its last event beside what was checked last."""
        number, code = newest
        head = (-1, b"") if self._checked is None else self._checked.head
        if number > head[0]:
            text = f"the reader had events up to {number}; those after {head[0]} were not given"
            self._say(Finding(checks.INCOMPLETE, head[0] + 1, number, text, False))
        elif number == head[0] and code != head[1]:
            text = f"event {number} is not the one that the reader named as its last"
            self._say(Finding(checks.EDITED, number, number, text))

    def _say(self, finding: Finding) -> None:
        mark = (finding.kind, finding.first, finding.last)
        if mark in self._said:
            return
        if finding.kind in (checks.REMOVED, checks.INCOMPLETE) and finding.last <= self._told:
            return
        if len(self._said) < 2 * MOST_FINDINGS:
            self._said.add(mark)
        if finding.kind == checks.REMOVED and len(self._gaps) < MOST_FINDINGS:
            self._gaps.append(finding)
        else:
            self._find(finding)

    def _note(self, shown: Shown) -> None:
        if not shown.proven:
            return
        happened = shown.event
        count, last = happened.fields.get("count"), happened.fields.get("last")
        if happened.kind == event.OVERWRITTEN and count is not None and last is not None:
            self._given_up.append((max(0, last + 1 - count), last))
        if self._base is None:
            self._base = happened.number
        at = _SEEN * (happened.number - self._base)
        if 0 <= at < _MOST_SEEN:
            if at > len(self._seen):
                self._seen += bytes(at - len(self._seen))
            self._seen[at : at + _SEEN] = _digest(shown.raw)

    def _digest_of(self, number: int) -> bytes:
        at = -1 if self._base is None else _SEEN * (number - self._base)
        return bytes(self._seen[at : at + _SEEN]) if at >= 0 else bytes(_SEEN)


def _batch(head: Batch, records: list[bytes], before, urgent=()) -> Batch:
    """``records`` as if they were all that there is."""
    last = _NO_HEAD
    for raw in reversed(records):
        try:
            last = event_record.number_of(raw), event_record.split(raw)[1]
            break
        except InvalidInput:
            continue
    return Batch(head.root, before, last, head.now, records, None, urgent)


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_SEEN).digest()
