"""What a log takes of a board's heap does not grow with what it holds."""

INTERPRETERS = ("micropython",)
HEAP = "128K"

import os

from flashlog import FlashLog
from flashlog.segment import frame
from harness import held, raises, taken


def _fill(folder, segment, count):
    log = FlashLog(folder, segment, 4)
    for number in range(count):
        log.append(b"%05d" % number + b"m" * 80)
    return log.next


def _remove(folder):
    for name in os.listdir(folder):
        os.remove(folder + "/" + name)
    os.rmdir(folder)


def test_an_open_log_takes_a_few_hundred_bytes():
    """Twenty records or a thousand: opened, read and appended to, it holds the same."""
    base = (os.getenv("TMPDIR") or "/tmp") + "/holdfast-" + os.urandom(6).hex()
    sizes = []
    kept = []
    for segment, count in ((1000, 20), (1000, 20), (30000, 1000)):
        folder = "%s-%d" % (base, len(sizes))
        _fill(folder, segment, count)
        logs: list = [None] * 10
        kept.append(logs)
        before = held()
        for index in range(len(logs)):
            logs[index] = log = FlashLog(folder, segment, 4)
            assert sum(1 for _ in log.records()) == count + index
            assert log.read(count // 2)[:5] == b"%05d" % (count // 2)
            log.append(b"more")
        sizes.append((held() - before) // len(logs))
        _remove(folder)
    print("an open log holds %s bytes" % sizes)
    assert 100 < sizes[1] < 1000 and sizes[2] < sizes[1] + 100


def test_a_damaged_length_does_not_ask_for_memory():
    """A length of two bytes can ask for more than a board has; such a record is checked first."""
    folder = (os.getenv("TMPDIR") or "/tmp") + "/holdfast-" + os.urandom(6).hex()
    log = FlashLog(folder, 30000, 2)
    for _ in range(2):
        log.append(b"m" * 14000)
    long = frame(0, 14010, 1, b"m" * 14000)
    long[-1] ^= 1
    with open(folder + "/00000000.fl1", "wb") as file:
        file.write(frame(0, 0, 0, b"m" * 14000))
        file.write(long)
    long = None
    assert taken(lambda: raises(KeyError, log.read, 1)) < 8000
    assert taken(lambda: FlashLog(folder, 30000, 2)) < 8000
    assert len(log.read(0)) == 14000
    _remove(folder)
