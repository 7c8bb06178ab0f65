"""How many starts in a row did not last, over restarts, and what a damaged file may claim."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from folders import Folder
from holdfast.storage import files
from holdfast.storage.starts import Starts


def _begin(path, is_deliberate=False):
    starts = Starts(path)
    starts.begin(is_deliberate)
    return starts


def test_four_starts_that_do_not_last_are_enough():
    """One more is not begun; and it stays so, whatever else begins by itself."""
    with Folder() as folder:
        path = folder + "/starts"
        assert [_begin(path).is_enough for _ in range(6)] == [False] * 4 + [True] * 2


def test_a_start_that_lasted_or_that_somebody_wanted_begins_the_count_anew():
    """A crash a day is no reason to stop deciding, and a power switch is no crash."""
    with Folder() as folder:
        path = folder + "/starts"
        for _ in range(2):
            _begin(path)
        _begin(path).lasted()
        assert [_begin(path).is_enough for _ in range(5)] == [False] * 4 + [True]
        assert not _begin(path, True).is_enough
        assert [_begin(path).is_enough for _ in range(4)] == [False] * 3 + [True]


def test_what_cannot_be_read_or_written_stops_no_door():
    """A damaged file must not keep a door in safe mode, nor flash that is full keep it from
    starting.
    """
    with Folder() as folder:
        path = folder + "/starts"
        for raw in (b"", b"\x05", b"\x20", b"\xf5", b"\x61a", b"\x04\x04", cbor.encode(1 << 70)):
            files.write(path, raw)
            assert not Starts(path).is_enough, raw
        starts = _begin(folder + "/missing/starts")
        assert not starts.is_enough
        starts.lasted()
