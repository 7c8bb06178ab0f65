"""The log on any folder: what was acknowledged is there, in order, and numbers never go back."""

INTERPRETERS = ("micropython", "cpython")

import os

from flashlog import FlashLog, LogFull
from harness import raises


class _Folder:
    """A folder for one test, in which a log may be made."""

    def __enter__(self):
        base = os.getenv("TMPDIR") or "/tmp"
        self.path = base + "/holdfast-" + os.urandom(6).hex()
        os.mkdir(self.path)
        return self.path + "/log"

    def __exit__(self, *_):
        for name in os.listdir(self.path + "/log"):
            os.remove(self.path + "/log/" + name)
        os.rmdir(self.path + "/log")
        os.rmdir(self.path)


def _record(number):
    return b"%d:" % number + b"x" * (number % 17)


def _state(log):
    return log.first, log.next, log.size, log.damaged, list(log.records())


def test_records_come_back_in_order_and_after_every_restart():
    """Across segments, each read by its number, by iteration, and by a log opened afterwards."""
    with _Folder() as folder:
        log = FlashLog(folder, 100, 100)
        for number in range(60):
            assert log.append(_record(number)) == number
            assert log.read(number) == _record(number)
            assert _state(FlashLog(folder, 100, 100)) == _state(log)
        assert list(log.records()) == [(n, _record(n)) for n in range(60)]
        assert list(log.records(55)) == [(n, _record(n)) for n in range(55, 60)]
        for number in (59, 0, 31, 30, 32):
            assert log.read(number) == _record(number)
        for number in (-1, 60, 1 << 40):
            raises(KeyError, log.read, number)
        assert log.damaged == 0


def test_a_full_log_drops_nothing_by_itself():
    """LogFull, again and again, until the owner drops or releases; the flash stays in bounds."""
    with _Folder() as folder:
        log = FlashLog(folder, 60, 3)
        while log.capacity - log.size >= 30:
            log.append(b"y" * 20)
        raises(LogFull, log.append, b"y" * 20)
        assert (log.first, log.next, log.second) == (0, 6, 2)
        raises(LogFull, FlashLog(folder, 60, 3).append, b"y" * 20)
        assert log.drop_oldest() == 2 and log.first == 2
        assert log.append(b"y" * 20) == 6 and len(os.listdir(folder)) == 3


def test_what_is_released_goes_by_whole_segments_and_numbers_go_on():
    """Also when nothing is left, which a restart must not turn into a log that begins at 0."""
    with _Folder() as folder:
        log = FlashLog(folder, 60, 3)
        for _ in range(5):
            log.append(b"y" * 20)
        log.release(3)
        assert (log.first, log.next) == (2, 5)
        log.release(1000)
        for again in (log, FlashLog(folder, 60, 3)):
            assert _state(again) == (5, 5, 0, 0, []) and again.second == 5
            again.release(1000)
            assert again.drop_oldest() == 0
            assert len(os.listdir(folder)) == 1
        assert again.append(b"z") == 5


def test_a_record_has_between_one_byte_and_a_segment():
    """What would not fit in an empty segment never will; nothing is nothing to store."""
    with _Folder() as folder:
        log = FlashLog(folder, 50, 2)
        raises(ValueError, log.append, b"")
        raises(ValueError, log.append, b"z" * 41)
        assert log.append(memoryview(b"z" * 40)) == 0
        assert log.read(0) == b"z" * 40
        raises(ValueError, FlashLog, folder, 10, 2)
        raises(ValueError, FlashLog, folder, 100, 0)
        large = FlashLog(folder, 100000, 2)
        raises(ValueError, large.append, b"z" * 65536)
        assert large.read(large.append(b"z" * 65535)) == b"z" * 65535


def test_a_log_may_change_while_it_is_read():
    """A collector reads while the door goes on: new records come, dropped ones do not break it."""
    with _Folder() as folder:
        log = FlashLog(folder, 60, 3)
        for _ in range(3):
            log.append(b"y" * 20)
        seen = []
        for number, _ in log.records():
            seen.append(number)
            if number < 9:
                if log.capacity - log.size < 30:
                    log.drop_oldest()
                log.append(b"y" * 20)
        assert seen[0] == 0 and seen[-1] == log.next - 1 and seen == sorted(set(seen))
        reading = log.records()
        next(reading)
        log.release(log.next)
        assert log.append(b"new") in [number for number, _ in reading]


def test_a_torn_tail_is_cut_off_and_its_number_is_not_used_again():
    """Cut at every byte of the last record: those before it are all kept, and the log goes on."""
    for cut in range(1, 30):
        with _Folder() as folder:
            log = FlashLog(folder, 1000, 3)
            for _ in range(3):
                log.append(b"y" * 20)
            path = folder + "/" + os.listdir(folder)[0]
            with open(path, "rb") as file:
                content = file.read()
            with open(path, "wb") as file:
                file.write(content[:-cut])
            for _ in range(2):
                log = FlashLog(folder, 1000, 3)
                assert (log.first, log.next, log.damaged) == (0, 3, 0)
                assert [number for number, _ in log.records()] == [0, 1]
            assert log.append(b"next") == 3
            log = FlashLog(folder, 1000, 3)
            assert [number for number, _ in log.records()] == [0, 1, 3] and log.damaged == 0


def test_a_damaged_record_is_passed_over_and_counted():
    """Each byte of a record in the middle spoilt in turn: the records around it are all served."""
    with _Folder() as folder:
        log = FlashLog(folder, 1000, 3)
        for number in range(5):
            log.append(_record(number + 10))
        path = folder + "/" + os.listdir(folder)[0]
        with open(path, "rb") as file:
            content = file.read()
        begin = sum(10 + len(_record(number + 10)) for number in range(2))
        for place in range(begin, begin + 10 + len(_record(12))):
            for change in (0x01, 0x80, 0xFF):
                spoilt = bytearray(content)
                spoilt[place] ^= change
                with open(path, "wb") as file:
                    file.write(spoilt)
                log = FlashLog(folder, 1000, 3)
                assert (log.first, log.next, log.damaged) == (0, 5, 1), place
                expected = [(n, _record(n + 10)) for n in (0, 1, 3, 4)]
                assert list(log.records()) == expected
                raises(KeyError, log.read, 2)
                assert [log.read(n) for n, _ in expected] == [record for _, record in expected]
