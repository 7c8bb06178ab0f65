"""The bench itself: power that fails where it should, and a driver that sees what gets lost."""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error
from lossy_flash import LossyFlash, formatted, mount, unmount

from harness import raises


def test_it_is_nor_flash():
    """Programming only makes zeros, an erase makes ones; a block has what was written to it."""
    flash = LossyFlash(64, 4)
    assert flash.ioctl(4, 0) == 4 and flash.ioctl(5, 0) == 64
    assert flash.writeblocks(1, b"\xf0\x0f", 3) == 0
    assert flash.writeblocks(1, b"\x3c\xff", 3) == 0
    read = bytearray(4)
    assert flash.readblocks(1, read, 2) == 0 and read == b"\xff\x30\x0f\xff"
    assert flash.ioctl(6, 1) == 0 and flash.content == b"\xff" * 256
    assert flash.wear == [0, 1, 0, 0] and flash.bytes_programmed == 4


def test_power_fails_within_an_operation_and_stays_away():
    """The part that was done stays; nothing is read or written until the power is back."""
    for tear, kept in ((0, 0), (50, 4), (99, 7), (100, 8)):
        flash = LossyFlash(64, 4)
        flash.cut(2, tear)
        assert flash.writeblocks(0, b"\x00" * 8) == 0
        assert flash.writeblocks(1, b"\x00" * 8) == -5 and flash.is_dead and flash.has_struck
        assert flash.readblocks(0, bytearray(8)) == -5
        assert flash.writeblocks(2, b"\x00" * 8) == -5 and flash.ioctl(6, 0) == -5
        flash.restore()
        written = b"\x00" * 8 + b"\xff" * 56 + b"\x00" * kept + b"\xff" * (192 - kept)
        assert flash.content == written and flash.readblocks(0, bytearray(8)) == 0
        flash.cut(1, tear)
        assert flash.ioctl(6, 0) == -5
        assert flash.content.count(b"\x00") == kept + max(0, 8 - 64 * tear // 100)


def test_an_error_comes_once_or_for_ever():
    """And a read is an operation only where it is asked for."""
    for for_ever in (False, True):
        for reads in (False, True):
            flash = LossyFlash(64, 4)
            flash.fail(2, for_ever, reads)
            results = [flash.writeblocks(0, b"\x00"), flash.readblocks(0, bytearray(1))]
            results += [flash.ioctl(6, 1), flash.writeblocks(1, b"\x00")]
            assert results == [
                0,
                -5 if reads else 0,
                -5 if for_ever or not reads else 0,
                -5 if for_ever else 0,
            ]
            flash.restore()
            assert flash.writeblocks(0, b"\x00") == 0


def test_littlefs_itself_survives():
    """What is seen here is what the file system promises: a closed file is there."""
    flash = formatted(512, 32)
    mount(flash, "/bench")
    with open("/bench/x", "wb") as file:
        file.write(b"x" * 1000)
    flash.cut(1, 50)
    raises(OSError, os.mkdir, "/bench/y")
    flash.power_off()
    unmount("/bench")
    flash.restore()
    mount(flash, "/bench")
    with open("/bench/x", "rb") as file:
        assert file.read() == b"x" * 1000
    unmount("/bench")


def _prepare(root):
    with open(root + "/state", "wb") as file:
        file.write(b"0" * 700)


def _content(root):
    with open(root + "/state", "rb") as file:
        return file.read()


def _check(root, acked):
    content = _content(root)
    last = acked[-1] if acked else b"0"
    following = b"%d" % (int(last) + 1)
    assert content in (last * 700, following * 700)


def _remove_and_write(root, acked):
    for state in (b"1", b"2"):
        os.remove(root + "/state")
        with open(root + "/state", "wb") as file:
            file.write(state * 700)
        acked.append(state)


def _acknowledge_too_early(root, acked):
    for state in (b"1", b"2"):
        acked.append(state)
        with open(root + "/state.new", "wb") as file:
            file.write(state * 700)
        os.rename(root + "/state.new", root + "/state")


def _replace(root, acked):
    for state in (b"1", b"2"):
        with open(root + "/state.new", "wb") as file:
            file.write(state * 700)
        os.rename(root + "/state.new", root + "/state")
        acked.append(state)


def test_the_drivers_catch_a_careless_store_and_let_a_careful_one_pass():
    """A rewrite that is not atomic, and an acknowledgement before the write, each fail."""
    for driver in (every_cut, every_error):
        raises(Exception, driver, _prepare, _remove_and_write, _check)
        assert driver(_prepare, _replace, _check, at_least=20, name="careful") >= 20
    raises(AssertionError, every_cut, _prepare, _acknowledge_too_early, _check)
    raises(AssertionError, every_cut, _prepare, _replace, _check, at_least=10000)


def _append_in_recovery(root, acked):
    """Like _check, but starts anew what it finds, without care."""
    _check(root, acked)
    os.remove(root + "/state")
    _prepare(root)
    del acked[:]


def test_a_careless_recovery_is_caught_by_the_second_cut():
    """Work done at a start is cut like any other."""
    assert every_cut(_prepare, _replace, _append_in_recovery, again=0) >= 20
    raises(Exception, every_cut, _prepare, _replace, _append_in_recovery, again=1)
