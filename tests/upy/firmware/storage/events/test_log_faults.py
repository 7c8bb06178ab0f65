"""Storage that fails under the event log: nothing half recorded, and no number given twice."""

INTERPRETERS = ("micropython", "cpython")
HEAP = "1M"

import small_log as small
from folders import Folder
from harness import raises
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from small_log import access, audit, batch, open_log, record


class Faulty:
    """Stands before a FlashLog or a ChainStore; ``fails`` names the calls that fail.

    ``after``: what was to be done is done before the error.
    """

    def __init__(self, real, fails, after=False, error=OSError):
        self.real = real
        self.fails = fails
        self.after = after
        self.error = error

    def __getattr__(self, name):
        found = getattr(self.real, name)
        if name not in self.fails:
            return found

        def fail(*arguments):
            if self.after:
                found(*arguments)
            raise self.error(5)

        return fail


def put_before(log, where, fails, after=False, error=OSError):
    """Make parts of a log's storage fail; returns how to mend it."""
    chained = log._log
    real = getattr(chained, where)
    setattr(chained, where, Faulty(real, fails, after, error))
    return lambda: setattr(chained, where, real)


def test_an_event_that_could_not_be_recorded_takes_no_number():
    """The door says no; when storage works again the chain has no hole."""
    with Folder() as folder:
        log = open_log(folder)
        record(log, 3)
        mend = put_before(log, "_log", ("append",))
        for _ in range(3):
            raises(OSError, log.append, event.ACCESS, access())
        assert log.head[0] == 3
        mend()
        assert log.append(event.ACCESS, access()) == 4
        assert len(audit(batch(log))) == 5


def test_an_event_that_was_recorded_though_storage_said_no_is_kept_once():
    """An error may come after the bytes; a second event under the same number would break all."""
    for error in (OSError, MemoryError):
        with Folder() as folder:
            log = open_log(folder)
            record(log, 3)
            mend = put_before(log, "_log", ("append",), after=True, error=error)
            raises(error, log.append, event.ACCESS, access(4))
            mend()
            assert log.append(event.ACCESS, access(5)) == 5
            assert [one.number for one in audit(batch(log))] == [0, 1, 2, 3, 4, 5]
            assert open_log(folder).head == log.head


def test_an_event_whose_key_could_not_move_on_is_recorded():
    """And no other is, until the key has moved: never two events in one key's reach."""
    with Folder() as folder:
        log = open_log(folder)
        record(log, 3)
        mend = put_before(log, "_store", ("save",))
        assert log.append(event.ACCESS, access()) == 4
        log.flush()
        for _ in range(3):
            raises(OSError, log.append, event.ACCESS, access())
        assert log.head[0] == 4 and len(audit(batch(log))) == 5
        again = open_log(folder)
        assert again.head == log.head and again.fault == 0
        mend()
        assert log.append(event.ACCESS, access()) == 5
        assert open_log(folder).head == log.head


def test_an_acknowledgement_that_failed_lets_nothing_go():
    """It may be said again."""
    with Folder() as folder:
        log = open_log(folder, segments=9)
        record(log, 60)
        mend = put_before(log, "_store", ("save",))
        raises(OSError, small.acknowledge, log, *log.head)
        assert (log.kept, log.oldest) == (0, 0)
        mend()
        mend = put_before(log, "_log", ("release",))
        raises(OSError, small.acknowledge, log, *log.head)
        assert log.oldest == 0
        mend()
        small.acknowledge(log, *log.head)
        assert (log.kept, log.oldest) == (61, 61)


def test_a_full_log_that_cannot_be_emptied_says_so():
    """Each time, and goes on when it can; what was lost is told once it is."""
    with Folder() as folder:
        log = open_log(folder, segments=2)
        record(log, 20)
        mend = put_before(log, "_log", ("drop_oldest",))
        while True:
            try:
                record(log, 1)
            except OSError:
                break
        head = log.head
        raises(OSError, log.append, event.ACCESS, access())
        assert log.head == head and log.oldest == 0
        mend()
        assert log.append(event.ACCESS, access()) == head[0] + 2
        told = audit(batch(log))[-2]
        assert told.kind == event.OVERWRITTEN and told.fields["count"] == log.oldest == log.kept


def test_a_warning_that_cannot_be_recorded_does_not_undo_the_event():
    """It follows later."""
    with Folder() as folder:
        log = open_log(folder, segments=10)
        while log._log.per_cent() < 89:
            record(log, 1)
        real = log._log.write

        def write(kind, fields):
            if kind == event.LOG_NEARLY_FULL:
                raise OSError(5)
            return real(kind, fields)

        log._log.write = write
        while log._log.per_cent() < 92:
            record(log, 1)
        log._log.write = real
        record(log, 1)
        assert audit(batch(log))[-1].kind == event.LOG_NEARLY_FULL


def test_records_changed_in_storage_are_served_as_they_are():
    """The reader cannot know it; whoever checks the chain does."""
    with Folder() as folder:
        log = open_log(folder)
        record(log, 5)
        whole = log.after(-1, small.ALL)
        forged = event_record.encode(6, event.ACCESS, access()) + bytes(16)
        log._log._log.append(forged)
        log = open_log(folder, random_bytes=small.Randomness(b"2"))
        assert log.fault and log.root[0] == 7 and log.head[0] == 8
        assert log.after(-1, small.ALL)[: len(whole) + 1] == whole + [forged]
        log._log._log.append(b"not even an event")
        log = open_log(folder, random_bytes=small.Randomness(b"3"))
        record(log, 2)
        assert b"not even an event" in log.after(-1, small.ALL)
        numbers = [event_record.number_of(raw) for raw in log.after(8, small.ALL)[1:]]
        assert numbers == list(range(numbers[0], log.head[0] + 1))
