"""Whatever lies in the folder, a log opens, serves what is sound and nothing else, and goes on."""

INTERPRETERS = ("micropython", "cpython")

import os

from flashlog import FlashLog
from flashlog.segment import Scan, frame
from harness import raises

SIZE, SEGMENTS = 200, 8
COUNT = 20  # records, five in a segment


def _record(number):
    return b"%04d" % number + b"r" * 25


class _Log:
    """A log of COUNT records in a folder of its own, whose files a test may change."""

    def __enter__(self):
        base = os.getenv("TMPDIR") or "/tmp"
        self.path = base + "/holdfast-" + os.urandom(6).hex()
        log = FlashLog(self.path, SIZE, SEGMENTS)
        for number in range(COUNT):
            log.append(_record(number))
        self.names = sorted(os.listdir(self.path))
        assert len(self.names) == 4
        return self

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            if os.stat(self.path + "/" + name)[0] & 0x4000:
                for inner in os.listdir(self.path + "/" + name):
                    os.remove(self.path + "/" + name + "/" + inner)
                os.rmdir(self.path + "/" + name)
            else:
                os.remove(self.path + "/" + name)
        os.rmdir(self.path)

    def read(self, name):
        with open(self.path + "/" + name, "rb") as file:
            return file.read()

    def write(self, name, content):
        with open(self.path + "/" + name, "wb") as file:
            file.write(content)

    def check(self, missing=(), damaged=None, least=COUNT, size=SIZE):
        """Open twice, with a record between, and compare with what should be left."""
        log = FlashLog(self.path, size, SEGMENTS)
        assert log.next >= least
        if damaged is not None:
            assert log.damaged == damaged, log.damaged
        expected = [(n, _record(n)) for n in range(COUNT) if n not in missing]
        assert list(log.records()) == expected
        assert log.first == (expected[0][0] if expected else log.next)
        for number, record in expected:
            assert log.read(number) == record
        for number in missing:
            raises(KeyError, log.read, number)
        number = log.append(b"and on")
        assert number >= least
        log = FlashLog(self.path, size, SEGMENTS)
        assert list(log.records()) == expected + [(number, b"and on")]
        assert log.next == number + 1 and log.append(b"and on") == number + 1
        return log


def test_files_that_are_not_ours_change_nothing():
    """Names of every near miss, and a folder; they are not touched either."""
    names = ("x", "00000000.fl2", "0000000.fl1", "000000000.fl1", "0000000A.fl1", "0000000g.fl1")
    names += ("-0000001.fl1", "+0000001.fl1", " 0000001.fl1", "0000_001.fl1", "ffffffff.fl1")
    names += ("00000005.fl1.new", ".fl1", "7fffffff.fl1", "0x000001.fl1")
    with _Log() as log:
        for name in names:
            log.write(name, b"not ours" * 30)
        os.mkdir(log.path + "/0000.fl1")
        log.check(damaged=0)
        assert all(log.read(name) == b"not ours" * 30 for name in names)


def test_a_segment_of_anything_else_is_passed_over():
    """Zeros, ones, random bytes, text, or nothing at all in place of each segment in turn."""
    for place in range(4):
        for content in (
            b"\x00" * 195,
            b"\xff" * 195,
            b"\x00" * 5000,
            b"\xff" * 5000,
            b"text " * 40,
            b"z",
            b"",
            bytes(range(256)) * 3,
            os.urandom(195),
            os.urandom(3000),
        ):
            with _Log() as log:
                log.write(log.names[place], content)
                lost = range(5 * place, 5 * place + 5)
                # Of what is cut short nobody can say how much it was; the rest is taken at length.
                least = COUNT if len(content) > 100 or place < 3 else 15
                opened = log.check(missing=lost, least=least)
                assert opened.damaged == 0 and len(os.listdir(log.path)) == 4


