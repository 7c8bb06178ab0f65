"""A collector's shelf when the power fails: what was answered for is there, once, in its order."""

INTERPRETERS = ("micropython",)

import cuts

import small_log as small
from harness import new_folder
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.storage.collected.shelves import Shelves
from holdfast.sync import uplink
from holdfast.sync.collector import Collector

SHARE = 2 * 4088


def _collector(root, lost):
    shelves = Shelves(root + "/collected")
    shelf = shelves.made_for("reader", ("lobby",))
    return shelf, Collector(
        lambda node: shelf, SHARE, lambda *said: lost.append(said), lambda *said: None
    )


def test_each_event_is_kept_once_and_what_went_was_told():
    """Between the write and the answer too: the node then says it again, and it is known."""
    small.remember_agreements()
    log = small.open_log(new_folder(), 40)
    for n in range(130):
        log.append(event.ACCESS, small.access(n))
    lost, batches, after = [], {}, -1
    while after < 125:  # made now: later there is no memory to be had in one piece
        batches[after], last = log.served(after, 1024, 1)
        after = last
    log = log.after(-1, 1 << 20)

    def push(root, until, acked=None):
        shelf, collector = _collector(root, lost)
        while shelf.last[0] < until:
            answer = collector.take(b"reader", batches[shelf.last[0]])
            number, code, _ = uplink.parse(answer)
            if acked is not None:
                acked.append((number, code))

    def check(root, acked):
        told = len(lost)
        shelf, _ = _collector(root, lost)
        number, code = shelf.last
        found, after = [], -1
        while True:
            raw, last = shelf.served(after, 1024)
            if last is None:
                break
            found += _records(raw)
            after = last
        numbers = [event_record.number_of(raw) for raw in found]
        assert numbers == list(range(numbers[0], number + 1))
        assert found == log[numbers[0] : numbers[0] + len(found)]
        assert not acked or number >= acked[-1][0]
        assert not numbers[0] or max([said[1] for said in lost]) >= numbers[0] - 1
        push(root, number + 5, acked)
        del lost[told:]

    cuts.every_cut(
        lambda root: push(root, 60),
        lambda root, acked: push(root, 80, acked),
        check,
        stride=2,
        again=5,
        at_least=30,
        name="collected",
    )


def _records(raw):
    from holdfast.access.events import batch

    return batch.decode(raw)[0].records
