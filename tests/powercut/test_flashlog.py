"""The log on a littlefs whose power fails at every write and erase, each torn in four ways.

After each cut, and after a second one during recovery: what was acknowledged is there and equal,
at most one record that was not acknowledged is there, whole; numbers never go back; it goes on.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from flashlog import FlashLog, LogFull

SEGMENT, SEGMENTS = 600, 4


def _record(number, length=None):
    length = length or 54 + number % 40
    return b"%06d" % number + bytes([number & 255]) * length


class _Story:
    """A log, what may happen to it, and what must be true of it afterwards.

    ``acked`` gets ("rec", number) for a record, ("first", number) when records below are known to
    be gone, and before that ("may", number): from then on records below may be gone.
    """

    def __init__(self, segment=SEGMENT, segments=SEGMENTS, length=None):
        self.segment = segment
        self.segments = segments
        self.length = length
        self.kept = None

    def open(self, root):
        self.kept = None
        self.kept = FlashLog(root + "/log", self.segment, self.segments)
        return self.kept

    def fill(self, root, count):
        log = self.open(root)
        for _ in range(count):
            log.append(_record(log.next, self.length))

    def append(self, log, acked):
        log.release(0)  # after an error, it now knows what a failed append left
        number = log.next
        try:
            got = log.append(_record(number, self.length))
        except LogFull:
            self.drop(log, acked)
            got = log.append(_record(number, self.length))
        assert got == number
        acked.append(("rec", number))

    def drop(self, log, acked):
        acked.append(("may", log.second))
        held, first = len(list(log.records(log.first))), log.first
        dropped = log.drop_oldest()
        assert dropped > 0 and len(list(log.records())) == held - dropped and log.first > first
        acked.append(("first", log.first))

    def release(self, log, acked, before):
        acked.append(("may", before))
        log.release(before)
        acked.append(("first", log.first))

    def check(self, root, acked, last=-1, damaged=0):
        log, self.kept = self.kept or FlashLog(root + "/log", self.segment, self.segments), None
        self.verify(log, acked, last, damaged)
        self.append(log, acked)
        self.append(log, acked)
        self.verify(log, acked, last, damaged)
        self.kept = None

    def verify(self, log, acked, last, damaged):
        first = max([0] + [number for kind, number in acked if kind == "first"])
        may = max([0] + [number for kind, number in acked if kind == "may"])
        last = max([last] + [number for kind, number in acked if kind == "rec"])
        assert log.damaged == damaged
        records = list(log.records())
        assert first <= log.first <= max(first, may), (first, log.first, may)
        assert last < log.next <= last + 1 + acked.cuts, (last, log.next)
        expected = [(n, _record(n, self.length)) for n in range(log.first, log.next)]
        assert records == expected
        for number, record in expected[:: max(1, len(expected) - 1)]:
            assert log.read(number) == record
        assert log.size <= log.capacity


def _cut(story, prepare, operation, check, **options):
    """Run the driver with a log that no run hands to the next."""

    def fresh(root, acked):
        story.kept = None
        check(root, acked)

    return every_cut(prepare, operation, fresh, **options)


def test_appending_from_nothing_across_segments():
    """The directory, the first segment and those that follow are all made under the knife."""
    story = _Story()

    def operation(root, acked):
        log = story.open(root)
        for _ in range(16):
            story.append(log, acked)

    nothing = lambda root: None  # noqa: E731
    _cut(story, nothing, operation, story.check, at_least=250, name="append")
    small = {"block_size": 512, "blocks": 64, "at_least": 250, "name": "append, small blocks"}
    _cut(story, nothing, operation, story.check, **small)


def test_dropping_the_oldest_to_make_room():
    """A full log gives up a segment at a time and takes new records in its place."""
    story = _Story()

    def operation(root, acked):
        log = story.open(root)
        for _ in range(24):
            story.append(log, acked)

    def check(root, acked):
        story.check(root, acked, last=25)

    _cut(story, lambda root: story.fill(root, 26), operation, check, at_least=400, name="drop")


def test_releasing_some_and_releasing_everything():
    """The empty segment that holds the place of the next number comes before the rest goes."""
    story = _Story(segment=300, segments=6)

    def operation(root, acked):
        log = story.open(root)
        for count in (2, 5, 1, 9):
            story.release(log, acked, log.first + count)
            story.append(log, acked)
            story.release(log, acked, log.next)
            story.release(log, acked, log.next + 5)
            for _ in range(count):
                story.append(log, acked)

    def check(root, acked):
        story.check(root, acked, last=11)

    _cut(story, lambda root: story.fill(root, 12), operation, check, at_least=400, name="release")


def test_records_of_several_blocks():
    """A record that littlefs spreads over blocks is whole or absent all the same."""
    story = _Story(segment=4000, segments=3, length=1200)

    def operation(root, acked):
        log = story.open(root)
        for _ in range(10):
            story.append(log, acked)

    options = {"block_size": 512, "blocks": 96, "at_least": 350, "name": "long records"}
    _cut(story, lambda root: None, operation, story.check, stride=2, **options)


def test_a_log_of_a_single_segment():
    """To drop the only segment is to begin another before the old one goes."""
    story = _Story(segment=400, segments=1)

    def operation(root, acked):
        log = story.open(root)
        for _ in range(20):
            story.append(log, acked)

    _cut(story, lambda root: None, operation, story.check, at_least=300, name="one segment")


def test_recovery_from_a_torn_tail_and_from_rubbish():
    """What littlefs would not leave behind but another file system might, cleared under cuts."""
    story = _Story()

    def prepare(root):
        story.fill(root, 9)
        names = sorted(os.listdir(root + "/log"))
        with open(root + "/log/" + names[-1], "ab") as file:
            file.write(_torn())
        with open(root + "/log/00000003.fl1", "wb") as file:
            file.write(b"\xa5" * 300)
        os.mkdir(root + "/log/00000005.fl1")

    def operation(root, acked):
        log = story.open(root)
        for _ in range(16):
            story.append(log, acked)

    def check(root, acked):
        log = story.open(root)
        assert log.damaged <= 2
        first = max([0] + [number for kind, number in acked if kind == "first"])
        may = max([0] + [number for kind, number in acked if kind == "may"])
        last = max([8] + [number for kind, number in acked if kind == "rec"])
        assert first <= log.first <= max(first, may)
        assert last < log.next <= max(10, last + 1) + acked.cuts
        # 9 is the number of the torn record: it may have been whole, and is not used again.
        records = [(n, _record(n)) for n in range(log.first, log.next) if n != 9]
        assert list(log.records()) == records
        story.append(log, acked)
        # The first record of a new segment takes the rubbish with it.
        assert not log.damaged or len(os.listdir(root + "/log")) == 3

    _cut(story, prepare, operation, check, at_least=300, name="rubbish")


def _torn():
    """The beginning of the tenth record's frame: what a lesser file system leaves of it."""
    from flashlog.segment import frame

    return frame(0, 0, 9, _record(9))[:40]


