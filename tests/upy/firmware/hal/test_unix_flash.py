"""The unix board's flash and its bench: an image that is no good is refused and left, power fails
in the very write it was told to, and no line on standard input stops the reading of the next.
"""

INTERPRETERS = ("micropython",)
HEAP = "64M"

import os

import vfs

import small_site as site
from harness import new_folder, raises
from holdfast.hal.unix import flash
from holdfast.hal.unix.bench import Bench
from holdfast.hal.unix.clock import Clock, LostClock
from holdfast.hal.unix.inputs import Input
from holdfast.roles import unix_reader
from holdfast.roles.unix_options import UsageError, parse

SIZE = 2 * 1024 * 1024
BLOCK = 4096


class _PowerIsGone(Exception):
    """In the place of the silence after a cut."""


class _Console:
    def __init__(self):
        self.lines = []

    def line(self, fields):
        self.lines.append(fields)
        if fields.get("hal") == "power":
            raise _PowerIsGone


def _fresh():
    """The path of a new image with one file, not mounted."""
    path = new_folder() + "/flash.img"
    flash.mount(path, _Console())
    with open(flash.MOUNT_POINT + "/kept", "wb") as file:
        file.write(b"kept" * 1000)
    vfs.umount(flash.MOUNT_POINT)
    return path


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def test_an_image_is_made_once_and_what_lies_on_it_stays():
    """And a making that was cut before its end leaves nothing that passes for an image."""
    path = _fresh()
    assert os.stat(path)[6] == SIZE and os.listdir(path[: -len("/flash.img")]) == ["flash.img"]
    for _ in range(2):
        flash.mount(path, _Console())
        with open(flash.MOUNT_POINT + "/kept", "rb") as file:
            assert file.read() == b"kept" * 1000
        vfs.umount(flash.MOUNT_POINT)
    other = new_folder() + "/flash.img"
    _write(other + ".new", b"half")
    flash.mount(other, _Console())
    vfs.umount(flash.MOUNT_POINT)
    assert os.stat(other)[6] == SIZE


