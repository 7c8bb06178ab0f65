"""What failed, and where, is known after a restart, and writing it down wears nothing out."""

INTERPRETERS = ("micropython", "cpython")

from harness import new_folder
from holdfast.node.traceback import place
from holdfast.storage import files
from holdfast.storage.faults import FaultLog


def _raise():
    raise ValueError("deep inside")


def test_where_it_was_is_the_innermost_place():
    found = ""
    try:
        _raise()
    except ValueError as error:
        found = place(error)
    assert found == "node/test_faults.py:12", found


def test_faults_are_there_after_a_restart_eight_of_them():
    path = new_folder() + "/faults"
    log = FaultLog(path)
    for number in range(10):
        log.note("piece %d" % number, "OSError", "a.py:%d" % number)
    log.note("p" * 100, "OSError", "z" * 100)
    kept = FaultLog(path).all()
    assert len(kept) == 8 and kept[0][0] == "piece 3"
    assert kept[-1] == ["p" * 40, "OSError", "z" * 40, 1]


def test_one_that_repeats_is_written_each_time_its_count_doubles():
    written = []
    genuine = files.write

    def counted(path, data):
        written.append(len(data))
        genuine(path, data)

    files.write = counted
    try:
        path = new_folder() + "/faults"
        log = FaultLog(path)
        for _ in range(1000):
            log.note("radio", "OSError", "radio.py:7")
    finally:
        files.write = genuine
    assert len(written) == 10 and FaultLog(path).all() == [["radio", "OSError", "radio.py:7", 512]]
    assert log.all()[0][3] == 1000


def test_a_file_that_is_damaged_is_no_fault_of_anybodys():
    path = new_folder() + "/faults"
    for damage in (b"", b"\x80", b"\xff", b"\x81\x80", b"\x81\x84\x01\x01\x01\x01", bytes(3000)):
        files.write(path, damage)
        assert FaultLog(path).all() == []
    FaultLog(path).note("a", "b", "c")
    assert FaultLog(path).all() == [["a", "b", "c", 1]]


def test_flash_that_fails_is_survived():
    log = FaultLog(new_folder() + "/no/such/folder/faults")
    log.note("a", "b", "c")
    assert log.all() == [["a", "b", "c", 1]]