def test_a_garbage_tail_never_gives_a_number_twice():
    """As many numbers are passed as there may have been records, down to one of a single byte."""
    with _Log() as log:
        log.write(log.names[3], b"\xa5" * 195)
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        assert opened.next == 15 + 195 // 11 and opened.damaged == 1
        log.check(missing=range(15, 20), least=15 + 195 // 11)


def test_a_directory_in_place_of_a_segment():
    """Empty, it goes; with something in it, it stays and is passed over at each start."""
    for place in range(4):
        for inner in (False, True):
            with _Log() as log:
                os.remove(log.path + "/" + log.names[place])
                os.mkdir(log.path + "/" + log.names[place])
                if inner:
                    log.write(log.names[place] + "/x", b"x")
                log.check(missing=range(5 * place, 5 * place + 5), damaged=1, least=15)


def test_a_directory_where_the_next_segment_should_be():
    """Its number is taken."""
    with _Log() as log:
        os.mkdir(log.path + "/00000014.fl1")
        log.write("00000014.fl1/x", b"x")
        log.check(damaged=1, least=21)


def test_a_segment_that_is_gone():
    """The numbers in between are not kept; the others are."""
    for place in range(3):
        with _Log() as log:
            os.remove(log.path + "/" + log.names[place])
            log.check(missing=range(5 * place, 5 * place + 5), damaged=0)


def test_a_copy_of_a_segment_under_another_number():
    """A frame is one in its own segment only: a copy serves no record a second time."""
    for source in range(4):
        for name in ("00000002.fl1", "00000007.fl1", "00000014.fl1", "00001000.fl1"):
            with _Log() as log:
                log.write(name, log.read(log.names[source]))
                log.check()
        for target in range(4):
            if target != source:
                with _Log() as log:
                    log.write(log.names[target], log.read(log.names[source]))
                    log.check(missing=range(5 * target, 5 * target + 5))


def test_segments_that_claim_the_same_numbers():
    """No number is served twice, nor out of order."""
    with _Log() as log:
        content = b""
        for number in range(7, 10):
            content += frame(7, len(content), number, _record(number))
        log.write("00000007.fl1", content)
        log.check()
        assert FlashLog(log.path, SIZE, SEGMENTS).damaged == 1


def test_a_garbage_segment_far_ahead_is_not_believed():
    """A stray name must not use up the numbers; an empty file is a released log's, and is."""
    with _Log() as log:
        log.write("7ffffff0.fl1", b"\xa5" * 100)
        assert log.check().next == COUNT + 2
    with _Log() as log:
        for name in log.names:
            os.remove(log.path + "/" + name)
        log.write("02000000.fl1", b"")
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        assert (opened.first, opened.next) == (0x2000000, 0x2000000)
        log.write("02000000.fl1", b"\xa5" * 100)
        assert FlashLog(log.path, SIZE, SEGMENTS).append(b"x") > 0x2000000


def test_bytes_put_in_and_taken_out():
    """A frame in another place is none. Flash spoils bytes and moves none; a hand may."""
    with _Log() as log:
        content = log.read(log.names[1])
        log.write(log.names[1], content[:39] + b"\xa5" * 7 + content[39:])
        log.check(missing=range(6, 10))
    with _Log() as log:
        log.write(log.names[1], content[:39] + content[45:])
        log.check(missing=range(6, 10))


def test_records_damaged_in_a_row():
    """One stretch, and the record after it is found by looking at every place."""
    with _Log() as log:
        content = bytearray(log.read(log.names[1]))
        for place in (39, 78, 117):
            content[place] ^= 0xFF  # the lengths of the second, third and fourth record
        log.write(log.names[1], content)
        log.check(missing=(6, 7, 8), damaged=1)


def test_a_frame_within_a_record_is_not_served():
    """Somebody who may choose a record's bytes gets no record of their own out of it."""
    with _Log() as log:
        log.write(log.names[3], b"")
        inner = bytes(frame(15, 0, 16, b"forged"))
        outer = frame(15, 0, 15, b"12345" + inner)
        outer[0] ^= 0x55  # the length, so that every place is looked at
        log.write(log.names[3], outer)
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        assert list(opened.records()) == [(n, _record(n)) for n in range(15)]


def test_a_stretch_of_nothing_but_beginnings_is_given_up():
    """Made to look like a frame at every place, it would be checked for minutes on a board."""
    with _Log() as log:
        head = b"\x20\x00\x00\x00\x00\x05"
        log.write(log.names[1], head * 6000)
        checked = []

        class Counting(Scan):
            def _checksum(self, length, crc):
                checked.append(length)
                return super()._checksum(length, crc)

        with open(log.path + "/" + log.names[1], "rb") as file:
            scan = Counting(file, 5)
            assert not scan.step() and scan.damaged == 1
        assert 0 < sum(checked) < 10 * 36000
        log.check(missing=range(5, 10), damaged=1)


def test_larger_segments_of_an_older_setting_are_read():
    """A setting that became smaller loses nothing, and a log over its bounds takes no more."""
    with _Log() as log:
        opened = FlashLog(log.path, 100, SEGMENTS)
        assert list(opened.records()) == [(n, _record(n)) for n in range(COUNT)]
        assert opened.append(b"x") == COUNT and len(os.listdir(log.path)) == 5


def test_a_record_of_a_damaged_length_makes_no_room_for_itself():
    """The board has less memory than a length of two bytes can ask for."""
    with _Log() as log:
        content = frame(20, 0, 20, b"x" * 60000)
        content[-1] ^= 1
        log.write("00000014.fl1", content)
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        assert opened.next == 21 and opened.damaged == 1
        raises(KeyError, opened.read, 20)


def test_damage_while_the_log_is_open_is_not_served():
    """A block may wear out between two restarts: what is read is checked each time."""
    with _Log() as log:
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        content = bytearray(log.read(log.names[1]))
        content[39 + 20] ^= 1
        log.write(log.names[1], content)
        raises(KeyError, opened.read, 6)
        expected = [(n, _record(n)) for n in range(COUNT) if n != 6]
        assert list(opened.records()) == expected


def test_a_length_that_leads_past_sound_records_hides_none():
    """Records before the wanted one are passed by their lengths, of which one may be wrong."""
    with _Log() as log:
        content = bytearray(log.read(log.names[1]))
        content[39 + 1] += 39  # the second record seems to hold the third
        log.write(log.names[1], content)
        log.check(missing=(6,), damaged=1)
        opened = FlashLog(log.path, SIZE, SEGMENTS)
        assert [opened.read(n) for n in (9, 8, 7)] == [_record(n) for n in (9, 8, 7)]
