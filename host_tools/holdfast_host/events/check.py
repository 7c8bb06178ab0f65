"""Checking a reader's events: is every one there, as it was recorded, in its place.

What is checked against: the codes of the records, whose keys follow from the auditor's private key
and the public keys of chain and reader (holdfast.access.event_record), and what an earlier check
has left behind (:class:`Checked`).
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence

from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from holdfast.access.events.record import FIRST_CODE, Event, EventError
from untrusted import InvalidInput

from .chain import MOST_STEPS, Chain, Checked

_MOST_CODES = 4  # that an event before may have had

EDITED = "edited"
REMOVED = "removed"
DUPLICATED = "duplicated"
REORDERED = "reordered"
TRUNCATED = "truncated"
RESTARTED = "restarted"
UNPROVEN = "unproven"
OVERWRITTEN = "overwritten"
INCOMPLETE = "incomplete"
DURESS = "duress"


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that is not as it should be with the events ``first`` to ``last``.

    A ``breaks`` of False is a loss that the reader told itself, or a limit of what was given.
    """

    kind: str
    first: int
    last: int
    text: str
    breaks: bool = True


@dataclasses.dataclass(frozen=True)
class Shown:
    """One event, and what is known of it; ``raw`` is its raw record."""

    event: Event
    proven: bool
    late: bool
    raw: bytes
    duress: bool = False


