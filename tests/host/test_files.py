"""Files on the host are old or new, and never more open than they should be."""

import stat

import pytest

from holdfast_host import files
from holdfast_host.errors import UsageProblem


def test_a_crash_at_any_point_leaves_the_old_or_the_new_file(tmp_path, crashes):
    """A half-written key or settings file would be found by a person at a shut door."""
    path = tmp_path / "state"
    old, new = b"old" * 1000, b"new" * 1000
    files.write(path, old, files.PRIVATE)
    seen = []
    for _ in crashes(lambda send: files.write(path, new, files.PRIVATE)):
        seen.append(path.read_bytes())
        files.write(path, old, files.PRIVATE)
    assert len(seen) > 5 and seen[0] == old and seen[-1] == new
    assert set(seen) == {old, new}


def test_what_a_crash_leaves_behind_is_replaced(tmp_path):
    """The leftover of a write that was cut short neither stops nor taints the next one."""
    path = tmp_path / "state"
    leftover = tmp_path / ".state.tmp"
    leftover.write_bytes(b"half")
    leftover.chmod(0o666)
    files.write(path, b"whole", files.PRIVATE)
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not leftover.exists()


def test_a_file_is_private_before_it_has_content(tmp_path, monkeypatch):
    """A key that is readable by all for a moment was readable by all."""
    path = tmp_path / "key"
    modes = []
    monkeypatch.setattr(
        files.os, "fsync", lambda number: modes.append(files.os.fstat(number).st_mode)
    )
    before = files.os.umask(0)
    try:
        files.write(path, b"secret", files.PRIVATE)
    finally:
        files.os.umask(before)
    assert stat.S_IMODE(modes[0]) == 0o600


def test_a_leftover_that_is_a_link_is_not_followed(tmp_path):
    """Writing through it would overwrite whatever file it names."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".state.tmp").symlink_to(victim)
    files.write(tmp_path / "state", b"new", files.PUBLIC)
    assert victim.read_bytes() == b"precious"


def test_reading_is_bounded(tmp_path):
    """A file of gigabytes, or a device without end, must not be taken into memory."""
    path = tmp_path / "big"
    path.write_bytes(bytes(101))
    assert files.read(path, 101, "thing", "look") == bytes(101)
    with pytest.raises(UsageProblem, match="larger than 100"):
        files.read(path, 100, "thing", "look")
    with pytest.raises(UsageProblem, match="larger than 100"):
        files.read(type(path)("/dev/zero"), 100, "thing", "look")


def test_what_the_system_refuses_is_told(tmp_path):
    """A folder in the place of a file, a missing folder: each with its own cause."""
    with pytest.raises(UsageProblem, match="there is no thing"):
        files.read(tmp_path / "none", 10, "thing", "look")
    with pytest.raises(UsageProblem, match="directory"):
        files.read(tmp_path, 10, "thing", "look")
    with pytest.raises(UsageProblem, match="cannot write"):
        files.write(tmp_path / "none" / "file", b"", files.PUBLIC)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageProblem, match="cannot make the folder"):
        files.make_folder(tmp_path / "file" / "below")