def _busy(story):
    """An operation that meets every kind of write."""

    def operation(root, acked):
        log = story.open(root)
        for _ in range(12):
            story.append(log, acked)
        story.release(log, acked, log.next - 3)
        story.append(log, acked)
        story.release(log, acked, log.next)
        story.append(log, acked)

    return operation


def test_errors_of_the_flash_once_and_for_ever():
    """The same log, and one opened afterwards, are right and work when the fault has ended."""
    story = _Story()

    def check(root, acked):
        story.check(root, acked, last=19)

    prepare = lambda root: story.fill(root, 20)  # noqa: E731
    every_error(prepare, _busy(story), check, at_least=120, name="errors")
    every_error(
        prepare, _busy(story), check, stride=3, reads=True, at_least=600, name="reads fail too"
    )


def test_a_writer_that_tries_again_after_an_error():
    """Each call that failed is made again on the same log, as a door does that must go on."""
    story = _Story()

    def again(action, *arguments):
        for _ in range(3):
            try:
                return action(*arguments)
            except OSError:
                pass
        raise OSError(5)

    def operation(root, acked):
        log = again(story.open, root)
        for _ in range(16):
            number = again(_append_or_drop, log, acked)
            acked.append(("rec", number))

    def _append_or_drop(log, acked):
        try:
            log.release(0)
            return log.append(_record(log.next))
        except LogFull:
            acked.append(("may", log.second))
            log.drop_oldest()
            acked.append(("first", log.first))
            return log.append(_record(log.next))

    def check(root, acked):
        story.check(root, acked, last=19)

    every_error(lambda root: story.fill(root, 20), operation, check, at_least=120, name="again")


def test_a_full_file_system_is_an_error_like_any_other():
    """No space: nothing half is there, what there was is there, and room made is room used."""
    story = _Story(segment=8000, segments=10, length=700)
    ballast = b"b" * 512

    def operation(root, acked):
        log = story.open(root)
        with open(root + "/ballast", "wb") as file:
            for _ in range(12):
                file.write(ballast)
        full = 0
        for _ in range(60):
            try:
                story.append(log, acked)
            except OSError as error:
                if error.errno != 28:
                    raise
                full += 1
                if full == 1:
                    os.remove(root + "/ballast")
                elif full < 8:
                    story.drop(log, acked)
        assert full > 2

    def check(root, acked):
        log = story.open(root)
        story.verify(log, acked, -1, 0)
        if "ballast" in os.listdir(root):
            os.remove(root + "/ballast")
        while len(log._starts) > 1:
            story.drop(log, acked)
        story.append(log, acked)
        story.verify(log, acked, -1, 0)

    options = {"block_size": 512, "blocks": 48, "stride": 7, "at_least": 200, "name": "no space"}
    _cut(story, lambda root: None, operation, check, tears=(0, 50), **options)