def test_an_image_that_is_no_good_is_refused_and_not_touched():
    """Formatting it would make a reader that has forgotten every revocation, and looks fine."""
    good = _read(_fresh())
    for bad in (
        b"",
        good[:1],
        good[: SIZE // 2],
        good[:-1],
        good + b"\xff",
        bytes(SIZE),
        b"\xff" * SIZE,
        b"\x5a" * SIZE,
        bytes(2 * BLOCK) + good[2 * BLOCK :],
        os.urandom(2 * BLOCK) + good[2 * BLOCK :],
    ):
        path = new_folder() + "/flash.img"
        _write(path, bad)
        raises(OSError, flash.mount, path, _Console())
        assert _read(path) == bad


def test_noise_anywhere_on_an_image_raises_no_more_than_oserror():
    """littlefs is C and believes much of what it reads: what it cannot is to take us with it."""
    good = _read(_fresh())
    blocks = [good[at : at + BLOCK] for at in range(0, SIZE, BLOCK)]
    used = [number for number, block in enumerate(blocks) if block.strip(b"\xff")]
    assert 2 < len(used) < 20
    for block in used:
        for at in (0, 8, 60, 300, 2000):
            bad = bytearray(good)
            bad[block * BLOCK + at : block * BLOCK + at + 4] = os.urandom(4)
            path = new_folder() + "/flash.img"
            _write(path, bad)
            try:
                flash.mount(path, _Console())
            except OSError:
                continue
            try:
                with open(flash.MOUNT_POINT + "/kept", "rb") as file:
                    file.read()
                with open(flash.MOUNT_POINT + "/more", "wb") as file:
                    file.write(b"more")
            except OSError:
                pass
            vfs.umount(flash.MOUNT_POINT)
            os.remove(path)


def test_the_power_fails_in_exactly_the_write_it_was_told_to():
    """n are done whole, one is torn in its middle, and nothing is written after it."""
    for writes in (0, 1, 2, 3):
        path = new_folder() + "/raw.img"
        _write(path, b"\xff" * SIZE)
        console = _Console()
        image = flash.Image(path, console)
        image.writeblocks(9, bytes(16))
        image.cut_power(writes)
        done = 0
        try:
            for number in range(5):
                image.writeblocks(number, b"%d" % number * 64, 128)
                done += 1
        except _PowerIsGone:
            pass
        assert done == writes and console.lines == [{"hal": "power", "on": False}]
        data = _read(path)
        for number in range(5):
            begin = number * BLOCK + 128
            there = data[begin : begin + 64]
            whole = b"%d" % number * 64
            if number < writes:
                assert there == whole
            elif number == writes:
                assert there == whole[:32] + b"\xff" * 32
            else:
                assert there == b"\xff" * 64


def test_an_erase_is_a_write_and_is_torn_too():
    """A block half erased is the nastier half of the cuts there are."""
    path = new_folder() + "/raw.img"
    _write(path, bytes(SIZE))
    image = flash.Image(path, _Console())
    assert image.ioctl(4, 0) * image.ioctl(5, 0) == SIZE
    assert image.ioctl(6, 7) == 0
    image.cut_power(0)
    raises(_PowerIsGone, image.ioctl, 6, 8)
    data = _read(path)
    assert data[7 * BLOCK : 8 * BLOCK] == b"\xff" * BLOCK
    assert data[8 * BLOCK : 9 * BLOCK] == b"\xff" * (BLOCK // 2) + bytes(BLOCK // 2)


def test_a_file_that_fails_is_an_error_number_for_littlefs():
    """An exception out of a block device jumps over the C of the file system."""
    path = new_folder() + "/raw.img"
    _write(path, bytes(BLOCK))
    image = flash.Image(path, _Console())
    buffer = bytearray(16)
    assert image.readblocks(0, buffer) == 0
    assert image.readblocks(1, buffer) == -5
    assert image.readblocks(0, buffer, BLOCK - 8) == -5
    image._file.close()
    for call in (
        lambda: image.readblocks(0, buffer),
        lambda: image.writeblocks(0, buffer),
        lambda: image.ioctl(6, 0),
    ):
        try:
            assert call() < 0
        except ValueError:
            pass  # how this interpreter says that a file is closed


def test_a_reader_on_a_bad_image_ends_with_the_exit_code_for_storage():
    """Not with a traceback, and not with a fresh memory."""
    private = bytes(range(1, 33))
    folder = new_folder()
    _write(folder + "/device.key", private)
    _write(folder + "/settings.cbor", site.settings_file(private=private))
    for bad in (b"", bytes(SIZE), os.urandom(4096)):
        _write(folder + "/flash.img", bad)
        assert unix_reader.main([folder, "--port", "62000"]) == 6
        assert _read(folder + "/flash.img") == bad


def test_the_clock_may_be_lost_or_wrong_and_nothing_else():
    """What is not understood must not start a reader that looks as it was told to."""
    for given, clock in (([], 0), (["--clock", "lost"], None), (["--clock", "-7200"], -7200)):
        directory, values = parse(["d", "--port", "1"] + given)
        assert (directory, values["clock"], values["port"]) == ("d", clock, 1)
        assert (values["chunk"], values["held"], values["wiegand"]) == (244, 0, None)
    for clock in ("", "found", "LOST", "1.5"):
        raises(UsageError, parse, ["d", "--port", "1", "--clock", clock])
    raises(UsageError, parse, ["d", "--port", "1", "--clock"])
    raises(UsageError, parse, ["d", "--port", "1", "--clock", "lost", "--clock", "lost"])
    assert LostClock().seconds() is None
    assert Clock(7200).seconds() - Clock().seconds() in (7200, 7199)


def test_a_reader_has_the_inputs_that_it_is_given_and_no_other():
    """One that plays a contact which no door has would tell that people passed."""
    _, values = parse(["d", "--port", "1", "--inputs", "contact,rex", "--held", "2000"])
    assert (values["inputs"], values["held"]) == (["contact", "rex"], 2000)
    for inputs in ("", "door", "contact,", "contact rex", "CONTACT"):
        raises(UsageError, parse, ["d", "--port", "1", "--inputs", inputs])
    for held in ("", "-1", "1.5", "long"):
        raises(UsageError, parse, ["d", "--port", "1", "--held", held])


async def test_lines_play_the_inputs_that_a_board_has():
    button, called = Input(), []
    button.watch(lambda: called.append(button.read()))
    heard = await _run(
        b'{"rex": true}\n{"rex": true}\n{"rex": false}\n',
        b'{"rex": 1}\n{"contact": true}\n{"rex": null}\n',
        inputs={"rex": button},
    )
    assert called == [True, False]
    assert heard[3] == 3


async def _run(*pieces, inputs=None):
    """What the bench made of these bytes: (cards, PINs, power cuts, lines refused)."""
    cards, pins, cuts = [], [], []
    console = _Console()

    class Flash:
        cut_power = cuts.append

    path = new_folder() + "/stdin"
    _write(path, b"".join(pieces))
    with open(path, "rb") as stream:
        await Bench(console, Flash, stream, inputs).run(cards.append, pins.append)
    return cards, pins, cuts, len(console.lines)


async def test_lines_on_standard_input():
    """A card, a PIN, a power cut; in any order, and more than one read long together."""
    lines = (
        b'{"card": "04a1b2c3"}\n',
        b'{"pin": "1234"}\n',
        b'{"power_cut_after": 3}\n',
        b'{"card": ""}\n',
    )
    cards, pins, cuts, refused = await _run(*lines)
    assert cards == [b"\x04\xa1\xb2\xc3", b""] and pins == ["1234"] and cuts == [3] and not refused
    cards, pins, cuts, refused = await _run(*(lines * 40))
    assert len(cards) == 80 and len(pins) == 40 and len(cuts) == 40 and not refused


async def test_a_line_of_any_form_is_refused_and_the_next_one_is_heard():
    """One that ended the reading would leave a door whose cards do nothing."""
    bad = [
        b"",
        b"x",
        b"null",
        b"[]",
        b"{}",
        b'"card"',
        b"{1: 2}",
        b"{[1]: 2}",
        b'{"card": 4}',
        b'{"card": null}',
        b'{"card": "0"}',
        b'{"card": "zz"}',
        b'{"card": "\xc3\xa9\xc3\xa9"}',
        b'{"card": "00", "pin": "1"}',
        b'{"pin": 1234}',
        b'{"power_cut_after": -1}',
        b'{"power_cut_after": true}',
        b'{"power_cut_after": 1.5}',
        b'{"power_cut_after": "3"}',
        b'{"other": 1}',
        b'{"card": "00"} x',
        b"\xff\xfe\x00",
        b"[" * 250,
        b'{"card": "' + b"00" * 200 + b'"}',
        b"x" * 257,
        b"x" * 100000,
    ]
    for line in bad:
        cards, pins, cuts, refused = await _run(line, b"\n", b'{"card": "04"}\n')
        assert cards == [b"\x04"] and not pins and not cuts and refused == 1, line
    cards, pins, cuts, refused = await _run(b"\n".join(bad), b"\n")
    assert not cards and not pins and not cuts and refused == len(bad)


async def test_a_last_line_without_an_end_does_nothing():
    """It may have been cut: half a card's number is another card's."""
    assert await _run(b'{"card": "04"}') == ([], [], [], 0)
    assert await _run(b"") == ([], [], [], 0)