@dataclasses.dataclass(frozen=True)
class Report:
    """What came of it. ``checked`` is where the next check goes on, ``before`` where this one did:
    None if it began, or the reader's log did, from nothing.
    """

    events: Sequence[Shown]
    findings: Sequence[Finding]
    checked: Checked | None
    before: Checked | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing was changed, removed or added."""
        return not any(finding.breaks for finding in self.findings)

    @property
    def is_older(self) -> bool:
        """Whether nothing is wrong but that they end before what was checked, as an older copy
        does.
        """
        return {finding.kind for finding in self.findings if finding.breaks} == {TRUNCATED}

    @property
    def proven(self) -> int:
        """How many events are proven."""
        return sum(shown.proven for shown in self.events)


def check(
    batches: Iterable[Batch], root_key: Callable[[bytes], bytes], before: Checked | None = None
) -> Report:
    """Check the events of one reader, in ``batches`` in any order, that may overlap.

    ``root_key`` gives the first key of a chain from the ephemeral public key it began with; it is
    only asked if ``before``, what the last check came to, does not suffice.
    """
    return _Check(list(batches), root_key, before).report()


class _Check:
    def __init__(self, batches, root_key, before):
        self._batches: list[Batch] = batches
        self._root_key = functools.cache(root_key)
        self._before: Checked | None = before
        self._findings: list[Finding] = []
        self._records: dict[int, bytes] = {}
        self._now: dict[int, tuple] = {}  # the reader's, when it handed the event over
        self._codes: dict[int, list[bytes]] = {}  # what the event's code may have been
        self._above: dict[int, bytes] = {}  # code of what stands before it
        self._chains: list[Chain] = []
        self._given_up: set[int] = set()
        self._copies: list[tuple[int, str]] = []  # (last event, who says to have it)
        self._duress: set[int] = set()

    def report(self) -> Report:
        self._find_chains()
        for batch in self._batches:
            self._take(batch)
        numbers = sorted(self._records)
        shown = {number: self._judge(number) for number in numbers}
        self._hear_urgent()
        self._find_gaps(numbers, shown)
        self._compare_heads(numbers)
        self._findings.sort(key=lambda finding: (finding.first, finding.last))
        events = [one for one in shown.values() if one is not None]
        return Report(events, self._findings, self._end(numbers, shown), self._before)

    def _say(self, kind, first, last, text, breaks=True):
        self._findings.append(Finding(kind, first, last, text, breaks))

    # What is there

    def _find_chains(self):
        before = self._before
        for batch in self._batches:
            base, root = batch.root
            if before is not None and root != before.root and base <= before.head_number:
                text = (
                    f"the reader began another log at event {base}, though its events up to"
                    f" {before.head_number} were checked earlier"
                )
                self._say(RESTARTED, base, base, text)
                self._before = before = None
        if before is not None:
            chain = self._add_chain(before.root_number, before.root)
            chain.know(before.head_number + 1, before.next_key)
            self._codes[before.head_number] = [before.head_code]
        for batch in self._batches:
            self._add_chain(*batch.root)
            for raw in batch.records:
                self._add_started(raw)
        self._chains.sort(key=lambda chain: chain.base)

    def _add_chain(self, base, root) -> Chain:
        for chain in self._chains:
            if (chain.base, chain.root) == (base, root):
                return chain
        chain = Chain(base, root, self._root_key)
        self._chains.append(chain)
        return chain

    def _add_started(self, raw):
        try:
            begun = event_record.decode(event_record.split(raw)[0])
            root = begun.fields.get("root")
            if begun.kind != event.LOG_STARTED or not isinstance(root, bytes):
                return
            if any((chain.base, chain.root) == (begun.number, root) for chain in self._chains):
                return
            if event_record.is_authentic(raw, self._root_key(root), FIRST_CODE):
                self._add_chain(begun.number, root)
        except InvalidInput:
            pass  # named as changed when its turn comes

    def _take(self, batch):
        seen = set()
        last = -1
        above = FIRST_CODE
        if batch.before is not None:
            number, code = batch.before
            self._codes.setdefault(number, []).append(code)
        for raw in batch.records:
            try:
                number = event_record.number_of(raw)
            except EventError as error:
                text = f"what stands after event {last} was changed: {error}"
                self._say(EDITED, last + 1, last + 1, text)
                above = raw[-len(FIRST_CODE) :]
                continue
            known = self._records.setdefault(number, raw)
            self._now.setdefault(number, batch.now)
            if raw in seen:
                self._say(DUPLICATED, number, number, f"event {number} is there twice")
            elif known != raw:
                text = f"two different events have the number {number}"
                self._say(EDITED, number, number, text)
            elif number <= last:
                text = f"event {number} stands after event {last}"
                self._say(REORDERED, number, number, text)
            self._above.setdefault(number, above)
            above = raw[-len(FIRST_CODE) :]
            seen.add(raw)
            last = max(last, number)

    # One by one, in order

    def _judge(self, number) -> Shown | None:
        raw = self._records[number]
        record, claimed = event_record.split(raw)
        happened = None
        try:
            happened = event_record.decode(record)
            chain = [chain for chain in self._chains if chain.base <= number][-1]
            key = chain.key(number)
        except (InvalidInput, IndexError) as error:
            self._codes.setdefault(number, []).append(claimed)
            if happened is None:
                self._say(EDITED, number, number, f"event {number} was changed: {error}")
                return None
            text = f"event {number} cannot be proven: its chain begins elsewhere"
            self._say(UNPROVEN, number, number, text)
            proven = False
        else:
            proven = self._prove(number, chain, key, happened)
        late = event_record.is_late(happened, self._now[number])
        return Shown(happened, proven, late, raw, number in self._duress)

    def _prove(self, number, chain, key, happened) -> bool:
        record, claimed = event_record.split(self._records[number])
        before = list(self._codes.get(number - 1, ()))
        if number == chain.base:
            before = [FIRST_CODE]
        if isinstance(happened.fields.get("before"), bytes):
            before.append(happened.fields["before"])
        right = [event_record.code(key, code, record) for code in before]
        # The event before may be there with its number changed.
        moved = event_record.code(key, self._above[number], record)
        # If only a code was changed, the event after it can still be proven by the right one.
        proven = claimed in right or claimed == moved
        self._codes[number] = [claimed] if proven else [claimed, *right[:_MOST_CODES]]
        pinned = self._before
        if pinned is not None and number == pinned.head_number and claimed != pinned.head_code:
            text = f"event {number} is not the one that was acknowledged"
        elif proven:
            self._learn(number, chain, happened)
            return True
        elif right:
            text = f"event {number} was changed: its code is another"
        else:
            text = f"event {number} cannot be proven: the one before it is not there"
            self._say(UNPROVEN, number, number, text)
            return False
        self._say(EDITED, number, number, text)
        return False

    def _hear_urgent(self):
        """What was handed over before its turn: the rest of the chain may never come."""
        for batch in self._batches:
            for before, raw in zip(batch.urgent[::2], batch.urgent[1::2], strict=True):
                try:
                    number = event_record.number_of(raw)
                    if number in self._records:
                        continue  # judged in its turn
                    happened = event_record.decode(event_record.split(raw)[0])
                    chain = [chain for chain in self._chains if chain.base <= number][-1]
                    key = chain.key(number)
                except (InvalidInput, IndexError):
                    continue  # its turn will come
                if event_record.is_authentic(raw, key, before):
                    self._hear_mark(number, key, happened)
                else:
                    text = f"event {number}, handed over before its turn, was changed"
                    self._say(EDITED, number, number, text)

    def _hear_mark(self, number, key, happened):
        if happened.fields.get("mark") != event_record.mark(key, True) or number in self._duress:
            return
        self._duress.add(number)
        card = happened.fields.get("second") or happened.fields.get("card")
        pin = f" {card.hex()}" if isinstance(card, bytes) else ""
        text = f"the PIN{pin} of event {number} is a duress PIN: whoever typed it calls for help"
        self._say(DURESS, number, number, text, breaks=False)

    def _learn(self, number, chain, happened):
        self._hear_mark(number, chain.key(number), happened)
        count, last = happened.fields.get("count"), happened.fields.get("last")
        if happened.kind == event.OVERWRITTEN and count is not None and last is not None:
            self._given_up.update(range(max(0, last + 1 - min(count, number)), last + 1))
        if happened.kind == event.COPIED and last is not None and "detail" not in happened.fields:
            self._copies.append((last, str(happened.fields.get("by"))))
        is_first = chain is self._chains[0] and (chain.base == 0 or self._before is not None)
        if number == chain.base and not is_first:
            text = (
                f"the reader began a new chain at event {number}, because it could not go on"
                " with the one before"
            )
            self._say(RESTARTED, number, number, text)

    # All together

    def _find_gaps(self, numbers, shown):
        if not numbers:
            return
        if self._before is not None:
            present = [self._before.head_number]
        else:
            present = [self._chains[0].base - 1]
        present += [number for number in numbers if number > present[0]]
        is_first = self._before is None
        for before, after in zip(present, present[1:], strict=False):
            first, last = before + 1, after - 1
            if first <= last:
                self._name_gap(first, last, shown[after], is_first)
            is_first = False

    def _name_gap(self, first, last, following, is_first):
        which = f"event {first} is" if first == last else f"events {first} to {last} are"
        if last - first < MOST_STEPS and self._given_up.issuperset(range(first, last + 1)):
            text = f"{which} lost: the reader was full and wrote over them"
            self._say(OVERWRITTEN, first, last, text, breaks=False)
        elif is_first:
            text = f"{which} not in what was given"
            self._say(INCOMPLETE, first, last, text, breaks=False)
        else:
            text = f"{which} missing"
            if following is not None and following.event.kind == event.STORAGE_FAULT:
                text += "; the reader says that its storage failed"
            holders = sorted({by for number, by in self._copies if number >= last})
            if holders:
                text += f"; {', '.join(holders)} said to have copied up to there"
            self._say(REMOVED, first, last, text)

    def _compare_heads(self, numbers):
        last = numbers[-1] if numbers else -1
        if not numbers and self._has_no_news():
            return
        if self._before is not None and last < self._before.head_number:
            head = self._before.head_number
            text = f"the events end with {last}, and {head} was acknowledged"
            self._say(TRUNCATED, last + 1, head, text)
        for number, code in self._heads():
            raw = self._records.get(number)
            if raw is not None and event_record.split(raw)[1] != code:
                text = f"event {number} is not the one that the reader named as its last"
                self._say(EDITED, number, number, text)
        newest = max((batch.head[0] for batch in self._batches), default=-1)
        if newest > last:
            text = f"the reader had events up to {newest}; those after {last} were not given"
            self._say(INCOMPLETE, last + 1, newest, text, breaks=False)

    def _has_no_news(self):
        # The reader says that it need not keep what was checked, and that there is nothing after.
        before = self._before
        return (
            before is not None
            and before.head in {batch.before for batch in self._batches}
            and self._heads() == {before.head}
        )

    def _heads(self):
        return {batch.head for batch in self._batches}

    def _end(self, numbers, shown) -> Checked | None:
        before = self._before
        proven = [number for number in numbers if shown[number] and shown[number].proven]
        if not proven or (before is not None and proven[-1] <= before.head_number):
            return before
        last = proven[-1]
        chain = [chain for chain in self._chains if chain.base <= last][-1]
        code = event_record.split(self._records[last])[1]
        return Checked(chain.base, chain.root, last, code, event_record.next_key(chain.key(last)))
