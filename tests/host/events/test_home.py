"""Events come home once and whole, and only then does a reader learn of it: whatever fails."""

import pytest

import cbor
import small_log as small
from holdfast.access.events import acknowledgement
from holdfast.access.events import record as event_record
from holdfast_host import files
from holdfast_host.errors import UsageProblem
from holdfast_host.events import files as event_files
from holdfast_host.events import home
from small_log import record


@pytest.fixture
def at_home(site_folder):
    """``at_home()``: raw records in the site's folder, in the order of their files."""

    def read():
        batches = event_files.read(sorted((site_folder / home.FOLDER).glob("*.events")))
        return [raw for batch in batches for raw in batch.records]

    return read


@pytest.fixture
def words(site_folder):
    """``words()``: the words that were written, by chain."""

    def read():
        path = site_folder / home.FOLDER / "acknowledgements"
        return home.words(path) if path.exists() else {}

    return read


def whole(log):
    return log.after(-1, small.ALL)


def test_what_was_checked_is_kept_and_acknowledged(verify, collector, at_home, words, site_folder):
    """The reader believes the word, and what it forgets is in the site's folder, privately."""
    said = verify(collector.save(), "--json").json
    assert said["acknowledgements"].endswith("recorded/acknowledgements")
    assert at_home() == whole(collector.log)
    for path in (site_folder / home.FOLDER).iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    collector.log.acknowledge(words()[collector.log.root[1]])
    assert collector.log.kept == 10
    # It can be checked again from there alone.
    files_of_it = sorted((site_folder / home.FOLDER).glob("*.events"))
    assert verify(*files_of_it).code == 0


def test_each_event_is_there_once(verify, collector, at_home):
    """The same file again, two that overlap, and in which order they come."""
    first = collector.save("first.events")
    record(collector.log, 5)
    second = collector.save("second.events", after=4)
    record(collector.log, 5)
    third = collector.save("third.events")
    for path in (first, first, second, third, third):
        assert verify(path).code == 0
    verify(second).fails("front-reader")  # older than what was checked: said, and nothing else
    assert at_home() == whole(collector.log)


def test_what_is_broken_is_neither_kept_nor_acknowledged(verify, collector, at_home, words):
    """Unless somebody who looked at it says so: then also what could not be proven is kept."""
    path = collector.save()
    (batch,) = event_files.read([path])
    batch.records[4] = batch.records[4][:-1] + b"?"
    path.write_bytes(batch.encode())
    verify(path).fails("not as the reader recorded them")
    assert at_home() == [] and words() == {}
    verify(path, "--accept").fails("begins after")
    assert at_home() == batch.records
    root = collector.log.root[1]
    assert acknowledgement.claimed(words()[root]) == (root, *collector.log.head)


def test_whatever_fails_is_done_again(verify, collector, at_home, words, monkeypatch):
    """At each write: what a word is about is at home already, and in the end all is, once."""
    genuine = files.write
    path = collector.save()
    for part in range(4):
        for fails_at in range(4):
            writes = []

            def write(target, data, mode, writes=writes, fails_at=fails_at):
                writes.append(target)
                if len(writes) == fails_at + 1:
                    raise UsageProblem("the disk is full", "make room")
                genuine(target, data, mode)

            monkeypatch.setattr(files, "write", write)
            done = verify(path)
            monkeypatch.setattr(files, "write", genuine)
            assert (done.code == 0) == (len(writes) <= fails_at)
            numbers = [event_record.number_of(raw) for raw in at_home()]
            assert numbers == list(range(len(numbers)))
            for word in words().values():
                assert acknowledgement.claimed(word)[1] < len(numbers)
        assert at_home() == whole(collector.log), part
        assert acknowledgement.claimed(words()[collector.log.root[1]])[1] == collector.log.head[0]
        record(collector.log, 3)
        path = collector.save(f"{part}.events")


def test_the_place_that_was_left_is_another_log(verify, collector, tmp_path, at_home, words):
    """Of the same board, with numbers of its own: neither is taken for the other, in any order,
    nor when the board comes back to where it was.
    """
    here, there = collector, tmp_path / "there"
    there.mkdir()
    assert verify(here.save()).code == 0
    audit_key = here.log._audit_key
    here.log = small.EventLog(
        str(there), audit_key, b"\x77" * 32, small.Randomness(b"there"), 9000, 1000
    )
    record(here.log, 4)
    other = here.save("other.events")
    assert verify(other, "--left").code == 0
    record(here.log, 4)
    assert verify(here.save("other.events"), "--left").code == 0
    here.log = small.EventLog(
        str(tmp_path / "log"), audit_key, b"\x77" * 32, small.Randomness(), 9000, 1000
    )
    record(here.log, 4)
    assert verify(here.save("again.events")).code == 0
    assert len(words()) == 2 and len(at_home()) == len(set(at_home())) == 14 + 9


def test_a_left_place_that_comes_first_is_not_the_place_that_is(verify, collector, tmp_path):
    """Both were never checked before."""
    audit_key = collector.log._audit_key
    assert verify(collector.save(), "--left").code == 0
    collector.log = small.EventLog(
        str(tmp_path / "b"), audit_key, b"\x77" * 32, small.Randomness(b"b"), 9000, 1000
    )
    record(collector.log, 20)
    assert verify(collector.save()).code == 0


def test_a_file_that_holds_no_words_is_refused(tmp_path):
    """Whatever is in it."""
    path = tmp_path / "words"
    good = small.word(b"\x01" * 32, 7, bytes(16))
    for data in (b"\xff", cbor.encode([good]), cbor.encode(good[:-1]), cbor.encode(7), good):
        path.write_bytes(data)
        with pytest.raises(UsageProblem, match="no file of acknowledgements"):
            home.words(path)
    path.write_bytes(cbor.encode(good) * 2)
    assert home.words(path) == {b"\x01" * 32: good}
